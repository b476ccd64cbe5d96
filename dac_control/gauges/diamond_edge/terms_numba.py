"""One edge in given pixels, with as few coefficients as the data allow, in compiled code.

The same interface and the same steps as `terms` and `needed_terms`, where they are explained; a
test holds them together.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.needed_terms import (
    KEPT,
    LARGEST,
    LEAST_SCATTER,
    NEEDED,
    PLACES,
    RIDGE,
    SIMPLEST,
    UNDECIDED,
)
from dac_control.gauges.diamond_edge.scoring_numba import (
    BACKGROUND,
    PLATEAU,
    SIZE,
    dot,
    normalise,
    place,
    score,
    solve,
)
from dac_control.gauges.diamond_edge.terms import (
    FEWEST_PX,
    SHARE_OF_WIDTH,
    TRIES,
    EdgeBounds,
    least_height,
)
from dac_control.gauges.fisher import MAX_ITERATIONS, TINY, Estimate
from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.ruby import compiled
from dac_control.gauges.ruby.compiled import compilable, digest, helper

__all__ = ["SOURCES", "fit_terms"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SOURCES = digest(*(Path(file).parent for file in (__file__, compiled.__file__)))

_PLATEAUS = LARGEST.plateau_order + 1
_BACKGROUNDS = LARGEST.background_order + 1
_LEAST_PLATEAU = SIMPLEST.plateau_order
_LEAST_BACKGROUND = SIMPLEST.background_order


def fit_terms(
    x: Array, y: Array, noise: PhotonNoise, first: tuple[float, float], limits: EdgeBounds
) -> tuple[EdgeShape, Estimate]:
    """Fit with the coefficients that the data need; see `terms`."""
    if x.size < FEWEST_PX:
        raise np.linalg.LinAlgError("too few usable pixels in the window")
    floor, p, information = np.empty(x.size), np.zeros(SIZE), np.empty((SIZE, SIZE))
    floor[:] = noise.floor_variance
    p[:2] = limits.clip(*first)
    lower, upper = np.full(SIZE, -np.inf), np.full(SIZE, np.inf)
    (lower[0], upper[0]), (lower[1], upper[1]) = limits.edge_cm1, limits.width_cm1
    lower[2] = least_height(y)
    design, expected, variance = np.empty((SIZE, x.size)), np.empty(x.size), np.empty(x.size)
    good, converged, plateau, background, chi2 = _fit(
        compilable(x), compilable(y), floor, float(noise.offset_counts),
        float(noise.counts_variance), lower, upper, p, design, expected, variance, information,
    )  # fmt: skip
    if not good:
        raise np.linalg.LinAlgError("the fit of an edge became singular or not finite")
    shape = EdgeShape(plateau, background)
    which = PLACES[shape]
    estimate = Estimate(
        parameters=p[which],
        information=information[which[:, None], which],
        expected=expected,
        jacobian=design[which],
        variance=variance,
        chi2=chi2,
        converged=converged,
    )
    return shape, estimate


def _compiled(sources: int) -> Any:
    """Compile the fit; it closes over the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def fit(
        x: Array, y: Array, floor: Array, offset: float, per_count: float, lower: Array,
        upper: Array, p: Array, design: Array, expected: Array, variance: Array,
        information: Array,
    ) -> tuple[bool, bool, int, int, float]:  # fmt: skip
        if sources == 0:
            return False, False, 0, 0, np.nan
        at, bell = np.empty(2), np.empty(x.size)
        at[0] = at[1] = np.nan
        weight, residual, gradient = np.empty(x.size), np.empty(x.size), np.empty(SIZE)
        unit, scale, slope = np.empty((SIZE, SIZE)), np.empty(SIZE), np.empty(SIZE)
        saved, moves = np.empty((_PLATEAUS, _BACKGROUNDS)), np.empty((_PLATEAUS, _BACKGROUNDS, 2))
        tried = np.zeros((_PLATEAUS, _BACKGROUNDS), np.bool_)
        plateau, background, count = _LEAST_PLATEAU, _LEAST_BACKGROUND, 0
        while True:
            which = _places(plateau, background)
            if not _coefficients(which, x, y, at, design, bell, p):
                return False, False, 0, 0, np.nan
            # The first turn only chooses a shape, by a linear step from the simplest.
            good, converged, chi2 = score(
                x, y, floor, offset, per_count, which, p, lower, upper, at, design, bell,
                expected, variance, weight, residual, information, gradient,
                MAX_ITERATIONS if count else 0,
            )  # fmt: skip
            normalise(information, unit, scale)
            for j in range(SIZE):
                unit[j, j] += RIDGE
                slope[j] = scale[j] * gradient[j]
            if not (good and _save(plateau, background, unit, slope, saved, moves)):
                return False, False, 0, 0, np.nan
            if count:
                tried[plateau, background] = True
                rest, freedom = chi2, max(x.size - which.size, 1)
            else:
                rest, freedom = chi2 - saved[_PLATEAUS - 1, _BACKGROUNDS - 1], x.size
            scatter = max(rest / freedom, LEAST_SCATTER)
            best, further = _best_larger(plateau, background, saved, scatter)
            if count and best == plateau and further == background:
                good, best, further = _smaller(plateau, background, which, unit, scale, p, scatter)
            if count and (tried[best, further] or count > TRIES or not good):
                return good, converged, plateau, background, chi2
            if not count:
                for j in range(2):
                    half = SHARE_OF_WIDTH * p[1]
                    moves[best, further, j] = min(
                        max(scale[j] * moves[best, further, j], -half), half
                    )
                for j in range(2):
                    p[j] = min(max(p[j] + moves[best, further, j], lower[j]), upper[j])
            plateau, background = best, further
            count += 1

    return fit


@helper
def _places(plateau: int, background: int) -> Ints:
    """Where the parameters of a shape stand among those of the largest."""
    which = np.empty(4 + plateau + background, np.int64)
    which[0], which[1] = 0, 1
    for order in range(plateau + 1):
        which[2 + order] = PLATEAU + order
    for order in range(background + 1):
        which[3 + plateau + order] = BACKGROUND + order
    return which


@helper
def _coefficients(
    which: Ints, x: Array, y: Array, at: Array, design: Array, bell: Array, p: Array
) -> bool:
    """Put those of linear least squares at edge and width of `p` in their places, 0 elsewhere."""
    place(p[0], p[1], x, at, design, bell)
    n = which.size - 2
    square, answer, scale = np.empty((n, n)), np.empty(n), np.empty(n)
    for a in range(n):
        one = design[which[2 + a]]
        answer[a] = dot(one, y)
        for b in range(a + 1):
            square[a, b] = square[b, a] = dot(one, design[which[2 + b]])
        scale[a] = 1.0 / math.sqrt(max(square[a, a], TINY))
    for a in range(n):
        answer[a] *= scale[a]
        for b in range(n):
            square[a, b] *= scale[a] * scale[b]
        square[a, a] += RIDGE
    regular = solve(square, answer)
    for j in range(2, SIZE):
        p[j] = 0.0
    for a in range(n):
        p[which[2 + a]] = scale[a] * answer[a]
    return regular


@helper
def _save(
    plateau: int, background: int, unit: Array, slope: Array, saved: Array, moves: Array
) -> bool:
    """Fill what linear steps of this shape and all larger ones save, and their first two moves.

    Chi squared, and moves of edge and width in their units. False where that is no number.
    """
    for one in range(plateau, _PLATEAUS):
        for two in range(background, _BACKGROUNDS):
            which = _places(one, two)
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
def _best_larger(plateau: int, background: int, saved: Array, scatter: float) -> tuple[int, int]:
    """The shape whose further coefficients are needed most, the same where none are."""
    base, best, further, most = saved[plateau, background], plateau, background, 0.0
    for one in range(plateau, _PLATEAUS):
        for two in range(background, _BACKGROUNDS):
            beyond = (saved[one, two] - base) / scatter - NEEDED[one + two - plateau - background]
            if beyond > most and (one > plateau or two > background):
                best, further, most = one, two, beyond
    if best == plateau and further == background:
        return best, further
    least = (saved[best, further] - base) / scatter - UNDECIDED
    for one in range(plateau, _PLATEAUS):
        two = best + further - one
        if one != best and background <= two < _BACKGROUNDS:
            if (saved[one, two] - base) / scatter > least:
                return max(best, one), max(further, two)
    return best, further


@helper
def _smaller(
    plateau: int, background: int, which: Ints, unit: Array, scale: Array, p: Array,
    scatter: float,
) -> tuple[bool, int, int]:  # fmt: skip
    """The shape without what the data do not need, the same where they need all."""
    ends = np.array([2 + plateau, which.size - 1])
    optional = (plateau > _LEAST_PLATEAU, background > _LEAST_BACKGROUND)
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


_fit = _compiled(SOURCES)
