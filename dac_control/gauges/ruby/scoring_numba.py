"""Fisher scoring of ruby windows in compiled code: one spectrum after another, no threads here.

Same interface and same steps as `scoring_numpy`; a test holds them together. The caller runs
chunks of a batch in threads (the code releases the GIL) and a single live spectrum in its own
thread: waking threads of numba's pool would cost tens of milliseconds now and then.
"""

import math
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.ruby.compiled import SOURCES, compilable
from dac_control.gauges.ruby.newton_numba import scale_system, solve
from dac_control.gauges.ruby.scoring import (
    DAMPING_MAX,
    DAMPING_START,
    DECREMENT,
    DECREMENT_AT_END,
    MAX_ITERATIONS,
    Constraints,
    Noise,
    Scored,
    Windows,
)
from dac_control.gauges.ruby.voigt_difference import U_STEPS, difference_table
from dac_control.gauges.ruby.window_numba import BLOCK, MODEL, ROWS, SIZE, keep_weights, pack, sweep

__all__ = ["score_windows"]

_P = SIZE - 1


def score_windows(
    windows: Windows, start: NDArray[np.float64], constraints: Constraints, noise: Noise
) -> Scored:
    """Fit every window; see `scoring`."""
    count, width = windows.x.shape
    scored = Scored.empty(count, width)
    if width == 0:
        scored.parameters[:] = np.clip(start, constraints.lower, constraints.upper)
        scored.information[:], scored.chi2[:] = 0.0, 0.0
        return scored
    w, c = windows, constraints
    _score_all(
        compilable(w.x), compilable(w.y), compilable(w.used, np.bool_), compilable(w.floor),
        compilable(start), compilable(c.lower), compilable(c.upper), compilable(c.expected),
        compilable(c.precision), compilable(c.active, np.bool_), float(noise.offset_counts),
        float(noise.counts_variance), _table(), scored.parameters, scored.information,
        scored.model, scored.variance, scored.chi2, scored.converged,
    )  # fmt: skip
    return scored


@cache
def _table() -> NDArray[np.float64]:
    return compilable(difference_table())


def _compiled(sources: int):
    @njit(cache=True, nogil=True)
    def score_all(*arguments):
        _score(*arguments)
        return sources

    return score_all


@njit(nogil=True)
def _score(
    x, y, used, floor, start, lower, upper, expected, precision, active, offset, per_count,
    table, parameters, information, model, variance, chi2, converged,
):  # fmt: skip
    width = x.shape[1]
    work = np.zeros((width + BLOCK - 1) // BLOCK * BLOCK * ROWS)
    blend = np.empty((2, U_STEPS + 2))
    rows, free = np.empty(SIZE, np.int64), np.empty(_P, np.int64)
    products, system, factor = np.empty((3, SIZE, SIZE))
    gradient, step, trial, scale = np.empty((4, _P))
    for i in range(x.shape[0]):
        pack(x[i], y[i], used[i], floor[i], work)
        converged[i] = _score_one(
            width, used[i].sum(), start[i], lower[i], upper[i], expected, precision[i],
            active[i], offset, per_count, table, parameters[i], information[i], work, blend,
            rows, free, products, system, factor, gradient, step, trial, scale,
        )  # fmt: skip
        chi2[i] = products[0, 0]
        for k in range(width):
            expected_counts = work[(k // BLOCK * ROWS + MODEL) * BLOCK + k % BLOCK]
            model[i, k] = expected_counts
            variance[i, k] = max(expected_counts - offset, 0.0) * per_count + floor[i, k]


@njit(nogil=True)
def _score_one(
    width, pixels, start, lower, upper, expected, precision, active, offset, per_count, table,
    p, information, work, blend, rows, free, products, system, factor, gradient, step, trial,
    scale,
):  # fmt: skip
    """Iterate one window to rest; fills `p` and `information`, and chi2 as `products[0, 0]`."""
    for j in range(_P):
        p[j] = min(max(start[j], lower[j]), upper[j])
    _merit, count = sweep(p, active, width, offset, per_count, table, blend, rows, work, products)
    damping, decrement = DAMPING_START, np.inf
    for _ in range(MAX_ITERATIONS):
        here = _spread(products, count, rows, p, active, expected, precision, information, gradient)
        if not math.isfinite(here):
            return False
        keep_weights(work)
        free_count = scale_system(
            information, gradient, p, lower, upper, active, free, scale, system
        )
        decrement = solve(system, free_count, 0.0, free, scale, factor, step)
        # Where the model misses the data by more than noise, noise is no measure of rest.
        decrement /= max(1.0, here / max(pixels, 1))
        if not math.isfinite(decrement):
            return False
        last = decrement < DECREMENT
        moved = False
        while damping < DAMPING_MAX and not moved:
            if not last:
                solve(system, free_count, damping, free, scale, factor, step)
            merit = 0.0
            for j in range(_P):
                trial[j] = min(max(p[j] + step[j], lower[j]), upper[j])
                if active[j] and precision[j] > 0.0:
                    merit += precision[j] * (trial[j] - expected[j]) ** 2
            of_data, _count = sweep(
                trial, active, width, offset, per_count, table, blend, rows, work, products
            )
            moved = last or merit + of_data < here
            damping = damping / 10.0 if moved else damping * 6.0
        if moved:
            p[:] = trial
        else:
            sweep(p, active, width, offset, per_count, table, blend, rows, work, products)
        if last or not moved:
            break
    _spread(products, count, rows, p, active, expected, precision, information, gradient)
    return decrement < DECREMENT_AT_END


@njit(nogil=True)
def _spread(products, count, rows, p, active, expected, precision, information, gradient):
    """Put the products in the order of the parameters and add the priors; returns the merit.

    Leaves chi2 in ``products[0, 0]``.
    """
    information[:] = 0.0
    gradient[:] = 0.0
    for a in range(count - 1):
        for b in range(a + 1):
            information[rows[a], rows[b]] = products[a, b]
            information[rows[b], rows[a]] = products[a, b]
        gradient[rows[a]] = products[count - 1, a]
    merit = chi2 = products[count - 1, count - 1]
    for j in range(_P):
        if active[j] and precision[j] > 0.0:
            away = p[j] - expected[j]
            information[j, j] += precision[j]
            gradient[j] -= precision[j] * away
            merit += precision[j] * away * away
    products[0, 0] = chi2
    return merit


_score_all = _compiled(SOURCES)
