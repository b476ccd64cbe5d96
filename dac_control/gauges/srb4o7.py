"""The Sm:SrB4O7 gauge: one narrow line, nearly blind to temperature, good to beyond 100 GPa.

The scales take ``shift = line - lambda0`` of the 7D0-5F0 (0-0) line, 685.4 nm without pressure.
No source that we could check gives its shift below 296 K; what is known of it is small, so no
correction is made and its possible size is a term of the budget.
"""

import math
from typing import Final

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import BudgetTerm, Kind, quadrature, rectangle_rms
from dac_control.gauges.lambda0 import Lambda0
from dac_control.gauges.measurement import OnScale, PressureMeasurement
from dac_control.gauges.quoting import (
    check_sigma,
    check_temperature,
    expected_observables,
    on_scale,
    quote,
    range_note,
    scale_for,
    scale_terms,
)
from dac_control.gauges.raman_axis import RamanAxis, raman_axis_terms
from dac_control.gauges.ruby import RubyFit
from dac_control.gauges.ruby.fit import fit_ruby
from dac_control.gauges.ruby.species import SRB4O7
from dac_control.gauges.scales import Scale, scales_of
from dac_control.gauges.spectrum import Spectrum

__all__ = ["SrB4O7Gauge"]

_GAUGE: Final = "srb4o7"
_NAN: Final = float("nan")

# First-order coefficient of the temperature shift near 296 K, Datchi et al., High Press. Res.
# 27, 447 (2007), eq. 9: -8.7e-5 nm/K, as one program codes it. Extrapolated into the cold that
# polynomial is nonsense (+0.5 nm at 5 K), so its linear part is taken as the half-width of what
# is not known.
_SHIFT_NM_PER_K: Final = 8.7e-5


class SrB4O7Gauge:
    """Pressure from the 0-0 line of samarium-doped strontium borate.

    Parameters
    ----------
    scale : str or Scale
    lambda0 : Lambda0
        The line of this chip without pressure, on this spectrometer.
    axis_sigma_nm : float
        What the wavelength axis may have drifted since lambda0 was taken, in nm.

    Raises
    ------
    ConfigurationError
        The scale is none of this gauge or the uncertainty is none.
    """

    def __init__(self, *, scale: str | Scale, lambda0: Lambda0, axis_sigma_nm: float) -> None:
        self._scale = scale_for(scale, _GAUGE, "a Sm:SrB4O7 line")
        check_sigma("wavelength axis", "nm", axis_sigma_nm)
        self._lambda0, self._axis_sigma_nm = lambda0, float(axis_sigma_nm)

    @property
    def scale(self) -> Scale:
        """The scale that pressures are quoted on."""
        return self._scale

    def measure(
        self,
        spectrum: Spectrum,
        temperature_k: float = _NAN,
        expected_gpa: tuple[float, float] | None = None,
        *,
        expected_nm: tuple[float, float] | None = None,
    ) -> PressureMeasurement:
        """Measure the pressure.

        Parameters
        ----------
        spectrum : Spectrum
        temperature_k : float
            Of the chip; NaN where unknown.
        expected_gpa : tuple of float, optional
            A line outside these pressures is flagged ``outside_window`` and not measured.
        expected_nm : tuple of float, optional
            The same as wavelengths, for those who know the line and not the pressure.

        Raises
        ------
        ConfigurationError
            The expected range is empty or beyond the scale. A poor spectrum raises nothing: the
            result says ``measured=False``, and its flags say why.
        """
        window = expected_nm
        if expected_gpa is not None:
            window = expected_observables(self._scale, expected_gpa, self._lambda0.value_nm)
        fit = fit_ruby(spectrum, temperature_k=None, expected_nm=window, species=SRB4O7)
        return self.pressure_of(fit, temperature_k)

    def pressure_of(
        self, fit: RubyFit, temperature_k: float = _NAN, raman_axis: RamanAxis | None = None
    ) -> PressureMeasurement:
        """Turn a fit of this line into a pressure; `raman_axis` as for `RubyGauge`."""
        line = fit.r1_nm, fit.r1_sigma_nm
        if not fit.ok:
            return quote(self._scale, line, temperature_k, flags=fit.flags, fit=fit)
        return self._measurement(*line, temperature_k, fit, raman_axis)

    def pressure_from_line(
        self, line_nm: float, sigma_nm: float, temperature_k: float = _NAN
    ) -> PressureMeasurement:
        """Recompute the pressure of a line that was measured and stored.

        Raises
        ------
        ConfigurationError
            The line, its uncertainty or the temperature is no number that it can be.
        """
        check_temperature("chip", temperature_k)
        if not (680.0 < line_nm < 740.0 and 0.0 <= sigma_nm < math.inf):
            raise ConfigurationError(
                f"The Sm:SrB4O7 line is given as {line_nm} +- {sigma_nm} nm; it lies between 685 "
                "and 730 nm, with an uncertainty of 0 or more."
            )
        return self._measurement(line_nm, sigma_nm, temperature_k, None)

    def _measurement(
        self,
        line_nm: float,
        sigma_nm: float,
        temperature_k: float,
        fit: RubyFit | None,
        axis: RamanAxis | None = None,
    ) -> PressureMeasurement:
        others = tuple(
            self._on(scale, line_nm, temperature_k, axis) for scale in scales_of(_GAUGE).values()
        )
        own = self._on(self._scale, line_nm, temperature_k, axis)
        asymmetry_nm = 0.0 if fit is None else fit.asymmetry_sigma_nm
        budget = (
            *self._terms(self._scale, line_nm, sigma_nm, asymmetry_nm, temperature_k, axis),
            _spread(own, others),
        )
        return quote(
            self._scale,
            (line_nm, sigma_nm),
            temperature_k,
            pressure_gpa=own.pressure_gpa,
            budget=budget,
            note=range_note(self._scale, own.pressure_gpa, temperature_k),
            reference=f"lambda0 of {self._lambda0.describe()}, no temperature correction.",
            alternatives=others,
            flags=() if fit is None else fit.flags,
            fit=fit,
        )

    def _terms(
        self,
        scale: Scale,
        line_nm: float,
        sigma_nm: float,
        asymmetry_nm: float,
        temperature_k: float,
        axis: RamanAxis | None,
    ) -> tuple[BudgetTerm, ...]:
        lambda0 = self._lambda0
        per_line = scale.slope_by_observable(line_nm, lambda0.value_nm)
        per_lambda0 = scale.slope_by_reference(line_nm, lambda0.value_nm)
        away_k = 0.0 if math.isnan(temperature_k) else abs(temperature_k - lambda0.temperature_k)
        shift_nm = _SHIFT_NM_PER_K * away_k / math.sqrt(3.0)
        table: tuple[tuple[str, Kind, float, float, str], ...] = (
            ("photon statistics", "statistical", per_line, sigma_nm, "of the line's fit"),
            ("line asymmetry", "systematic", per_line, asymmetry_nm, "what skewness leaves open"),
            (
                "wavelength axis drift",
                "systematic",
                per_line,
                self._axis_sigma_nm,
                "since lambda0 was taken",
            ),
            ("lambda0", "systematic", per_lambda0, lambda0.sigma_nm, lambda0.describe()),
            (
                "temperature, not corrected",
                "systematic",
                per_lambda0,
                shift_nm,
                f"0.087 pm/K over {away_k:.4g} K as the half-width of a rectangle; no source "
                "below 296 K was found",
            ),
        )
        inputs = [
            BudgetTerm.from_input(name, kind, sensitivity=slope, u=u, unit="nm", note=note)
            for name, kind, slope, u, note in table
        ]
        return (
            *inputs,
            *raman_axis_terms(scale, line_nm, lambda0.value_nm, axis),
            *scale_terms(scale, scale.argument(line_nm, lambda0.value_nm)),
        )

    def _on(
        self, scale: Scale, line_nm: float, temperature_k: float, axis: RamanAxis | None
    ) -> OnScale:
        pressure = scale.pressure_gpa(scale.argument(line_nm, self._lambda0.value_nm))
        terms = self._terms(scale, line_nm, 0.0, 0.0, temperature_k, axis)
        return on_scale(
            scale,
            pressure,
            quadrature(terms, "systematic"),
            in_range=not range_note(scale, pressure, temperature_k),
        )


def _spread(own: OnScale, others: tuple[OnScale, ...]) -> BudgetTerm:
    """What published scales made for this pressure differ by."""
    values = [own.pressure_gpa]
    for each in others:
        if each.range_gpa[0] <= each.pressure_gpa <= each.range_gpa[1]:
            values.append(each.pressure_gpa)
    low, high = min(values), max(values)
    return BudgetTerm(
        "spread between scales",
        "systematic",
        rectangle_rms(own.pressure_gpa, low, high),
        f"the same line is {low:.2f} to {high:.2f} GPa on the scales made for it",
    )
