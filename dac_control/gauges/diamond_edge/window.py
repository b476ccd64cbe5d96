"""How wide a window an edge is fitted in: as wide as the model holds.

The position of an edge leans on what is known of plateau and background beside it, so the
widest window knows it best; but a real band bends where no low polynomial follows it. From a
narrow window the whole range is tried. Where the residual then shows a shape, the narrow window
grows outwards, each side for as long as noise is all that is left; the widest that holds wins,
and not the one with the smallest sigma, which would be the one with too simple a model.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from dac_control.gauges.diamond_edge.search import EdgeStart
from dac_control.gauges.diamond_edge.terms import FEWEST_PX
from dac_control.gauges.diamond_edge.window_fit import EdgePixels, EdgeWindows, WindowFit

__all__ = ["fit_around"]

_FIRST_REACH: Final = 6.0
"""Half-length of the narrowest window, in widths of the first estimate."""
_OWN_WIDTHS: Final = 1.3
"""Width of a first estimate, as the search gives it, in widths of the edge it belongs to."""
_GROWTH: Final = 2.0
_GROWS_BELOW: Final = 3.0
"""Excess of block sums (standard normal) up to which a window grows: a bend that begins to show
only gets worse."""
_MOVED_SIGMA: Final = 4.5


def fit_around(pixels: EdgePixels, start: EdgeStart, reach_cm1: tuple[float, float]) -> WindowFit:
    """Fit an edge about a first estimate.

    Parameters
    ----------
    pixels : EdgePixels
        Its `usable` loses the spikes that only the fit reveals.
    start : EdgeStart
    reach_cm1 : tuple of float
        How far the window may extend below and above the first estimate.

    Raises
    ------
    numpy.linalg.LinAlgError
        Too few pixels are usable, or the fit became singular.
    """
    ends_cm1 = start.edge_cm1 - reach_cm1[0], start.edge_cm1 + reach_cm1[1]
    task, narrow, first = _narrowest(pixels, start, ends_cm1)
    if first.held:
        # The search knows widths by factors of two. A window of its width would double from one
        # spectrum to the next of the same edge, and with it what the model misses there.
        own = replace(start, edge_cm1=first.edge_cm1, width_cm1=_OWN_WIDTHS * first.width_cm1)
        again = _narrowest(pixels, own, ends_cm1)
        task, narrow, first = again if again[2].held else (task, narrow, first)
    reach = task.start.edge_cm1 - ends_cm1[0], ends_cm1[1] - task.start.edge_cm1
    widest = _tried(task, reach, first)
    return _grown(task, first, narrow, reach) if widest is None else widest


def _narrowest(
    pixels: EdgePixels, start: EdgeStart, ends_cm1: tuple[float, float]
) -> tuple[EdgeWindows, tuple[float, float], WindowFit]:
    """The fit of the narrowest window about a first estimate, and how far that reaches."""
    task = EdgeWindows(pixels, start)
    least = max(_FIRST_REACH * start.width_cm1, FEWEST_PX * task.pitch)
    reach = min(least, start.edge_cm1 - ends_cm1[0]), min(least, ends_cm1[1] - start.edge_cm1)
    return task, reach, task.fit(reach, (start.edge_cm1, start.width_cm1))


def _tried(task: EdgeWindows, reach: tuple[float, float], narrow: WindowFit) -> WindowFit | None:
    """The fit of the whole range; None where the model does not hold there."""
    start = task.start.edge_cm1, task.start.width_cm1
    first = (narrow.edge_cm1, narrow.width_cm1) if narrow.held else start
    try:
        if not task.may_hold(reach, first):
            return None
        widest = task.fit(reach, first)
    except np.linalg.LinAlgError:
        return None
    holds = widest.held and not widest.structure.found and not _moved(narrow, widest)
    return widest if holds else None


def _grown(
    task: EdgeWindows, first: WindowFit, reach: tuple[float, float], most: tuple[float, float]
) -> WindowFit:
    """From a narrow window outwards, each side for as long as the model takes it in."""
    best, (below, above) = first, reach
    # What runs away from the first estimate even here is no edge, and no window makes it one.
    right = left = best.held
    while left or right:
        if right:
            trial = min(_GROWTH * above, most[1])
            best, taken = _wider(task, (below, trial), best)
            above, right = (trial, trial < most[1]) if taken else (above, False)
        if left:
            trial = min(_GROWTH * below, most[0])
            best, taken = _wider(task, (trial, above), best)
            below, left = (trial, trial < most[0]) if taken else (below, False)
    return best


def _wider(
    task: EdgeWindows, reach: tuple[float, float], best: WindowFit
) -> tuple[WindowFit, bool]:
    """The fit of a wider window where the model holds in it, and whether it does."""
    try:
        fit = task.fit(reach, (best.edge_cm1, best.width_cm1))
    except np.linalg.LinAlgError:
        return best, False
    if fit.structure.worst > _GROWS_BELOW or not fit.held or _moved(best, fit):
        return best, False
    return fit, True


def _moved(narrow: WindowFit, wide: WindowFit) -> bool:
    """True where a wider window moves the edge by more than its further pixels can by noise.

    That the model does not hold there shows in the edge before it shows in the residual. The
    difference has the difference of the variances (Hausman, Econometrica 46, 1251, 1978; half
    that of the narrow window at least, for they are estimates too), unless the narrow window did
    without a coefficient which the wide one needs.
    """
    if wide.shape.plateau_order > narrow.shape.plateau_order:
        return False
    if wide.shape.background_order > narrow.shape.background_order:
        return False
    before, after = narrow.edge_variance, wide.edge_variance
    variance = max(narrow.scatter, 1.0) * max(before - after, 0.5 * before)
    return abs(wide.edge_cm1 - narrow.edge_cm1) > _MOVED_SIGMA * float(np.sqrt(variance))
