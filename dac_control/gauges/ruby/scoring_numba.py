"""Fisher scoring of ruby windows in compiled code: one spectrum after another, no threads here.

Same interface and same steps as `scoring_numpy`; a test holds them together. The caller runs
chunks of a batch in threads (the code releases the GIL) and a single live spectrum in its own
thread: waking threads of numba's pool would cost tens of milliseconds now and then.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.compiled import compilable, helper, vector_helper
from dac_control.gauges.ruby.leftovers import FREEDOM
from dac_control.gauges.ruby.leftovers_numba import add_leftovers
from dac_control.gauges.ruby.lines_numba import BLOCK, MODEL, ROWS, SIZE
from dac_control.gauges.ruby.newton_numba import invert, scale_system, solve
from dac_control.gauges.ruby.scoring import (
    DAMPING_MAX,
    DAMPING_START,
    DECREMENT,
    DECREMENT_AT_END,
    DECREMENT_AT_REST,
    MAX_ITERATIONS,
    Constraints,
    Noise,
    Scored,
    Windows,
)
from dac_control.gauges.ruby.sources import SOURCES
from dac_control.gauges.ruby.voigt_difference import U_STEPS, difference_table
from dac_control.gauges.ruby.window_numba import STRIDE, keep_weights, pack, sweep

__all__ = ["score_again", "score_windows"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_P = SIZE - 1
_SQUARE = (SIZE, SIZE)


def score_windows(windows: Windows, start: Array, constraints: Constraints, noise: Noise) -> Scored:
    """Fit every window; see `scoring`."""
    count, width = windows.x.shape
    scored = Scored.empty(count, width)
    if width == 0:
        scored.parameters[:] = np.clip(start, constraints.lower, constraints.upper)
        scored.chi2[:], scored.leftovers[:, FREEDOM] = 0.0, 1.0
        return scored
    _score(windows, start, constraints, noise, scored, np.arange(count))
    return scored


def score_again(
    windows: Windows, scored: Scored, rows: Rows, constraints: Constraints, noise: Noise
) -> None:
    """Fit some of the windows again from where they came to rest; see `scoring`."""
    _score(windows, scored.parameters, constraints, noise, scored, rows)


def _score(
    w: Windows, start: Array, c: Constraints, noise: Noise, scored: Scored, rows: Rows
) -> None:
    _score_all(
        compilable(rows, np.int64), compilable(w.x), compilable(w.y), compilable(w.used, np.bool_),
        compilable(w.floor), compilable(start), compilable(c.lower), compilable(c.upper),
        compilable(c.expected), compilable(c.precision), compilable(c.active, np.bool_),
        float(noise.offset_counts), float(noise.counts_variance), _table(), scored.parameters,
        scored.information, scored.model, scored.variance, scored.chi2, scored.converged,
        scored.covariance, scored.regular, scored.leftovers,
    )  # fmt: skip


@cache
def _table() -> Array:
    return compilable(difference_table())


def _compiled(sources: int) -> Any:
    """Compile the loop over all windows; it returns the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def score_all(
        chosen: Ints, x: Array, y: Array, used: Mask, floor: Array, start: Array, lower: Array,
        upper: Array, expected: Array, precision: Array, active: Mask, offset: float, per_count:
        float, table: Array, parameters: Array, information: Array, model: Array, variance: Array,
        chi2: Array, converged: Mask, covariance: Array, regular: Mask, leftovers: Array,
    ) -> int:  # fmt: skip
        width = x.shape[1]
        blocks = (width + BLOCK - 1) // BLOCK
        work, left = np.zeros(blocks * BLOCK * ROWS), np.empty(blocks * BLOCK)
        blend = np.empty((2, U_STEPS + 2))
        rows, free = np.empty(SIZE, np.int64), np.empty(_P, np.int64)
        products, system, factor = np.empty(_SQUARE), np.empty(_SQUARE), np.empty(_SQUARE)
        gradient, step, trial, scale = np.empty(_P), np.empty(_P), np.empty(_P), np.empty(_P)
        for n in range(chosen.size):
            i = int(chosen[n])
            pixels, last = pack(x[i], y[i], used[i], floor[i], work)
            for j in range(_P):
                trial[j] = min(max(start[i, j], lower[i, j]), upper[i, j])
            converged[i], chi2[i] = _score_one(
                last, width, pixels, lower[i], upper[i], expected[i], precision[i], active[i],
                offset, per_count, table, parameters[i], information[i], work, blend, rows, free,
                products, system, factor, gradient, step, trial, scale,
            )  # fmt: skip
            regular[i] = invert(information[i], active[i], free, scale, factor, covariance[i])
            _write(work, offset, per_count, floor[i], model[i], variance[i])
            add_leftovers(
                work, last, pixels, chi2[i], parameters[i], active[i], covariance[i], left, step,
                leftovers[i],
            )  # fmt: skip
        return sources

    return score_all


@helper
def _score_one(
    end: int, width: int, pixels: int, lower: Array, upper: Array, expected: Array, precision:
    Array, active: Mask, offset: float, per_count: float, table: Array, p: Array, information:
    Array, work: Array, blend: Array, rows: Ints, free: Ints, products: Array, system: Array,
    factor: Array, gradient: Array, step: Array, trial: Array, scale: Array,
) -> tuple[bool, float]:  # fmt: skip
    """Iterate one window to rest, from `trial`; fills `p` and `information`.

    Returns whether it converged, and chi squared. One sweep a turn, wherever it stands in the
    code only once: it is most of the code.
    """
    damping, decrement, here, chi2 = DAMPING_START, np.inf, np.inf, np.inf
    begin, turns, free_count = 0, 0, 0
    # the start is taken as it is; so is the last step, and a return from steps that were not good
    first, taken, last, solved, rests = True, True, False, False, False
    while True:
        of_data, count = sweep(
            trial, active, begin, end, offset, per_count, table, blend, rows, work, products
        )
        if rests:
            break
        if taken or of_data + _of_priors(trial, active, expected, precision) < here:
            for j in range(_P):
                p[j] = trial[j]
            chi2 = _spread(products, count, rows, active, information, gradient)
            _add_priors(p, active, expected, precision, information, gradient)
            here = chi2 + _of_priors(p, active, expected, precision)
            rests = last or turns == MAX_ITERATIONS or not math.isfinite(here)
            if not rests:
                keep_weights(work, end)
                free_count = scale_system(
                    information, gradient, p, lower, upper, active, free, scale, system
                )
                damping = damping if first else damping / 10.0
                # Where the model misses the data by more than noise, noise is no measure of rest.
                noise = max(1.0, here / max(pixels, 1))
                decrement = solve(system, free_count, damping, free, scale, factor, step) / noise
                solved = True
                # damping shortens the step: only where it is short, the way may be short without
                if not decrement >= DECREMENT_AT_END:
                    decrement = solve(system, free_count, 0.0, free, scale, factor, step) / noise
                    solved = False
                rests = not (decrement >= DECREMENT_AT_REST and math.isfinite(decrement))
            if rests:
                if end == width:
                    break
                # the pixels that only fill the row get a model too, once
                begin, end = end // STRIDE * STRIDE, width
                continue
            taken = last = decrement < DECREMENT
            first = False
            turns += 1
        else:
            damping *= 6.0
            taken = last = damping >= DAMPING_MAX
            solved = False
        if not (last or solved):
            solve(system, free_count, damping, free, scale, factor, step)
        elif last and decrement >= DECREMENT:
            for j in range(_P):
                step[j] = 0.0
        for j in range(_P):
            trial[j] = min(max(p[j] + step[j], lower[j]), upper[j])
    return decrement < DECREMENT_AT_END and math.isfinite(here), chi2


@helper
def _spread(
    products: Array, count: int, rows: Ints, active: Mask, information: Array, gradient: Array,
) -> float:  # fmt: skip
    """Put the products in the order of the parameters; returns chi squared."""
    for j in range(_P):
        gradient[j] = 0.0
        for m in range(_P):
            information[j, m] = 0.0
    for a in range(count - 1):
        for b in range(a + 1):
            information[rows[a], rows[b]] = products[a, b]
            information[rows[b], rows[a]] = products[a, b]
        gradient[rows[a]] = products[count - 1, a]
    return products[count - 1, count - 1]


@helper
def _add_priors(
    p: Array, active: Mask, expected: Array, precision: Array, information: Array, gradient: Array,
) -> None:  # fmt: skip
    for j in range(_P):
        if active[j] and precision[j] > 0.0:
            information[j, j] += precision[j]
            gradient[j] -= precision[j] * (p[j] - expected[j])


@helper
def _of_priors(p: Array, active: Mask, expected: Array, precision: Array) -> float:
    """What the priors add to chi squared."""
    total = 0.0
    for j in range(_P):
        if active[j] and precision[j] > 0.0:
            total += precision[j] * (p[j] - expected[j]) ** 2
    return total


@vector_helper
def _write(
    work: Array, offset: float, per_count: float, floor: Array, model: Array, variance: Array,
) -> None:  # fmt: skip
    """Write down the model of the last sweep, and the variance under it."""
    for b in range(work.size // (ROWS * BLOCK)):
        expected = work[(b * ROWS + MODEL) * BLOCK : (b * ROWS + MODEL + 1) * BLOCK]
        to = slice(b * BLOCK, min((b + 1) * BLOCK, model.size))
        counts, spread, dark = model[to], variance[to], floor[to]
        for k in range(counts.size):
            counts[k] = expected[k]
            spread[k] = max(expected[k] - offset, 0.0) * per_count + dark[k]


_score_all = _compiled(SOURCES)
