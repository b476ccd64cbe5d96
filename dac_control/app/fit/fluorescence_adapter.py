"""One fluorescence line on a scale of the user's own behind ``fit``."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dac_control.app.fit.adapter import flag_message, refuse_options
from dac_control.app.fit.line_in_nm import LineInNm
from dac_control.app.fit.one_line import line_details, line_meanings
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.app.fit.ruby_groups import fit_in_groups
from dac_control.app.fit.user_scale import user_scale, window_of
from dac_control.app.patience import compiling_explained
from dac_control.gauges import DISQUALIFYING, RubyFit, Spectrum
from dac_control.gauges.fluorescence_line import FluorescenceLineGauge
from dac_control.gauges.raman_axis import RamanAxis

__all__ = ["FluorescenceLineAdapter"]

_SIGMA_NM: Final = 0.01
"""Of lambda0 and of the axis, where nobody states them: what lamp lines reach."""
_NAN: Final = float("nan")


class FluorescenceLineAdapter(LineInNm):
    """A gauge in nm that a file of the user's names."""

    def __init__(self, options: FitOptions) -> None:
        refuse_options(
            options,
            (
                "nu0_cm1",
                "correction",
                "lambda0_date",
                "lambda0_temperature_k",
                "temperature_sigma_k",
            ),
            f"the gauge {options.gauge}, whose scale is in nm and without a temperature correction",
        )
        scale = user_scale(options)
        self.symbol = options.gauge
        self.meanings: Mapping[str, str] = line_meanings(f"the line of {options.gauge}")
        self.window: tuple[float, float] = options.between or window_of(scale, options.lambda0_nm)
        axis_sigma_nm = options.axis_sigma_nm
        self._gauge = FluorescenceLineGauge(
            scale=scale,
            search_nm=self.window,
            axis_sigma_nm=_SIGMA_NM if axis_sigma_nm is None else axis_sigma_nm,
            lambda0_nm=options.lambda0_nm,
            lambda0_sigma_nm=options.lambda0_sigma_nm or _SIGMA_NM,
        )

    def fit(
        self, spectra: Sequence[Spectrum], temperatures_k: Sequence[float | None]
    ) -> list[RubyFit | Exception]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        with compiling_explained():
            nowhere = [None] * len(spectra)  # no line here is known to depend on temperature
            return fit_in_groups(spectra, nowhere, species=self._gauge.species)

    def read(
        self,
        fit: RubyFit,
        temperature_k: float | None,
        said: Mapping[str, Any],
        raman_axis: RamanAxis | None,
    ) -> Reading:
        """Sort a measurement into a reading; a line beyond the scale is a line all the same."""
        known_k = _NAN if temperature_k is None else temperature_k
        found = self._gauge.pressure_of(fit, known_k, raman_axis)
        message = found.range_note if not found.measured else ""
        if not fit.ok:
            message = flag_message(fit.flags, self.meanings, DISQUALIFYING)
        return Reading(
            ok=fit.ok,
            observable=found.observable,
            sigma=found.observable_sigma,
            flags=found.flags,
            measurement=found if found.measured else None,
            message=message,
            details=line_details(fit),
            fit=fit,
        )
