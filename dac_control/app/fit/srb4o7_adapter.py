"""The 0-0 line of Sm:SrB4O7 behind ``fit``."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dac_control.app.fit.adapter import flag_message, refuse_options
from dac_control.app.fit.line_in_nm import LineInNm
from dac_control.app.fit.one_line import line_details, line_meanings
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.app.fit.ruby_groups import fit_in_groups
from dac_control.app.patience import compiling_explained
from dac_control.gauges import (
    DISQUALIFYING,
    Lambda0,
    RubyFit,
    Spectrum,
    SrB4O7Gauge,
)
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.gauges.ruby.species import SRB4O7

__all__ = ["SrB4O7Adapter"]

_NAN: Final = float("nan")
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
                date=options.lambda0_day,
                temperature_k=options.lambda0_temperature_k or _ROOM_K,
            ),
            axis_sigma_nm=_SIGMA_NM if axis_sigma_nm is None else axis_sigma_nm,
        )

    def fit(
        self, spectra: Sequence[Spectrum], temperatures_k: Sequence[float | None]
    ) -> list[RubyFit | Exception]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        with compiling_explained():
            nowhere = [None] * len(spectra)  # the fit needs no temperature
            return fit_in_groups(spectra, nowhere, expected_nm=self._between, species=SRB4O7)

    def read(
        self,
        fit: RubyFit,
        temperature_k: float | None,
        said: Mapping[str, Any],
        raman_axis: RamanAxis | None,
    ) -> Reading:
        """Turn a fit into a pressure; without lambda0 the line alone is reported."""
        known_k = _NAN if temperature_k is None else temperature_k
        found = self._gauge.pressure_of(fit, known_k, raman_axis)
        message = "" if fit.ok else flag_message(fit.flags, _MEANINGS, DISQUALIFYING)
        if fit.ok and not self._with_pressure:
            message = (
                "No pressure without lambda0: give --lambda0-nm, the 0-0 line at zero pressure "
                "measured on this spectrometer."
            )
        with_pressure = fit.ok and self._with_pressure
        return Reading(
            ok=fit.ok,
            observable=fit.r1_nm,
            sigma=fit.r1_sigma_nm,
            flags=found.flags if with_pressure else fit.flags,
            measurement=found if with_pressure else None,
            message=message,
            details=line_details(fit),
            fit=fit,
        )
