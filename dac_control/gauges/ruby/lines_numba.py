"""The ruby lines and their derivatives over a block of pixels, in compiled code.

A window lies in memory as blocks of `BLOCK` pixels, each a table of `ROWS` rows: what is known of
the pixels, and then what a sweep writes. Block and rows are compile-time constants in one flat
array, since only then does the compiler see that the rows do not overlap, and work on several
pixels at once.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import vector_helper
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
    "one_line",
    "one_voigt",
    "partner_of",
    "third_of_line",
    "true_voigt",
    "two_lines",
    "two_voigts",
]

Array = NDArray[np.float64]

BLOCK = 144
X, Y, FLOOR, WEIGHT, NEW_WEIGHT, MODEL = 0, 1, 2, 3, 4, 5
J = 6
"""First of the derivatives; the residual follows as if it were one more."""
RESIDUAL = 17
DIFFERENCE = J
"""First of six rows of two differences between lines; derivatives replace them pixel by pixel."""
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


def _weighed(*, partner: bool, voigt: bool) -> Any:
    """Compile one sweep over a block, for one line or two, pseudo-Voigt or nearer to Voigt."""

    @vector_helper
    def weighed(w: Array, p: Array, offset: float, per_count: float, n: int) -> float:
        r1, fwhm, eta, height = p[0], p[1], p[2], p[3]
        level, slope, curvature, share_of_voigt = p[4], p[5], p[6], p[VOIGT]
        ratio, width_ratio = p[8], p[10]
        r2, per_fwhm2 = partner_of(p)
        per_fwhm = 1.0 / fwhm
        per_ratio, share = height / width_ratio, ratio / width_ratio
        height2 = height * share
        r2_per_r1, r2_per_splitting = (r2 / r1) ** 2, -r2 * r2 / CM1_NM
        merit = 0.0
        for k in range(n):
            x = w[X * BLOCK + k]
            d = x - r1
            u = d * per_fwhm
            line, fall, per_eta = _line(u, eta)
            u2 = line2 = per_nm2 = per_voigt = 0.0
            if voigt:
                shape = w[DIFFERENCE * BLOCK + k]
                line += share_of_voigt * shape
                fall += share_of_voigt * w[(DIFFERENCE + 1) * BLOCK + k]
                per_eta += share_of_voigt * w[(DIFFERENCE + 2) * BLOCK + k]
                per_voigt = height * shape
            per_nm = height * per_fwhm * fall
            model = height * line + level + d * (slope + d * curvature)
            per_r1 = per_nm - slope - 2.0 * curvature * d
            per_width, per_eta, per_height = per_nm * u, height * per_eta, line
            if partner:
                u2 = (x - r2) * per_fwhm2
                line2, fall2, per_eta2 = _line(u2, eta)
                if voigt:
                    shape2 = w[(DIFFERENCE + 3) * BLOCK + k]
                    line2 += share_of_voigt * shape2
                    fall2 += share_of_voigt * w[(DIFFERENCE + 4) * BLOCK + k]
                    per_eta2 += share_of_voigt * w[(DIFFERENCE + 5) * BLOCK + k]
                    per_voigt += height2 * shape2
                per_nm2 = height2 * per_fwhm2 * fall2
                model += height2 * line2
                per_r1 += per_nm2 * r2_per_r1
                per_width += per_nm2 * u2 * width_ratio
                per_eta += height2 * per_eta2
                per_height += share * line2
            residual = w[Y * BLOCK + k] - model
            merit += w[WEIGHT * BLOCK + k] * residual * residual
            variance = max(model - offset, 0.0) * per_count + w[FLOOR * BLOCK + k]
            scale = 1.0 / math.sqrt(variance)
            w[NEW_WEIGHT * BLOCK + k] = scale * scale
            w[MODEL * BLOCK + k] = model
            w[(J + 0) * BLOCK + k] = scale * per_r1
            w[(J + 1) * BLOCK + k] = scale * per_width
            w[(J + 2) * BLOCK + k] = scale * per_eta
            w[(J + 3) * BLOCK + k] = scale * per_height
            w[(J + 4) * BLOCK + k] = scale
            w[(J + 5) * BLOCK + k] = scale * d
            w[(J + 6) * BLOCK + k] = scale * d * d
            if voigt:
                w[(J + VOIGT) * BLOCK + k] = scale * per_voigt
            if partner:
                w[(J + 8) * BLOCK + k] = scale * per_ratio * line2
                w[(J + 9) * BLOCK + k] = scale * per_nm2 * r2_per_splitting
                w[(J + 10) * BLOCK + k] = scale * (per_nm2 * u2 * fwhm - share * per_ratio * line2)
            w[RESIDUAL * BLOCK + k] = scale * residual
        return merit

    return weighed


one_line = _weighed(partner=False, voigt=False)
two_lines = _weighed(partner=True, voigt=False)
one_voigt = _weighed(partner=False, voigt=True)
two_voigts = _weighed(partner=True, voigt=True)
"""Write model, weights, and derivatives and residuals over sigma; return the merit.

The merit is the sum of squared residuals with the weights of the sweep before.
"""


@vector_helper
def partner_of(p: Array) -> tuple[float, float]:
    """Place of R2, and 1 over its width."""
    return CM1_NM / (CM1_NM / p[0] + p[9]), 1.0 / (p[1] * p[10])


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
def true_voigt(w: Array, p: Array, with_partner: bool, blend: Array, n: int) -> None:
    """Write what makes the lines true Voigt lines where `one_voigt` and `two_voigts` expect it."""
    _difference(w, p[0], 1.0 / p[1], blend, n, DIFFERENCE * BLOCK)
    if with_partner:
        r2, per_fwhm = partner_of(p)
        _difference(w, r2, per_fwhm, blend, n, (DIFFERENCE + 3) * BLOCK)


@vector_helper
def _difference(w: Array, centre: float, per_fwhm: float, blend: Array, n: int, to: int) -> None:
    """The difference, minus its slope by u, and its slope by eta, in three rows."""
    for k in range(n):
        u = (w[X * BLOCK + k] - centre) * per_fwhm
        far = abs(u)
        column = far * _COLUMNS_PER_U
        inside = column < U_STEPS
        column = column if inside else float(U_STEPS)
        # by way of 32 bits: processors have no quick way from a float to 64 bits without a sign
        left = np.uintp(np.uint32(np.int32(column)))
        part = column - left
        here, step = blend[0, left], blend[0, left + 1] - blend[0, left]
        fade = 1.0 if inside else (U_MAX / far) ** 2
        shape = (here + part * step) * fade
        fall = -step * _COLUMNS_PER_U if inside else 2.0 * shape / far
        w[to + k] = shape
        w[to + BLOCK + k] = fall if u > 0.0 else -fall
        w[to + 2 * BLOCK + k] = (
            blend[1, left] + part * (blend[1, left + 1] - blend[1, left])
        ) * fade
