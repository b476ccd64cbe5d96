"""The error-function edge and its Fisher scoring in compiled code.

The same steps as `fisher_scoring` with `EdgeShape`; a test holds them together. Whatever the
shape, all parameters of the largest have their place, and those that it does without are 0: one
table of functions then serves the scoring and the tests for further coefficients.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper, vector_helper
from dac_control.gauges.diamond_edge.algebra_numba import normalise, solve
from dac_control.gauges.diamond_edge.needed_terms import LARGEST
from dac_control.gauges.fisher import (
    DAMPING_MAX,
    DAMPING_START,
    DECREMENT,
    DECREMENT_AT_END,
)

__all__ = [
    "BACKGROUND",
    "PLATEAU",
    "SIZE",
    "merit",
    "model",
    "place",
    "products",
    "score",
    "weigh",
]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SIZE = LARGEST.size
PLATEAU = 2
BACKGROUND = 3 + LARGEST.plateau_order
_ORDER = max(LARGEST.plateau_order, LARGEST.background_order)
_SQRT2 = math.sqrt(2.0)
_SQRT2PI = math.sqrt(2.0 * math.pi)


@helper
def score(
    x: Array, y: Array, floor: Array, offset: float, per_count: float, which: Ints, p: Array,
    lower: Array, upper: Array, at: Array, design: Array, bell: Array, expected: Array,
    variance: Array, weight: Array, residual: Array, information: Array, gradient: Array,
    most: int,
) -> tuple[bool, bool, float]:  # fmt: skip
    """Iterate to rest from `p`; returns whether that went well, converged, and chi squared.

    At most `most` times; 0 only evaluates. Fills `p` and, at its end, all the other arrays but the
    limits. What takes long to compile stands in the code only once.
    """
    step, trial = np.zeros(SIZE), np.empty(SIZE)
    unit, scale, free = np.empty((SIZE, SIZE)), np.empty(SIZE), np.empty(SIZE, np.int64)
    _clipped(p, step, lower, upper, trial)
    damping, decrement, here = 0.0, np.inf, np.inf
    turns, count, first, last = 0, 0, True, False
    while True:
        place(trial[0], trial[1], x, at, design, bell)
        model(trial, x, design, bell, expected)
        fresh = first or last or merit(y, expected, weight) < here
        if fresh:
            if not (first or last):
                damping = damping / 10.0 if damping > DAMPING_START else 0.0
            first = False
            for j in range(SIZE):
                p[j] = trial[j]
            weigh(y, expected, floor, offset, per_count, variance, weight, residual)
            products(design, weight, residual, information, gradient)
            here = merit(y, expected, weight)
            good = _finite(information, gradient, which)
            if last or turns == most or not good:
                return good, decrement < DECREMENT_AT_END, here
            count = _free(p, gradient, lower, upper, which, free)
            normalise(information, unit, scale)
            turns += 1
        else:
            damping = max(6.0 * damping, DAMPING_START)
            last = damping >= DAMPING_MAX
        # The plain step says how far it is; the damped one, where there is one, is gone.
        while not last:
            used = 0.0 if fresh else damping
            if not _newton(unit, scale, gradient, free, count, used, step):
                return False, False, np.nan
            if not fresh:
                break
            fresh = damping == 0.0
            decrement = 0.0
            for j in range(SIZE):
                decrement += step[j] * gradient[j] if step[j] != 0.0 else 0.0
            noise = here / y.size
            decrement = decrement / noise if noise > 1.0 else decrement
            last = decrement < DECREMENT
            if fresh:
                break
        if last and not decrement < DECREMENT:
            for j in range(SIZE):
                step[j] = 0.0
        _clipped(p, step, lower, upper, trial)


@helper
def place(edge: float, width: float, x: Array, at: Array, design: Array, bell: Array) -> None:
    """Fill what the coefficients multiply, and the bell that the edge is the integral of.

    `at` says for which edge and width that was done: it is not done twice.
    """
    if at[0] == edge and at[1] == width:
        return
    at[0], at[1] = edge, width
    step, one = design[PLATEAU], design[BACKGROUND]
    for i in range(x.size):
        d = x[i] - edge
        u = d / width
        step[i] = 0.5 * math.erfc(d / (_SQRT2 * width))
        bell[i] = math.exp(-0.5 * u * u) / (_SQRT2PI * width)
        one[i] = 1.0
    for order in range(1, _ORDER + 1):
        for i in range(x.size):
            d = x[i] - edge
            design[PLATEAU + order, i] = design[PLATEAU + order - 1, i] * d
            design[BACKGROUND + order, i] = design[BACKGROUND + order - 1, i] * d


@vector_helper
def model(p: Array, x: Array, design: Array, bell: Array, expected: Array) -> None:
    """Fill the model and its derivatives by edge and width, where `place` was before."""
    edge, width = p[0], p[1]
    a0, a1, a2, b0, b1, b2 = p[2], p[3], p[4], p[5], p[6], p[7]
    for i in range(x.size):
        d = x[i] - edge
        step = design[2, i]
        expected[i] = (
            a0 * step + a1 * design[3, i] + a2 * design[4, i] + b0 + b1 * d + b2 * design[7, i]
        )
        bump = bell[i] * (a0 + d * (a1 + d * a2))
        design[0, i] = bump - (a1 * step + 2.0 * a2 * design[3, i] + b1 + 2.0 * b2 * d)
        design[1, i] = bump * (d / width)


@vector_helper
def weigh(
    y: Array, expected: Array, floor: Array, offset: float, per_count: float, variance: Array,
    weight: Array, residual: Array,
) -> None:  # fmt: skip
    """Fill what the model leaves, and the variance that it lets expect, with its inverse."""
    for i in range(y.size):
        light = expected[i] - offset
        variance[i] = (light if light > 0.0 else 0.0) * per_count + floor[i]
        weight[i] = 1.0 / variance[i]
        residual[i] = y[i] - expected[i]


@vector_helper
def merit(y: Array, expected: Array, weight: Array) -> float:
    """Chi squared of the model."""
    total = 0.0
    for i in range(y.size):
        left = y[i] - expected[i]
        total += weight[i] * left * left
    return total


@vector_helper
def products(
    design: Array, weight: Array, residual: Array, information: Array, gradient: Array
) -> None:
    """Fill the weighted products of the functions with one another and with what is left."""
    weighted = np.empty(weight.size)
    # Not SIZE: with a number that the compiler knows it would write each of them out.
    for a in range(gradient.size):
        total = 0.0
        for i in range(weight.size):
            weighted[i] = design[a, i] * weight[i]
            total += weighted[i] * residual[i]
        gradient[a] = total
        for b in range(a + 1):
            total = 0.0
            for i in range(weight.size):
                total += weighted[i] * design[b, i]
            information[a, b] = information[b, a] = total


@helper
def _finite(information: Array, gradient: Array, which: Ints) -> bool:
    total = 0.0
    for a in range(which.size):
        total += 0.0 * gradient[which[a]]
        for b in range(which.size):
            total += 0.0 * information[which[a], which[b]]
    return total == 0.0


@helper
def _free(p: Array, gradient: Array, lower: Array, upper: Array, which: Ints, free: Ints) -> int:
    """Fill the places of the parameters that no bound holds back; returns how many."""
    count = 0
    for a in range(which.size):
        j = which[a]
        down = p[j] <= lower[j] and gradient[j] < 0.0
        up = p[j] >= upper[j] and gradient[j] > 0.0
        if not (down or up):
            free[count] = j
            count += 1
    return count


@helper
def _clipped(p: Array, step: Array, lower: Array, upper: Array, to: Array) -> None:
    for j in range(SIZE):
        to[j] = min(max(p[j] + step[j], lower[j]), upper[j])


@helper
def _newton(
    unit: Array, scale: Array, gradient: Array, free: Ints, count: int, damping: float, step: Array
) -> bool:
    """Fill the step of the free parameters; False if they cannot be told apart."""
    square, answer = np.empty((count, count)), np.empty(count)
    for a in range(count):
        for b in range(count):
            square[a, b] = unit[free[a], free[b]]
        square[a, a] += damping
        answer[a] = scale[free[a]] * gradient[free[a]]
    regular = solve(square, answer)
    for j in range(SIZE):
        step[j] = 0.0
    for a in range(count):
        step[free[a]] = scale[free[a]] * answer[a]
    return regular
