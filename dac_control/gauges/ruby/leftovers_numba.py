"""The sums of `leftovers` over one window in compiled code."""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import dot, finite_helper, helper, vector_helper
from dac_control.gauges.ruby.asymmetry import LEAST_LEFT
from dac_control.gauges.ruby.leftovers import (
    EXCESS,
    FREEDOM,
    LAGGED,
    NEAR,
    NEAR_PIXELS,
    NEAR_SQUARES,
    SCATTER,
    SKEW,
    USED,
    WORST,
    WORST_Z,
)
from dac_control.gauges.ruby.lines_numba import (
    BLOCK,
    MODEL,
    NEW_WEIGHT,
    RESIDUAL,
    ROWS,
    WEIGHT,
    J,
    X,
    Y,
    third_of_line,
)
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1

__all__ = ["add_leftovers"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LEVEL = 4


@helper
def add_leftovers(
    work: Array, width: int, pixels: int, chi2: float, p: Array, active: Mask, covariance: Array,
    left: Array, cross: Array, sums: Array,
) -> None:  # fmt: skip
    """Fill `sums` from a window as the last sweep left it.

    `left` takes the residuals, `cross` the products of the skewness with the derivatives; the
    weights of the sweep before, which are of no more use, make room for the skewness.
    """
    for j in range(sums.size):
        sums[j] = 0.0
    sums[USED] = sums[FREEDOM] = pixels
    for j in range(cross.size):
        cross[j] = 0.0
        sums[FREEDOM] -= active[j]
    freedom = max(sums[FREEDOM], 1.0)
    sums[FREEDOM], sums[SCATTER] = freedom, chi2 / freedom
    sums[EXCESS] = (chi2 - freedom) / math.sqrt(2.0 * freedom)
    for b in range(work.size // (ROWS * BLOCK)):
        part = work[b * ROWS * BLOCK : (b + 1) * ROWS * BLOCK]
        n = min(BLOCK, width - b * BLOCK)
        here = left[b * BLOCK : b * BLOCK + n]
        _of_block(part, p, n, here, sums)
        sums[WORST_Z] = max(sums[WORST_Z], _largest(part[RESIDUAL * BLOCK : RESIDUAL * BLOCK + n]))
        sums[WORST] = max(sums[WORST], _largest(here))
        for j in range(cross.size):
            if active[j]:
                cross[j] += dot(
                    part[(J + j) * BLOCK : (J + j) * BLOCK + n],
                    part[WEIGHT * BLOCK : WEIGHT * BLOCK + n],
                )
    if width > 2:
        sums[LAGGED] = dot(left[: width - 2], left[2:width])
    _project(covariance, cross, sums)


@vector_helper
def _of_block(w: Array, p: Array, n: int, left: Array, sums: Array) -> None:
    r1, fwhm, eta, height = p[0], p[1], p[2], p[3]
    r2 = CM1_NM / (CM1_NM / r1 + (p[9] if p[9] > 0.0 else SPLITTING_CM1))
    per_fwhm, reach = 1.0 / fwhm, NEAR * fwhm
    ratio, width_ratio = p[8], p[10]
    share, per_fwhm2 = ratio / width_ratio, 1.0 / (fwhm * width_ratio)
    squares = pixels = score = whole = 0.0
    for k in range(n):
        x, weight = w[X * BLOCK + k], w[NEW_WEIGHT * BLOCK + k]
        # what is not used has an infinite variance, hence no weight
        used = 1.0 if weight > 0.0 else 0.0
        residual = used * (w[Y * BLOCK + k] - w[MODEL * BLOCK + k])
        left[k] = residual
        near = used if min(abs(x - r1), abs(x - r2)) < reach else 0.0
        squares += near * residual * residual
        pixels += near
        odd = third_of_line((x - r1) * per_fwhm, eta)
        odd += share * third_of_line((x - r2) * per_fwhm2, eta)
        # the derivative by the level is 1, and over sigma what brings counts to units of sigma
        odd *= height * w[(J + _LEVEL) * BLOCK + k]
        w[WEIGHT * BLOCK + k] = odd
        score += odd * w[RESIDUAL * BLOCK + k]
        whole += odd * odd
    sums[NEAR_SQUARES] += squares
    sums[NEAR_PIXELS] += pixels
    sums[SKEW] += score
    sums[SKEW + 1] += whole


@helper
def _project(covariance: Array, cross: Array, sums: Array) -> None:
    """Take from the skewness what other parameters can do as well; see `asymmetry.projected`."""
    taken = to_r1 = 0.0
    for j in range(cross.size):
        response = 0.0
        for m in range(cross.size):
            response += covariance[j, m] * cross[m]
        taken += cross[j] * response
        if j == 0:
            to_r1 = response
    left = sums[SKEW + 1] - taken
    sums[SKEW + 1] = left if left > LEAST_LEFT * sums[SKEW + 1] else 0.0
    sums[SKEW + 2] = to_r1


@finite_helper
def _largest(values: Array) -> float:
    top = 0.0
    for k in range(values.size):
        top = max(top, values[k])
    return top
