"""One edge in given pixels, with as few coefficients as the data allow, in compiled code.

The same interface and the same steps as `terms`, where they are explained; a test holds them
together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.compiled import compilable, dot, helper
from dac_control.gauges.diamond_edge.algebra_numba import normalise, solve
from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.needed_terms import LEAST_SCATTER, PLACES, RIDGE
from dac_control.gauges.diamond_edge.needed_terms_numba import (
    BACKGROUNDS,
    LEAST_BACKGROUND,
    LEAST_PLATEAU,
    PLATEAUS,
    best_larger,
    places,
    save,
    smaller,
)
from dac_control.gauges.diamond_edge.scoring_numba import SIZE, place, score
from dac_control.gauges.diamond_edge.sources import SOURCES
from dac_control.gauges.diamond_edge.terms import (
    FEWEST_PX,
    SHARE_OF_WIDTH,
    TRIES,
    EdgeBounds,
    least_height,
)
from dac_control.gauges.fisher import MAX_ITERATIONS, TINY, Estimate
from dac_control.gauges.photon_noise import PhotonNoise

__all__ = ["fit_terms"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


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
        saved, moves = np.empty((PLATEAUS, BACKGROUNDS)), np.empty((PLATEAUS, BACKGROUNDS, 2))
        tried = np.zeros((PLATEAUS, BACKGROUNDS), np.bool_)
        plateau, background, count = LEAST_PLATEAU, LEAST_BACKGROUND, 0
        while True:
            which = places(plateau, background)
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
            if not (good and save(plateau, background, unit, slope, saved, moves)):
                return False, False, 0, 0, np.nan
            if count:
                tried[plateau, background] = True
                rest, freedom = chi2, max(x.size - which.size, 1)
            else:
                rest, freedom = chi2 - saved[PLATEAUS - 1, BACKGROUNDS - 1], x.size
            scatter = max(rest / freedom, LEAST_SCATTER)
            best, further = best_larger(plateau, background, saved, scatter)
            if count and best == plateau and further == background:
                good, best, further = smaller(plateau, background, which, unit, scale, p, scatter)
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


_fit = _compiled(SOURCES)
