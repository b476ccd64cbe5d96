"""How temperature alone moves R1: corrections of lambda0, as published.

A correction gives the shift of R1 at zero pressure relative to 296 K. It is applied to lambda0,
never to the measured line: ``lambda0(T) = lambda0 + shift(T) - shift(T of lambda0)``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError, NotMeasured

__all__ = ["CORRECTIONS", "TemperatureCorrection", "get_correction"]

REFERENCE_K: Final = 296.0

_COLD_NM: Final = -0.887
_COLD: Final = (0.00664, 6.76e-6, -2.33e-8)
_WARM: Final = (0.00746, -3.01e-6, 8.76e-9)
_COLD_END_K: Final = 50.0
_STATIONARY_K: Final = 69.7

# Uncertainty of the correction, our assessment. In the cold the formula is off by 7 to 12 pm
# against a scaled McCumber-Sturge curve at 70 to 80 K and steps by 9.5 pm at 50 K. It is zero
# at 296 K by definition; in between and above it grows in proportion.
_SIGMA_NM: Final = 0.012
_SIGMA_FULL_AT_K: Final = 80.0
_CORRELATION_K: Final = 30.0
"""Temperatures closer than this share their error: our assessment, the width of the seam."""

# Mean shift of R1 per kelvin near room temperature (Yamaoka et al., 1980): what is neglected
# where no correction is made.
_NEGLECTED_NM_PER_K: Final = 6.8e-3


@dataclass(frozen=True, kw_only=True)
class TemperatureCorrection:
    """A published shift of R1 with temperature at zero pressure."""

    name: str
    citation: str
    range_k: tuple[float, float]
    """Temperatures for which it was made."""
    shift: Callable[[float], float]
    derivative: Callable[[float], float]
    difference_sigma: Callable[[float, float], float]
    note: str = ""

    def shift_nm(self, temperature_k: float) -> float:
        """Shift of R1 in nm relative to 296 K."""
        return self.shift(_checked(temperature_k))

    def slope(self, temperature_k: float) -> float:
        """Derivative of the shift in nm/K."""
        return self.derivative(_checked(temperature_k))

    def sigma_nm(self, temperature_k: float, reference_k: float = REFERENCE_K) -> float:
        """Standard uncertainty in nm of the shift between two temperatures, 0 if they agree."""
        return self.difference_sigma(_checked(temperature_k), _checked(reference_k))

    def covers(self, temperature_k: float) -> bool:
        """True where the correction was made for this temperature."""
        return self.range_k[0] <= temperature_k <= self.range_k[1]


def _datchi(cold_end_k: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    def shift(temperature_k: float) -> float:
        if temperature_k <= cold_end_k:
            return _COLD_NM
        a, b, c = _COLD if temperature_k <= REFERENCE_K else _WARM
        t = temperature_k - REFERENCE_K
        return a * t + b * t**2 + c * t**3

    def derivative(temperature_k: float) -> float:
        if temperature_k <= cold_end_k:
            return 0.0
        a, b, c = _COLD if temperature_k <= REFERENCE_K else _WARM
        t = temperature_k - REFERENCE_K
        return a + 2.0 * b * t + 3.0 * c * t**2

    return shift, derivative


def _model_sigma(temperature_k: float) -> float:
    """Uncertainty relative to 296 K in nm, with the sign of the distance."""
    share = (temperature_k - REFERENCE_K) / (REFERENCE_K - _SIGMA_FULL_AT_K)
    return _SIGMA_NM * float(np.clip(share, -1.0, 1.0))


def _difference_sigma(temperature_k: float, reference_k: float) -> float:
    """Two errors of one formula, the more alike the closer the temperatures are."""
    one, other = _model_sigma(temperature_k), _model_sigma(reference_k)
    alike = float(np.exp(-abs(temperature_k - reference_k) / _CORRELATION_K))
    return float(np.sqrt(max(0.0, one * one + other * other - 2.0 * alike * one * other)))


def _neglected(temperature_k: float, reference_k: float) -> float:
    return _NEGLECTED_NM_PER_K * abs(temperature_k - reference_k)


def _correction(name: str, cold_end_k: float, note: str) -> TemperatureCorrection:
    shift, derivative = _datchi(cold_end_k)
    return TemperatureCorrection(
        name=name,
        citation="Datchi et al., High Press. Res. 27, 447 (2007), eqs. 2 to 4",
        range_k=(0.0, 900.0),
        shift=shift,
        derivative=derivative,
        difference_sigma=_difference_sigma,
        note=note,
    )


CORRECTIONS: Final[dict[str, TemperatureCorrection]] = {
    "datchi2007": _correction(
        "datchi2007", _COLD_END_K, "as published: constant up to 50 K, a step of 9.5 pm there"
    ),
    "datchi2007_smooth": _correction(
        "datchi2007_smooth",
        _STATIONARY_K,
        "not as published: constant up to 69.7 K, where the cubic is flat, so without the step",
    ),
    "none": TemperatureCorrection(
        name="none",
        citation="no correction; its uncertainty is 6.8 pm/K, the shift that is neglected "
        "(Yamaoka et al., Proc. Jpn. Acad. B 56, 103, 1980)",
        range_k=(REFERENCE_K - 10.0, REFERENCE_K + 10.0),
        shift=lambda temperature_k: 0.0,
        derivative=lambda temperature_k: 0.0,
        difference_sigma=_neglected,
    ),
}
"""Temperature corrections of R1 by name."""


def get_correction(name: str) -> TemperatureCorrection:
    """Look up a temperature correction.

    Raises
    ------
    ConfigurationError
        There is none of that name.
    """
    try:
        return CORRECTIONS[name]
    except KeyError:
        raise ConfigurationError(
            f"There is no temperature correction '{name}'; "
            f"the corrections are {', '.join(CORRECTIONS)}."
        ) from None


def _checked(temperature_k: float) -> float:
    if not 0.0 < temperature_k < 5000.0:
        raise NotMeasured(
            f"The ruby temperature is {temperature_k} K, which is no temperature; "
            "check the sensor at the cell."
        )
    return float(temperature_k)
