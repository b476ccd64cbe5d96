"""Ocean (Ocean Optics, Ocean Insight) spectrometers, on the network or on USB, by seabreeze.

What the protocol cannot reveal: whether a spectrum was exposed with the new exposure or the
one before (so the first after a change is discarded), and on USB whether a setting was taken.
"""

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    LimitError,
    LinkDown,
    ProtocolError,
    TransportError,
)
from devices.drivers.roles import Identity, RawSpectrum

if TYPE_CHECKING:
    from devices.drivers.ocean_unit import SeaBreezeUnit

__all__ = ["Ocean"]

logger = logging.getLogger(__name__)

SATURATED_FRACTION = 0.95
"""Of full scale; above it a pixel is taken as clipped, since clipping itself is silent."""


class Ocean:
    """A spectrometer that seabreeze supports.

    Parameters
    ----------
    model : str
        Model as the maker writes it, for example HDX or USB2000+.
    host, port : str and int, optional
        Network address; an HDX listens on port 57357.
    serial : str, optional
        On USB the one to open; on the network the one that must answer.
    io_margin_s : float
        Wall-clock seconds that a reply may take beyond the exposure.
    discard_after_change : int
        Spectra to throw away after the exposure was changed: a unit that free-runs finishes
        the exposure in progress with the old setting.
    usb_backend : str, optional
        Name of a pyusb backend; the first that works if None.

    Raises
    ------
    ConfigurationError
        If the address is incomplete.
    """

    def __init__(
        self,
        model: str,
        *,
        host: str | None = None,
        port: int | None = None,
        serial: str | None = None,
        io_margin_s: float = 3.0,
        discard_after_change: int = 1,
        usb_backend: str | None = None,
    ) -> None:
        if (host is None) != (port is None):
            raise ConfigurationError(
                f"The address of the {model} spectrometer needs both host and port, or neither."
            )
        self._model = model
        self._network = None if host is None or port is None else (host, port)
        self._serial = serial
        self._margin_s = io_margin_s
        self._discard = discard_after_change
        self._usb_backend = usb_backend
        self._lock = threading.RLock()
        self._unit: SeaBreezeUnit | None = None
        self._identity: Identity | None = None
        self._limits_us: tuple[int, int] | None = None
        self._full_scale = 0.0
        self._axis_nm: NDArray[np.float64] = np.empty(0)

    @property
    def address(self) -> str:
        """Where the spectrometer is, for people."""
        if self._network:
            return f"{self._model} spectrometer at {self._network[0]}:{self._network[1]}"
        return f"{self._model} spectrometer {self._serial or '(any serial number)'} on USB"

    @property
    def pixels(self) -> int:
        """Number of pixels; known after `connect`."""
        self._require_known()
        return self._axis_nm.size

    @property
    def saturation_counts(self) -> float:
        """Full scale in counts; known after `connect`."""
        self._require_known()
        return self._full_scale

    @property
    def exposure_limits_s(self) -> tuple[float, float]:
        """Shortest and longest exposure; known after `connect`."""
        low_us, high_us = self._require_known()
        return low_us * 1e-6, high_us * 1e-6

    def connect(self) -> Identity:
        """Open the link, check model and serial number, read axis and limits; idempotent.

        Changes nothing in the instrument.

        Raises
        ------
        ConfigurationError
            If seabreeze is not installed or does not know the model at such an address.
        IdentityError
            If another model or serial number answers.
        TransportError
            If nothing answers, or not sensibly.
        """
        return self._connected()[1]

    def concerns(self) -> list[str]:
        """Nothing: the instrument keeps no limits of its own."""
        return []

    def close(self) -> None:
        """Close the link, ending a network exposure in another thread; idempotent."""
        unit = self._unit
        if unit is not None:
            unit.hang_up()
        with self._lock:
            self._drop()

    def acquire(self, exposure_s: float, averages: int) -> RawSpectrum:
        """Expose `averages` times and return the mean; connects if there is no link.

        Parameters
        ----------
        exposure_s : float
            Exposure of each; rounded to a microsecond.
        averages : int
            Number of exposures, 1 or more.

        Returns
        -------
        RawSpectrum
            `saturated` if any pixel of any single exposure reached 95 % of full scale. On the
            network the axis is read with every spectrum, on USB once per connection.

        Raises
        ------
        LimitError
            If exposure or averages are out of range.
        InstrumentError
            If the instrument refuses.
        TransportError
            If the link fails; it is closed then, and the next call opens it again.
        """
        with self._lock:
            unit, _ = self._connected()
            exposure_us = self._checked(exposure_s, averages)
            try:
                return self._acquire(unit, exposure_us, averages)
            except TransportError:
                self._drop()
                raise

    def _connected(self) -> "tuple[SeaBreezeUnit, Identity]":
        with self._lock:
            if self._unit is not None and self._identity is not None:
                return self._unit, self._identity
            unit, name = self._open()
            try:
                identity = unit.identity(name)
                if self._serial is not None and identity.serial != self._serial:
                    raise IdentityError(
                        f"{self.address} has serial number {identity.serial}, the station file "
                        f"names {self._serial}; correct one of them."
                    )
                self._limits_us = unit.limits_us
                self._full_scale = unit.full_scale
                self._axis_nm = unit.wavelengths_nm()
            except BaseException:
                unit.close()
                raise
            self._unit, self._identity = unit, identity
            logger.info("connected: %s, serial number %s", self.address, identity.serial)
            return unit, identity

    def _acquire(self, unit: "SeaBreezeUnit", exposure_us: int, averages: int) -> RawSpectrum:
        unit.prepare(exposure_us, discard=self._discard, margin_s=self._margin_s)
        budget_s = exposure_us * 1e-6 + self._margin_s
        total = np.zeros(self._axis_nm.size)
        highest = 0.0
        started = time.time()
        for _ in range(averages):
            counts = unit.counts(budget_s)
            self._check_length(counts)
            highest = max(highest, float(counts.max()))
            total += counts
        if unit.on_network:
            self._axis_nm = unit.wavelengths_nm()
            self._check_length(total)
        return RawSpectrum(
            wavelength_nm=self._axis_nm.copy(),
            counts=total / averages,
            exposure_s=exposure_us * 1e-6,
            averages=averages,
            saturated=highest >= SATURATED_FRACTION * self._full_scale,
            time=started,
        )

    def _open(self) -> "tuple[SeaBreezeUnit, str]":
        try:
            from devices.drivers import ocean_open
        except ImportError as error:
            raise ConfigurationError(
                f"{self.address} needs the package seabreeze ({error}); install it with "
                'pip install "dac-control[ocean]".'
            ) from error
        name = ocean_open.seabreeze_name(self._model)
        if self._network is None:
            unit = ocean_open.open_usb(
                name, self._serial, address=self.address, backend=self._usb_backend
            )
        else:
            host, port = self._network
            unit = ocean_open.open_network(
                name, host, port, address=self.address, timeout_s=self._margin_s
            )
        return unit, name

    def _drop(self) -> None:
        unit, self._unit = self._unit, None
        if unit is not None:
            with contextlib.suppress(TransportError):
                unit.close()

    def _check_length(self, counts: NDArray[np.float64]) -> None:
        if counts.shape != self._axis_nm.shape:
            raise ProtocolError(
                f"{self.address} sent {counts.size} pixels, its axis has {self._axis_nm.size}."
            )

    def _checked(self, exposure_s: float, averages: int) -> int:
        low_us, high_us = self._require_known()
        exposure_us = round(exposure_s * 1e6)
        if not low_us <= exposure_us <= high_us:
            raise LimitError(
                f"{self.address} cannot expose for {exposure_s} s; "
                f"{low_us * 1e-6:g} to {high_us * 1e-6:g} s are possible."
            )
        if averages < 1:
            raise LimitError(f"{self.address} cannot average {averages} exposures; ask for 1.")
        return exposure_us

    def _require_known(self) -> tuple[int, int]:
        if self._limits_us is None:
            raise LinkDown(f"{self.address} was not connected yet; connect it first.")
        return self._limits_us
