"""Which coefficients of plateau and background the data of an edge need.

By the score test for one more (Rao, Proc. Camb. Phil. Soc. 44, 50, 1948) and Wald's test for
one less.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.fisher import Estimate

__all__ = [
    "LARGEST",
    "SIMPLEST",
    "best_larger",
    "full_information",
    "linear_step",
    "needed",
    "needless",
    "stable",
]

Vector = NDArray[np.float64]

SIMPLEST: Final = EdgeShape(0, 1)
LARGEST: Final = EdgeShape(2, 2)

# Chi squared that one, two or three further coefficients must save together, per scatter: once in
# 120 tries noise does. What is missed biases the edge by as many sigmas as the square root, what is
# taken without need costs little, so the bar is low. One goes again below a little less, so that
# the two tests do not disagree for ever.
_NEEDED: Final = (0.0, 7.0, 9.6, 11.8)
_KEPT: Final = 6.0
_UNDECIDED: Final = 6.0
"""Chi squared below which one of two coefficients is not preferred to the other."""


def needed(shape: EdgeShape, estimate: Estimate, x: Vector, y: Vector) -> EdgeShape | None:
    """The shape with the further coefficients that the data need; None where they need none."""
    scatter = max(1e-12, estimate.chi2 / max(x.size - shape.size, 1))
    at = float(estimate.parameters[0]), float(estimate.parameters[1])
    jacobian = shape.model_and_jacobian(estimate.parameters, x)[1]
    full = full_information(x, y - estimate.expected, estimate.variance, jacobian, at)
    return best_larger(shape, *full, scatter)


def needless(shape: EdgeShape, estimate: Estimate, pixels: int) -> EdgeShape | None:
    """The shape without the coefficient that the data need least; None where all are needed."""
    information = estimate.information
    scale = 1.0 / np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    unit = np.linalg.inv(stable(information * scale[:, None] * scale))
    scatter = max(1e-12, estimate.chi2 / max(pixels - shape.size, 1))
    plateau, background = shape.plateau_order, shape.background_order
    options: list[tuple[int, EdgeShape]] = []
    if plateau > SIMPLEST.plateau_order:
        options.append((2 + plateau, EdgeShape(plateau - 1, background)))
    if background > SIMPLEST.background_order:
        options.append((shape.size - 1, EdgeShape(plateau, background - 1)))
    values = estimate.parameters / scale

    def worth(which: list[int]) -> float:
        block = unit[np.ix_(which, which)]
        return float(values[which] @ np.linalg.solve(block, values[which])) / scatter

    options.sort(key=lambda option: worth([option[0]]))
    if not options or worth([options[0][0]]) >= _KEPT:
        return None
    if len(options) > 1:
        # Together they are needed, and which of them is not told: see `best_larger`.
        both = [index for index, _option in options]
        first, second = (worth([index]) for index in both)
        if second < first + _UNDECIDED and worth(both) >= _NEEDED[2]:
            return None
    return options[0][1]


def full_information(
    x: Vector, residual: Vector, variance: Vector, jacobian: Vector, at: tuple[float, float]
) -> tuple[Vector, Vector]:
    """Information and gradient of edge, width and all coefficients of the largest shape."""
    design = np.vstack((jacobian[:2], LARGEST.basis(*at, x)))
    weighted = design / variance
    return weighted @ design.T, weighted @ residual


def best_larger(
    shape: EdgeShape, information: Vector, gradient: Vector, scatter: float
) -> EdgeShape | None:
    """The shape whose further coefficients the data need most; None where they need none.

    All larger shapes are tried, for two coefficients may save together what neither does alone.
    """
    base = linear_step(shape, information, gradient)[0]
    saved: dict[EdgeShape, float] = {}
    for plateau in range(shape.plateau_order, LARGEST.plateau_order + 1):
        for background in range(shape.background_order, LARGEST.background_order + 1):
            option = EdgeShape(plateau, background)
            if option != shape:
                saved[option] = (linear_step(option, information, gradient)[0] - base) / scatter
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


def linear_step(shape: EdgeShape, information: Vector, gradient: Vector) -> tuple[float, Vector]:
    """Chi squared that a linear step saves with the coefficients of a shape, and that step."""
    plateau, background = LARGEST.split(np.arange(float(LARGEST.size)))
    parts = (
        (0.0, 1.0),
        plateau[: shape.plateau_order + 1],
        background[: shape.background_order + 1],
    )
    which = np.concatenate(parts).astype(np.intp)
    block, slope = information[np.ix_(which, which)], gradient[which]
    scale = 1.0 / np.sqrt(np.maximum(np.diag(block), np.finfo(float).tiny))
    step = scale * np.linalg.solve(stable(block * scale[:, None] * scale), scale * slope)
    return float(slope @ step), step


def stable(unit: Vector) -> Vector:
    """A matrix in units of its diagonal, made safe to invert; changed in place."""
    unit[np.diag_indices_from(unit)] += 1e-12
    return unit
