"""One edge in given pixels, with as few coefficients as the data allow.

A slope of the plateau that is fitted without need costs up to a quarter of the precision of the
edge, a curvature more than that; one that is missing where it is needed biases the edge. So
coefficients beyond a flat plateau on a straight background are taken in one after the other,
each only if it saves more chi squared than noise would let it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.needed_terms import (
    LARGEST,
    LEAST_SCATTER,
    SIMPLEST,
    LinearSteps,
    best_larger,
    needed,
    needless,
    stable,
)
from dac_control.gauges.fisher import Bounds, Estimate, fisher_scoring, solved
from dac_control.gauges.photon_noise import PhotonNoise

__all__ = [
    "FEWEST_PX",
    "SHARE_OF_WIDTH",
    "TRIES",
    "EdgeBounds",
    "fit_terms",
    "least_height",
    "linear_residual",
]

Vector = NDArray[np.float64]

FEWEST_PX: Final = 2 * LARGEST.size
"""Fewer pixels decide nothing about as many unknowns."""

TRIES: Final = 8
SHARE_OF_WIDTH: Final = 0.5
"""How far a linear step may move edge and width: it is linear only over a part of the width."""


@dataclass(frozen=True, kw_only=True)
class EdgeBounds:
    """Where an edge may go, and how broad it may be, in cm-1."""

    edge_cm1: tuple[float, float]
    width_cm1: tuple[float, float]

    def clip(self, edge_cm1: float, width_cm1: float) -> tuple[float, float]:
        """Move edge and width to the nearest that are allowed."""
        edge = min(max(edge_cm1, self.edge_cm1[0]), self.edge_cm1[1])
        return edge, min(max(width_cm1, self.width_cm1[0]), self.width_cm1[1])


def fit_terms(
    x: Vector, y: Vector, noise: PhotonNoise, first: tuple[float, float], limits: EdgeBounds
) -> tuple[EdgeShape, Estimate]:
    """Fit with the coefficients that the data need.

    Parameters
    ----------
    x, y : arrays, shape (n,)
        Usable pixels only.
    noise : PhotonNoise
    first : tuple of float
        Edge and width to start from.
    limits : EdgeBounds

    Raises
    ------
    numpy.linalg.LinAlgError
        Too few pixels, or the fit became singular.
    """
    if x.size < FEWEST_PX:
        raise np.linalg.LinAlgError("too few usable pixels in the window")
    start = limits.clip(*first)
    shape, start = _linear_choice(x, y, noise, start, limits)
    tried: set[EdgeShape] = set()
    while True:
        tried.add(shape)
        estimate = _score(shape, start, x, y, noise, limits)
        other = needed(shape, estimate, x, y) or needless(shape, estimate, x.size)
        if other is None or other in tried or len(tried) > TRIES:
            return shape, estimate
        shape = other
        start = float(estimate.parameters[0]), float(estimate.parameters[1])


def least_height(counts: Vector) -> float:
    """Above 0, for an edge without height has neither place nor width."""
    return 1e-6 * float(np.ptp(counts)) + 1e-9


def linear_residual(
    x: Vector, y: Vector, noise: PhotonNoise, start: tuple[float, float]
) -> tuple[Vector, Vector]:
    """What the largest shape leaves at a first estimate, and its variance; shape (n,) each.

    Raises
    ------
    numpy.linalg.LinAlgError
        The coefficients cannot be told apart.
    """
    basis = LARGEST.basis(*start, x)
    expected = _coefficients(LARGEST, start, x, y) @ basis
    return y - expected, noise.variance(expected)


def _linear_choice(
    x: Vector, y: Vector, noise: PhotonNoise, start: tuple[float, float], limits: EdgeBounds
) -> tuple[EdgeShape, tuple[float, float]]:
    """Which coefficients one linear step says are needed, and where it puts the edge.

    It saves fits of shapes that are too simple, which converge slowly; what it gets wrong, the
    tests on the fits put right.
    """
    flat = np.concatenate((start, _coefficients(SIMPLEST, start, x, y)))
    flat[2] = max(flat[2], least_height(y))
    expected, jacobian = SIMPLEST.model_and_jacobian(flat, x)
    variance = noise.variance(expected)
    steps = LinearSteps(x, y - expected, variance, jacobian, start)
    rest = float(np.sum((y - expected) ** 2 / variance)) - steps.saved(LARGEST)
    scatter = max(rest / x.size, LEAST_SCATTER)
    shape = best_larger(SIMPLEST, steps, scatter) or SIMPLEST
    step = steps.step(shape)
    if np.isfinite(step[:2]).all():
        half = SHARE_OF_WIDTH * start[1]
        moves = np.clip(step[:2], -half, half)
        start = limits.clip(start[0] + float(moves[0]), start[1] + float(moves[1]))
    return shape, start


def _score(
    shape: EdgeShape,
    start: tuple[float, float],
    x: Vector,
    y: Vector,
    noise: PhotonNoise,
    limits: EdgeBounds,
) -> Estimate:
    lower, upper = np.full(shape.size, -np.inf), np.full(shape.size, np.inf)
    (lower[0], upper[0]), (lower[1], upper[1]) = limits.edge_cm1, limits.width_cm1
    lower[2] = least_height(y)
    nothing = np.zeros(shape.size)
    bounds = Bounds(lower=lower, upper=upper, expected=nothing, precision=nothing)
    first = np.concatenate((start, _coefficients(shape, start, x, y)))
    return fisher_scoring(
        lambda values: shape.model_and_jacobian(values, x), y, noise.variance, first, bounds
    )


def _coefficients(shape: EdgeShape, start: tuple[float, float], x: Vector, y: Vector) -> Vector:
    """Plateau and background by linear least squares at a given edge and width."""
    basis = shape.basis(*start, x)
    scale = 1.0 / np.sqrt(np.maximum(np.sum(basis**2, axis=1), np.finfo(float).tiny))
    unit = basis * scale[:, None]
    return scale * solved(stable(unit @ unit.T), unit @ y)
