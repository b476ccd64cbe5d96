"""An ellipse through points of a rim, robustly, with its covariance.

Distances in pixels are minimised, and points that lie far off lose their weight.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.ellipse import Ellipse

__all__ = ["EllipseFit", "fit_ellipse"]

Vector = NDArray[np.float64]

PLAIN = 2.5
"""Robust standard deviations within which a point counts in full: 99 % of normal ones."""
ROUND_SIGMA = 0.25
"""Width of the prior on the logarithm of the axes' ratio over 2: holes are drilled round. A closed
rim overrules it by orders of magnitude; it only keeps short arcs from becoming needles."""
PRIOR = np.diag([0.0, 0.0, 0.0, ROUND_SIGMA**-2, ROUND_SIGMA**-2])
CIRCLE = np.diag([0.0, 0.0, 0.0, 1e12, 1e12])
ITERATIONS = 12
ROUND_STEPS = 5
KEPT = 0.6
"""Part of the points, the nearest ones, that a start is drawn through."""
CONVERGED = np.array([1e-3, 1e-3, 1e-6, 1e-6, 1e-6])


@dataclass(frozen=True, eq=False)
class EllipseFit:
    """A fitted ellipse; `covariance` is of ``(x, y, log_radius, p, q)``, shape (5, 5)."""

    ellipse: Ellipse
    covariance: Vector
    points: Vector
    """What was fitted, columns and rows, shape (n, 2)."""
    inliers: NDArray[np.bool_]
    residuals: Vector
    scatter: float
    """Robust standard deviation of the residuals."""


def fit_ellipse(
    x: Vector, y: Vector, sigma: Vector, start: Ellipse, *, rim: int | None = None
) -> EllipseFit | None:
    """Minimise the distances in pixels, with outliers weighed down.

    The covariance has two parts: the points' own uncertainty, and the rim's deviations from an
    ellipse, of which neighbours share one. A rim that is seen all around has its mean radius and
    axes whatever its waves are, so the second part counts as far as points are missing.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Points in order around the rim.
    sigma : ndarray, shape (n,)
        Standard uncertainty of each point in pixels.
    start : Ellipse
        Where to begin.
    rim : int, optional
        Number of points that the whole rim would have; without it as many as there are.
    """
    values = _better(np.array([start.x, start.y, start.log_radius, start.p, start.q]), x, y, sigma)
    for _ in range(ITERATIONS):
        at = _weigh(values, x, y, sigma, PRIOR)
        step = _step(at, values)
        if step is None:
            return None
        values = values + step
        if np.all(np.abs(step) < CONVERGED):
            break
    if not np.all(np.isfinite(values)) or np.hypot(values[3], values[4]) > 1.0:
        return None
    at = _weigh(values, x, y, sigma, PRIOR)
    return EllipseFit(
        ellipse=Ellipse(*(float(v) for v in values)),
        covariance=_covariance(at, float(np.exp(values[2])), sigma, rim or x.size),
        points=np.column_stack((x, y)),
        inliers=np.asarray(at.robust > 0),
        residuals=at.residuals,
        scatter=at.scatter,
    )


@dataclass(frozen=True, eq=False)
class _Weighed:
    """One step of the fit: residuals, their derivatives and weights."""

    residuals: Vector
    jacobian: Vector
    scatter: float
    robust: Vector
    weights: Vector
    normal: Vector
    slope: Vector


def _better(start: Vector, x: Vector, y: Vector, sigma: Vector) -> Vector:
    """Return the start, or a circle through the nearer part of the points if that lies closer.

    A chip on the rim draws a free ellipse aside, and then nothing looks like an outlier any more;
    a circle that ignores the further points does not follow it.
    """
    values = start * np.array([1.0, 1.0, 1.0, 0.0, 0.0])
    for _ in range(ROUND_STEPS):
        step = _step(_weigh(values, x, y, sigma, CIRCLE, trim=True), values)
        if step is None:
            return start
        values = values + step
    off = [np.quantile(np.abs(_linearise(each, x, y)[0]), KEPT) for each in (start, values)]
    return values if off[1] < off[0] else start


def _step(at: _Weighed, values: Vector) -> Vector | None:
    try:
        step = np.linalg.solve(at.normal, -at.slope)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.clip(step, *_bounds(values)), float)


def _weigh(
    values: Vector, x: Vector, y: Vector, sigma: Vector, prior: Vector, *, trim: bool = False
) -> _Weighed:
    residuals, jacobian = _linearise(values, x, y)
    scatter = _scatter(residuals, sigma)
    variance = sigma**2 + scatter**2
    if trim:
        size = np.abs(residuals)
        robust = (size <= np.quantile(size, KEPT)).astype(float)
    else:
        robust = _trust(residuals / np.sqrt(variance))
    weights = robust / variance
    weighted = jacobian.T * weights
    return _Weighed(
        residuals=residuals,
        jacobian=jacobian,
        scatter=scatter,
        robust=robust,
        weights=weights,
        normal=weighted @ jacobian + prior,
        slope=weighted @ residuals + prior @ values,
    )


def _covariance(at: _Weighed, radius: float, sigma: Vector, rim: int) -> Vector:
    inliers = np.asarray(at.robust > 0)
    missing = max(0.0, 1.0 - float(np.count_nonzero(inliers)) / rim)
    clumping = _clumping(at.residuals, inliers)
    shared = missing * at.scatter**2 * clumping
    # around the rim, points closer than a pixel and a half read the same pixels
    crowding = max(clumping, 1.5 * rim / (2.0 * np.pi * radius))
    middle = (at.jacobian.T * (at.weights**2 * (sigma**2 * crowding + shared))) @ at.jacobian
    try:
        inverse = np.linalg.inv(at.normal)
    except np.linalg.LinAlgError:
        return np.full((5, 5), np.inf)
    covariance = inverse @ (middle + PRIOR) @ inverse
    # what the waves add to the area to second order: r^2 on average is more than r on average
    covariance[2, 2] += (0.5 * (at.scatter / radius) ** 2) ** 2
    return covariance


def _linearise(values: Vector, x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """Distances and their derivatives by centre, logarithm of the radius, and stretch.

    A change of shape moves the rim by its part along the normal; that stretches along and across
    the axes do not commute is a correction of the order of the stretch squared.
    """
    x0, y0, log_radius, p, q = (float(value) for value in values)
    stretch, angle = math.hypot(p, q), 0.5 * math.atan2(q, p)
    major, minor = math.exp(log_radius + stretch), math.exp(log_radius - stretch)
    cos, sin = math.cos(angle), math.sin(angle)
    dx, dy = x - x0, y - y0
    u, v = (cos * dx + sin * dy) / major, (cos * dy - sin * dx) / minor
    level = np.maximum(np.hypot(u, v), 1e-9)
    u, v = u / (level * major), v / (level * minor)
    slope = np.maximum(np.hypot(u, v), 1e-12)
    normal_x, normal_y = (cos * u - sin * v) / slope, (sin * u + cos * v) / slope
    jacobian = -np.column_stack(
        (
            normal_x,
            normal_y,
            normal_x * dx + normal_y * dy,
            normal_x * dx - normal_y * dy,
            normal_x * dy + normal_y * dx,
        )
    )
    return (level - 1.0) / slope, jacobian


def _bounds(values: Vector) -> tuple[Vector, Vector]:
    """One iteration may move by a third of the radius, and not further."""
    reach = np.exp(values[2]) / 3.0
    limit = np.array([reach, reach, 0.3, 0.3, 0.3])
    return -limit, limit


def _scatter(residuals: Vector, sigma: Vector) -> float:
    """Scatter beyond the points' own uncertainty, from the median deviation."""
    total = 1.4826 * float(np.median(np.abs(residuals - np.median(residuals))))
    return float(np.sqrt(max(total**2 - float(np.median(sigma)) ** 2, 0.0)))


def _trust(deviation: Vector) -> Vector:
    """1 up to `PLAIN` deviations, so that the waves of a rough rim all count; 0 from twice that."""
    beyond = np.clip((np.abs(deviation) - PLAIN) / PLAIN, 0.0, 1.0)
    return (1.0 - beyond**2) ** 2


def _clumping(residuals: Vector, inliers: NDArray[np.bool_]) -> float:
    """How many points share one deviation: 1 + 2 sum of the autocorrelation, to its first zero."""
    kept = np.where(inliers, residuals, 0.0)
    power = np.abs(np.fft.rfft(kept)) ** 2
    correlation = np.fft.irfft(power, kept.size)
    if correlation[0] <= 0:
        return 1.0
    half = correlation[1 : kept.size // 4] / correlation[0]
    below = np.flatnonzero(half <= 0)
    positive = half[: below[0]] if below.size else half
    return 1.0 + 2.0 * float(positive.sum())
