"""The ruby gauge: spectrum and temperature to a pressure with its uncertainty budget.

Convention: temperature moves lambda0, not the measured line.
``lambda0(T) = lambda0 + shift(T) - shift(T of lambda0)`` and the scale takes
``delta = line / lambda0(T) - 1``. To subtract the shift from the line instead would change the
pressure by 0.06 GPa at 40 GPa and by 0.15 GPa at 100 GPa in the cold; the scales do not say
which is right, so one is fixed here.
"""

from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.measurement import BudgetTerm, Lambda0, PressureMeasurement
from dac_control.gauges.ruby_budget import quadrature, ruby_budget
from dac_control.gauges.ruby_fit import fit_ruby
from dac_control.gauges.ruby_result import RubyFit
from dac_control.gauges.scale import Scale
from dac_control.gauges.scales import get_scale
from dac_control.gauges.spectrum import Spectrum
from dac_control.gauges.temperature import TemperatureCorrection, get_correction

__all__ = ["RubyGauge"]

_NAN: Final = float("nan")


class RubyGauge:
    """Pressure from the R1 line of one ruby chip.

    Parameters
    ----------
    scale : str or Scale
    correction : str or TemperatureCorrection
    lambda0 : Lambda0
        Measured on this chip with this spectrometer.
    axis_sigma_nm : float
        What the wavelength axis may have drifted since lambda0 was taken, in nm.
    temperature_sigma_k : float
        Standard uncertainty of the ruby's temperature in K.

    Raises
    ------
    ConfigurationError
        A name is unknown or an uncertainty is no uncertainty.
    """

    def __init__(
        self,
        *,
        scale: str | Scale,
        correction: str | TemperatureCorrection,
        lambda0: Lambda0,
        axis_sigma_nm: float,
        temperature_sigma_k: float,
    ) -> None:
        _check_sigma("wavelength axis", "nm", axis_sigma_nm)
        _check_sigma("ruby temperature", "K", temperature_sigma_k)
        self._scale = get_scale(scale) if isinstance(scale, str) else scale
        self._correction = get_correction(correction) if isinstance(correction, str) else correction
        self._lambda0 = lambda0
        self._axis_sigma_nm = float(axis_sigma_nm)
        self._temperature_sigma_k = float(temperature_sigma_k)

    def __repr__(self) -> str:
        return (
            f"<RubyGauge scale={self._scale.name} correction={self._correction.name} "
            f"lambda0={self._lambda0.value_nm} nm of chip '{self._lambda0.chip}'>"
        )

    @property
    def scale(self) -> Scale:
        """The scale that pressures are quoted on."""
        return self._scale

    @property
    def correction(self) -> TemperatureCorrection:
        """The temperature correction of lambda0."""
        return self._correction

    @property
    def lambda0(self) -> Lambda0:
        """Where R1 stood without pressure."""
        return self._lambda0

    def measure(
        self,
        spectrum: Spectrum,
        temperature_k: float,
        expected_gpa: tuple[float, float] | None = None,
    ) -> PressureMeasurement:
        """Measure the pressure.

        Parameters
        ----------
        spectrum : Spectrum
        temperature_k : float
            Of the ruby.
        expected_gpa : tuple of float, optional
            A line outside these pressures is flagged ``outside_window`` and not measured.

        Raises
        ------
        NotMeasured
            The temperature is no temperature. A poor spectrum raises nothing: the result says
            ``measured=False``, and its flags say why.
        ConfigurationError
            The expected range is empty or beyond what the scale can express.
        """
        window = None if expected_gpa is None else self._window_nm(expected_gpa, temperature_k)
        fit = fit_ruby(spectrum, temperature_k=temperature_k, expected_nm=window)
        if fit.ok:
            return self._from_line(
                fit.r1_nm, fit.r1_sigma_nm, temperature_k, flags=fit.flags, fit=fit
            )
        return self._not_measured(fit, temperature_k)

    def pressure_from_line(
        self, line_nm: float, sigma_nm: float, temperature_k: float
    ) -> PressureMeasurement:
        """Recompute the pressure of a line that was measured and stored.

        Parameters
        ----------
        line_nm, sigma_nm : float
            R1 on the axis that lambda0 was measured on, and its statistical uncertainty.
        temperature_k : float

        Raises
        ------
        NotMeasured
            The temperature is no temperature.
        ConfigurationError
            The line or its uncertainty is no number that a ruby line can have.
        """
        _check_sigma("ruby line", "nm", sigma_nm)
        if not 680.0 < line_nm < 900.0:
            raise ConfigurationError(
                f"The ruby line is given as {line_nm} nm; R1 lies between 690 and 800 nm."
            )
        return self._from_line(line_nm, sigma_nm, temperature_k, flags=(), fit=None)

    def lambda0_at(self, temperature_k: float) -> float:
        """R1 without pressure at a temperature, in nm."""
        return (
            self._lambda0.value_nm
            + self._correction.shift_nm(temperature_k)
            - self._correction.shift_nm(self._lambda0.temperature_k)
        )

    def line_from_pressure(self, pressure_gpa: float, temperature_k: float) -> float:
        """Where R1 stands at a pressure and a temperature, in nm.

        Raises
        ------
        NotMeasured
            The temperature is no temperature.
        ConfigurationError
            The scale cannot express the pressure.
        """
        line = self.lambda0_at(temperature_k) * (1.0 + self._scale.inverse(pressure_gpa))
        if not np.isfinite(line):
            raise ConfigurationError(
                f"The scale '{self._scale.name}' has no line at {pressure_gpa} GPa; it was made "
                f"for {self._scale.range_gpa[0]:g} to {self._scale.range_gpa[1]:g} GPa."
            )
        return line

    def _window_nm(
        self, expected_gpa: tuple[float, float], temperature_k: float
    ) -> tuple[float, float]:
        low, high = expected_gpa
        if not low < high:
            raise ConfigurationError(
                f"The pressure is expected between {low} and {high} GPa; give the lower first."
            )
        return (
            self.line_from_pressure(low, temperature_k),
            self.line_from_pressure(high, temperature_k),
        )

    def _from_line(
        self,
        line_nm: float,
        sigma_nm: float,
        temperature_k: float,
        *,
        flags: tuple[str, ...],
        fit: RubyFit | None,
    ) -> PressureMeasurement:
        pressure = self._scale.pressure_gpa(line_nm / self.lambda0_at(temperature_k) - 1.0)
        budget = self._budget(line_nm, sigma_nm, temperature_k)
        statistical = quadrature(budget, "statistical")
        systematic = quadrature(budget, "systematic")
        tolerance = 2.0 * float(np.hypot(statistical, systematic))
        return PressureMeasurement(
            measured=True,
            pressure_gpa=pressure,
            sigma_stat_gpa=statistical,
            sigma_sys_gpa=systematic,
            scale=self._scale.name,
            observable_nm=float(line_nm),
            observable_sigma_nm=float(sigma_nm),
            temperature_k=float(temperature_k),
            in_range=self._scale.covers(pressure, tolerance)
            and self._correction.covers(temperature_k),
            budget=budget,
            flags=flags,
            fit=fit,
        )

    def _budget(
        self, line_nm: float, sigma_nm: float, temperature_k: float
    ) -> tuple[BudgetTerm, ...]:
        return ruby_budget(
            scale=self._scale,
            correction=self._correction,
            lambda0=self._lambda0,
            lambda0_at_nm=self.lambda0_at(temperature_k),
            line_nm=line_nm,
            line_sigma_nm=sigma_nm,
            axis_sigma_nm=self._axis_sigma_nm,
            temperature_k=temperature_k,
            temperature_sigma_k=self._temperature_sigma_k,
        )

    def _not_measured(self, fit: RubyFit, temperature_k: float) -> PressureMeasurement:
        return PressureMeasurement(
            measured=False,
            pressure_gpa=_NAN,
            sigma_stat_gpa=_NAN,
            sigma_sys_gpa=_NAN,
            scale=self._scale.name,
            observable_nm=fit.r1_nm,
            observable_sigma_nm=fit.r1_sigma_nm,
            temperature_k=float(temperature_k),
            in_range=False,
            budget=(),
            flags=fit.flags,
            fit=fit,
        )


def _check_sigma(what: str, unit: str, sigma: float) -> None:
    if not 0.0 <= sigma < float("inf"):
        raise ConfigurationError(
            f"The uncertainty of the {what} is {sigma} {unit}; give a number of 0 or more."
        )
