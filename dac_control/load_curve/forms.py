"""Model forms of a load curve: their shapes over scaled turns, and what is believed of them.

Every form is ``P = offset + rise * g(u)`` over scaled turns ``u = (turns - first)/(last -
first)``, with ``g(0) = 0`` and ``g(1) = 1``, so that offset and rise are pressures and mean the
same for each form; only the shape ``g`` differs. It has no parameter (linear), one (quadratic,
saturating) or two (sigmoid).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORMS", "Form", "log_slope_change"]

Array = NDArray[np.float64]

CURVATURE_SIGMA = 1.0
"""Prior of the change of ln(slope) over the measured range, k = 1, both signs alike. Slopes that
change by a factor e between first and last point are what the sigmoid of a bevelled cell gives
from a tenth of its half-load to the half-load itself; beyond twice that nobody would have called
the curve nearly linear."""


@dataclass(frozen=True)
class Form:
    """One model form: its shape, the nodes of its prior, and the bounds of its parameters."""

    name: str
    shape: Callable[[Array, Array, float], Array]
    """``g(u, parameters, zero)`` for `u` of shape (n,) and parameters (k, q): shape (n, k)."""
    nodes: Array
    """Parameters at which the prior is represented, shape (k, q)."""
    bounds: tuple[tuple[float, float], ...]
    """Of each shape parameter; a fit that ends on one is not determined by the points."""

    @property
    def parameters(self) -> int:
        """Number of parameters without the scatter: offset, rise and those of the shape."""
        return 2 + len(self.bounds)


def _linear(u: Array, parameters: Array, zero: float) -> Array:
    return np.repeat(u[:, np.newaxis], parameters.shape[0], axis=1)


def _quadratic(u: Array, parameters: Array, zero: float) -> Array:
    """Parabola whose slope goes from ``1 - c`` to ``1 + c`` of its mean."""
    u = u[:, np.newaxis]
    return u + parameters[:, 0] * u * (u - 1.0)


def _saturating(u: Array, parameters: Array, zero: float) -> Array:
    rate = parameters[:, 0]
    return np.expm1(-u[:, np.newaxis] * rate) / np.expm1(-rate)


def _sigmoid(u: Array, parameters: Array, zero: float) -> Array:
    """``x^m/(1 + x^m)``, ``x = (u + zero)/half``: toe, linear middle, cupping of the anvils."""
    half, exponent = parameters[:, 0], parameters[:, 1]

    def hill(at: Array) -> Array:
        power = (np.maximum(at + zero, 0.0) / half) ** exponent
        return power / (1.0 + power)

    first, last = hill(np.zeros(1)), hill(np.ones(1))
    return (hill(u[:, np.newaxis]) - first) / (last - first)


def _grid(*axes: list[float]) -> Array:
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("linear", _linear, np.zeros((1, 0)), ()),
        Form(
            "quadratic",
            _quadratic,
            np.tanh(0.5 * _grid([-2.4, -1.8, -1.2, -0.6, 0.6, 1.2, 1.8, 2.4])),
            # at 1 the slope is 0 at one end; points may show more, so the bound is not there
            ((-5.0, 5.0),),
        ),
        Form(
            "saturating",
            _saturating,
            _grid([0.3, 0.7, 1.2, 1.8, 2.5, 3.5]),
            # 0.02: not to be told from a line; 8: flat to exp(-8) before the last point
            ((0.02, 8.0),),
        ),
        Form(
            "sigmoid",
            _sigmoid,
            _grid([0.6, 0.9, 1.4, 2.0, 3.0, 4.5], [1.0, 1.25, 1.5, 2.0]),
            ((0.05, 30.0), (0.5, 6.0)),
        ),
    )
}
"""The forms by name. The sigmoid is Hill's; the others are those that a referee asks for."""


def log_slope_change(form: Form, parameters: Array, zero: float) -> Array:
    """Change of ln(slope) over the measured range, shape (k,), from slopes at its tenths."""
    places = np.array([0.05, 0.15, 0.85, 0.95])
    g = form.shape(places, parameters, zero)
    early, late = np.maximum(g[1] - g[0], 1e-6), np.maximum(g[3] - g[2], 1e-6)
    return np.log(late / early) / 0.8
