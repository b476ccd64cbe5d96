"""Which coefficients of plateau and background the data of an edge need.

By the score test for one more (Rao, Proc. Camb. Phil. Soc. 44, 50, 1948) and Wald's test for
one less.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.fisher import Estimate, diagonal, normalised, solved

__all__ = [
    "KEPT",
    "LARGEST",
    "LEAST_SCATTER",
    "NEEDED",
    "PLACES",
    "RIDGE",
    "SIMPLEST",
    "UNDECIDED",
    "LinearSteps",
    "best_larger",
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
NEEDED: Final = (0.0, 7.0, 9.6, 11.8)
KEPT: Final = 6.0
UNDECIDED: Final = 6.0
"""Chi squared below which one of two coefficients is not preferred to the other."""
RIDGE: Final = 1e-12
"""Added to a unit diagonal before it is inverted."""
LEAST_SCATTER: Final = 1e-12


def needed(shape: EdgeShape, estimate: Estimate, x: Vector, y: Vector) -> EdgeShape | None:
    """The shape with the further coefficients that the data need; None where they need none."""
    scatter = max(LEAST_SCATTER, estimate.chi2 / max(x.size - shape.size, 1))
    at = float(estimate.parameters[0]), float(estimate.parameters[1])
    steps = LinearSteps(x, y - estimate.expected, estimate.variance, estimate.jacobian, at)
    return best_larger(shape, steps, scatter)


def needless(shape: EdgeShape, estimate: Estimate, pixels: int) -> EdgeShape | None:
    """The shape without the coefficient that the data need least; None where all are needed."""
    unit, scale = normalised(estimate.information)
    unit = np.linalg.inv(stable(unit))
    scatter = max(LEAST_SCATTER, estimate.chi2 / max(pixels - shape.size, 1))
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
    if not options or worth([options[0][0]]) >= KEPT:
        return None
    if len(options) > 1:
        # Together they are needed, and which of them is not told: see `best_larger`.
        both = [index for index, _option in options]
        first, second = (worth([index]) for index in both)
        if second < first + UNDECIDED and worth(both) >= NEEDED[2]:
            return None
    return options[0][1]


class LinearSteps:
    """Linear steps of edge, width and the coefficients of any shape, from one place.

    Parameters
    ----------
    x, residual, variance : arrays, shape (n,)
    jacobian : array, shape (parameters, n)
        Of which the first two rows count: edge and width.
    at : tuple of float
        Edge and width.
    """

    def __init__(
        self,
        x: Vector,
        residual: Vector,
        variance: Vector,
        jacobian: Vector,
        at: tuple[float, float],
    ) -> None:
        design = np.concatenate((jacobian[:2], LARGEST.basis(*at, x)))
        weighted = design / variance
        information, gradient = weighted @ design.T, weighted @ residual
        unit, self._scale = normalised(information)
        self._unit = stable(unit)
        self._slope = self._scale * gradient

    def saved(self, shape: EdgeShape) -> float:
        """Chi squared that a step with the coefficients of a shape saves."""
        return float(self._slope[PLACES[shape]] @ self._scaled(shape))

    def step(self, shape: EdgeShape) -> Vector:
        """The step itself, shape (shape.size,)."""
        return self._scale[PLACES[shape]] * self._scaled(shape)

    def _scaled(self, shape: EdgeShape) -> Vector:
        which = PLACES[shape]
        return solved(self._unit[which[:, None], which], self._slope[which])


def best_larger(shape: EdgeShape, steps: LinearSteps, scatter: float) -> EdgeShape | None:
    """The shape whose further coefficients the data need most; None where they need none.

    All larger shapes are tried, for two coefficients may save together what neither does alone.
    """
    base = steps.saved(shape)
    saved: dict[EdgeShape, float] = {}
    for plateau in range(shape.plateau_order, LARGEST.plateau_order + 1):
        for background in range(shape.background_order, LARGEST.background_order + 1):
            option = EdgeShape(plateau, background)
            if option != shape:
                saved[option] = (steps.saved(option) - base) / scatter
    beyond = {option: gain - NEEDED[option.size - shape.size] for option, gain in saved.items()}
    best = max(beyond, key=lambda option: beyond[option], default=None)
    if best is None or beyond[best] <= 0.0:
        return None
    # A slope of the plateau and a bend of the background look alike, and are worth different
    # edges: where the data do not decide between the two, both are taken.
    for option, gain in saved.items():
        rival = option.size == best.size and option != best
        if rival and gain > saved[best] - UNDECIDED:
            best = EdgeShape(
                max(best.plateau_order, option.plateau_order),
                max(best.background_order, option.background_order),
            )
            break
    return best


def stable(unit: Vector) -> Vector:
    """A matrix in units of its diagonal, made safe to invert; changed in place."""
    diagonal(unit)[:] += RIDGE
    return unit


def _places(shape: EdgeShape) -> NDArray[np.intp]:
    """Where the parameters of a shape stand among those of the largest."""
    plateau = 2 + np.arange(shape.plateau_order + 1)
    background = 3 + LARGEST.plateau_order + np.arange(shape.background_order + 1)
    return np.concatenate(([0, 1], plateau, background)).astype(np.intp)


PLACES: Final = {
    shape: _places(shape)
    for plateau in range(LARGEST.plateau_order + 1)
    for background in range(LARGEST.background_order + 1)
    for shape in (EdgeShape(plateau, background),)
}
