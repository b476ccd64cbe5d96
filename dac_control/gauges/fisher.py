"""Fisher scoring: a weighted fit whose weights come from the model, not from the noisy data.

Weights from the data favour pixels that fluctuated downwards and bias heights and, on a slope,
positions; weights from the model do not. At its fixed point this is the quasi-likelihood
estimate (Wedderburn, Biometrika 61, 439, 1974), which for photon counts is the maximum
likelihood one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds", "Estimate", "fisher_scoring"]

Vector = NDArray[np.float64]
Model = Callable[[Vector], tuple[Vector, Vector]]

_MAX_ITERATIONS: Final = 60
# Square of the distance to the solution in units of sigma at which iterating stops, and at
# which a fit that ran out of iterations still counts as having come to rest.
_DECREMENT: Final = 1e-6
_DECREMENT_AT_END: Final = 1e-2
_DAMPING_START: Final = 1e-3
_DAMPING_MAX: Final = 1e9


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Limits and weak knowledge of the parameters, each of shape (parameters,)."""

    lower: Vector
    upper: Vector
    expected: Vector
    """Centres of the priors; of no effect where `precision` is 0."""
    precision: Vector
    """1 / sigma**2 of each prior, 0 where there is none."""

    def clip(self, parameters: Vector) -> Vector:
        """Move parameters to the nearest allowed ones."""
        return np.minimum(np.maximum(parameters, self.lower), self.upper)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Where the scoring came to rest."""

    parameters: Vector
    information: Vector
    """Fisher information of data and priors, shape (parameters, parameters)."""
    expected: Vector
    """Model at the parameters, shape (pixels,)."""
    variance: Vector
    """Variance of the pixels from the model, shape (pixels,)."""
    chi2: float
    """Sum of squared residuals over variance, without the priors."""
    converged: bool


def fisher_scoring(
    model: Model,
    data: Vector,
    variance: Callable[[Vector], Vector],
    start: Vector,
    bounds: Bounds,
) -> Estimate:
    """Fit `model` to `data`.

    Parameters
    ----------
    model : callable
        Parameters to expected data, shape (pixels,), and Jacobian, shape (parameters, pixels).
    data : array, shape (pixels,)
    variance : callable
        Expected data to the variance of each pixel.
    start : array, shape (parameters,)
    bounds : Bounds

    Raises
    ------
    numpy.linalg.LinAlgError
        The information became singular or the model left the finite numbers.
    """
    parameters = bounds.clip(start)
    damping, decrement = _DAMPING_START, np.inf
    for _ in range(_MAX_ITERATIONS):
        expected, jacobian = model(parameters)
        weight = 1.0 / variance(expected)
        information, gradient = _score(data - expected, jacobian, weight, parameters, bounds)
        free = ~_blocked(parameters, gradient, bounds)
        step, decrement = _newton(information, gradient, free, 0.0)
        here = _merit(data - expected, weight, parameters, bounds)
        # Where the model misses the data by more than noise, noise is no measure of rest.
        decrement /= max(1.0, here / data.size)
        if decrement < _DECREMENT:
            parameters = bounds.clip(parameters + step)
            break
        while damping < _DAMPING_MAX:
            step, _unused = _newton(information, gradient, free, damping)
            trial = bounds.clip(parameters + step)
            if _merit(data - model(trial)[0], weight, trial, bounds) < here:
                break
            damping *= 6.0
        else:
            break
        parameters, damping = trial, damping / 10.0
    at_rest = decrement < _DECREMENT_AT_END
    return _estimate(model, data, variance, parameters, bounds, at_rest)


def _estimate(
    model: Model,
    data: Vector,
    variance: Callable[[Vector], Vector],
    parameters: Vector,
    bounds: Bounds,
    converged: bool,
) -> Estimate:
    expected, jacobian = model(parameters)
    spread = variance(expected)
    residual = data - expected
    information, _gradient = _score(residual, jacobian, 1.0 / spread, parameters, bounds)
    return Estimate(
        parameters=parameters,
        information=information,
        expected=expected,
        variance=spread,
        chi2=float(np.sum(residual**2 / spread)),
        converged=converged,
    )


def _score(
    residual: Vector, jacobian: Vector, weight: Vector, parameters: Vector, bounds: Bounds
) -> tuple[Vector, Vector]:
    weighted = jacobian * weight
    information = weighted @ jacobian.T
    information[np.diag_indices_from(information)] += bounds.precision
    gradient = weighted @ residual - bounds.precision * (parameters - bounds.expected)
    if not (np.isfinite(information).all() and np.isfinite(gradient).all()):
        raise np.linalg.LinAlgError("the model left the finite numbers")
    return information, gradient


def _merit(residual: Vector, weight: Vector, parameters: Vector, bounds: Bounds) -> float:
    away = parameters - bounds.expected
    return float(np.sum(weight * residual**2) + np.sum(bounds.precision * away**2))


def _blocked(parameters: Vector, gradient: Vector, bounds: Bounds) -> NDArray[np.bool_]:
    down = (parameters <= bounds.lower) & (gradient < 0.0)
    up = (parameters >= bounds.upper) & (gradient > 0.0)
    return down | up


def _newton(
    information: Vector, gradient: Vector, free: NDArray[np.bool_], damping: float
) -> tuple[Vector, float]:
    """Step of the free parameters, and the squared length of it in sigma."""
    step = np.zeros_like(gradient)
    which = np.flatnonzero(free)
    block = information[np.ix_(which, which)]
    # Scaled to a unit diagonal: counts and nanometres differ by ten orders of magnitude.
    scale = 1.0 / np.sqrt(np.maximum(np.diag(block), np.finfo(float).tiny))
    unit = block * scale[:, None] * scale
    unit[np.diag_indices_from(unit)] += damping
    step[which] = scale * np.linalg.solve(unit, scale * gradient[which])
    return step, float(step @ gradient)
