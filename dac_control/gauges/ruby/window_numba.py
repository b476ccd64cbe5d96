"""One window in compiled code: the weighted products of its derivatives, in one sweep."""

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper, vector_helper
from dac_control.gauges.ruby.lines_numba import (
    BLOCK,
    FLOOR,
    NEW_WEIGHT,
    ROWS,
    SIZE,
    VOIGT,
    WEIGHT,
    J,
    X,
    Y,
    blend_rows,
    one_line,
    one_voigt,
    true_voigt,
    two_lines,
    two_voigts,
)

__all__ = ["STRIDE", "keep_weights", "pack", "sweep"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

STRIDE = 16
"""Windows are filled up to a multiple of this many pixels, so that no vector is cut."""


@helper
def pack(x: Array, y: Array, used: Mask, floor: Array, work: Array) -> tuple[int, int]:
    """Lay out one window; unused pixels get an infinite variance, hence no weight.

    Returns how many are used, and one after the last of them: the rest only fills the row.
    """
    blocks = work.size // (ROWS * BLOCK)
    count, last = 0, x.size
    while last > 0 and not used[last - 1]:
        last -= 1
    for b in range(blocks):
        at = b * ROWS * BLOCK
        for k in range(BLOCK):
            i = b * BLOCK + k
            inside = i < x.size
            taken = inside and used[i]
            count += taken
            work[at + X * BLOCK + k] = x[i] if inside else x[0]
            work[at + Y * BLOCK + k] = y[i] if taken else 0.0
            work[at + FLOOR * BLOCK + k] = floor[i] if taken else np.inf
            work[at + WEIGHT * BLOCK + k] = 0.0
    return count, last


@vector_helper
def keep_weights(work: Array, pixels: int) -> None:
    """Make the weights of the last sweep those by which the next one is judged."""
    for b in range((pixels + BLOCK - 1) // BLOCK):
        part = work[b * ROWS * BLOCK : (b + 1) * ROWS * BLOCK]
        for k in range(BLOCK):
            part[WEIGHT * BLOCK + k] = part[NEW_WEIGHT * BLOCK + k]


@vector_helper
def sweep(
    p: Array, active: Mask, begin: int, end: int, offset: float, per_count: float, table: Array,
    blend: Array, rows: Ints, work: Array, products: Array,
) -> tuple[float, int]:  # fmt: skip
    """Evaluate a window at `p`, from pixel `begin` on, a multiple of `STRIDE`, to pixel `end`.

    Fills `products`, shape (SIZE, SIZE), lower triangle, in the order of the parameters in
    `rows` and then the residual: the information of the data, the gradient, and the sum of
    squared residuals over variance. Returns that sum with the weights kept from before, and the
    number of entries of `rows`.
    """
    with_partner = active[8] or active[9] or active[10] or p[8] != 0.0
    with_voigt = active[VOIGT] or p[VOIGT] != 0.0
    count = 0
    for j in range(SIZE):
        if j == SIZE - 1 or active[j]:
            rows[count] = j
            count += 1
    for j in range(count, SIZE):
        rows[j] = SIZE - 1
    if with_voigt:
        blend_rows(p[2], table, blend)
    for j in range(SIZE):
        for m in range(SIZE):
            products[j, m] = 0.0
    merit = 0.0
    for b in range(begin // BLOCK, (end + BLOCK - 1) // BLOCK):
        # with the rows at fixed distances, to leave pixels out is to begin further on
        skipped = max(begin - b * BLOCK, 0)
        part = work[b * ROWS * BLOCK + skipped : (b + 1) * ROWS * BLOCK]
        left = min(BLOCK, end - b * BLOCK) - skipped
        n = (left + STRIDE - 1) // STRIDE * STRIDE
        if with_voigt:
            true_voigt(part, p, with_partner, blend, n)
            if with_partner:
                merit += two_voigts(part, p, offset, per_count, n)
            else:
                merit += one_voigt(part, p, offset, per_count, n)
        elif with_partner:
            merit += two_lines(part, p, offset, per_count, n)
        else:
            merit += one_line(part, p, offset, per_count, n)
        # what only fills a row adds nothing to them
        for a in range(0, count if begin == 0 else 0, 3):
            for c in range(0, a, 3):
                _tile(part, rows, a, c, n, products)
            _tile_of_diagonal(part, rows, a, n, products)
    return merit, count


@vector_helper
def _tile(w: Array, rows: Ints, a: int, b: int, n: int, products: Array) -> None:
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


@vector_helper
def _tile_of_diagonal(w: Array, rows: Ints, a: int, n: int, products: Array) -> None:
    """The six of them that are not there twice."""
    a0, a1, a2 = _row(rows[a]), _row(rows[a + 1]), _row(rows[a + 2])
    s00 = s10 = s11 = s20 = s21 = s22 = 0.0
    for k in range(np.uintp(n)):
        u0, u1, u2 = w[a0 + k], w[a1 + k], w[a2 + k]
        s00, s10, s11 = s00 + u0 * u0, s10 + u1 * u0, s11 + u1 * u1
        s20, s21, s22 = s20 + u2 * u0, s21 + u2 * u1, s22 + u2 * u2
    products[a, a], products[a + 1, a], products[a + 1, a + 1] = (
        products[a, a] + s00, products[a + 1, a] + s10, products[a + 1, a + 1] + s11,
    )  # fmt: skip
    products[a + 2, a], products[a + 2, a + 1], products[a + 2, a + 2] = (
        products[a + 2, a] + s20, products[a + 2, a + 1] + s21, products[a + 2, a + 2] + s22,
    )  # fmt: skip


@helper
def _row(j: int) -> np.uintp:
    # unsigned, for numba would look at the sign of every other index
    return np.uintp((J + j) * BLOCK)
