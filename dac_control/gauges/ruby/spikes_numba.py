"""Pixels that stand alone above a fit, in compiled code; see `residuals.lone_spikes`."""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.compiled import compilable, helper
from dac_control.gauges.ruby.leftovers import USED, WORST_Z
from dac_control.gauges.ruby.levels_numba import select
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.residuals import (
    AT_R1_NM,
    NORMAL,
    REACH_PX,
    SPIKE_LIKE_PX,
    SPIKE_SHARE,
    SPIKE_SIGMA,
    WORST_SHARE,
)
from dac_control.gauges.ruby.scoring import Scored, Windows
from dac_control.gauges.ruby.sources import SOURCES

__all__ = ["lone_spikes"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


def lone_spikes(windows: Windows, scored: Scored, rows: Rows) -> Mask:
    """Pixels far above the model and above their neighbours; see `residuals.lone_spikes`."""
    found = np.zeros((rows.size, windows.used.shape[1]), dtype=bool)
    _mark_all(
        compilable(rows, np.int64), compilable(windows.x), compilable(windows.y),
        compilable(windows.used, np.bool_), scored.parameters, scored.model, scored.variance,
        scored.leftovers, found,
    )  # fmt: skip
    return found


def _compiled(sources: int) -> Any:
    """Compile the loop over some windows; it returns the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def mark_all(
        chosen: Ints, x: Array, y: Array, used: Mask, p: Array, model: Array, variance: Array,
        leftovers: Array, found: Mask,
    ) -> int:  # fmt: skip
        width = x.shape[1]
        residual, scratch = np.empty(width), np.empty(width)
        for n in range(chosen.size):
            i = int(chosen[n])
            worst = leftovers[i, WORST_Z]
            if worst > SPIKE_SIGMA:
                for k in range(width):
                    residual[k] = y[i, k] - model[i, k] if used[i, k] else 0.0
                _mark(
                    x[i], used[i], p[i], model[i], variance[i], residual,
                    max(SPIKE_SIGMA, WORST_SHARE * worst), leftovers[i, USED], scratch, found[n],
                )  # fmt: skip
        return sources

    return mark_all


@helper
def _mark(
    x: Array, used: Mask, p: Array, model: Array, variance: Array, residual: Array, limit: float,
    pixels: float, scratch: Array, found: Mask,
) -> None:  # fmt: skip
    width, scatter = x.size, -1.0
    for k in range(width):
        here = residual[k]
        if not (here > 0.0 and here * here > limit * limit * variance[k]):
            continue
        beside = 0.5 * (residual[k - REACH_PX] + residual[(k + REACH_PX) % width])
        alone, sigma = here - max(beside, 0.0), math.sqrt(variance[k])
        d = x[k] - p[0]
        line = model[k] - (p[4] + d * (p[5] + d * p[6]))
        if not (alone > 0.5 * here and alone > SPIKE_SHARE * line and alone > SPIKE_SIGMA * sigma):
            continue
        if p[1] * pixels < SPIKE_LIKE_PX * (x[-1] - x[0]) and _may_be_a_line(x[k], p):
            continue
        if scatter < 0.0:
            scatter = _scatter(residual, variance, used, scratch)
        found[k] = alone > SPIKE_SIGMA * scatter * sigma


@helper
def _may_be_a_line(x: float, p: Array) -> bool:
    """True at the place of R2 of a single line, and at that of R1 if this line is R2."""
    r2 = CM1_NM / (CM1_NM / p[0] + (p[9] if p[9] > 0.0 else SPLITTING_CM1))
    near = 1.5 * p[1]
    at_r1 = abs(x - (2.0 * p[0] - r2)) <= max(near, AT_R1_NM)
    return at_r1 or (p[8] == 0.0 and abs(x - r2) <= near)


@helper
def _scatter(residual: Array, variance: Array, used: Mask, scratch: Array) -> float:
    """Robust standard deviation of the pixels that are used."""
    count = 0
    for k in range(residual.size):
        if used[k]:
            scratch[count] = abs(residual[k]) / math.sqrt(variance[k])
            count += 1
    return NORMAL * select(scratch[:count], max(count - 1, 0) // 2)


_mark_all = _compiled(SOURCES)
