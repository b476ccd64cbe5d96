"""One window in compiled code: model, derivatives and their weighted products in one sweep.

A window lies in memory as blocks of `BLOCK` pixels, each a table of `ROWS` rows: what is known of
the pixels, and then what a sweep writes. Block and rows are compile-time constants in one flat
array, since only then does the compiler see that the rows do not overlap, and work on several
pixels at once.
"""

import math

import numpy as np

from dac_control.gauges.ruby.compiled import helper, vector_helper
from dac_control.gauges.ruby.lineshape import CM1_NM, LN2_4
from dac_control.gauges.ruby.voigt_difference import ETA_STEPS, U_MAX, U_STEPS

__all__ = ["BLOCK", "MODEL", "ROWS", "SIZE", "VOIGT", "keep_weights", "pack", "sweep"]

BLOCK = 144
# Windows are filled up to a multiple of this many pixels, so that no vector is cut.
_STRIDE = 16
_X, _Y, _FLOOR, _WEIGHT, _NEW_WEIGHT, MODEL = 0, 1, 2, 3, 4, 5
_J = 6
"""First of the derivatives; the residual follows as if it were one more."""
_RESIDUAL = 17
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


@helper
def pack(x, y, used, floor, work):
    """Lay out one window; unused pixels get an infinite variance, hence no weight.

    Returns how many are used.
    """
    blocks = work.size // (ROWS * BLOCK)
    count = 0
    for b in range(blocks):
        at = b * ROWS * BLOCK
        for k in range(BLOCK):
            i = b * BLOCK + k
            inside = i < x.size
            taken = inside and used[i]
            count += taken
            work[at + _X * BLOCK + k] = x[i] if inside else x[0]
            work[at + _Y * BLOCK + k] = y[i] if taken else 0.0
            work[at + _FLOOR * BLOCK + k] = floor[i] if taken else np.inf
            work[at + _WEIGHT * BLOCK + k] = 0.0
    return count


@helper
def keep_weights(work):
    """Make the weights of the last sweep those by which the next one is judged."""
    for at in range(0, work.size, ROWS * BLOCK):
        for k in range(BLOCK):
            work[at + _WEIGHT * BLOCK + k] = work[at + _NEW_WEIGHT * BLOCK + k]


@vector_helper
def sweep(p, active, pixels, offset, per_count, table, blend, rows, work, products):
    """Evaluate a window at `p`.

    Fills `products`, shape (SIZE, SIZE), lower triangle, in the order of the parameters in
    `rows` and then the residual: the information of the data, the gradient, and the sum of
    squared residuals over variance. Returns that sum with the weights kept from before, and the
    number of entries of `rows`.
    """
    with_partner = active[8] or p[8] != 0.0
    with_voigt = active[VOIGT] or p[VOIGT] != 0.0
    count = 0
    for j in range(SIZE):
        if j == SIZE - 1 or active[j]:
            rows[count] = j
            count += 1
    for j in range(count, SIZE):
        rows[j] = SIZE - 1
    if with_voigt:
        _blend_rows(p[2], table, blend)
    for j in range(SIZE):
        for m in range(SIZE):
            products[j, m] = 0.0
    merit = 0.0
    for b in range(work.size // (ROWS * BLOCK)):
        part = work[b * ROWS * BLOCK : (b + 1) * ROWS * BLOCK]
        left = min(BLOCK, pixels - b * BLOCK)
        n = (left + _STRIDE - 1) // _STRIDE * _STRIDE
        _first_line(part, p, n)
        if with_partner:
            _second_line(part, p, n)
        if with_voigt:
            _true_voigt(part, p, with_partner, blend, n)
        merit += _weigh(part, offset, per_count, n)
        for a in range(0, count, 3):
            for c in range(0, a + 1, 3):
                _tile(part, rows, a, c, n, products)
    return merit, count


@vector_helper
def _gauss(t):
    s = _MIDDLE - min(t, _GONE) * (1.0 / 256.0)
    v = 1.0 + s / 7.0 * (1.0 + s / 8.0)
    v = 1.0 + s / 4.0 * (1.0 + s / 5.0 * (1.0 + s / 6.0 * v))
    v = _AT_MIDDLE * (1.0 + s * (1.0 + s / 2.0 * (1.0 + s / 3.0 * v)))
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
def _line(u, eta):
    """Pseudo-Voigt line, minus its slope by u, and its slope by eta."""
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    gauss = _gauss(LN2_4 * square)
    fall = 2.0 * u * (4.0 * eta * lorentz * lorentz + (1.0 - eta) * LN2_4 * gauss)
    return gauss + eta * (lorentz - gauss), fall, lorentz - gauss


@vector_helper
def _first_line(w, p, n):
    r1, fwhm, eta, height = p[0], p[1], p[2], p[3]
    level, slope, curvature = p[4], p[5], p[6]
    per_fwhm = 1.0 / fwhm
    for k in range(n):
        d = w[_X * BLOCK + k] - r1
        u = d * per_fwhm
        line, fall, per_eta = _line(u, eta)
        per_nm = height * per_fwhm * fall
        w[MODEL * BLOCK + k] = height * line + level + d * (slope + d * curvature)
        w[(_J + 0) * BLOCK + k] = per_nm - slope - 2.0 * curvature * d
        w[(_J + 1) * BLOCK + k] = per_nm * u
        w[(_J + 2) * BLOCK + k] = height * per_eta
        w[(_J + 3) * BLOCK + k] = line
        w[(_J + 4) * BLOCK + k] = 1.0
        w[(_J + 5) * BLOCK + k] = d
        w[(_J + 6) * BLOCK + k] = d * d
        w[(_J + 7) * BLOCK + k] = 0.0
        w[(_J + 8) * BLOCK + k] = 0.0
        w[(_J + 9) * BLOCK + k] = 0.0
        w[(_J + 10) * BLOCK + k] = 0.0


@vector_helper
def _second_line(w, p, n):
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
        u = (w[_X * BLOCK + k] - r2) * per_fwhm
        line, fall, per_eta = _line(u, eta)
        per_nm = height2 * per_fwhm * fall
        w[MODEL * BLOCK + k] += height2 * line
        w[(_J + 0) * BLOCK + k] += per_nm * r2_per_r1
        w[(_J + 1) * BLOCK + k] += per_nm * u * width_ratio
        w[(_J + 2) * BLOCK + k] += height2 * per_eta
        w[(_J + 3) * BLOCK + k] += share * line
        w[(_J + 8) * BLOCK + k] = per_ratio * line
        w[(_J + 9) * BLOCK + k] = per_nm * r2_per_splitting
        w[(_J + 10) * BLOCK + k] = per_nm * u * fwhm - height2 / width_ratio * line


@vector_helper
def _true_voigt(w, p, with_partner, blend, n):
    """Add what makes the lines true Voigt lines."""
    r1, fwhm, height, voigt = p[0], p[1], p[3], p[VOIGT]
    per_fwhm = 1.0 / fwhm
    for k in range(n):
        u = (w[_X * BLOCK + k] - r1) * per_fwhm
        shape, fall, per_eta = _difference(u, blend)
        per_nm = voigt * height * per_fwhm * fall
        w[MODEL * BLOCK + k] += voigt * height * shape
        w[(_J + 0) * BLOCK + k] += per_nm
        w[(_J + 1) * BLOCK + k] += per_nm * u
        w[(_J + 2) * BLOCK + k] += voigt * height * per_eta
        w[(_J + 3) * BLOCK + k] += voigt * shape
        w[(_J + VOIGT) * BLOCK + k] = height * shape
    if with_partner:
        _true_voigt_partner(w, p, blend, n)


@vector_helper
def _true_voigt_partner(w, p, blend, n):
    r1, fwhm, height, voigt = p[0], p[1], p[3], p[VOIGT]
    ratio, splitting, width_ratio = p[8], p[9], p[10]
    r2 = CM1_NM / (CM1_NM / r1 + splitting)
    per_fwhm = 1.0 / (fwhm * width_ratio)
    share = ratio / width_ratio
    height2 = height * share
    r2_per_r1 = (r2 / r1) ** 2
    r2_per_splitting = -r2 * r2 / CM1_NM
    for k in range(n):
        u = (w[_X * BLOCK + k] - r2) * per_fwhm
        shape, fall, per_eta = _difference(u, blend)
        per_nm = voigt * height2 * per_fwhm * fall
        w[MODEL * BLOCK + k] += voigt * height2 * shape
        w[(_J + 0) * BLOCK + k] += per_nm * r2_per_r1
        w[(_J + 1) * BLOCK + k] += per_nm * u * width_ratio
        w[(_J + 2) * BLOCK + k] += voigt * height2 * per_eta
        w[(_J + 3) * BLOCK + k] += voigt * share * shape
        w[(_J + VOIGT) * BLOCK + k] += height2 * shape
        w[(_J + 8) * BLOCK + k] += voigt * height / width_ratio * shape
        w[(_J + 9) * BLOCK + k] += per_nm * r2_per_splitting
        w[(_J + 10) * BLOCK + k] += per_nm * u * fwhm - voigt * height2 / width_ratio * shape


@vector_helper
def _blend_rows(eta, table, blend):
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
def _difference(u, blend):
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


@vector_helper
def _weigh(w, offset, per_count, n):
    """Divide derivatives and residuals by sigma; returns the merit with the former weights."""
    merit = 0.0
    for k in range(n):
        model = w[MODEL * BLOCK + k]
        residual = w[_Y * BLOCK + k] - model
        merit += w[_WEIGHT * BLOCK + k] * residual * residual
        variance = max(model - offset, 0.0) * per_count + w[_FLOOR * BLOCK + k]
        scale = 1.0 / math.sqrt(variance)
        w[_NEW_WEIGHT * BLOCK + k] = scale * scale
        w[_RESIDUAL * BLOCK + k] = scale * residual
        w[(_J + 0) * BLOCK + k] *= scale
        w[(_J + 1) * BLOCK + k] *= scale
        w[(_J + 2) * BLOCK + k] *= scale
        w[(_J + 3) * BLOCK + k] *= scale
        w[(_J + 4) * BLOCK + k] *= scale
        w[(_J + 5) * BLOCK + k] *= scale
        w[(_J + 6) * BLOCK + k] *= scale
        w[(_J + 7) * BLOCK + k] *= scale
        w[(_J + 8) * BLOCK + k] *= scale
        w[(_J + 9) * BLOCK + k] *= scale
        w[(_J + 10) * BLOCK + k] *= scale
    return merit


@vector_helper
def _tile(w, rows, a, b, n, products):
    """Nine products at once, so that six rows are read and not eighteen."""
    a0, a1, a2 = _row(rows[a]), _row(rows[a + 1]), _row(rows[a + 2])
    b0, b1, b2 = _row(rows[b]), _row(rows[b + 1]), _row(rows[b + 2])
    s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = 0.0
    for k in range(np.uintp(n)):
        u0, u1, u2 = w[a0 + k], w[a1 + k], w[a2 + k]
        v0, v1, v2 = w[b0 + k], w[b1 + k], w[b2 + k]
        s00, s01, s02 = s00 + u0 * v0, s01 + u0 * v1, s02 + u0 * v2
        s10, s11, s12 = s10 + u1 * v0, s11 + u1 * v1, s12 + u1 * v2
        s20, s21, s22 = s20 + u2 * v0, s21 + u2 * v1, s22 + u2 * v2
    products[a, b], products[a, b + 1], products[a, b + 2] = (
        products[a, b] + s00, products[a, b + 1] + s01, products[a, b + 2] + s02,
    )  # fmt: skip
    products[a + 1, b], products[a + 1, b + 1], products[a + 1, b + 2] = (
        products[a + 1, b] + s10, products[a + 1, b + 1] + s11, products[a + 1, b + 2] + s12,
    )  # fmt: skip
    products[a + 2, b], products[a + 2, b + 1], products[a + 2, b + 2] = (
        products[a + 2, b] + s20, products[a + 2, b + 1] + s21, products[a + 2, b + 2] + s22,
    )  # fmt: skip


@helper
def _row(j):
    # unsigned, for numba would look at the sign of every other index
    return np.uintp((_J + j) * BLOCK)
