"""VISA resources over pyvisa-py: TCP sockets, and serial ports at 8N1.

pyvisa-py 0.8 opens a refused socket without complaint, waits out the whole timeout when the peer
has closed the connection, and loses what had arrived of a reply when it times out. So the
channel looks at the socket below the session before it lets pyvisa read, and cuts the lines itself.
"""

import functools
import os
import re
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from dac_control.errors import ConfigurationError, LinkDown

if TYPE_CHECKING:
    import pyvisa
    from pyvisa.resources import MessageBasedResource

__all__ = ["VisaChannel"]

SOCKET_NAME = re.compile(r"TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET", re.IGNORECASE)
SERIAL_NAME = re.compile(r"ASRL.+::INSTR", re.IGNORECASE)
HINT = "Is the instrument switched on and on the network, and is the address right?"
CHUNK_BYTES = 4096
SERIAL_POLL_S = 0.002
"""pyvisa-py cannot wait for serial input and return what there is: it is asked this often."""

_manager_lock = threading.Lock()


@functools.cache
def _make_manager() -> "pyvisa.ResourceManager":
    import pyvisa

    return pyvisa.ResourceManager("@py")


def _manager() -> "pyvisa.ResourceManager":
    """The one resource manager, made when the first resource is opened (it takes a second)."""
    with _manager_lock:
        return _make_manager()


class VisaChannel:
    """Bytes to and from a VISA resource; implements `devices.links.base.Channel`.

    Parameters
    ----------
    address : str
        ``TCPIP0::host::port::SOCKET`` or ``ASRL...::INSTR``.
    open_timeout_s : float
        Longest wait for a connection in s.
    baud_rate : int
        Of an ASRL resource; pyvisa-py cannot set the other line parameters on every port, so
        lines other than 8N1 go through `devices.links.serial_port`.

    Raises
    ------
    ConfigurationError
        If `address` is neither.
    """

    def __init__(self, address: str, *, open_timeout_s: float = 3.0, baud_rate: int = 9600) -> None:
        self._socket_name = SOCKET_NAME.fullmatch(address)
        if self._socket_name is None and SERIAL_NAME.fullmatch(address) is None:
            raise ConfigurationError(
                f"{address!r} is not a VISA address that can be used here; expected"
                " TCPIP0::host::port::SOCKET or ASRL<port>::INSTR."
            )
        self._address = address
        self._open_timeout_s = open_timeout_s
        self._baud_rate = baud_rate
        self._resource: MessageBasedResource | None = None
        self._interface: Any = None

    @property
    def address(self) -> str:
        """VISA resource name."""
        return self._address

    @property
    def reopening_forgets(self) -> bool:
        """True for a socket."""
        return self._socket_name is not None

    def open(self) -> None:
        """Open the resource; see `devices.links.base.Channel.open`."""
        options: dict[str, Any] = {"open_timeout": round(1000 * self._open_timeout_s)}
        if self._socket_name is None:
            options["baud_rate"] = self._baud_rate
        else:
            self._resolve(self._socket_name["host"])
        try:
            resource: Any = _manager().open_resource(self._address, **options)
        except Exception as error:  # pyvisa-py raises a bare Exception on timeout
            raise LinkDown(f"{self._address} could not be opened: {error}. {HINT}") from error
        self._resource = resource
        self._interface = resource.visalib.sessions[resource.session].interface
        # Lines are cut by the link: a read returns exactly the bytes that are known to be there.
        resource.read_termination = None
        resource.write_termination = None
        if self._socket_name is not None:
            self._check_connected()

    def close(self) -> None:
        """Close the resource; idempotent."""
        resource, self._resource, self._interface = self._resource, None, None
        if resource is not None:
            from pyvisa.errors import Error

            try:
                resource.close()
            except (Error, OSError):
                pass  # the session is gone, which was the aim

    def send(self, data: bytes) -> None:
        """Send all of `data`; see `devices.links.base.Channel.send`."""
        from pyvisa.errors import Error

        try:
            self._opened().write_raw(data)
        except (Error, OSError) as error:
            raise self._lost(error) from error

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come; see `devices.links.base.Channel.receive`."""
        from pyvisa.errors import Error

        resource = self._opened()
        try:
            wait = self._wait_socket if self._socket_name is not None else self._wait_serial
            count = wait(timeout_s)
            if count == 0:
                return b""
            return resource.read_bytes(count, chunk_size=CHUNK_BYTES)
        except (Error, OSError) as error:
            raise self._lost(error) from error

    def _wait_socket(self, timeout_s: float) -> int:
        """Number of bytes that can be read without waiting, 0 after the timeout."""
        readable, _, _ = select.select([self._interface], [], [], timeout_s)
        if not readable:
            return 0
        count = len(self._interface.recv(CHUNK_BYTES, socket.MSG_PEEK))
        if count == 0:
            raise ConnectionError("the peer has closed the connection")
        return count

    def _wait_serial(self, timeout_s: float) -> int:
        deadline_s = time.monotonic() + timeout_s
        while not (count := int(self._interface.in_waiting)):
            if time.monotonic() >= deadline_s:
                return 0
            time.sleep(SERIAL_POLL_S)
        return count

    def _resolve(self, host: str) -> None:
        """Look the host up: pyvisa-py leaks a socket when the name is unknown."""
        try:
            socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            raise LinkDown(
                f"{self._address} could not be opened: no host {host!r} is known ({error})."
                " Correct the address in the station file, or check the network."
            ) from error

    def _check_connected(self) -> None:
        """Find the refusal that pyvisa-py overlooks."""
        code = self._interface.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            reason = OSError(code, os.strerror(code))
            self.close()
            raise LinkDown(
                f"{self._address} does not accept a connection ({reason.strerror}). {HINT}"
            ) from reason

    def _opened(self) -> "MessageBasedResource":
        if self._resource is None:
            raise LinkDown(f"{self._address} is not open.")
        return self._resource

    def _lost(self, error: Exception) -> LinkDown:
        return LinkDown(f"The connection to {self._address} is lost: {error}.")
