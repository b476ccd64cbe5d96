"""One fluorescence line in nm on a scale of the user's own: a sensor that is not built in.

The line is found and fitted by the code that fits ruby, as a line without a partner. No shift with
temperature is known here: a scale says for which temperatures it holds, and what is used outside
of them is flagged.
"""

import math
from typing import Final

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import BudgetTerm, Kind
from dac_control.gauges.measurement import PressureMeasurement
from dac_control.gauges.quoting import (
    check_sigma,
    check_temperature,
    quote,
    range_note,
    scale_terms,
)
from dac_control.gauges.raman_axis import RamanAxis, raman_axis_terms
from dac_control.gauges.ruby import RubyFit
from dac_control.gauges.ruby.fit import fit_ruby
from dac_control.gauges.ruby.species import Species
from dac_control.gauges.scales import Scale
from dac_control.gauges.spectrum import Spectrum

__all__ = ["FluorescenceLineGauge"]

_NAN: Final = float("nan")


class FluorescenceLineGauge:
    """Pressure from one fluorescence line.

    Parameters
    ----------
    scale : Scale
        From the user's file; its gauge names the measurements.
    search_nm : tuple of float
        Where the line can be.
    axis_sigma_nm : float
        Standard uncertainty of the wavelength axis: what it has drifted since lambda0 was taken,
        or, where the scale counts from nothing, its error.
    lambda0_nm, lambda0_sigma_nm : float, optional
        What the scale counts from, where it needs that; without, the reference of the scale.

    Raises
    ------
    ConfigurationError
        The scale does not take wavelengths or lacks its lambda0, the range is empty, or an
        uncertainty is none.
    """

    def __init__(
        self,
        *,
        scale: Scale,
        search_nm: tuple[float, float],
        axis_sigma_nm: float,
        lambda0_nm: float | None = None,
        lambda0_sigma_nm: float = 0.0,
    ) -> None:
        if scale.unit != "nm":
            raise ConfigurationError(
                f"The scale '{scale.name}' takes {scale.unit} and cannot read a line in nm; give "
                "one in nm."
            )
        if not search_nm[0] < search_nm[1]:
            raise ConfigurationError(
                f"The line of {scale.gauge} is expected between {search_nm[0]} and "
                f"{search_nm[1]} nm; give the shorter wavelength first."
            )
        check_sigma("wavelength axis", "nm", axis_sigma_nm)
        check_sigma("lambda0", "nm", lambda0_sigma_nm)
        self._scale, self._axis_sigma_nm = scale, float(axis_sigma_nm)
        self._lambda0_nm: float | None = None
        if scale.form.argument != "absolute":
            self._lambda0_nm = scale.reference if lambda0_nm is None else float(lambda0_nm)
        self._lambda0_sigma_nm = float(lambda0_sigma_nm)
        self._species = Species(name=scale.gauge, search_nm=search_nm, has_partner=False)
        # Says at once, and not at the first spectrum, that lambda0 is missing.
        scale.argument(search_nm[0], self._lambda0_nm)

    def __repr__(self) -> str:
        low, high = self._species.search_nm
        name, scale = self._species.name, self._scale.name
        return f"<FluorescenceLineGauge {name} scale={scale} {low:g}-{high:g} nm>"

    @property
    def scale(self) -> Scale:
        """The scale that pressures are quoted on."""
        return self._scale

    @property
    def species(self) -> Species:
        """What shines, for a fit of many spectra with `fit_ruby_many`."""
        return self._species

    def measure(self, spectrum: Spectrum, temperature_k: float = _NAN) -> PressureMeasurement:
        """Measure the pressure.

        A poor spectrum raises nothing: the result says ``measured=False``, and its flags say why.

        Parameters
        ----------
        spectrum : Spectrum
        temperature_k : float
            Of the sensor; NaN where unknown.
        """
        fit = fit_ruby(spectrum, temperature_k=None, species=self._species)
        return self.pressure_of(fit, temperature_k)

    def pressure_of(
        self, fit: RubyFit, temperature_k: float = _NAN, raman_axis: RamanAxis | None = None
    ) -> PressureMeasurement:
        """Turn a fit of this species into a pressure; `raman_axis` as for `RubyGauge`."""
        line = fit.r1_nm, fit.r1_sigma_nm
        if not fit.ok:
            return quote(self._scale, line, temperature_k, flags=fit.flags, fit=fit)
        return self._measurement(line, fit.asymmetry_sigma_nm, temperature_k, fit, raman_axis)

    def pressure_from_line(
        self, line_nm: float, sigma_nm: float, temperature_k: float = _NAN
    ) -> PressureMeasurement:
        """Recompute the pressure of a line that was measured and stored.

        Raises
        ------
        ConfigurationError
            The line, its uncertainty or the temperature is no number.
        """
        check_temperature("sensor", temperature_k)
        check_sigma("line", "nm", sigma_nm)
        if not 0.0 < line_nm < math.inf:
            raise ConfigurationError(
                f"The line of {self._scale.gauge} is given as {line_nm} nm; give a wavelength."
            )
        return self._measurement((float(line_nm), float(sigma_nm)), 0.0, temperature_k, None)

    def _measurement(
        self,
        line: tuple[float, float],
        asymmetry_nm: float,
        temperature_k: float,
        fit: RubyFit | None,
        axis: RamanAxis | None = None,
    ) -> PressureMeasurement:
        scale, lambda0_nm = self._scale, self._lambda0_nm
        pressure = scale.pressure_gpa(scale.argument(line[0], lambda0_nm))
        return quote(
            scale,
            line,
            temperature_k,
            pressure_gpa=pressure,
            budget=self._budget(line, asymmetry_nm, axis) if math.isfinite(pressure) else (),
            note=range_note(scale, pressure, temperature_k),
            reference="" if lambda0_nm is None else f"Counted from lambda0 {lambda0_nm:.6g} nm.",
            flags=() if fit is None else fit.flags,
            fit=fit,
        )

    def _budget(
        self, line: tuple[float, float], asymmetry_nm: float, axis: RamanAxis | None
    ) -> tuple[BudgetTerm, ...]:
        scale, lambda0_nm, (place, sigma_nm) = self._scale, self._lambda0_nm, line
        slope = scale.slope_by_observable(place, lambda0_nm)
        by_lambda0, counted = 0.0, "the scale takes the line itself"
        if lambda0_nm is not None:
            by_lambda0 = scale.slope_by_reference(place, lambda0_nm)
            counted = f"{lambda0_nm:.6g} nm"
        rows: tuple[tuple[str, Kind, float, float, str], ...] = (
            ("photon statistics", "statistical", slope, sigma_nm, "of the line's fit"),
            ("line asymmetry", "systematic", slope, asymmetry_nm, "what skewness leaves open"),
            ("wavelength axis", "systematic", slope, self._axis_sigma_nm, "calibration and drift"),
            ("lambda0", "systematic", by_lambda0, self._lambda0_sigma_nm, counted),
        )
        inputs = [
            BudgetTerm.from_input(name, kind, sensitivity=c, u=u, unit="nm", note=note)
            for name, kind, c, u, note in rows
        ]
        return (
            *inputs,
            *raman_axis_terms(scale, place, lambda0_nm, axis),
            *scale_terms(scale, scale.argument(place, lambda0_nm)),
        )
