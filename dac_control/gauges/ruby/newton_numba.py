"""Newton's step inside limits in compiled code: free parameters, scaling, damped Cholesky."""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper

__all__ = ["invert", "scale_system", "solve"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Pivot of a matrix of unit diagonal below which two parameters cannot be told apart.
_SINGULAR = 1e-14


@helper
def scale_system(
    information: Array, gradient: Array, p: Array, lower: Array, upper: Array, active: Mask,
    free: Ints, scale: Array, system: Array,
) -> int:  # fmt: skip
    """Choose the parameters that may move and scale theirs to a unit diagonal; returns how many.

    Counts and nanometres differ by ten orders of magnitude. The scaled gradient becomes one more
    row of `system`, of which only the lower triangle is used.
    """
    count = 0
    for j in range(p.size):
        blocked = (p[j] <= lower[j] and gradient[j] < 0.0) or (
            p[j] >= upper[j] and gradient[j] > 0.0
        )
        if active[j] and not blocked and information[j, j] > 0.0:
            free[count] = j
            scale[count] = 1.0 / math.sqrt(information[j, j])
            count += 1
    for a in range(count):
        for b in range(a + 1):
            system[a, b] = information[free[a], free[b]] * scale[a] * scale[b]
    for b in range(count):
        system[count, b] = gradient[free[b]] * scale[b]
    return count


@helper
def solve(
    system: Array, count: int, damping: float, free: Ints, scale: Array, factor: Array, step: Array,
) -> float:  # fmt: skip
    """Step of the free parameters; returns its squared length in sigma, NaN if singular."""
    for j in range(step.size):
        step[j] = 0.0
    for a in range(count + 1):
        for b in range(min(a + 1, count)):
            factor[a, b] = system[a, b]
    for b in range(count):
        pivot = factor[b, b] + damping
        if pivot <= _SINGULAR:
            return np.nan
        inverse = 1.0 / math.sqrt(pivot)
        for a in range(b + 1, count + 1):
            factor[a, b] *= inverse
        factor[b, b] = inverse
        for c in range(b + 1, count):
            for a in range(c, count + 1):
                factor[a, c] -= factor[a, b] * factor[c, b]
    decrement = 0.0
    for a in range(count):
        decrement += factor[count, a] ** 2
    for a in range(count - 1, -1, -1):
        value = factor[count, a] * factor[a, a]
        step[free[a]] = scale[a] * value
        for b in range(a):
            factor[count, b] -= factor[a, b] * value
    return decrement


@helper
def invert(
    information: Array, active: Mask, free: Ints, scale: Array, factor: Array, covariance: Array,
) -> bool:  # fmt: skip
    """Fill the inverse of the active part, 0 elsewhere; False, and all 0, if it has none."""
    count = 0
    for j in range(active.size):
        for m in range(active.size):
            covariance[j, m] = 0.0
        if active[j]:
            if not (information[j, j] > 0.0 and math.isfinite(information[j, j])):
                return False
            free[count] = j
            scale[count] = 1.0 / math.sqrt(information[j, j])
            count += 1
    for a in range(count):
        for b in range(a + 1):
            factor[a, b] = information[free[a], free[b]] * scale[a] * scale[b]
    if not _invert_factor(factor, count):
        return False
    for a in range(count):
        for b in range(a + 1):
            value = 0.0
            for c in range(a, count):
                value += factor[c, a] * factor[c, b]
            value *= scale[a] * scale[b]
            covariance[free[a], free[b]] = covariance[free[b], free[a]] = value
    return True


@helper
def _invert_factor(factor: Array, count: int) -> bool:
    """Replace a lower triangle by the inverse of its Cholesky factor; False if singular."""
    for b in range(count):
        pivot = factor[b, b]
        if not pivot > _SINGULAR:
            return False
        inverse = 1.0 / math.sqrt(pivot)
        for a in range(b + 1, count):
            factor[a, b] *= inverse
        factor[b, b] = inverse
        for c in range(b + 1, count):
            for a in range(c, count):
                factor[a, c] -= factor[a, b] * factor[c, b]
    for b in range(count):
        for a in range(b + 1, count):
            value = 0.0
            for c in range(b, a):
                value += factor[a, c] * factor[c, b]
            factor[a, b] = -value * factor[a, a]
    return True
