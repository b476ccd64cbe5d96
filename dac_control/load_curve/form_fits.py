"""Each form fitted by itself: parameters, scatter, residuals and information criteria."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.load_curve.forms import FORMS, Form
from dac_control.load_curve.points import Points

__all__ = ["FormFit", "fit_forms"]

Array = NDArray[np.float64]

MOST_STEPS = 30
TOLERANCE = 1e-8
"""Relative gain of chi² below which a fit has ended."""

ROUNDS = 6
"""Of scatter and parameters in turn; each moves the other little."""

DERIVATIVE_STEP = 1e-5


@dataclass(frozen=True)
class FormFit:
    """One form fitted to the points, with nothing beside it but scatter."""

    form: str
    parameters: Array
    """Offset and rise over the measured range in GPa, then the shape's; shape (p,)."""
    covariance: Array
    """Shape (p, p), from linear propagation."""
    scatter_gpa: float
    """Intrinsic scatter in GPa (k = 1); 0 if the known errors explain the residuals."""
    chi2: float
    residual_rms_gpa: float
    aic: float
    """Akaike's criterion, with the scatter counted as a parameter."""
    aicc: float
    """The same with the small-sample correction; infinite with too few points to choose."""
    bic: float
    """Schwarz's criterion; infinite with too few points to choose."""
    zero: float
    """Ranges from zero load to the first point, as the sigmoid takes it."""

    def value_gpa(self, u: Array) -> Array:
        """Pressure at scaled turns `u`, GPa, shape (n,)."""
        return _value(FORMS[self.form], self.parameters, u, self.zero)


def fit_forms(points: Points, zero: float) -> tuple[FormFit, ...]:
    """Fit every form that has no more parameters than there are places, and that they determine."""
    fits = (_fit(f, points, zero) for f in FORMS.values() if points.places >= f.parameters)
    return tuple(fit for fit in fits if fit is not None)


def _fit(form: Form, points: Points, zero: float) -> FormFit | None:
    n, p = points.u.size, form.parameters
    start = _start(form, points, zero)
    likely, likely_scatter = _alternate(form, points, zero, start, likelihood=True)
    if _at_bound(form, likely):
        return None
    parameters, scatter_gpa = _alternate(form, points, zero, likely, likelihood=False)
    variance = points.variance(_slope(form, likely, points.u, zero), likely_scatter)
    misfit = points.pressure_gpa - _value(form, likely, points.u, zero)
    twice = float(np.sum(misfit**2 / variance + np.log(2.0 * np.pi * variance)))
    variance = points.variance(_slope(form, parameters, points.u, zero), scatter_gpa)
    jacobian = _jacobian(form, parameters, points.u, zero) / np.sqrt(variance)[:, np.newaxis]
    residual = points.pressure_gpa - _value(form, parameters, points.u, zero)
    k = p + 1  # the scatter is a parameter too
    choosable = n > k + 1
    return FormFit(
        form=form.name,
        parameters=parameters,
        covariance=np.asarray(
            np.linalg.pinv(jacobian.T @ jacobian, hermitian=True), dtype=np.float64
        ),
        scatter_gpa=scatter_gpa,
        chi2=float(np.sum(residual**2 / variance)),
        residual_rms_gpa=float(np.sqrt(np.mean(residual**2))),
        aic=twice + 2 * k,
        aicc=twice + 2 * k + 2 * k * (k + 1) / (n - k - 1) if choosable else np.inf,
        bic=twice + k * float(np.log(n)) if choosable else np.inf,
        zero=zero,
    )


def _alternate(
    form: Form, points: Points, zero: float, start: Array, *, likelihood: bool
) -> tuple[Array, float]:
    """Fit parameters and scatter in turn, with the error in turns at the fit's own slope."""
    parameters, scatter_gpa = start, 0.0
    for _ in range(ROUNDS):
        before = scatter_gpa
        variance = points.variance(_slope(form, parameters, points.u, zero), scatter_gpa)
        parameters = _least_squares(form, points, zero, parameters, variance)
        known = points.variance(_slope(form, parameters, points.u, zero))
        squares = (points.pressure_gpa - _value(form, parameters, points.u, zero)) ** 2
        free = points.u.size - form.parameters
        scatter_gpa = _likely(squares, known) if likelihood else _moment(squares, known, free)
        if abs(scatter_gpa - before) <= 1e-3 * scatter_gpa:
            break
    return parameters, scatter_gpa


def _moment(squares: Array, known: Array, free: int) -> float:
    """Scatter that brings chi² to its degrees of freedom; 0 without any.

    The moment estimate of Paule and Mandel, J. Res. NBS 87 (1982) 377.
    """
    if free <= 0 or float(np.sum(squares / known)) <= free:
        return 0.0
    low, high = 0.0, float(np.sum(squares)) / free
    for _ in range(60):
        middle = 0.5 * (low + high)
        if float(np.sum(squares / (known + middle))) > free:
            low = middle
        else:
            high = middle
    return float(np.sqrt(high))


def _likely(squares: Array, known: Array) -> float:
    """Scatter of the largest likelihood: information criteria compare maxima."""
    high = float(np.max(squares)) + 1e-300
    grid = np.concatenate([[0.0], np.geomspace(1e-6 * high, high, 60)])
    best = 0.0
    for _ in range(3):
        total = known + grid[:, np.newaxis]
        at = int(np.argmin(np.sum(squares / total + np.log(total), axis=1)))
        low, up = grid[max(at - 1, 0)], grid[min(at + 1, grid.size - 1)]
        best, grid = float(grid[at]), np.linspace(low, up, 21)
    return float(np.sqrt(best))


def _start(form: Form, points: Points, zero: float) -> Array:
    """Node of the form's prior that fits best, with its offset and rise."""
    shapes = form.shape(points.u, form.nodes, zero)
    weight = 1.0 / points.variance(np.full(points.u.size, np.ptp(points.pressure_gpa)))
    weight = weight / weight.sum()
    centred = shapes - weight @ shapes
    y = points.pressure_gpa - weight @ points.pressure_gpa
    rise = (weight * y) @ centred / (weight @ centred**2)
    chi2 = weight @ (y[:, np.newaxis] - rise * centred) ** 2
    at = int(np.argmin(chi2))
    offset = float(weight @ points.pressure_gpa - rise[at] * (weight @ shapes[:, at]))
    return np.concatenate([[offset, rise[at]], form.nodes[at]])


def _least_squares(form: Form, points: Points, zero: float, start: Array, variance: Array) -> Array:
    """Levenberg and Marquardt's steps from `start`, inside the form's bounds."""
    root = np.sqrt(variance)
    at, damping = start, 1e-3

    def misfit(parameters: Array) -> Array:
        return (points.pressure_gpa - _value(form, parameters, points.u, zero)) / root

    residual = misfit(at)
    for _ in range(MOST_STEPS):
        jacobian = _jacobian(form, at, points.u, zero) / root[:, np.newaxis]
        normal, pull = jacobian.T @ jacobian, jacobian.T @ residual
        diagonal = np.diag(np.diag(normal) + 1e-12 * np.trace(normal))
        trial = _inside(form, at + np.linalg.solve(normal + damping * diagonal, pull))
        after = misfit(trial)
        gain = float(residual @ residual - after @ after)
        if gain <= 0:
            damping *= 10.0
            if damping > 1e8:
                break
            continue
        at, residual, damping = trial, after, damping * 0.1
        if gain <= TOLERANCE * float(residual @ residual):
            break
    return at


def _inside(form: Form, parameters: Array) -> Array:
    if not form.bounds:
        return parameters
    low, high = np.array(form.bounds).T
    return np.concatenate([parameters[:2], np.clip(parameters[2:], low, high)])


def _at_bound(form: Form, parameters: Array) -> bool:
    """True if a shape ran into a bound: the points do not determine the form."""
    pairs = zip(parameters[2:], form.bounds, strict=True)
    return any(value < low + 0.05 * abs(low) or value > 0.99 * high for value, (low, high) in pairs)


def _value(form: Form, parameters: Array, u: Array, zero: float) -> Array:
    shape = form.shape(u, parameters[np.newaxis, 2:], zero)[:, 0]
    return parameters[0] + parameters[1] * shape


def _jacobian(form: Form, parameters: Array, u: Array, zero: float) -> Array:
    """Derivative of the pressure by each parameter, shape (n, p)."""
    theta = parameters[2:]
    steps = DERIVATIVE_STEP * np.maximum(np.abs(theta), 1.0)
    rows = np.concatenate([theta[np.newaxis], theta + np.diag(steps), theta - np.diag(steps)])
    shapes = form.shape(u, rows, zero)
    count = theta.size
    by_theta = (shapes[:, 1 : 1 + count] - shapes[:, 1 + count :]) / (2.0 * steps)
    return np.concatenate([np.ones((u.size, 1)), shapes[:, :1], parameters[1] * by_theta], axis=1)


def _slope(form: Form, parameters: Array, u: Array, zero: float) -> Array:
    step = 1e-4
    ahead, behind = (_value(form, parameters, u + d, zero) for d in (step, -step))
    return (ahead - behind) / (2.0 * step)
