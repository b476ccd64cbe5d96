"""The ruby gauge: spectrum and temperature to a pressure with its uncertainty budget.

Convention: temperature moves lambda0, not the measured line.
``lambda0(T) = lambda0 + shift(T) - shift(T of lambda0)`` and the scale takes
``delta = line / lambda0(T) - 1``. To subtract the shift from the line instead would change the
pressure by 0.06 GPa at 40 GPa and by 0.15 GPa at 100 GPa in the cold; the scales do not say
which is right, so one is fixed here and the difference is carried in the budget.
"""

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.lambda0 import Lambda0, ReferenceLine, ReferenceRuby
from dac_control.gauges.measurement import PressureMeasurement
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.gauges.ruby import fit_ruby
from dac_control.gauges.ruby_gauge.line import RubyLine, check_line, line_at
from dac_control.gauges.ruby_gauge.pressure import not_measured, ruby_pressure
from dac_control.gauges.ruby_gauge.uncertainties import RubyUncertainties
from dac_control.gauges.ruby_gauge.zero_line import (
    ZeroLine,
    check_one_chip,
    zero_of_lambda0,
    zero_of_reference,
)
from dac_control.gauges.scales import Scale, get_scale
from dac_control.gauges.spectrum import Spectrum
from dac_control.gauges.temperature import TemperatureCorrection, get_correction

__all__ = ["RubyGauge"]


class RubyGauge:
    """Pressure from the R1 line of one ruby chip.

    Parameters
    ----------
    scale : str or Scale
    correction : str or TemperatureCorrection
    lambda0 : Lambda0 or sequence of Lambda0
        Measured on this chip with this spectrometer; of several, the one with the smallest
        uncertainty at the temperature of the measurement is used.
    axis_sigma_nm : float
        What the wavelength axis may have drifted since lambda0 was taken, in nm.
    temperature_sigma_k : float
        Standard uncertainty of the ruby's temperature in K.
    reference_ruby : ReferenceRuby, optional
        The chip outside the pressure chamber, where there is one; see `seen_beside`.
    **stated : float or None
        The other fields of `RubyUncertainties`: ``axis_offset_sigma_nm``,
        ``axis_offset_correlation``, ``axis_dispersion_sigma``, ``uniaxial_stress_gpa``,
        ``gradient_gpa``. What is not stated is a term of 0 in the budget that says so.

    Raises
    ------
    ConfigurationError
        A name is unknown, an uncertainty is no uncertainty, or lambda0 is of several chips.
    """

    def __init__(
        self,
        *,
        scale: str | Scale,
        correction: str | TemperatureCorrection,
        lambda0: Lambda0 | Sequence[Lambda0],
        axis_sigma_nm: float,
        temperature_sigma_k: float,
        reference_ruby: ReferenceRuby | None = None,
        **stated: float | None,
    ) -> None:
        values: dict[str, Any] = dict(stated)
        self._uncertainties = RubyUncertainties(
            axis_sigma_nm=axis_sigma_nm, temperature_sigma_k=temperature_sigma_k, **values
        )
        self._scale = get_scale(scale) if isinstance(scale, str) else scale
        self._correction = get_correction(correction) if isinstance(correction, str) else correction
        several = (lambda0,) if isinstance(lambda0, Lambda0) else tuple(lambda0)
        self._lambda0s = check_one_chip(several)
        self._reference_ruby = reference_ruby

    def __repr__(self) -> str:
        values = ", ".join(f"{each.value_nm} nm" for each in self._lambda0s)
        return (
            f"<RubyGauge scale={self._scale.name} correction={self._correction.name} "
            f"lambda0={values} of chip '{self.lambda0.chip}'>"
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
        """Where R1 stood without pressure; the first of several."""
        return self._lambda0s[0]

    @property
    def all_lambda0(self) -> tuple[Lambda0, ...]:
        """Every lambda0 of the chip."""
        return self._lambda0s

    @property
    def uncertainties(self) -> RubyUncertainties:
        """What was stated about the uncertainties."""
        return self._uncertainties

    @property
    def reference_ruby(self) -> ReferenceRuby | None:
        """The chip outside the pressure chamber; None where there is none."""
        return self._reference_ruby

    def seen_beside(
        self, line_nm: float, sigma_nm: float, temperature_k: float, time_s: float
    ) -> ReferenceLine | None:
        """Return the line of the reference ruby, for `measure`; None where none was seen.

        Parameters
        ----------
        line_nm, sigma_nm : float
            R1 of the reference and its statistical uncertainty; NaN where it was not measured.
        temperature_k : float
            Of the reference ruby.
        time_s : float
            When it was taken, s since the epoch.

        Raises
        ------
        ConfigurationError
            The line is none that R1 without pressure can have.
        """
        if self._reference_ruby is None or not np.isfinite(line_nm):
            return None
        time = datetime.datetime.fromtimestamp(time_s, tz=datetime.UTC)
        return self._reference_ruby.seen(line_nm, sigma_nm, temperature_k, time)

    def with_lambda0(self, lambda0s: Sequence[Lambda0]) -> "RubyGauge":
        """Return the same gauge with other lambda0."""
        return RubyGauge(
            scale=self._scale,
            correction=self._correction,
            lambda0=lambda0s,
            reference_ruby=self._reference_ruby,
            **asdict(self._uncertainties),
        )

    def measure(
        self,
        spectrum: Spectrum,
        temperature_k: float,
        expected_gpa: tuple[float, float] | None = None,
        reference: ReferenceLine | None = None,
    ) -> PressureMeasurement:
        """Measure the pressure.

        Parameters
        ----------
        spectrum : Spectrum
        temperature_k : float
            Of the ruby.
        expected_gpa : tuple of float, optional
            A line outside these pressures is flagged ``outside_window`` and not measured.
        reference : ReferenceLine, optional
            Line of a ruby outside the pressure chamber, taken together with the spectrum; used
            instead of lambda0.

        Raises
        ------
        NotMeasured
            The temperature is no temperature. A poor spectrum raises nothing: the result says
            ``measured=False``, and its flags say why.
        ConfigurationError
            The expected range is empty or beyond what the scale can express.
        """
        zero = self._zero(temperature_k, reference)
        window = None if expected_gpa is None else self._window_nm(expected_gpa, zero)
        fit = fit_ruby(spectrum, temperature_k=temperature_k, expected_nm=window)
        if not fit.ok:
            return not_measured(self._scale, zero, fit, temperature_k)
        line = self._line(zero, fit.r1_nm, fit.r1_sigma_nm, fit.asymmetry_sigma_nm)
        return ruby_pressure(line, flags=fit.flags, fit=fit)

    def pressure_from_line(
        self,
        line_nm: float,
        sigma_nm: float,
        temperature_k: float,
        *,
        asymmetry_sigma_nm: float = 0.0,
        reference: ReferenceLine | None = None,
        raman_axis: RamanAxis | None = None,
    ) -> PressureMeasurement:
        """Recompute the pressure of a line that was measured and stored.

        Parameters
        ----------
        line_nm, sigma_nm : float
            R1 on the axis that lambda0 was measured on, and its statistical uncertainty.
        temperature_k : float
        asymmetry_sigma_nm : float
            Systematic uncertainty of the line from its shape.
        reference : ReferenceLine, optional
            Line of a ruby outside the pressure chamber, taken at the same time.
        raman_axis : RamanAxis, optional
            What the axis was reckoned with, where the line was read as a Raman shift.

        Raises
        ------
        NotMeasured
            The temperature is no temperature.
        ConfigurationError
            The line or an uncertainty is no number that a ruby line can have.
        """
        check_line(line_nm, sigma_nm, asymmetry_sigma_nm)
        zero = self._zero(temperature_k, reference)
        line = self._line(zero, line_nm, sigma_nm, asymmetry_sigma_nm, raman_axis)
        return ruby_pressure(line)

    def pressures_gpa(self, line_nm: ArrayLike, temperature_k: ArrayLike) -> NDArray[np.float64]:
        """Pressures of many stored lines, without their budgets.

        Parameters
        ----------
        line_nm, temperature_k : array_like, shapes (n,) or ()
            NaN gives NaN.

        Returns
        -------
        ndarray, shape (n,)
        """
        lines, temperatures = np.broadcast_arrays(
            np.asarray(line_nm, dtype=np.float64), np.asarray(temperature_k, dtype=np.float64)
        )
        pressures = np.full(lines.shape, np.nan)
        good = np.isfinite(lines) & np.isfinite(temperatures)
        zero_nm = np.array([self.lambda0_at(float(t)) for t in temperatures[good]])
        pressures[good] = self._scale.pressure_gpa(lines[good] / zero_nm - 1.0)
        return pressures

    @property
    def temperature_sigma_k(self) -> float:
        """Standard uncertainty of the sensor at the cell, in K."""
        return self._uncertainties.temperature_sigma_k

    def lambda0_at(self, temperature_k: float, reference: ReferenceLine | None = None) -> float:
        """R1 without pressure at a temperature, in nm."""
        return self._zero(temperature_k, reference).value_nm

    def line_from_pressure(self, pressure_gpa: float, temperature_k: float) -> float:
        """Where R1 stands at a pressure and a temperature, in nm.

        Raises
        ------
        NotMeasured
            The temperature is no temperature.
        ConfigurationError
            The scale cannot express the pressure.
        """
        return line_at(self._scale, pressure_gpa, self._zero(temperature_k, None))

    def _zero(self, temperature_k: float, reference: ReferenceLine | None) -> ZeroLine:
        if reference is not None:
            return zero_of_reference(reference, self._correction, temperature_k)
        sigma_k = self._uncertainties.temperature_sigma_k
        return zero_of_lambda0(self._lambda0s, self._correction, temperature_k, sigma_k)

    def _window_nm(self, expected_gpa: tuple[float, float], zero: ZeroLine) -> tuple[float, float]:
        low, high = expected_gpa
        if not low < high:
            raise ConfigurationError(
                f"The pressure is expected between {low} and {high} GPa; give the lower first."
            )
        return line_at(self._scale, low, zero), line_at(self._scale, high, zero)

    def _line(
        self,
        zero: ZeroLine,
        line_nm: float,
        sigma_nm: float,
        asymmetry_sigma_nm: float,
        raman_axis: RamanAxis | None = None,
    ) -> RubyLine:
        return RubyLine(
            scale=self._scale,
            zero=zero,
            line_nm=float(line_nm),
            sigma_nm=float(sigma_nm),
            asymmetry_sigma_nm=asymmetry_sigma_nm,
            stated=self._uncertainties,
            raman_axis=raman_axis,
        )
