"""The edge in a window of one spectrum: as wide as the model holds.

The position of an edge leans on what is known of plateau and background beside it, so the
widest window knows it best; but a real band bends where no low polynomial follows it. From a
narrow window the whole range is tried. Where the residual then shows a shape, the narrow window
grows outwards, each side for as long as noise is all that is left; the widest that holds wins,
and not the one with the smallest sigma, which would be the one with too simple a model.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.engine import get_engine
from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.search import EdgeStart
from dac_control.gauges.diamond_edge.structure import Structure, structure_of
from dac_control.gauges.diamond_edge.terms import FEWEST_PX, EdgeBounds, linear_residual
from dac_control.gauges.fisher import Estimate, inverse
from dac_control.gauges.photon_noise import PhotonNoise

__all__ = ["WIDEST_CM1", "EdgePixels", "WindowFit", "fit_around"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

WIDEST_CM1: Final = 60.0
"""A step broader than that (standard deviation) is a slope of the band and not its end."""

_FIRST_REACH: Final = 6.0
"""Half-length of the narrowest window, in widths of the first estimate."""
_OWN_WIDTHS: Final = 1.3
"""Width of a first estimate, as the search gives it, in widths of the edge it belongs to."""
_GROWTH: Final = 2.0
_GROWS_BELOW: Final = 3.0
"""The same up to which a window grows: a bend that begins to show only gets worse."""
_MOVED_SIGMA: Final = 4.5
_HOPELESS: Final = 15.0
"""Excess of block sums (standard normal) beyond which a side is not worth a fit."""
# A first estimate is right to half its width, and within a factor of two in width.
_AWAY: Final = 2.0
_BROADER: Final = 3.0
_NARROWEST_PX: Final = 0.4
_SPIKE_SIGMA: Final = 5.5


@dataclass
class EdgePixels:
    """The pixels of a search range on their way through the fit, each of shape (pixels,)."""

    x: Vector
    """Raman shifts in rising order."""
    y: Vector
    usable: Mask
    """False for saturated pixels and known spikes."""
    noise: PhotonNoise

    @cached_property
    def pitch_cm1(self) -> float:
        """Usual distance of neighbours."""
        return float(np.median(np.diff(self.x)))


@dataclass(frozen=True, kw_only=True)
class WindowFit:
    """A model and what it was fitted to."""

    shape: EdgeShape
    estimate: Estimate
    shift_cm1: Vector
    """Pixels that took part, shape (n,)."""
    counts: Vector
    structure: Structure
    """What the residual still shows."""
    held: bool
    """True where edge and width stayed away from their bounds."""

    @property
    def edge_cm1(self) -> float:
        """Position of the edge."""
        return float(self.estimate.parameters[0])

    @property
    def width_cm1(self) -> float:
        """Standard deviation of the blur."""
        return float(self.estimate.parameters[1])

    @cached_property
    def covariance(self) -> Vector | None:
        """Of the parameters if the noise is what it is taken for; None if unknown."""
        return inverse(self.estimate.information)

    @property
    def edge_variance(self) -> float:
        """Variance of the edge if the noise is what it is taken for, cm-2; infinite if unknown."""
        return math.inf if self.covariance is None else float(self.covariance[0, 0])

    @cached_property
    def height_variance(self) -> float:
        """The same of the height with edge and width held, counts squared."""
        covariance = inverse(self.estimate.information[2:, 2:])
        return math.inf if covariance is None else float(covariance[0, 0])

    @property
    def scatter(self) -> float:
        """Chi squared per degree of freedom."""
        return self.estimate.chi2 / max(self.counts.size - self.shape.size, 1)


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
) -> tuple["_Task", tuple[float, float], WindowFit]:
    """The fit of the narrowest window about a first estimate, and how far that reaches."""
    task = _Task(pixels, start)
    least = max(_FIRST_REACH * start.width_cm1, FEWEST_PX * task.pitch)
    reach = min(least, start.edge_cm1 - ends_cm1[0]), min(least, ends_cm1[1] - start.edge_cm1)
    return task, reach, task.fit(reach, (start.edge_cm1, start.width_cm1))


def _tried(task: "_Task", reach: tuple[float, float], narrow: WindowFit) -> WindowFit | None:
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
    task: "_Task", first: WindowFit, reach: tuple[float, float], most: tuple[float, float]
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


def _wider(task: "_Task", reach: tuple[float, float], best: WindowFit) -> tuple[WindowFit, bool]:
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


class _Task:
    """One edge to fit in windows of any width."""

    def __init__(self, pixels: EdgePixels, start: EdgeStart) -> None:
        self.pixels, self.start = pixels, start
        self.pitch = pixels.pitch_cm1
        edge, width = start.edge_cm1, start.width_cm1
        away = _AWAY * width + 3.0 * self.pitch
        self.limits = EdgeBounds(
            edge_cm1=(edge - away, edge + away),
            width_cm1=(_NARROWEST_PX * self.pitch, min(_BROADER * width, WIDEST_CM1)),
        )

    def may_hold(self, reach: tuple[float, float], first: tuple[float, float]) -> bool:
        """False where no polynomial follows the sides: it spares a fit that must fail."""
        x, y = self._used(reach)
        residual, variance = linear_residual(x, y, self.pixels.noise, first)
        # Twice the width keeps what a first estimate misses of the edge out of the sides.
        rest = structure_of(x, residual, variance, first[0], 2.0 * first[1])
        return max(rest.left, rest.right) < _HOPELESS

    def _used(self, reach: tuple[float, float]) -> tuple[Vector, Vector]:
        """Usable pixels of a window about the first estimate, shape (n,) each."""
        x, centre = self.pixels.x, self.start.edge_cm1
        first = np.searchsorted(x, centre - reach[0], "left")
        inside = slice(first, np.searchsorted(x, centre + reach[1], "right"))
        usable = self.pixels.usable[inside]
        return x[inside][usable], self.pixels.y[inside][usable]

    def fit(self, reach: tuple[float, float], first: tuple[float, float]) -> WindowFit:
        """Fit, mask what stands out alone, and fit again where something did."""
        fit = self._once(reach, first)
        found = self._spikes(fit)
        if found.size:
            self.pixels.usable[found] = False
            fit = self._once(reach, (fit.edge_cm1, fit.width_cm1))
        return fit

    def _once(self, reach: tuple[float, float], first: tuple[float, float]) -> WindowFit:
        x, y = self._used(reach)
        fit_terms = get_engine().fit_terms
        shape, estimate = fit_terms(x, y, self.pixels.noise, first, self.limits)
        edge, width = (float(value) for value in estimate.parameters[:2])
        low, high = self.limits.edge_cm1
        return WindowFit(
            shape=shape,
            estimate=estimate,
            shift_cm1=x,
            counts=y,
            structure=structure_of(x, y - estimate.expected, estimate.variance, edge, width),
            held=low < edge < high and width < 0.99 * self.limits.width_cm1[1],
        )

    def _spikes(self, fit: WindowFit) -> Indices:
        """Places of pixels of the window far above the model and above their neighbours."""
        z = (fit.counts - fit.estimate.expected) / np.sqrt(fit.estimate.variance)
        z = z / fit.structure.noise
        around = np.concatenate((z[:1], z[:1], z, z[-1:], z[-1:]))
        beside = np.maximum(np.maximum(around[:-4], around[4:]), 0.0)
        alone = (z - beside > _SPIKE_SIGMA) & (z > 2.0 * beside)
        return np.searchsorted(self.pixels.x, fit.shift_cm1[alone])
