"""The ruby lines and their derivatives over a block of pixels, in compiled code.

A window lies in memory as blocks of `BLOCK` pixels, each a table of `ROWS` rows: what is known of
the pixels, and then what a sweep writes. Block and rows are compile-time constants in one flat
array, since only then does the compiler see that the rows do not overlap, and work on several
pixels at once.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.compiled import vector_helper
from dac_control.gauges.ruby.lineshape import CM1_NM, LN2_4
from dac_control.gauges.ruby.voigt_difference import ETA_STEPS, U_MAX, U_STEPS

__all__ = [
    "BLOCK",
    "FLOOR",
    "MODEL",
    "NEW_WEIGHT",
    "RESIDUAL",
    "ROWS",
    "SIZE",
    "VOIGT",
    "WEIGHT",
    "J",
    "X",
    "Y",
    "blend_rows",
    "first_line",
    "second_line",
    "third_of_line",
    "true_voigt",
]

Array = NDArray[np.float64]

BLOCK = 144
X, Y, FLOOR, WEIGHT, NEW_WEIGHT, MODEL = 0, 1, 2, 3, 4, 5
J = 6
"""First of the derivatives; the residual follows as if it were one more."""
RESIDUAL = 17
ROWS = 18
SIZE = 12
"""Rows and columns of the products: 11 parameters and the residual."""
VOIGT = 7
_COLUMNS_PER_U = U_STEPS / U_MAX

# exp(-t) = exp(-t / 256)**256. For t below 37, where it is 1e-16, |t / 256 - _MIDDLE| stays
# below 0.073 and nine terms of the series are good to 2e-16; the powers make that 1e-13.
_GONE = 37.0
_MIDDLE = _GONE / 512.0
_AT_MIDDLE = math.exp(-_MIDDLE)


@vector_helper
def _gauss(t: float) -> float:
    s = _MIDDLE - min(t, _GONE) * (1.0 / 256.0)
    v = 1.0 + s / 7.0 * (1.0 + s / 8.0)
    v = 1.0 + s / 4.0 * (1.0 + s / 5.0 * (1.0 + s / 6.0 * v))
    v = _AT_MIDDLE * (1.0 + s * (1.0 + s / 2.0 * (1.0 + s / 3.0 * v)))
    # written out, here and below: the compiler unrolls such a loop only after it has given up
    # on the pixels
    v *= v
    v *= v
    v *= v
    v *= v
    v *= v
    v *= v
    v *= v
    v *= v
    return v if t < _GONE else 0.0


@vector_helper
def _line(u: float, eta: float) -> tuple[float, float, float]:
    """Pseudo-Voigt line, minus its slope by u, and its slope by eta."""
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    gauss = _gauss(LN2_4 * square)
    fall = 2.0 * u * (4.0 * eta * lorentz * lorentz + (1.0 - eta) * LN2_4 * gauss)
    return gauss + eta * (lorentz - gauss), fall, lorentz - gauss


@vector_helper
def third_of_line(u: float, eta: float) -> float:
    """Third derivative of a pseudo-Voigt line by u; see `lineshape.third_derivative`."""
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    of_gauss = (12.0 * LN2_4**2 - 8.0 * LN2_4**3 * square) * u * _gauss(LN2_4 * square)
    of_lorentz = (384.0 - 3072.0 * square * lorentz) * u * lorentz * lorentz * lorentz
    return eta * of_lorentz + (1.0 - eta) * of_gauss


@vector_helper
def first_line(w: Array, p: Array, n: int) -> None:
    """Write the model and its derivatives for R1 and the background."""
    r1, fwhm, eta, height = p[0], p[1], p[2], p[3]
    level, slope, curvature = p[4], p[5], p[6]
    per_fwhm = 1.0 / fwhm
    for k in range(n):
        d = w[X * BLOCK + k] - r1
        u = d * per_fwhm
        line, fall, per_eta = _line(u, eta)
        per_nm = height * per_fwhm * fall
        w[MODEL * BLOCK + k] = height * line + level + d * (slope + d * curvature)
        w[(J + 0) * BLOCK + k] = per_nm - slope - 2.0 * curvature * d
        w[(J + 1) * BLOCK + k] = per_nm * u
        w[(J + 2) * BLOCK + k] = height * per_eta
        w[(J + 3) * BLOCK + k] = line
        w[(J + 4) * BLOCK + k] = 1.0
        w[(J + 5) * BLOCK + k] = d
        w[(J + 6) * BLOCK + k] = d * d
        w[(J + 7) * BLOCK + k] = 0.0
        w[(J + 8) * BLOCK + k] = 0.0
        w[(J + 9) * BLOCK + k] = 0.0
        w[(J + 10) * BLOCK + k] = 0.0


@vector_helper
def second_line(w: Array, p: Array, n: int) -> None:
    """Add those of R2."""
    r1, fwhm, eta, height = p[0], p[1], p[2], p[3]
    ratio, splitting, width_ratio = p[8], p[9], p[10]
    r2 = CM1_NM / (CM1_NM / r1 + splitting)
    per_fwhm = 1.0 / (fwhm * width_ratio)
    per_ratio = height / width_ratio
    share = ratio / width_ratio
    height2 = ratio * per_ratio
    r2_per_r1 = (r2 / r1) ** 2
    r2_per_splitting = -r2 * r2 / CM1_NM
    for k in range(n):
        u = (w[X * BLOCK + k] - r2) * per_fwhm
        line, fall, per_eta = _line(u, eta)
        per_nm = height2 * per_fwhm * fall
        w[MODEL * BLOCK + k] += height2 * line
        w[(J + 0) * BLOCK + k] += per_nm * r2_per_r1
        w[(J + 1) * BLOCK + k] += per_nm * u * width_ratio
        w[(J + 2) * BLOCK + k] += height2 * per_eta
        w[(J + 3) * BLOCK + k] += share * line
        w[(J + 8) * BLOCK + k] = per_ratio * line
        w[(J + 9) * BLOCK + k] = per_nm * r2_per_splitting
        w[(J + 10) * BLOCK + k] = per_nm * u * fwhm - height2 / width_ratio * line


@vector_helper
def true_voigt(w: Array, p: Array, with_partner: bool, blend: Array, n: int) -> None:
    """Add what makes the lines true Voigt lines."""
    r1, fwhm, height, voigt = p[0], p[1], p[3], p[VOIGT]
    per_fwhm = 1.0 / fwhm
    for k in range(n):
        u = (w[X * BLOCK + k] - r1) * per_fwhm
        shape, fall, per_eta = _difference(u, blend)
        per_nm = voigt * height * per_fwhm * fall
        w[MODEL * BLOCK + k] += voigt * height * shape
        w[(J + 0) * BLOCK + k] += per_nm
        w[(J + 1) * BLOCK + k] += per_nm * u
        w[(J + 2) * BLOCK + k] += voigt * height * per_eta
        w[(J + 3) * BLOCK + k] += voigt * shape
        w[(J + VOIGT) * BLOCK + k] = height * shape
    if with_partner:
        _true_voigt_partner(w, p, blend, n)


@vector_helper
def _true_voigt_partner(w: Array, p: Array, blend: Array, n: int) -> None:
    r1, fwhm, height, voigt = p[0], p[1], p[3], p[VOIGT]
    ratio, splitting, width_ratio = p[8], p[9], p[10]
    r2 = CM1_NM / (CM1_NM / r1 + splitting)
    per_fwhm = 1.0 / (fwhm * width_ratio)
    share = ratio / width_ratio
    height2 = height * share
    r2_per_r1 = (r2 / r1) ** 2
    r2_per_splitting = -r2 * r2 / CM1_NM
    for k in range(n):
        u = (w[X * BLOCK + k] - r2) * per_fwhm
        shape, fall, per_eta = _difference(u, blend)
        per_nm = voigt * height2 * per_fwhm * fall
        w[MODEL * BLOCK + k] += voigt * height2 * shape
        w[(J + 0) * BLOCK + k] += per_nm * r2_per_r1
        w[(J + 1) * BLOCK + k] += per_nm * u * width_ratio
        w[(J + 2) * BLOCK + k] += voigt * height2 * per_eta
        w[(J + 3) * BLOCK + k] += voigt * share * shape
        w[(J + VOIGT) * BLOCK + k] += height2 * shape
        w[(J + 8) * BLOCK + k] += voigt * height / width_ratio * shape
        w[(J + 9) * BLOCK + k] += per_nm * r2_per_splitting
        w[(J + 10) * BLOCK + k] += per_nm * u * fwhm - voigt * height2 / width_ratio * shape


@vector_helper
def blend_rows(eta: float, table: Array, blend: Array) -> None:
    """Interpolate the table of differences to one eta; its slope by eta in the second row."""
    row = eta * ETA_STEPS
    if not row > 0.0:
        row = 0.0
    low = int(min(row, ETA_STEPS - 1.0))
    part = min(row, float(ETA_STEPS)) - low
    below, above = table[low], table[low + 1]
    for k in range(blend.shape[1]):
        blend[0, k] = below[k] + part * (above[k] - below[k])
        blend[1, k] = (above[k] - below[k]) * ETA_STEPS


@vector_helper
def _difference(u: float, blend: Array) -> tuple[float, float, float]:
    """The difference, minus its slope by u, and its slope by eta."""
    far = abs(u)
    column = far * _COLUMNS_PER_U
    if not column < U_STEPS:
        fade = (U_MAX / far) ** 2
        return (
            blend[0, U_STEPS] * fade,
            2.0 * blend[0, U_STEPS] * fade / u,
            blend[1, U_STEPS] * fade,
        )
    left = int(column)
    part = column - left
    step = blend[0, left + 1] - blend[0, left]
    per_eta = blend[1, left] + part * (blend[1, left + 1] - blend[1, left])
    fall = -step * _COLUMNS_PER_U if u > 0.0 else step * _COLUMNS_PER_U
    return blend[0, left] + part * step, fall, per_eta
