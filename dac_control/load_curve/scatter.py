"""Intrinsic scatter of a load curve: what friction and stick-slip add to the gauge's noise."""

import math
from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, brentq, minimize_scalar

from dac_control.load_curve.forms import FORMS, Solution, solve

__all__ = ["fit_with_scatter", "log_likelihood"]

Array = NDArray[np.float64]


def _total(sigma_gpa: Array, scatter_gpa: float) -> Array:
    return np.hypot(sigma_gpa, scatter_gpa)


def fit_with_scatter(
    form: str, u: Array, pressure_gpa: Array, sigma_gpa: Array
) -> tuple[Solution, float]:
    """Fit a form and the scatter (GPa, k = 1) that brings chi² to its degrees of freedom.

    The scatter is the moment estimate of Paule and Mandel, J. Res. NBS 87 (1982) 377: 0 when
    the gauge's own noise explains the residuals, otherwise the root of
    ``chi²(scatter) = n - p``. Without degrees of freedom it is 0 and means nothing.
    """
    free = u.size - FORMS[form]
    plain = solve(form, u, pressure_gpa, sigma_gpa)
    if free <= 0 or plain.chi2 <= free:
        return plain, 0.0

    def excess(scatter_gpa: float) -> float:
        return solve(form, u, pressure_gpa, _total(sigma_gpa, scatter_gpa)).chi2 - free

    # At this scatter every residual is below one sigma, so chi² is below n - p or close to it;
    # doubling finds the bracket.
    high = float(np.std(pressure_gpa)) + float(np.max(sigma_gpa))
    while excess(high) > 0:
        high *= 2
    scatter_gpa = cast("float", brentq(excess, 0.0, high, xtol=1e-9 * high))
    return solve(form, u, pressure_gpa, _total(sigma_gpa, scatter_gpa)), scatter_gpa


def log_likelihood(form: str, u: Array, pressure_gpa: Array, sigma_gpa: Array) -> float:
    """Largest Gaussian log-likelihood over the form's parameters and the scatter.

    Maximum likelihood and not the moment estimate, because information criteria compare maxima.
    """
    span = float(np.ptp(pressure_gpa)) or 1.0
    floor = float(np.min(sigma_gpa))

    def negative(log_scatter: float) -> float:
        total = _total(sigma_gpa, math.exp(log_scatter))
        chi2 = solve(form, u, pressure_gpa, total).chi2
        return 0.5 * (chi2 + float(np.sum(np.log(2 * math.pi * total**2))))

    return -_least(negative, math.log(1e-3 * floor), math.log(max(span, floor)))


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    # In the logarithm of the scatter: 1 % of it moves a likelihood at its maximum by < 1e-3.
    options = {"xatol": 1e-2}
    best = minimize_scalar(function, bounds=(low, high), method="bounded", options=options)
    # A bounded search never tries its ends, and "no scatter" is one of them.
    return min(float(cast("OptimizeResult", best)["fun"]), function(low))
