"""The 0-0 line of Sm:SrB4O7 behind ``fit``."""

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from dac_control.app.fit.adapter import FITTING_ERRORS, flag_message
from dac_control.app.fit.detector import Detector
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.errors import ConfigurationError, DacError
from dac_control.gauges import (
    DISQUALIFYING,
    RUBY_FLAGS,
    Lambda0,
    PressureMeasurement,
    RubyFit,
    Spectrum,
    SrB4O7Gauge,
)
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.spectrum_files.model import AxisUnit, Vector

if TYPE_CHECKING:
    from dac_control.app.fit.plot import FitPicture

__all__ = ["SrB4O7Adapter"]

_SCALE: Final = "rashchenko2015"
_ROOM_K: Final = 296.0
_SIGMA_NM: Final = 0.01
"""Of lambda0 and of the axis, where nobody states them."""
_STAND_IN_NM: Final = 685.41
"""lambda0 where none was given: the line is fitted with it, and no pressure is reported."""


class SrB4O7Adapter:
    """The 0-0 line of samarium in strontium borate."""

    unit: ClassVar[AxisUnit] = "nm"
    key: ClassVar[str] = "line_nm"
    symbol: ClassVar[str] = "0-0"
    window: ClassVar[tuple[float, float]] = (684.0, 735.0)
    meanings: ClassVar[Mapping[str, str]] = RUBY_FLAGS | MEASUREMENT_FLAGS

    def __init__(self, options: FitOptions) -> None:
        for name in ("nu0_cm1", "correction"):
            if getattr(options, name) is not None:
                raise ConfigurationError(
                    f"--{name.replace('_', '-')} does not belong to the gauge srb4o7; it needs "
                    "--lambda0-nm and has no temperature correction."
                )
        self._with_pressure = options.lambda0_nm is not None
        axis_sigma_nm = options.axis_sigma_nm
        self._gauge = SrB4O7Gauge(
            scale=options.scale or _SCALE,
            lambda0=Lambda0(
                value_nm=options.lambda0_nm or _STAND_IN_NM,
                sigma_nm=options.lambda0_sigma_nm or _SIGMA_NM,
                chip="as given",
                date=datetime.date.today(),
                temperature_k=options.lambda0_temperature_k or _ROOM_K,
            ),
            axis_sigma_nm=_SIGMA_NM if axis_sigma_nm is None else axis_sigma_nm,
        )

    def spectrum(self, axis: Vector, detector: Detector) -> Spectrum:
        """Put a spectrum together; raises `NotMeasured` where the data cannot be one."""
        return Spectrum(wavelength_nm=axis, **detector.arguments())

    def fit(
        self, spectra: Sequence[Spectrum], temperatures_k: Sequence[float | None]
    ) -> list[PressureMeasurement | Exception]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        found: list[PressureMeasurement | Exception] = []
        for spectrum, temperature_k in zip(spectra, temperatures_k, strict=True):
            try:
                at_k = math.nan if temperature_k is None else temperature_k
                found.append(self._gauge.measure(spectrum, at_k))
            except (DacError, *FITTING_ERRORS) as error:
                found.append(error)
        return found

    def read(
        self, fit: PressureMeasurement, temperature_k: float | None, said: Mapping[str, Any]
    ) -> Reading:
        """Turn a measurement into a reading; without lambda0 the line alone is reported."""
        line = fit.fit
        good = isinstance(line, RubyFit) and line.ok
        message = "" if good else flag_message(fit.flags, RUBY_FLAGS, DISQUALIFYING)
        flags = fit.flags
        if good and not self._with_pressure:
            flags = tuple(flag for flag in flags if flag not in MEASUREMENT_FLAGS)
            message = (
                "No pressure without lambda0: give --lambda0-nm, the 0-0 line at zero pressure "
                "measured on this spectrometer."
            )
        return Reading(
            ok=good,
            observable=fit.observable,
            sigma=fit.observable_sigma,
            flags=flags,
            measurement=fit if good and self._with_pressure else None,
            message=message,
            details=_details(line) if isinstance(line, RubyFit) else {},
            fit=line,
        )

    def picture(self, fit: RubyFit, spectrum: Spectrum) -> "FitPicture | None":
        """Say what there is to draw; None where nothing was fitted."""
        from dac_control.app.fit.line_picture import line_picture

        return line_picture(fit, spectrum, self.symbol)


def _details(fit: RubyFit) -> dict[str, Any]:
    return {
        "model": fit.model,
        "fwhm_nm": fit.r1_fwhm_nm,
        "chi2_reduced": fit.chi2_reduced,
        "signal_to_noise": fit.signal_to_noise,
        "masked_pixels": fit.masked_pixels,
        "asymmetry_sigma_nm": fit.asymmetry_sigma_nm,
        "window_nm": list(fit.window_nm),
    }
