"""Whether a step ends a band or is the upper flank of a line: which explains the counts better.

Both explanations are fitted to the same counts about the step, with as many coefficients: a step
times a parabola upon a parabola, or a line, Gaussian and Lorentzian in any mixture, upon a cubic.
What is different is where the light goes below: a line ends there, a band goes on.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from dac_control.gauges.diamond_edge.engine import get_engine
from dac_control.gauges.diamond_edge.window_fit import WindowFit

__all__ = ["FINER", "PLACES", "REACH", "ROUNDS", "WIDTHS", "explained", "step_over_line"]

Vector = NDArray[np.float64]
Basis = Callable[[Vector, Vector], Vector]

REACH: Final = 10.0
"""Widths of the step to either side: the flank of a line is a third of its full width, so that
this holds the whole line and some of what it stands on."""
_BINS_PER_WIDTH: Final = 3.0
_FEWEST: Final = 16
"""Bins; with fewer, either explanation fits."""
PLACES: Final = np.linspace(-0.4, 0.4, 5), np.linspace(-2.2, -0.2, 7)
WIDTHS: Final = np.geomspace(0.7, 1.4, 5), np.geomspace(1.5, 8.0, 7)
"""Of step and line (centre and full width at half maximum), from the fitted step and in its
widths: what a step fitted to the flank of a line makes of one lies in the middle."""
ROUNDS: Final = 3
FINER: Final = np.linspace(-0.6, 0.6, 5)


def step_over_line(fit: WindowFit, *, gain_assumed: bool) -> float:
    """By how much chi squared of a line exceeds that of a step; NaN with too few pixels.

    Parameters
    ----------
    fit : WindowFit
        The step.
    gain_assumed : bool
        The variance is known up to a factor only.
    """
    binned = _binned(fit)
    if binned is None:
        return float("nan")
    of_step, of_line = get_engine().explained(*binned)
    noise = fit.scatter if gain_assumed else max(fit.scatter, 1.0)
    return (of_line - of_step) / max(noise, 1e-12)


def explained(d: Vector, counts: Vector, weight: Vector) -> tuple[float, float]:
    """Least chi squared of a step and of a line.

    Parameters
    ----------
    d, counts, weight : arrays, shape (bins,)
        Distances from the fitted step in its widths; weights are inverse variances.
    """
    powers = np.stack([(d / REACH) ** order for order in range(4)])

    def step(at: Vector, width: Vector) -> Vector:
        shape = 0.5 * erfc((d - at[:, None]) / (np.sqrt(2.0) * width[:, None]))
        return _stacked(shape[:, None] * powers[:3], powers[:3])

    def line(at: Vector, fwhm: Vector) -> Vector:
        square = (2.0 * (d - at[:, None]) / fwhm[:, None]) ** 2
        gauss, lorentz = np.exp(-np.log(2.0) * np.minimum(square, 700.0)), 1.0 / (1.0 + square)
        return _stacked(np.stack((gauss, lorentz), axis=1), powers)

    of_step, of_line = (
        _least(basis, places, widths, counts, weight)
        for basis, places, widths in zip((step, line), PLACES, WIDTHS, strict=True)
    )
    return of_step, of_line


def _binned(fit: WindowFit) -> tuple[Vector, Vector, Vector] | None:
    """Distances in widths, mean counts and weights of bins about the step, shape (bins,) each."""
    near = np.abs(fit.shift_cm1 - fit.edge_cm1) <= REACH * fit.width_cm1
    x, y, variance = fit.shift_cm1[near], fit.counts[near], fit.estimate.variance[near]
    if x.size < _FEWEST:
        return None
    pitch = float(x[-1] - x[0]) / (x.size - 1)
    size = max(1, int(fit.width_cm1 / (_BINS_PER_WIDTH * pitch)))
    bins = x.size // size
    if bins < _FEWEST:
        return None
    d, counts, noise = (
        each[: bins * size].reshape(bins, size).mean(axis=1) for each in (x, y, variance)
    )
    return (d - fit.edge_cm1) / fit.width_cm1, counts, size / np.maximum(noise, 1e-12)


def _stacked(own: Vector, shared: Vector) -> Vector:
    """Functions of each trial and those that all share, shape (trials, functions, bins)."""
    return np.concatenate((own, np.broadcast_to(shared, (own.shape[0], *shared.shape))), axis=1)


def _least(basis: Basis, places: Vector, widths: Vector, counts: Vector, weight: Vector) -> float:
    """Least chi squared over places and widths, on a grid that closes in on it."""
    least = np.inf
    for _ in range(ROUNDS):
        at, wide = (each.ravel() for each in np.meshgrid(places, widths, indexing="ij"))
        chi2 = _chi2(basis(at, wide), counts, weight)
        best = int(np.argmin(chi2))
        least = min(least, float(chi2[best]))
        places = at[best] + (places[1] - places[0]) * FINER
        widths = wide[best] * (widths[1] / widths[0]) ** FINER
    return least


def _chi2(functions: Vector, counts: Vector, weight: Vector) -> Vector:
    """Chi squared of the best sum of functions (trials, functions, bins), shape (trials,)."""
    root = np.sqrt(weight)
    basis, _r = np.linalg.qr((functions * root).transpose(0, 2, 1))
    scaled = counts * root
    left = scaled - np.einsum("tbf,tf->tb", basis, np.einsum("tbf,b->tf", basis, scaled))
    return np.asarray(np.einsum("tb,tb->t", left, left))
