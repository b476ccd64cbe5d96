"""Model forms of a load curve and their weighted fit at a given intrinsic scatter.

Every form is a function of the scaled turns ``u = (turns - first) / (last - first)``, so its
parameters are pressures in GPa and well conditioned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize_scalar

__all__ = ["FORMS", "SATURATING_FORM", "Solution", "evaluate", "gradient", "solve"]

Array = NDArray[np.float64]

SATURATING_FORM = "saturating"

CURVATURE_LIMITS = (0.02, 8.0)
"""Bounds of the saturation rate per range: at 0.02 the form cannot be told from a line, at 8
the curve is flat to e⁻⁸ before the last point."""


def _saturation(u: Array, rate: float) -> Array:
    """``(1 - exp(-rate u)) / rate``: slope 1 at u = 0, a line as the rate goes to 0."""
    return -np.expm1(-rate * u) / rate


def _saturation_by_rate(u: Array, rate: float) -> Array:
    return (u * np.exp(-rate * u) - _saturation(u, rate)) / rate


FORMS: dict[str, int] = {"linear": 2, "quadratic": 3, SATURATING_FORM: 3}
"""Number of parameters of each form."""


@dataclass(frozen=True)
class Solution:
    """Weighted least-squares solution of one form."""

    parameters: Array
    """Shape (p,); linear coefficients in GPa, then the saturation rate if the form has one."""
    covariance: Array
    """Shape (p, p)."""
    chi2: float
    at_bound: bool
    """True if the saturation rate ran into a bound: the points do not determine the form."""


def _design(form: str, u: Array, rate: float) -> Array:
    columns: dict[str, Callable[[], list[Array]]] = {
        "linear": lambda: [np.ones_like(u), u],
        "quadratic": lambda: [np.ones_like(u), u, u**2],
        SATURATING_FORM: lambda: [np.ones_like(u), _saturation(u, rate)],
    }
    return np.stack(columns[form](), axis=-1)


def evaluate(form: str, parameters: Array, u: Array) -> Array:
    """Pressure in GPa of `form` at scaled turns `u`, shape of `u`."""
    rate = float(parameters[2]) if form == SATURATING_FORM else 0.0
    design = _design(form, u, rate)
    return design @ parameters[: design.shape[-1]]


def gradient(form: str, parameters: Array, u: Array) -> Array:
    """Derivative of the pressure by each parameter, shape (..., p) for `u` of shape (...)."""
    if form != SATURATING_FORM:
        return _design(form, u, 0.0)
    rate = float(parameters[2])
    by_rate = parameters[1] * _saturation_by_rate(u, rate)
    return np.concatenate([_design(form, u, rate), by_rate[..., np.newaxis]], axis=-1)


def _linear_solution(design: Array, pressure_gpa: Array, sigma_gpa: Array) -> tuple[Array, float]:
    weighted = design / sigma_gpa[:, np.newaxis]
    solution = np.linalg.lstsq(weighted, pressure_gpa / sigma_gpa, rcond=None)[0]
    parameters = np.asarray(solution, dtype=np.float64)
    residual = (pressure_gpa - design @ parameters) / sigma_gpa
    return parameters, float(residual @ residual)


def _best_rate(u: Array, pressure_gpa: Array, sigma_gpa: Array) -> float:
    best = minimize_scalar(
        lambda r: _linear_solution(_design(SATURATING_FORM, u, float(r)), pressure_gpa, sigma_gpa)[
            1
        ],
        bounds=CURVATURE_LIMITS,
        method="bounded",
    )
    return float(cast("OptimizeResult", best)["x"])


def solve(form: str, u: Array, pressure_gpa: Array, sigma_gpa: Array) -> Solution:
    """Fit one form with weights 1/sigma².

    Parameters
    ----------
    form : str
        A key of `FORMS`.
    u, pressure_gpa, sigma_gpa : ndarray, shape (n,)
        Scaled turns, pressures and total standard uncertainties (all above 0).

    Returns
    -------
    Solution
        With the covariance of linear propagation, ``(JᵀWJ)⁻¹``.
    """
    rate, at_bound = 0.0, False
    if form == SATURATING_FORM:
        low, high = CURVATURE_LIMITS
        rate = _best_rate(u, pressure_gpa, sigma_gpa)
        at_bound = rate < 1.5 * low or rate > 0.99 * high
    parameters, chi2 = _linear_solution(_design(form, u, rate), pressure_gpa, sigma_gpa)
    if form == SATURATING_FORM:
        parameters = np.append(parameters, rate)
    jacobian = gradient(form, parameters, u) / sigma_gpa[:, np.newaxis]
    covariance = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
    return Solution(parameters, np.asarray(covariance, dtype=np.float64), chi2, at_bound)
