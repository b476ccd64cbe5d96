"""One open Ocean spectrometer under seabreeze's Python backend, with our errors and time limits.

Imported only when a spectrometer is connected, since seabreeze is an optional dependency.
"""

import contextlib
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import usb.core
from numpy.typing import NDArray
from seabreeze.pyseabreeze.exceptions import SeaBreezeError
from seabreeze.pyseabreeze.protocol import OBPProtocol
from seabreeze.pyseabreeze.transport import USBTransport, USBTransportError

from dac_control.errors import (
    DacError,
    IdentityError,
    InstrumentError,
    LinkDown,
    ProtocolError,
    ReplyTimeout,
)
from devices.drivers.ocean_socket import ObpSocket
from devices.drivers.roles import Identity

__all__ = ["SeaBreezeUnit", "translated"]

VENDOR = "Ocean Optics"
VENDOR_ID = 0x2457
FIRMWARE_REVISION = 0x00000090
PRODUCT_ID = 0x00000E01
INTEGRATION_TIME_US = 0x00110000
AXIS_DECIMALS = 6
"""The axis comes as 32-bit coefficients: digits beyond 1e-6 nm are noise of the conversion."""
_EXTRA_QUERIES = (FIRMWARE_REVISION, INTEGRATION_TIME_US)  # known to units, not to seabreeze
_MALFORMED = (AssertionError, struct.error, ValueError, KeyError, IndexError, TypeError)
"""What seabreeze raises over an answer that does not fit its question."""


class SeaBreezeUnit:
    """An open spectrometer; every method raises our errors only.

    Parameters
    ----------
    device : SeaBreezeDevice
        Open.
    address : str
        How messages name it.
    link : ObpSocket, optional
        The connection of a network device.
    """

    def __init__(self, device: Any, address: str, link: ObpSocket | None = None) -> None:
        self._device = device
        self._address = address
        self._link = link
        self._exposure_us: int | None = None
        self._feature = device.f.spectrometer
        self._protocol = self._feature.protocol
        if isinstance(self._protocol, OBPProtocol):
            extra = {code: struct.Struct("").pack for code in _EXTRA_QUERIES}
            self._protocol.msgs = {**self._protocol.msgs, **extra}

    @property
    def on_network(self) -> bool:
        """True if it is reached over TCP."""
        return self._link is not None

    @property
    def limits_us(self) -> tuple[int, int]:
        """Shortest and longest exposure in us of this model, as seabreeze states them."""
        low_us, high_us = self._feature.get_integration_time_micros_limits()
        return int(low_us), int(high_us)

    @property
    def full_scale(self) -> float:
        """Counts at which a pixel clips."""
        return float(self._feature.get_maximum_intensity())

    def identity(self, model: str) -> Identity:
        """Ask who it is; `model` is seabreeze's name of what it should be.

        Raises
        ------
        IdentityError
            If it is another model.
        """
        found = self._device.model
        if self.on_network:
            # On a network seabreeze believes what it is told; the product id says what it is.
            pid = int.from_bytes(self._ask(PRODUCT_ID), "little")
            found = USBTransport.vendor_product_ids.get((VENDOR_ID, pid), f"product id 0x{pid:04X}")
            if found != model:
                raise IdentityError(
                    f"{self._address} answers as {found}; correct the model in the station file."
                )
        revision = self._ask_or(FIRMWARE_REVISION)
        firmware = f"{revision[1]:x}.{revision[0]:02x}" if len(revision) == 2 else "not stated"
        return Identity(
            vendor=VENDOR, model=found, serial=self._device.serial_number, firmware=firmware
        )

    def prepare(self, exposure_us: int, *, discard: int, margin_s: float) -> None:
        """Set the exposure if it is another, and throw away what was exposed with the old one.

        Returns once the setting was acknowledged (network) or sent (USB), and `discard`
        spectra were taken; the first may have to wait for the end of an old exposure.
        """
        if exposure_us == self._exposure_us:
            return
        # Free-running since before we came: its exposure then is known only if it tells.
        before_us = self._exposure_us or int.from_bytes(self._ask_or(INTEGRATION_TIME_US), "little")
        before_us = min(before_us, self.limits_us[1])
        self._exposure_us = None
        with self._translated():
            # seabreeze refuses the longest one that it states
            self._feature.set_integration_time_micros(min(exposure_us, self.limits_us[1] - 1))
        for _ in range(discard):
            self.counts((before_us + exposure_us) * 1e-6 + margin_s)
        self._exposure_us = exposure_us

    def counts(self, budget_s: float) -> NDArray[np.float64]:
        """Take one spectrum, shape (pixels,), that may take `budget_s` on the wall."""
        with self._translated(), self._budget(budget_s):
            return np.asarray(self._feature.get_intensities(), float)

    def wavelengths_nm(self) -> NDArray[np.float64]:
        """Read the axis, shape (pixels,); raises ProtocolError if it does not rise."""
        with self._translated():
            axis_nm = np.asarray(self._feature.get_wavelengths(), float).round(AXIS_DECIMALS)
        if not (np.isfinite(axis_nm).all() and np.all(np.diff(axis_nm) > 0)):
            raise ProtocolError(
                f"{self._address} states a wavelength axis that does not rise from pixel to pixel;"
                " check its calibration coefficients with the maker's software."
            )
        return axis_nm

    def hang_up(self) -> None:
        """End a wait in another thread (network only; USB transfers end by themselves)."""
        if self._link is not None:
            self._link.hang_up()

    def close(self) -> None:
        """Close the device; idempotent, never raises."""
        with contextlib.suppress(Exception):
            self._device.close()
        if self._link is not None:
            self._link.close()

    def _ask(self, code: int) -> bytes:
        with self._translated():
            return bytes(self._protocol.query(code))

    def _ask_or(self, code: int, default: bytes = b"") -> bytes:
        """Ask what a unit need not know; a refusal, or another protocol, gives the default."""
        if not isinstance(self._protocol, OBPProtocol) or not self.on_network:
            return default
        try:
            return self._ask(code)
        except InstrumentError:
            return default

    @contextlib.contextmanager
    def _budget(self, budget_s: float) -> Iterator[None]:
        if self._link is None:
            yield
            return
        usual_s, self._link.budget_s = self._link.budget_s, budget_s
        try:
            yield
        finally:
            self._link.budget_s = usual_s

    def _translated(self) -> contextlib.AbstractContextManager[None]:
        return translated(self._address)


@contextlib.contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn what seabreeze, pyusb and sockets raise into our errors, with the address."""
    try:
        yield
    except DacError:
        raise
    except SeaBreezeError as error:
        refused = str(error) in OBPProtocol.OBP.ERROR_CODES.values()
        kind = InstrumentError if refused else ProtocolError
        raise kind(f"{address} gave an error: {error}.") from error
    except (usb.core.USBTimeoutError, TimeoutError) as error:
        raise ReplyTimeout(f"{address} did not answer in time ({error}).") from error
    except (OSError, USBTransportError) as error:
        raise LinkDown(f"{address}: the connection broke ({error}).") from error
    except RuntimeError as error:
        raise LinkDown(f"{address} cannot be opened: {error}.") from error
    except _MALFORMED as error:
        raise ProtocolError(f"{address} sent an answer that makes no sense ({error}).") from error
