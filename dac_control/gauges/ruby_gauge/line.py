"""A ruby line with everything that turns it into a pressure."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.gauges.ruby_gauge.uncertainties import RubyUncertainties
from dac_control.gauges.ruby_gauge.zero_line import ZeroLine
from dac_control.gauges.scales import Scale
from dac_control.gauges.temperature import REFERENCE_K, TemperatureCorrection

__all__ = ["RubyLine", "check_line", "line_at"]


@dataclass(frozen=True, kw_only=True)
class RubyLine:
    """A line with everything that turns it into a pressure."""

    scale: Scale
    zero: ZeroLine
    line_nm: float
    sigma_nm: float
    """Statistical."""
    asymmetry_sigma_nm: float
    """Systematic, from the shape of the line."""
    stated: RubyUncertainties
    raman_axis: RamanAxis | None = None
    """Where the axis was reckoned from a Raman shift, what with."""

    @property
    def correction(self) -> TemperatureCorrection:
        """Of lambda0."""
        return self.zero.correction

    @property
    def temperature_k(self) -> float:
        """Of the ruby."""
        return self.zero.temperature_k

    @cached_property
    def argument(self) -> float:
        """Relative shift of R1."""
        return self.scale.argument(self.line_nm, self.zero.value_nm)

    @cached_property
    def pressure_gpa(self) -> float:
        """Pressure in GPa; NaN outside the domain of the scale's formula."""
        return self.scale.pressure_gpa(self.argument)

    @cached_property
    def per_line(self) -> float:
        """Derivative of the pressure by the line, GPa/nm."""
        return self.scale.slope_by_observable(self.line_nm, self.zero.value_nm)

    @cached_property
    def per_lambda0(self) -> float:
        """Derivative of the pressure by lambda0, GPa/nm, negative."""
        return self.scale.slope_by_reference(self.line_nm, self.zero.value_nm)

    @cached_property
    def scale_k(self) -> float:
        """Temperature at which the scale was made: room temperature, if it covers that."""
        return _scale_k(self.scale, self.temperature_k)


def _scale_k(scale: Scale, temperature_k: float) -> float:
    low, high = scale.range_k
    if low <= REFERENCE_K <= high:
        return REFERENCE_K
    return float(np.clip(temperature_k, low, high))


def line_at(scale: Scale, pressure_gpa: float, zero: ZeroLine) -> float:
    """Where R1 stands at a pressure, in nm.

    Raises
    ------
    ConfigurationError
        The scale cannot express the pressure.
    """
    line_nm = scale.observable(scale.inverse(pressure_gpa), zero.value_nm)
    if not np.isfinite(line_nm):
        low, high = scale.range_gpa
        raise ConfigurationError(
            f"The scale '{scale.name}' has no line at {pressure_gpa} GPa; it was made "
            f"for {low:g} to {high:g} GPa."
        )
    return line_nm


def check_line(line_nm: float, *sigmas_nm: float) -> None:
    """Refuse what no ruby line can be.

    Raises
    ------
    ConfigurationError
        The line is none of ruby, or an uncertainty is none.
    """
    for sigma_nm in sigmas_nm:
        if not 0.0 <= sigma_nm < float("inf"):
            raise ConfigurationError(
                f"The uncertainty of the ruby line is {sigma_nm} nm; give a number of 0 or more."
            )
    if not 690.0 <= line_nm <= 900.0:
        raise ConfigurationError(
            f"The ruby line is given as {line_nm} nm; R1 lies between 690 and 900 nm."
        )
