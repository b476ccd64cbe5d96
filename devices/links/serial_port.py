"""Serial lines over pyserial: a port, or the URLs ``socket://`` and ``rfc2217://``."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dac_control.errors import LinkDown

if TYPE_CHECKING:
    import serial

__all__ = ["SerialChannel", "SerialSettings"]

SLICE_S = 0.05
"""Longest single read. Set once: to change a timeout is to set the whole port anew, which takes
a round trip over RFC 2217 and fails on a pseudo-terminal at 7O1."""
WRITE_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class SerialSettings:
    """Line parameters of a serial port, as pyserial names them; a driver module states its own."""

    baudrate: int = 115200
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1


class SerialChannel:
    """Bytes to and from a serial line; implements `devices.links.base.Channel`.

    Parameters
    ----------
    address : str
        Port name (``COM3``, ``/dev/ttyUSB0``), ``socket://host:port`` or ``rfc2217://host:port``.
    settings : SerialSettings, optional
        Line parameters; of no effect on ``socket://``.
    """

    def __init__(self, address: str, settings: SerialSettings | None = None) -> None:
        self._address = address
        self._settings = settings or SerialSettings()
        self._port: serial.SerialBase | None = None

    @property
    def address(self) -> str:
        """Port name or URL."""
        return self._address

    @property
    def reopening_forgets(self) -> bool:
        """True for ``socket://`` alone; behind RFC 2217 there is a serial line."""
        return self._address.lower().startswith("socket://")

    def open(self) -> None:
        """Open the port; see `devices.links.base.Channel.open`."""
        import serial

        options: dict[str, Any] = vars(self._settings) | {"timeout": SLICE_S}
        if "://" not in self._address:
            options["exclusive"] = True  # or two programs share the port, and the replies
        if not self._address.lower().startswith("rfc2217://"):
            options["write_timeout"] = WRITE_TIMEOUT_S  # pyserial's RFC 2217 client has none
        try:
            self._port = serial.serial_for_url(self._address, **options)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkDown(
                f"{self._address} could not be opened ({error}). Is the instrument switched on,"
                " is the address right, and does no other program use it?"
            ) from error

    def close(self) -> None:
        """Close the port; idempotent."""
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except OSError:
                pass  # the port is gone, which was the aim

    def send(self, data: bytes) -> None:
        """Send all of `data`; see `devices.links.base.Channel.send`."""
        port = self._opened()
        try:
            port.write(data)
        except OSError as error:
            raise self._lost(error) from error

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come; see `devices.links.base.Channel.receive`."""
        port: Any = self._opened()
        deadline_s = time.monotonic() + timeout_s
        try:
            while True:
                waiting = int(port.in_waiting)
                if waiting or time.monotonic() < deadline_s:
                    data = bytes(port.read(max(1, waiting)))
                    if data:
                        return data
                else:
                    return b""
        except OSError as error:
            raise self._lost(error) from error

    def _opened(self) -> "serial.SerialBase":
        if self._port is None:
            raise LinkDown(f"{self._address} is not open.")
        return self._port

    def _lost(self, error: OSError) -> LinkDown:
        return LinkDown(f"The connection to {self._address} is lost: {error}.")
