"""The spectrometer: raw spectra on the axis that the instrument reports."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ophyd import Component as Cpt
from ophyd.status import Status

from dac_control.errors import LimitError, StaleReading
from dac_control.gauges import Spectrum
from dac_control.gauges.axis_calibration import AxisCalibration
from devices.drivers.roles import RawSpectrum, SpectrometerDriver
from devices.instrument import InstrumentDevice
from devices.signals import CachedSignal, ParameterSignal

__all__ = ["Spectrometer"]


class Spectrometer(InstrumentDevice[SpectrometerDriver]):
    """Takes a spectrum when triggered; nothing is subtracted or corrected.

    The axis is recorded with every spectrum, since it is part of the observable: where lamp lines
    were measured, the axis that they give. The instrument's own then stands in the configuration.

    Parameters
    ----------
    gain_e_per_count, read_noise_e, dark_counts : float or None
        Properties of the detector as the station file states them; None where unknown.
    """

    spectrum = Cpt(CachedSignal, units="counts", dtype="array", ndim=1)
    wavelength_nm = Cpt(CachedSignal, units="nm", dtype="array", ndim=1)
    own_wavelength_nm = Cpt(CachedSignal, units="nm", dtype="array", ndim=1, kind="config")
    axis_calibration = Cpt(CachedSignal, dtype="string", kind="config")
    exposure_s = Cpt(CachedSignal, units="s", precision=4)
    averages = Cpt(CachedSignal, dtype="integer")
    saturated = Cpt(CachedSignal, dtype="boolean")
    gain_e_per_count = Cpt(CachedSignal, units="1/count", precision=3, kind="config")
    read_noise_e = Cpt(CachedSignal, units="1", precision=1, kind="config")
    dark_counts = Cpt(CachedSignal, units="counts", precision=1, kind="config")
    next_exposure_s = Cpt(ParameterSignal, value=0.1, units="s", kind="omitted")
    next_averages = Cpt(ParameterSignal, value=1, dtype="integer", kind="omitted")

    def __init__(
        self,
        *,
        gain_e_per_count: float | None = None,
        read_noise_e: float | None = None,
        dark_counts: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(polled=False, **kwargs)
        self._detector: dict[str, float | None] = {
            "gain_e_per_count": gain_e_per_count,
            "read_noise_e": read_noise_e,
            "dark_counts": dark_counts,
        }
        self._publish_detector()
        self.axis: AxisCalibration | None = None
        """Where lamp lines say that the axis is; None leaves the instrument's own."""
        self.last: RawSpectrum | None = None
        self.darks: dict[float, RawSpectrum] = {}
        """Last spectrum taken with the light closed, by exposure; used for those of the same."""

    def _dark_sigma(self, dark: RawSpectrum) -> float | None:
        """Noise of a pixel of the dark spectrum, in counts; None where nobody knows it."""
        gain, read = self._detector["gain_e_per_count"], self._detector["read_noise_e"]
        if gain is None or read is None:
            return None
        return read / gain / math.sqrt(dark.averages)

    def _corrected(self, raw: RawSpectrum) -> NDArray[np.float64]:
        axis = np.asarray(raw.wavelength_nm, float)
        return axis if self.axis is None else self.axis.apply(axis)

    def _publish_detector(self) -> None:
        for attribute, value in self._detector.items():
            stated = float("nan") if value is None else value
            getattr(self, attribute).update(stated, self._timing.wall_time())

    @property
    def saturation_counts(self) -> float:
        """Full scale in counts."""
        return self._driver.saturation_counts

    @property
    def exposure_limits_s(self) -> tuple[float, float]:
        """Shortest and longest exposure that the instrument can make."""
        return self._driver.exposure_limits_s

    def check_exposure(self, exposure_s: float) -> None:
        """Raise `LimitError` for an exposure that the instrument cannot make."""
        shortest, longest = self._driver.exposure_limits_s
        if not shortest <= exposure_s <= longest:
            raise LimitError(
                f"{self.name} cannot expose for {exposure_s:g} s; {shortest:g} to {longest:g} s "
                "are possible. Give another exposure, and averages for the light that it lacks."
            )

    def trigger(self) -> Status:
        """Expose as `next_exposure_s` and `next_averages` say."""
        exposure_s = float(self.next_exposure_s.get())
        averages = int(self.next_averages.get())
        self.check_exposure(exposure_s)
        future = self._worker.submit(lambda: self._acquire(exposure_s, averages))
        return self._status_of(future, exposure_s * averages * 2 + 2 * self._reply_timeout_s)

    def _refresh(self) -> None:
        shortest, longest = self._driver.exposure_limits_s
        self._acquire(min(max(shortest, float(self.next_exposure_s.get())), longest), 1)

    def _acquire(self, exposure_s: float, averages: int) -> None:
        raw = self._driver.acquire(exposure_s, averages)
        self.last = raw
        self.spectrum.update(raw.counts, raw.time)
        self.wavelength_nm.update(self._corrected(raw), raw.time)
        self.own_wavelength_nm.update(raw.wavelength_nm, raw.time)
        self.axis_calibration.update("" if self.axis is None else self.axis.describe(), raw.time)
        self.exposure_s.update(raw.exposure_s, raw.time)
        self.averages.update(raw.averages, raw.time)
        self.saturated.update(bool(raw.saturated), raw.time)

    def describe_detector(self, gain_e_per_count: float, read_noise_e: float) -> None:
        """Take gain and read noise as measured, instead of what the station file states."""
        self._detector |= {"gain_e_per_count": gain_e_per_count, "read_noise_e": read_noise_e}
        self._publish_detector()

    def as_spectrum(self, *, on_own_axis: bool = False) -> Spectrum:
        """Last spectrum with what is known of the detector, as the gauges want it.

        Parameters
        ----------
        on_own_axis : bool
            Leave the axis as the instrument reports it, though lamp lines may know better.
        """
        if self.last is None:
            raise StaleReading(f"{self.name} has taken no spectrum yet.")
        detector: dict[str, Any] = dict(self._detector)
        dark = self.darks.get(self.last.exposure_s)
        if dark is not None:
            detector["dark_counts"] = dark.counts
            detector["dark_sigma_counts"] = self._dark_sigma(dark)
        own = np.asarray(self.last.wavelength_nm, float)
        axis = own if on_own_axis else self._corrected(self.last)
        return Spectrum(
            wavelength_nm=axis,
            counts=np.asarray(self.last.counts, float),
            exposure_s=self.last.exposure_s,
            averages=self.last.averages,
            saturation_counts=self._driver.saturation_counts,
            **detector,
        )
