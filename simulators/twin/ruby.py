"""The ruby chip: where its two lines lie, how wide and how bright they are.

Pressure follows Ruby2020, ``P = A d (1 + C d)`` with ``d = lambda/lambda0(T) - 1`` (Shen et al.,
High Press. Res. 40, 299 (2020)), with coefficients that each twin draws for itself. The
temperature shift is that of Datchi et al., High Press. Res. 27, 447 (2007), made smooth below
its minimum, plus what each twin draws: the published shifts disagree, so the true one lies
anywhere up to the distance of Ragan et al., J. Appl. Phys. 72, 5539 (1992) on either side; and
no scale says whether pressure keeps the ratio to lambda0(T) or the shift in nm, so the truth
lies anywhere between. All wavelengths are in air.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulators.twin.draws import Drawn
from simulators.twin.further_draws import Further
from simulators.twin.settings import RubySettings

__all__ = ["Ruby", "RubyLines", "datchi_shift_nm", "ragan_shift_nm"]

HC_OVER_K = 1.438776877
"""Second radiation constant in cm K (CODATA 2018)."""

NM_PER_CM = 1e7

REFERENCE_K = 296.0
"""Datchi 2007 counts its shift from here."""

COLDEST_SCALE_K = 4.5
"""Temperature of Feng et al. 2010, where the cold coefficient applies in full."""

FLAT_BELOW_K = 69.7
"""Where eq. 4 of Datchi 2007 has its minimum.

The paper switches to a constant at 50 K with a step of 9.5 pm; joined at the minimum, value
and slope are continuous, which a line in nature is.
"""

ERROR_FULL_BELOW_K = 100.0

R1_PER_STRESS, R2_PER_STRESS = 0.13, 0.05
"""Error of the pressure in GPa per GPa of uniaxial stress: He and Clarke, J. Am. Ceram. Soc. 78,
1347 (1995)."""

FADING_NM = 532.0
"""Laser under which the fading of the settings holds; its power law is a model default."""

RAGAN_UP_TO_K = 600.0
"""Beyond, the distance between the published shifts is kept as it is here."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)
"""Gauss-Legendre rule for the width's integral, good to 1e-9 at any temperature."""


def datchi_shift_nm(temperature_k: float) -> float:
    """Shift of R1 at 0 GPa against 296 K in nm, smooth at any temperature above 0 K."""
    delta = max(temperature_k, FLAT_BELOW_K) - REFERENCE_K
    if delta < 0.0:
        return 0.00664 * delta + 6.76e-6 * delta**2 - 2.33e-8 * delta**3
    return 0.00746 * delta - 3.01e-6 * delta**2 + 8.76e-9 * delta**3


def ragan_shift_nm(temperature_k: float) -> float:
    """Shift of R1 at 0 GPa against 296 K in nm after Ragan et al. 1992, made for 0 to 600 K."""

    def line_nm(t: float) -> float:
        return NM_PER_CM / (14423.0 + 4.49e-2 * t - 4.81e-4 * t**2 + 3.71e-7 * t**3)

    return line_nm(temperature_k) - line_nm(REFERENCE_K)


@dataclass(frozen=True, kw_only=True)
class RubyLines:
    """The doublet at one pressure and temperature."""

    r1_nm: float
    r2_nm: float
    r1_share: float
    """Part of the light that is in R1; the rest is in R2."""
    fwhm_nm: float
    """Lorentzian full width of either line, homogeneous and strain."""
    brightness: float
    """Light in both lines against 0 GPa."""
    strain_fwhm_nm: float = 0.0
    """The part of the width that is strain."""
    pressure_gpa: float = 0.0
    """Pressure of the chip."""
    temperature_k: float = 296.0


class Ruby:
    """The chip of one twin.

    Parameters
    ----------
    settings : RubySettings
        What is published.
    drawn : Drawn
        What is true of this chip.
    further : Further, optional
        Errors that no budget models; none without it.
    """

    def __init__(
        self, settings: RubySettings, drawn: Drawn, further: Further | None = None
    ) -> None:
        self._settings = settings
        self._drawn = drawn
        self._gradient = 0.0 if further is None else further.gradient_part
        self._heating = 0.0 if further is None else further.heating_k_per_mw
        self._uniaxial = 0.0 if further is None else further.uniaxial_part
        self._bend = 0.0 if further is None else further.scale_bend
        self._width_scale = 1.0 / _raman_width(settings.debye_k, 300.0)

    def lambda0_nm(self, temperature_k: float) -> float:
        """R1 in nm at 0 GPa."""
        ramp = (REFERENCE_K - temperature_k) / (REFERENCE_K - ERROR_FULL_BELOW_K)
        error = self._drawn.shift_error_nm * min(max(ramp, 0.0), 1.0)
        return self._drawn.lambda0_nm + self._shift_nm(temperature_k) + error

    def coefficient_gpa(self, temperature_k: float) -> float:
        """Coefficient A in GPa, which the cold may change."""
        cold = max(0.0, (REFERENCE_K - temperature_k) / (REFERENCE_K - COLDEST_SCALE_K))
        return self._drawn.ruby_a_gpa * (1.0 + self._drawn.cold_coefficient * cold)

    def chip_gpa(self, pressure_gpa: float) -> float:
        """Pressure at the chip with `pressure_gpa` in the sample."""
        return pressure_gpa * (1.0 + self._gradient)

    def r1_nm(self, pressure_gpa: float, temperature_k: float) -> float:
        """R1 in nm: the positive root of the scale's quadratic, on lambda0(T)."""
        return self._line_nm(pressure_gpa, temperature_k, R1_PER_STRESS)

    def _line_nm(self, pressure_gpa: float, temperature_k: float, per_stress: float) -> float:
        """Place of R1 if stress along one axis acted on it with `per_stress`."""
        c = self._drawn.ruby_c
        chip_gpa = self.chip_gpa(pressure_gpa)
        # the unmodelled errors: stress that reads as pressure, and a scale of another form
        felt_gpa = chip_gpa * (1.0 + per_stress * self._uniaxial)
        felt_gpa *= 1.0 + self._bend * (chip_gpa / 100.0) ** 2
        ratio = max(felt_gpa, 0.0) / self.coefficient_gpa(temperature_k)
        shift = (math.sqrt(1.0 + 4.0 * c * ratio) - 1.0) / (2.0 * c)
        lambda0_nm = self.lambda0_nm(temperature_k)
        moved_nm = lambda0_nm - self._drawn.lambda0_nm
        return lambda0_nm + shift * (lambda0_nm - self._drawn.shift_kept_part * moved_nm)

    def lines(self, pressure_gpa: float, temperature_k: float) -> RubyLines:
        """Return the doublet under `pressure_gpa` with the chip itself at `temperature_k`."""
        settings = self._settings
        r1_nm = self.r1_nm(pressure_gpa, temperature_k)
        above_nm = r1_nm
        if self._uniaxial:
            above_nm = self._line_nm(pressure_gpa, temperature_k, R2_PER_STRESS)
        r2_nm = NM_PER_CM / (NM_PER_CM / above_nm + settings.splitting_cm1)
        ratio = self.line_ratio(temperature_k)
        width = self._width_scale * _raman_width(settings.debye_k, temperature_k)
        homogeneous_cm1 = settings.fwhm_300k_cm1 * width
        strain_nm = settings.strain_fwhm_nm + settings.strain_fwhm_nm_per_gpa * pressure_gpa
        return RubyLines(
            r1_nm=r1_nm,
            r2_nm=r2_nm,
            r1_share=1.0 / (1.0 + ratio),
            fwhm_nm=homogeneous_cm1 * r1_nm**2 / NM_PER_CM + strain_nm,
            brightness=math.exp(-pressure_gpa / settings.fading_gpa),
            strain_fwhm_nm=strain_nm,
            pressure_gpa=pressure_gpa,
            temperature_k=temperature_k,
        )

    def excitation(self, pressure_gpa: float, laser_nm: float) -> float:
        """Light against that under 532 nm: shorter waves stay in the bands for longer."""
        return math.exp(
            pressure_gpa / self._settings.fading_gpa * (1.0 - (laser_nm / FADING_NM) ** 4)
        )

    def _shift_nm(self, temperature_k: float) -> float:
        """Shift of R1 with temperature, without `shift_error_nm`."""
        datchi_nm = datchi_shift_nm(temperature_k)
        other_nm = ragan_shift_nm(min(temperature_k, RAGAN_UP_TO_K)) - datchi_shift_nm(
            min(temperature_k, RAGAN_UP_TO_K)
        )
        return datchi_nm + self._drawn.shift_other_part * other_nm

    def line_ratio(self, temperature_k: float) -> float:
        """Intensity of R2 over R1: line strengths times the Boltzmann factor."""
        exponent = HC_OVER_K * self._settings.boltzmann_cm1 / temperature_k
        return self._drawn.strength_ratio * math.exp(-exponent)

    def temperature_k(self, cell_k: float, light_mw: float) -> float:
        """Temperature of the chip in K under `light_mw`; contacts conduct less in the cold."""
        settings = self._settings
        weaker = max(1.0, (80.0 / cell_k) ** settings.heating_exponent)
        rise = settings.heating_k_per_mw + self._heating
        return cell_k + rise * weaker * light_mw


def _raman_width(debye_k: float, temperature_k: float) -> float:
    """Two-phonon width in arbitrary units, McCumber and Sturge, J. Appl. Phys. 34, 1682 (1963).

    (T/D)^7 times the integral of x^6 e^x/(e^x - 1)^2 from 0 to D/T.
    """
    half = 0.5 * min(debye_k / temperature_k, 60.0)  # the integrand has died long before 60
    x = half * (NODES + 1.0)
    integral = half * float(WEIGHTS @ (x**6 * np.exp(-x) / np.expm1(-x) ** 2))
    return (temperature_k / debye_k) ** 7 * integral
