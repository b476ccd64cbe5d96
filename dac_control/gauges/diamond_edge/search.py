"""Where the edge roughly is: a first estimate that cosmic rays and slopes cannot mislead.

Matched filters of several widths, steps down made blind to a parabola, run over the spectrum
without its spikes. Wide filters run over binned pixels, which loses nothing and saves time.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

__all__ = ["SEARCH_CM1", "EdgeStart", "find_edges"]

Vector = NDArray[np.float64]

SEARCH_CM1: Final = (1340.0, 2250.0)
"""Where the edge can be: above the line of unstressed diamond at 1332 cm-1; 2200 cm-1 would be
beyond 650 GPa on every scale."""

_WIDTHS_CM1: Final = (1.5, 3.0, 6.0, 12.0, 24.0)
_REACH: Final = 5.0
"""Half-length of a filter in widths."""
_BINS_PER_WIDTH: Final = 3.0
# Among some 1e3 independent trials noise reaches 4 sigma; the fit has the last word.
_SCORE: Final = 5.0
_MOST: Final = 4
_NARROW_SHARE: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class EdgeStart:
    """A first estimate of an edge."""

    edge_cm1: float
    width_cm1: float
    score: float
    """Signal over noise of the filter."""


def find_edges(shift_cm1: Vector, counts: Vector, variance: Vector) -> tuple[EdgeStart, ...]:
    """Search steps down towards higher shifts.

    Parameters
    ----------
    shift_cm1, counts, variance : arrays, shape (pixels,)
        Of the search range only, spikes replaced by their neighbours.

    Returns
    -------
    tuple of EdgeStart
        The strongest four at most, the strongest first.
    """
    if shift_cm1.size < 2:
        return ()
    pitch = float(np.median(np.diff(shift_cm1)))
    found: list[EdgeStart] = []
    for width in _WIDTHS_CM1:
        if width >= 0.7 * pitch:
            found += _of_width(shift_cm1, counts, variance, width, pitch)
    kept: list[EdgeStart] = []
    while found and len(kept) < _MOST:
        best = max(found, key=lambda start: start.score)
        here = [start for start in found if not _apart(start, best)]
        # A filter much wider than its edge also collects the slopes beside it.
        strong = [start for start in here if start.score > _NARROW_SHARE * best.score]
        kept.append(min(strong, key=lambda start: start.width_cm1))
        found = [start for start in found if start not in here]
    return tuple(kept)


def _of_width(
    x: Vector, counts: Vector, variance: Vector, width: float, pitch: float
) -> list[EdgeStart]:
    step = max(1, int(width / (_BINS_PER_WIDTH * pitch)))
    full = x.size // step * step
    # rounded, so that spectra of one spectrometer share their filters
    kernel = _filter(round(width / (step * pitch), 2))
    if kernel.size > full // step:
        return []
    binned = counts[:full].reshape(-1, step).mean(axis=1)
    noise = variance[:full].reshape(-1, step).mean(axis=1) / step
    centre = x[:full].reshape(-1, step).mean(axis=1)
    reach = kernel.size // 2
    signal = np.correlate(binned - float(np.median(binned)), kernel, "valid")
    score = signal / np.sqrt(np.correlate(noise, kernel**2, "valid"))
    inner = np.concatenate(([-np.inf], score, [-np.inf]))
    peak = (inner[1:-1] >= inner[:-2]) & (inner[1:-1] > inner[2:]) & (score > _SCORE)
    at = np.flatnonzero(peak)
    return [
        EdgeStart(edge_cm1=float(centre[reach + i]), width_cm1=width, score=float(score[i]))
        for i in at[np.argsort(-score[at])][:_MOST]
    ]


@lru_cache(maxsize=64)
def _filter(width_px: float) -> Vector:
    """Step down, blind to a parabola; shape (2 n + 1,)."""
    reach = max(3, round(_REACH * width_px))
    i = np.arange(-reach, reach + 1, dtype=float)
    step = 0.5 * erfc(i / (np.sqrt(2.0) * width_px))
    u = i / reach
    smooth, _r = np.linalg.qr(np.stack((np.ones_like(u), u, u * u), axis=1))
    return step - smooth @ (smooth.T @ step)


def _apart(one: EdgeStart, other: EdgeStart) -> bool:
    return abs(one.edge_cm1 - other.edge_cm1) > 3.0 * max(one.width_cm1, other.width_cm1)
