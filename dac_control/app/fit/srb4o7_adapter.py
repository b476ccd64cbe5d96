"""The 0-0 line of Sm:SrB4O7 behind ``fit``."""

import datetime
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dac_control.app.fit.adapter import fit_one_by_one, flag_message, refuse_options
from dac_control.app.fit.line_in_nm import LineInNm
from dac_control.app.fit.one_line import line_details, line_meanings
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.gauges import (
    DISQUALIFYING,
    Lambda0,
    PressureMeasurement,
    RubyFit,
    Spectrum,
    SrB4O7Gauge,
)
from dac_control.gauges.measurement import MEASUREMENT_FLAGS

__all__ = ["SrB4O7Adapter"]

_SCALE: Final = "rashchenko2015"
_ROOM_K: Final = 296.0
_SIGMA_NM: Final = 0.01
"""Of lambda0 and of the axis, where nobody states them."""
_STAND_IN_NM: Final = 685.41
"""lambda0 where none was given: the line is fitted with it, and no pressure is reported."""

_MEANINGS: Final = line_meanings("the 0-0 line")


class SrB4O7Adapter(LineInNm):
    """The 0-0 line of samarium in strontium borate."""

    symbol: str = "0-0"
    window: tuple[float, float] = (684.0, 735.0)
    meanings: Mapping[str, str] = _MEANINGS

    def __init__(self, options: FitOptions) -> None:
        refuse_options(
            options,
            ("nu0_cm1", "correction"),
            "the gauge srb4o7, which counts from --lambda0-nm without a temperature correction",
        )
        self.window = options.between or self.window
        self._between = options.between
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

    def fit(
        self, spectra: Sequence[Spectrum], temperatures_k: Sequence[float | None]
    ) -> list[PressureMeasurement | Exception]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        measure = functools.partial(self._gauge.measure, expected_nm=self._between)
        return fit_one_by_one(measure, spectra, temperatures_k)

    def read(
        self, fit: PressureMeasurement, temperature_k: float | None, said: Mapping[str, Any]
    ) -> Reading:
        """Turn a measurement into a reading; without lambda0 the line alone is reported."""
        line = fit.fit
        good = isinstance(line, RubyFit) and line.ok
        message = "" if good else flag_message(fit.flags, _MEANINGS, DISQUALIFYING)
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
            details=line_details(line) if isinstance(line, RubyFit) else {},
            fit=line,
        )
