"""Which coefficients of an edge the data need, in compiled code.

The same tests as `needed_terms`, where they are explained.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper
from dac_control.gauges.diamond_edge.algebra_numba import solve
from dac_control.gauges.diamond_edge.needed_terms import KEPT, LARGEST, NEEDED, SIMPLEST, UNDECIDED
from dac_control.gauges.diamond_edge.scoring_numba import BACKGROUND, PLATEAU, SIZE

__all__ = [
    "BACKGROUNDS",
    "LEAST_BACKGROUND",
    "LEAST_PLATEAU",
    "PLATEAUS",
    "best_larger",
    "places",
    "save",
    "smaller",
]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

PLATEAUS = LARGEST.plateau_order + 1
BACKGROUNDS = LARGEST.background_order + 1
LEAST_PLATEAU = SIMPLEST.plateau_order
LEAST_BACKGROUND = SIMPLEST.background_order


@helper
def places(plateau: int, background: int) -> Ints:
    """Where the parameters of a shape stand among those of the largest."""
    which = np.empty(4 + plateau + background, np.int64)
    which[0], which[1] = 0, 1
    for order in range(plateau + 1):
        which[2 + order] = PLATEAU + order
    for order in range(background + 1):
        which[3 + plateau + order] = BACKGROUND + order
    return which


@helper
def save(
    plateau: int, background: int, unit: Array, slope: Array, saved: Array, moves: Array
) -> bool:
    """Fill what linear steps of this shape and all larger ones save, and their first two moves.

    Chi squared, and moves of edge and width in their units. False where that is no number.
    """
    for one in range(plateau, PLATEAUS):
        for two in range(background, BACKGROUNDS):
            which = places(one, two)
            square, answer = np.empty((which.size, which.size)), np.empty(which.size)
            _cut(unit, slope, which, square, answer)
            regular, total = solve(square, answer), 0.0
            for a in range(which.size):
                total += slope[which[a]] * answer[a]
            if not (regular and math.isfinite(total)):
                return False
            saved[one, two] = total
            moves[one, two, 0], moves[one, two, 1] = answer[0], answer[1]
    return True


@helper
def _cut(unit: Array, slope: Array, which: Ints, square: Array, values: Array) -> None:
    """Fill the part of a system that belongs to some parameters."""
    for a in range(which.size):
        values[a] = slope[which[a]]
        for b in range(which.size):
            square[a, b] = unit[which[a], which[b]]


@helper
def best_larger(plateau: int, background: int, saved: Array, scatter: float) -> tuple[int, int]:
    """The shape whose further coefficients are needed most, the same where none are."""
    base, best, further, most = saved[plateau, background], plateau, background, 0.0
    for one in range(plateau, PLATEAUS):
        for two in range(background, BACKGROUNDS):
            beyond = (saved[one, two] - base) / scatter - NEEDED[one + two - plateau - background]
            if beyond > most and (one > plateau or two > background):
                best, further, most = one, two, beyond
    if best == plateau and further == background:
        return best, further
    least = (saved[best, further] - base) / scatter - UNDECIDED
    for one in range(plateau, PLATEAUS):
        two = best + further - one
        if one != best and background <= two < BACKGROUNDS:
            if (saved[one, two] - base) / scatter > least:
                return max(best, one), max(further, two)
    return best, further


@helper
def smaller(
    plateau: int, background: int, which: Ints, unit: Array, scale: Array, p: Array,
    scatter: float,
) -> tuple[bool, int, int]:  # fmt: skip
    """The shape without what the data do not need, the same where they need all."""
    ends = np.array([2 + plateau, which.size - 1])
    optional = (plateau > LEAST_PLATEAU, background > LEAST_BACKGROUND)
    if not (optional[0] or optional[1]):
        return True, plateau, background
    # the covariance of the two coefficients of highest order, and what each is worth alone
    part, values, worth = np.empty((2, 2)), np.empty(2), np.empty(2)
    square, answer, none = np.empty((which.size, which.size)), np.empty(which.size), np.zeros(SIZE)
    for a in range(2):
        j = which[ends[a]]
        values[a] = p[j] / scale[j]
        _cut(unit, none, which, square, answer)
        answer[ends[a]] = 1.0
        if not solve(square, answer):
            return False, plateau, background
        part[0, a], part[1, a] = answer[ends[0]], answer[ends[1]]
        worth[a] = values[a] ** 2 / part[a, a] / scatter if optional[a] else np.inf
    less = 1 if worth[1] < worth[0] else 0
    if worth[less] >= KEPT:
        return True, plateau, background
    if worth[1 - less] < worth[less] + UNDECIDED:
        both = values[0] ** 2 * part[1, 1] + values[1] ** 2 * part[0, 0]
        both -= values[0] * values[1] * (part[0, 1] + part[1, 0])
        both /= (part[0, 0] * part[1, 1] - part[0, 1] * part[1, 0]) * scatter
        if both >= NEEDED[2]:
            return True, plateau, background
    return True, plateau - (1 - less), background - less
