"""What a temperature correction is: the shift of R1 at zero pressure relative to 296 K.

It is applied to lambda0, never to the measured line:
``lambda0(T) = lambda0 + shift(T) - shift(T of lambda0)``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import NotMeasured
from dac_control.gauges.as_given import as_given
from dac_control.gauges.scales import Evidence
from dac_control.gauges.temperature.formulas import REFERENCE_K, Formula

__all__ = ["TemperatureCorrection", "assessed_sigma_nm", "neglected_sigma_nm"]

Vector = NDArray[np.float64]

# Uncertainty of a correction, our assessment. In the cold the formula of Datchi 2007 is off by
# 7 to 12 pm against a scaled McCumber-Sturge curve at 70 to 80 K and steps by 9.5 pm at 50 K.
# It is zero at 296 K by definition; in between and above it grows in proportion.
_SIGMA_NM: Final = 0.012
_SIGMA_FULL_AT_K: Final = 80.0
_CORRELATION_K: Final = 30.0
"""Temperatures closer than this share their error: our assessment, the width of the seam."""

# Mean shift of R1 per kelvin near room temperature (Yamaoka et al., Proc. Jpn. Acad. B 56, 103,
# 1980): what is neglected where no correction is made.
_NEGLECTED_NM_PER_K: Final = 6.8e-3


@dataclass(frozen=True, kw_only=True)
class TemperatureCorrection:
    """A published shift of R1 with temperature at zero pressure."""

    name: str
    citation: str
    evidence: Evidence
    """How the coefficients were checked."""
    range_k: tuple[float, float]
    """Temperatures for which it was made."""
    formula: Formula
    difference_sigma: Callable[[float, float], float]
    """Standard uncertainty in nm of the shift between two temperatures in K."""
    published: bool = True
    """False for variants of ours and for no correction: they say nothing about the spread."""
    note: str = ""

    @overload
    def shift_nm(self, temperature_k: float) -> float: ...
    @overload
    def shift_nm(self, temperature_k: Vector) -> Vector: ...
    def shift_nm(self, temperature_k: float | Vector) -> float | Vector:
        """Shift of R1 in nm relative to 296 K, shape as given.

        Raises
        ------
        NotMeasured
            A temperature is no temperature.
        """
        if isinstance(temperature_k, float):
            return _shift_nm(self, temperature_k)
        return as_given(temperature_k, self.formula[0](_checked(temperature_k)))

    @overload
    def slope(self, temperature_k: float) -> float: ...
    @overload
    def slope(self, temperature_k: Vector) -> Vector: ...
    def slope(self, temperature_k: float | Vector) -> float | Vector:
        """Derivative of the shift in nm/K, shape as given."""
        return as_given(temperature_k, self.formula[1](_checked(temperature_k)))

    def sigma_nm(self, temperature_k: float, reference_k: float = REFERENCE_K) -> float:
        """Standard uncertainty in nm of the shift between two temperatures, 0 if they agree."""
        return self.difference_sigma(float(_checked(temperature_k)), float(_checked(reference_k)))

    def covers(self, temperature_k: float) -> bool:
        """True where the correction was made for this temperature."""
        return bool(self.range_k[0] <= temperature_k <= self.range_k[1])


@lru_cache(maxsize=1024)
def _shift_nm(correction: TemperatureCorrection, temperature_k: float) -> float:
    """One shift; a pressure asks for those of lambda0 and of its scale each time."""
    return float(correction.formula[0](_checked(temperature_k)))


def assessed_sigma_nm(temperature_k: float, reference_k: float) -> float:
    """Two errors of one formula, the more alike the closer the temperatures are."""
    one, other = _model_sigma(temperature_k), _model_sigma(reference_k)
    alike = float(np.exp(-abs(temperature_k - reference_k) / _CORRELATION_K))
    return float(np.sqrt(max(0.0, one * one + other * other - 2.0 * alike * one * other)))


def neglected_sigma_nm(temperature_k: float, reference_k: float) -> float:
    """The shift that is left out where no correction is made."""
    return _NEGLECTED_NM_PER_K * abs(temperature_k - reference_k)


def _model_sigma(temperature_k: float) -> float:
    """Uncertainty relative to 296 K in nm, with the sign of the distance."""
    share = (temperature_k - REFERENCE_K) / (REFERENCE_K - _SIGMA_FULL_AT_K)
    return _SIGMA_NM * float(np.clip(share, -1.0, 1.0))


def _checked(temperature_k: float | Vector) -> Vector:
    values = np.asarray(temperature_k, dtype=np.float64)
    if isinstance(temperature_k, float) and 0.0 < temperature_k < 5000.0:
        return values
    good = (values > 0.0) & (values < 5000.0)
    if not np.all(good):
        wrong = float(values) if values.ndim == 0 else float(values[~good][0])
        raise NotMeasured(
            f"The ruby temperature is {wrong} K, which is no temperature; "
            "check the sensor at the cell."
        )
    return values
