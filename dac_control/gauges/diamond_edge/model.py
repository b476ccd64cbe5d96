"""The high-frequency edge of the anvil's Raman band as a function of Raman shift.

The band of a stressed anvil ends where the stress is highest, at the culet. With instrument
and stress gradient blurring that end, the counts are

    background(d) + plateau(d) * erfc(d / (sqrt(2) width)) / 2,    d = shift - edge

with polynomials for `background` and `plateau`: fluorescence slopes and bends below and above
the edge, and the band itself is seldom flat. The error-function edge is that of a step blurred
by a Gaussian of standard deviation `width`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from dac_control.errors import ConfigurationError

__all__ = ["EdgeShape", "evaluate_edge"]

Vector = NDArray[np.float64]

_SQRT2: Final = float(np.sqrt(2.0))
_SQRT2PI: Final = float(np.sqrt(2.0 * np.pi))
_PER_ORDER: Final = ("counts", "slope_counts_per_cm1", "curvature_counts_per_cm2")


@dataclass(frozen=True)
class EdgeShape:
    """Orders of the two polynomials, and with them the layout of the parameters.

    The parameters are edge and width in cm-1, then the coefficients of the plateau, then those
    of the background, each from order 0 upwards.
    """

    plateau_order: int
    background_order: int

    @property
    def size(self) -> int:
        """Number of parameters."""
        return 4 + self.plateau_order + self.background_order

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, shape (size,)."""
        plateau = ("height_counts", *(f"plateau_{name}" for name in _PER_ORDER[1:]))
        background = tuple(f"background_{name}" for name in _PER_ORDER)
        return (
            "edge_cm1",
            "width_cm1",
            *plateau[: self.plateau_order + 1],
            *background[: self.background_order + 1],
        )

    def split(self, parameters: Vector) -> tuple[Vector, Vector]:
        """Coefficients of plateau and background, lowest order first."""
        end = 3 + self.plateau_order
        return parameters[2:end], parameters[end:]

    def basis(self, edge_cm1: float, width_cm1: float, shift_cm1: Vector) -> Vector:
        """What plateau and background coefficients multiply, shape (size - 2, n)."""
        d = shift_cm1 - edge_cm1
        step = 0.5 * erfc(d / (_SQRT2 * width_cm1))
        rows = np.empty((self.size - 2, d.size))
        rows[0] = step
        for order in range(1, self.plateau_order + 1):
            rows[order] = rows[order - 1] * d
        first = self.plateau_order + 1
        rows[first] = 1.0
        for order in range(1, self.background_order + 1):
            rows[first + order] = rows[first + order - 1] * d
        return rows

    def model_and_jacobian(self, parameters: Vector, shift_cm1: Vector) -> tuple[Vector, Vector]:
        """Counts that the model expects, shape (n,), and their derivatives, shape (size, n)."""
        edge, width = float(parameters[0]), float(parameters[1])
        plateau, background = self.split(parameters)
        d = shift_cm1 - edge
        jacobian = np.empty((self.size, d.size))
        jacobian[2:] = self.basis(edge, width, shift_cm1)
        u = d / width
        bump = np.exp(-0.5 * u * u) * (_polynomial(plateau, d) / (_SQRT2PI * width))
        # each row over `d` is the one before it, the first of each polynomial has none
        lowered = np.concatenate((_derived(plateau), (0.0,), _derived(background), (0.0,)))
        jacobian[0] = bump - lowered @ jacobian[2:]
        jacobian[1] = bump * u
        return parameters[2:] @ jacobian[2:], jacobian

    def slope(self, parameters: Vector, shift_cm1: Vector) -> Vector:
        """Derivative of the counts by the Raman shift, shape (n,)."""
        edge, width = float(parameters[0]), float(parameters[1])
        plateau, background = self.split(parameters)
        d = shift_cm1 - edge
        bump = np.exp(-0.5 * (d / width) ** 2) / (_SQRT2PI * width)
        step = 0.5 * erfc(d / (_SQRT2 * width))
        fall = _polynomial(_derived(plateau), d) * step - _polynomial(plateau, d) * bump
        return fall + _polynomial(_derived(background), d)


def evaluate_edge(
    plateau_order: int, background_order: int, parameters: ArrayLike, shift_cm1: ArrayLike
) -> Vector:
    """Counts of a fitted edge at any Raman shift, from its stored parameters alone.

    Parameters
    ----------
    plateau_order, background_order : int
        0 to 2.
    parameters : array, shape (4 + plateau_order + background_order,)
        In the order of `EdgeShape.names`.
    shift_cm1 : array, shape (n,)

    Returns
    -------
    counts : array, shape (n,)

    Raises
    ------
    ConfigurationError
        The orders are none of the model, or the number of parameters is another.
    """
    if not (0 <= plateau_order <= 2 and 0 <= background_order <= 2):
        raise ConfigurationError(
            f"The edge model has polynomials of order 0 to 2, not {plateau_order} and "
            f"{background_order}."
        )
    shape = EdgeShape(plateau_order, background_order)
    values = np.asarray(parameters, dtype=np.float64)
    if values.shape != (shape.size,):
        raise ConfigurationError(
            f"The edge model of orders {plateau_order} and {background_order} has {shape.size} "
            f"parameters, not an array of shape {values.shape}."
        )
    x = np.asarray(shift_cm1, dtype=np.float64)
    return shape.model_and_jacobian(values, x.ravel())[0].reshape(x.shape)


def _polynomial(coefficients: Vector, d: Vector) -> Vector | float:
    value: Vector | float = float(coefficients[-1]) if coefficients.size else 0.0
    for coefficient in coefficients[-2::-1]:
        value = value * d + float(coefficient)
    return value


def _derived(coefficients: Vector) -> Vector:
    return coefficients[1:] * np.arange(1.0, coefficients.size)
