"""One edge in given pixels, with as few coefficients as the data allow.

A slope of the plateau that is fitted without need costs up to a quarter of the precision of the
edge, a curvature more than that; one that is missing where it is needed biases the edge. So
coefficients beyond a flat plateau on a straight background are taken in one after the other,
each only if it saves more chi squared than noise would let it (score test: Rao, Proc. Camb.
Phil. Soc. 44, 50, 1948; Wald's test for the way back).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.fisher import Bounds, Estimate, fisher_scoring
from dac_control.gauges.spectrum import PhotonNoise

__all__ = ["FEWEST_PX", "EdgeBounds", "fit_terms", "linear_residual"]

Vector = NDArray[np.float64]

_SIMPLEST: Final = EdgeShape(0, 1)
_LARGEST: Final = EdgeShape(2, 2)
FEWEST_PX: Final = 2 * _LARGEST.size
"""Fewer pixels decide nothing about as many unknowns."""

# Chi squared that one, two or three further coefficients must save together, per scatter: once in
# 120 tries noise does. What is missed biases the edge by as many sigmas as the square root, what is
# taken without need costs little, so the bar is low. One goes again below a little less, so that
# the two tests do not disagree for ever.
_NEEDED: Final = (0.0, 7.0, 9.6, 11.8)
_KEPT: Final = 6.0
_UNDECIDED: Final = 6.0
"""Chi squared below which one of two coefficients is not preferred to the other."""
_TRIES: Final = 8


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
        other = _needed(shape, estimate, x, y) or _needless(shape, estimate, x.size)
        if other is None or other in tried or len(tried) > _TRIES:
            return shape, estimate
        shape = other
        start = float(estimate.parameters[0]), float(estimate.parameters[1])


def linear_residual(
    x: Vector, y: Vector, noise: PhotonNoise, start: tuple[float, float]
) -> tuple[Vector, Vector]:
    """What the largest shape leaves at a first estimate, and its variance; shape (n,) each.

    Raises
    ------
    numpy.linalg.LinAlgError
        The coefficients cannot be told apart.
    """
    basis = _LARGEST.basis(*start, x)
    expected = _coefficients(_LARGEST, start, x, y) @ basis
    return y - expected, noise.variance(expected)


def _linear_choice(
    x: Vector, y: Vector, noise: PhotonNoise, start: tuple[float, float], limits: EdgeBounds
) -> tuple[EdgeShape, tuple[float, float]]:
    """Which coefficients one linear step says are needed, and where it puts the edge.

    It saves fits of shapes that are too simple, which converge slowly; what it gets wrong, the
    tests on the fits put right.
    """
    flat = np.concatenate((start, _coefficients(_SIMPLEST, start, x, y)))
    flat[2] = max(flat[2], 1e-6 * float(np.ptp(y)) + 1e-9)
    expected, jacobian = _SIMPLEST.model_and_jacobian(flat, x)
    variance = noise.variance(expected)
    information, gradient = _full(x, y - expected, variance, jacobian, start)
    rest = float(np.sum((y - expected) ** 2 / variance))
    rest -= _step(_LARGEST, information, gradient)[0]
    scatter = max(rest / x.size, 1e-12)
    shape = _best_larger(_SIMPLEST, information, gradient, scatter) or _SIMPLEST
    step = _step(shape, information, gradient)[1]
    if np.isfinite(step[:2]).all():
        # A step is linear only over a part of the width.
        half = 0.5 * start[1]
        moves = np.clip(step[:2], -half, half)
        start = limits.clip(start[0] + float(moves[0]), start[1] + float(moves[1]))
    return shape, start


def _full(
    x: Vector, residual: Vector, variance: Vector, jacobian: Vector, at: tuple[float, float]
) -> tuple[Vector, Vector]:
    """Information and gradient of edge, width and all coefficients of the largest shape."""
    design = np.vstack((jacobian[:2], _LARGEST.basis(*at, x)))
    weighted = design / variance
    return weighted @ design.T, weighted @ residual


def _best_larger(
    shape: EdgeShape, information: Vector, gradient: Vector, scatter: float
) -> EdgeShape | None:
    """The shape whose further coefficients the data need most; None where they need none.

    All larger shapes are tried, for two coefficients may save together what neither does alone.
    """
    base = _step(shape, information, gradient)[0]
    saved: dict[EdgeShape, float] = {}
    for plateau in range(shape.plateau_order, _LARGEST.plateau_order + 1):
        for background in range(shape.background_order, _LARGEST.background_order + 1):
            option = EdgeShape(plateau, background)
            if option != shape:
                saved[option] = (_step(option, information, gradient)[0] - base) / scatter
    beyond = {option: gain - _NEEDED[option.size - shape.size] for option, gain in saved.items()}
    best = max(beyond, key=lambda option: beyond[option], default=None)
    if best is None or beyond[best] <= 0.0:
        return None
    # A slope of the plateau and a bend of the background look alike, and are worth different
    # edges: where the data do not decide between the two, both are taken.
    for option, gain in saved.items():
        rival = option.size == best.size and option != best
        if rival and gain > saved[best] - _UNDECIDED:
            best = EdgeShape(
                max(best.plateau_order, option.plateau_order),
                max(best.background_order, option.background_order),
            )
            break
    return best


def _step(shape: EdgeShape, information: Vector, gradient: Vector) -> tuple[float, Vector]:
    """Chi squared that a linear step saves with the coefficients of a shape, and that step."""
    plateau, background = _LARGEST.split(np.arange(float(_LARGEST.size)))
    parts = (
        (0.0, 1.0),
        plateau[: shape.plateau_order + 1],
        background[: shape.background_order + 1],
    )
    which = np.concatenate(parts).astype(np.intp)
    block, slope = information[np.ix_(which, which)], gradient[which]
    scale = 1.0 / np.sqrt(np.maximum(np.diag(block), np.finfo(float).tiny))
    step = scale * np.linalg.solve(_stable(block * scale[:, None] * scale), scale * slope)
    return float(slope @ step), step


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
    # Above 0, for an edge without height has neither place nor width.
    lower[2] = 1e-6 * float(np.ptp(y)) + 1e-9
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
    return scale * np.linalg.solve(_stable(unit @ unit.T), unit @ y)


def _needed(shape: EdgeShape, estimate: Estimate, x: Vector, y: Vector) -> EdgeShape | None:
    """The shape with the further coefficients that the data need; None where they need none."""
    scatter = max(1e-12, estimate.chi2 / max(x.size - shape.size, 1))
    at = float(estimate.parameters[0]), float(estimate.parameters[1])
    jacobian = shape.model_and_jacobian(estimate.parameters, x)[1]
    full = _full(x, y - estimate.expected, estimate.variance, jacobian, at)
    return _best_larger(shape, *full, scatter)


def _needless(shape: EdgeShape, estimate: Estimate, pixels: int) -> EdgeShape | None:
    """The shape without the coefficient that the data need least; None where all are needed."""
    information = estimate.information
    scale = 1.0 / np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    unit = np.linalg.inv(_stable(information * scale[:, None] * scale))
    scatter = max(1e-12, estimate.chi2 / max(pixels - shape.size, 1))
    plateau, background = shape.plateau_order, shape.background_order
    options: list[tuple[int, EdgeShape]] = []
    if plateau > _SIMPLEST.plateau_order:
        options.append((2 + plateau, EdgeShape(plateau - 1, background)))
    if background > _SIMPLEST.background_order:
        options.append((shape.size - 1, EdgeShape(plateau, background - 1)))
    values = estimate.parameters / scale

    def worth(which: list[int]) -> float:
        block = unit[np.ix_(which, which)]
        return float(values[which] @ np.linalg.solve(block, values[which])) / scatter

    options.sort(key=lambda option: worth([option[0]]))
    if not options or worth([options[0][0]]) >= _KEPT:
        return None
    if len(options) > 1:
        # Together they are needed, and which of them is not told: see `_best_larger`.
        both = [index for index, _option in options]
        first, second = (worth([index]) for index in both)
        if second < first + _UNDECIDED and worth(both) >= _NEEDED[2]:
            return None
    return options[0][1]


def _stable(unit: Vector) -> Vector:
    unit[np.diag_indices_from(unit)] += 1e-12
    return unit
