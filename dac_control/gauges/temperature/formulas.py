"""Published shifts of R1 with temperature at zero pressure, as functions of temperature.

Each formula gives shift in nm relative to 296 K and its derivative in nm/K, for arrays.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["REFERENCE_K", "Formula", "datchi", "ragan", "vos", "zero"]

Vector = NDArray[np.float64]
Formula = tuple[Callable[[Vector], Vector], Callable[[Vector], Vector]]
"""Shift in nm and derivative in nm/K, both of the temperature in K, shapes as given."""

REFERENCE_K: Final = 296.0

# Datchi et al., High Press. Res. 27, 447 (2007): eq. 3 (constant), eq. 4 (cold), eq. 2 (warm);
# coefficients of the powers of T - 296 K. Signs as in every public program that was seen; one
# program's text prints both higher terms of eq. 2 with the signs exchanged.
_DATCHI_CONSTANT_NM: Final = -0.887
_DATCHI_COLD: Final = (0.00664, 6.76e-6, -2.33e-8)
_DATCHI_WARM: Final = (0.00746, -3.01e-6, 8.76e-9)

# Ragan, Gustavsen & Schiferl, J. Appl. Phys. 72, 5539 (1992): R1 in "cm-1" by powers of T. They
# are 1e7 over the wavelength in air (694.263 nm at 296 K), so the way back to nm is the same.
_RAGAN_CM1: Final = (14423.0, 4.49e-2, -4.81e-4, 3.71e-7)

# Vos & Schouten, J. Appl. Phys. 69, 6744 (1991): shift of R1 in angstrom by powers of T - 300 K.
_VOS_ANGSTROM: Final = (0.0, 6.591e-2, 7.624e-5, -1.733e-7)
_VOS_REFERENCE_K: Final = 300.0


def datchi(cold_end_k: float) -> Formula:
    """Datchi 2007 with its constant up to `cold_end_k`; the paper says 50 K."""

    def shift(temperature_k: Vector) -> Vector:
        t = temperature_k - REFERENCE_K
        cold, warm = _polynomial(t, (0.0, *_DATCHI_COLD)), _polynomial(t, (0.0, *_DATCHI_WARM))
        curve = np.where(temperature_k <= REFERENCE_K, cold, warm)
        return np.where(temperature_k <= cold_end_k, _DATCHI_CONSTANT_NM, curve)

    def derivative(temperature_k: Vector) -> Vector:
        t = temperature_k - REFERENCE_K
        cold, warm = _slope(t, (0.0, *_DATCHI_COLD)), _slope(t, (0.0, *_DATCHI_WARM))
        curve = np.where(temperature_k <= REFERENCE_K, cold, warm)
        return np.where(temperature_k <= cold_end_k, 0.0, curve)

    return shift, derivative


def ragan() -> Formula:
    """Ragan 1992: a cubic of the wavenumber."""
    at_reference_nm = 1e7 / _polynomial(np.asarray(REFERENCE_K), _RAGAN_CM1)

    def shift(temperature_k: Vector) -> Vector:
        return 1e7 / _polynomial(temperature_k, _RAGAN_CM1) - at_reference_nm

    def derivative(temperature_k: Vector) -> Vector:
        wavenumber = _polynomial(temperature_k, _RAGAN_CM1)
        return -1e7 / wavenumber**2 * _slope(temperature_k, _RAGAN_CM1)

    return shift, derivative


def vos() -> Formula:
    """Vos & Schouten 1991: a cubic of the wavelength, moved from 300 K to 296 K."""
    at_reference = _polynomial(np.asarray(REFERENCE_K - _VOS_REFERENCE_K), _VOS_ANGSTROM)

    def shift(temperature_k: Vector) -> Vector:
        t = temperature_k - _VOS_REFERENCE_K
        return 0.1 * (_polynomial(t, _VOS_ANGSTROM) - at_reference)

    def derivative(temperature_k: Vector) -> Vector:
        return 0.1 * _slope(temperature_k - _VOS_REFERENCE_K, _VOS_ANGSTROM)

    return shift, derivative


def zero() -> Formula:
    """No shift at all."""
    return np.zeros_like, np.zeros_like


def _polynomial(x: Vector, coefficients: tuple[float, ...]) -> Vector:
    """Horner's rule; for single numbers, as on the live path, much faster than numpy's."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def _slope(x: Vector, coefficients: tuple[float, ...]) -> Vector:
    return _polynomial(x, tuple(n * c for n, c in enumerate(coefficients))[1:])
