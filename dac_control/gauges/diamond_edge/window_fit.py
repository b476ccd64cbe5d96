"""The edge in one window of one spectrum: its pixels, its fit, and what stands out alone."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.engine import get_engine
from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.search import EdgeStart
from dac_control.gauges.diamond_edge.structure import Structure, structure_of
from dac_control.gauges.diamond_edge.terms import EdgeBounds, linear_residual
from dac_control.gauges.fisher import Estimate, inverse
from dac_control.gauges.photon_noise import PhotonNoise

__all__ = ["WIDEST_CM1", "EdgePixels", "EdgeWindows", "WindowFit"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

WIDEST_CM1: Final = 60.0
"""A step broader than that (standard deviation) is a slope of the band and not its end."""

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


class EdgeWindows:
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
