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
from scipy.linalg import get_lapack_funcs

__all__ = [
    "DAMPING_MAX",
    "DAMPING_START",
    "DECREMENT",
    "DECREMENT_AT_END",
    "MAX_ITERATIONS",
    "TINY",
    "Bounds",
    "Estimate",
    "diagonal",
    "fisher_scoring",
    "inverse",
    "normalised",
    "solved",
]

Vector = NDArray[np.float64]
Indices = NDArray[np.intp]
Model = Callable[[Vector], tuple[Vector, Vector]]

MAX_ITERATIONS: Final = 20
"""Nine fits in ten need fewer than ten. What does not come to rest here has no edge or line to
find: of 300 drawn edges one moved, by a thousandth of its sigma, when 60 became 20."""
# Square of the distance to the solution in units of sigma at which iterating stops, and at
# which a fit that ran out of iterations still counts as having come to rest.
DECREMENT: Final = 1e-6
DECREMENT_AT_END: Final = 1e-2
# Added to the unit diagonal where a plain step makes the fit worse, and then more of it.
DAMPING_START: Final = 1e-3
DAMPING_MAX: Final = 1e9
TINY: Final = float(np.finfo(float).tiny)
(_GESV,) = get_lapack_funcs(("gesv",), dtype=np.float64)


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
    jacobian: Vector
    """Its derivatives, shape (parameters, pixels)."""
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
    expected, jacobian = model(parameters)
    damping, decrement = 0.0, np.inf
    for _ in range(MAX_ITERATIONS):
        residual, weight = data - expected, 1.0 / variance(expected)
        information, gradient = _score(residual, jacobian, weight, parameters, bounds)
        step_damped = _newton(information, gradient, _free(parameters, gradient, bounds))
        step = step_damped(0.0)
        here = _merit(residual, weight, parameters, bounds)
        # Where the model misses the data by more than noise, noise is no measure of rest.
        decrement = float(step @ gradient) / max(1.0, here / data.size)
        if decrement < DECREMENT:
            parameters = bounds.clip(parameters + step)
            break
        while damping < DAMPING_MAX:
            trial = bounds.clip(parameters + (step_damped(damping) if damping else step))
            expected, jacobian = model(trial)
            if _merit(data - expected, weight, trial, bounds) < here:
                break
            damping = max(6.0 * damping, DAMPING_START)
        else:
            break
        parameters = trial
        damping = damping / 10.0 if damping > DAMPING_START else 0.0
    at_rest = decrement < DECREMENT_AT_END
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
        jacobian=jacobian,
        variance=spread,
        chi2=float(np.sum(residual**2 / spread)),
        converged=converged,
    )


def _score(
    residual: Vector, jacobian: Vector, weight: Vector, parameters: Vector, bounds: Bounds
) -> tuple[Vector, Vector]:
    weighted = jacobian * weight
    information = weighted @ jacobian.T
    diagonal(information)[:] += bounds.precision
    gradient = weighted @ residual - bounds.precision * (parameters - bounds.expected)
    if not (np.isfinite(information).all() and np.isfinite(gradient).all()):
        raise np.linalg.LinAlgError("the model left the finite numbers")
    return information, gradient


def _merit(residual: Vector, weight: Vector, parameters: Vector, bounds: Bounds) -> float:
    away = parameters - bounds.expected
    return float((weight * residual) @ residual + (bounds.precision * away) @ away)


def _free(parameters: Vector, gradient: Vector, bounds: Bounds) -> Indices:
    """Indices of the parameters that no bound holds back."""
    down = (parameters <= bounds.lower) & (gradient < 0.0)
    up = (parameters >= bounds.upper) & (gradient > 0.0)
    return np.flatnonzero(~(down | up))


def _newton(information: Vector, gradient: Vector, free: Indices) -> Callable[[float], Vector]:
    """Return what makes the step of the free parameters for any damping."""
    block = information[free[:, None], free]
    unit, scale = normalised(block)
    slope = scale * gradient[free]

    def step(damping: float) -> Vector:
        damped = unit.copy()
        diagonal(damped)[:] += damping
        whole = np.zeros_like(gradient)
        whole[free] = scale * solved(damped, slope)
        return whole

    return step


def solved(square: Vector, values: Vector) -> Vector:
    """Solve a few linear equations: `numpy.linalg.solve` without what that does around it.

    Raises
    ------
    numpy.linalg.LinAlgError
        The matrix is singular.
    """
    _factors, _pivots, answer, singular = _GESV(square, values)
    if singular:
        raise np.linalg.LinAlgError("Singular matrix")
    return np.asarray(answer, dtype=np.float64)


def normalised(information: Vector) -> tuple[Vector, Vector]:
    """An information in units of its diagonal, and what each parameter was divided by for it.

    Counts and nanometres differ by ten orders of magnitude, which no solver is to see.
    """
    scale = 1.0 / np.sqrt(np.maximum(information.diagonal(), TINY))
    return information * scale[:, None] * scale, scale


def inverse(information: Vector) -> Vector | None:
    """Covariance that belongs to an information; None where it knows nothing of a parameter."""
    if not (np.isfinite(information).all() and (diagonal(information) > 0.0).all()):
        return None
    unit, scale = normalised(information)
    try:
        covariance = np.linalg.inv(unit) * scale[:, None] * scale
    except np.linalg.LinAlgError:
        return None
    good = np.isfinite(covariance).all() and (diagonal(covariance) > 0.0).all()
    return covariance if good else None


def diagonal(square: Vector) -> Vector:
    """The diagonal itself, to be written to."""
    return np.einsum("ii->i", square)
