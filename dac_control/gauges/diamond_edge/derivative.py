"""Where the intensity falls most steeply: the definition by which the edge scales were made.

Taken from the fitted model, where it is as precise as the fit, and from the smoothed data
themselves, which know nothing of the model. Smoothing moves the minimum wherever plateau or
edge are not symmetric about it; what it moves the fitted model by is stated beside it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.window_fit import WindowFit

__all__ = ["SteepestPoint", "steepest_of_data", "steepest_of_model"]

Vector = NDArray[np.float64]

_REACH: Final = 2.5
"""The steepest point is searched this many widths about the edge."""
_POINTS: Final = 101


@dataclass(frozen=True)
class SteepestPoint:
    """A minimum of the derivative; NaN where there is none beside the edge."""

    shift_cm1: float
    sigma_cm1: float


@dataclass(frozen=True)
class SmoothedPoint(SteepestPoint):
    """The same of smoothed data."""

    smoothing_cm1: float
    """Standard deviation of the Gaussian."""
    bias_cm1: float
    """What this smoothing moves the minimum of the fitted model by."""


_NOWHERE: Final = SteepestPoint(float("nan"), float("nan"))


def steepest_of_model(fit: WindowFit, covariance: Vector) -> SteepestPoint:
    """Minimum of dI/dnu of the fitted model, with its statistical uncertainty.

    Parameters
    ----------
    fit : WindowFit
    covariance : array, shape (parameters, parameters)
    """
    shape, values = fit.shape, fit.estimate.parameters
    grid = _grid(fit)
    at = _minimum(grid, shape.slope(values, grid))
    if not np.isfinite(at):
        return _NOWHERE
    # The minimum is where the second derivative vanishes; with h a fifth of the width, its own
    # derivatives by the parameters and by the place follow from differences.
    h = 0.2 * fit.width_cm1
    for _ in range(3):
        f = shape.slope(values, np.array((at - h, at, at + h)))
        bend = f[0] - 2.0 * f[1] + f[2]
        if not bend > 0.0:
            return _NOWHERE
        at -= 0.5 * h * (f[2] - f[0]) / bend
        h *= 0.2
    h = 0.05 * fit.width_cm1
    f = shape.slope(values, np.array((at - h, at, at + h)))
    third = (f[0] - 2.0 * f[1] + f[2]) / h**2
    jacobian = shape.model_and_jacobian(values, np.array((at - h, at, at + h)))[1]
    by_parameters = (jacobian[:, 0] - 2.0 * jacobian[:, 1] + jacobian[:, 2]) / h**2
    variance = float(by_parameters @ covariance @ by_parameters) / third**2
    if not (third > 0.0 and abs(at - fit.edge_cm1) < _REACH * fit.width_cm1):
        return _NOWHERE
    return SteepestPoint(float(at), float(np.sqrt(max(variance, 0.0))))


def steepest_of_data(fit: WindowFit, scale: float) -> SmoothedPoint:
    """Minimum of dI/dnu of the data after a Gaussian as wide as the edge.

    Parameters
    ----------
    fit : WindowFit
    scale : float
        Variance of the scatter over that of the noise model.
    """
    x, shape = fit.shift_cm1, fit.shape
    pitch = float(np.median(np.diff(x)))
    smoothing = max(fit.width_cm1, 2.0 * pitch)
    grid = _grid(fit)
    middle = 0.5 * (x[1:] + x[:-1])
    near = np.abs(middle - fit.edge_cm1) < _REACH * fit.width_cm1 + 5.0 * smoothing
    u = (grid[:, None] - middle[near]) / smoothing
    kernel = np.exp(-0.5 * u * u)
    # Weights that add up to one at every place, so that the ends of the window do no harm.
    total = kernel @ np.diff(x)[near]
    at = _minimum(grid, kernel @ np.diff(fit.counts)[near] / total)
    of_model = _minimum(grid, kernel @ np.diff(fit.estimate.expected)[near] / total)
    exact = _minimum(grid, shape.slope(fit.estimate.parameters, grid))
    sigma = _sigma(fit, at, smoothing, scale)
    return SmoothedPoint(at, sigma, smoothing, of_model - exact)


def _sigma(fit: WindowFit, at: float, smoothing: float, scale: float) -> float:
    """From the noise of the smoothed second derivative over the model's third, smoothed alike."""
    if not np.isfinite(at):
        return float("nan")
    x = fit.shift_cm1
    u = (at - x) / smoothing
    gauss = np.exp(-0.5 * u * u) / (np.sqrt(2.0 * np.pi) * smoothing)
    cell = np.gradient(x)
    second = (u * u - 1.0) / smoothing**2 * gauss * cell
    third = (3.0 * u - u**3) / smoothing**3 * gauss * cell
    level = fit.estimate.expected - float(np.interp(at, x, fit.estimate.expected))
    curvature = float(third @ level)
    noise = float(np.sqrt(scale * np.sum(second**2 * fit.estimate.variance)))
    return noise / abs(curvature) if curvature != 0.0 else float("nan")


def _grid(fit: WindowFit) -> Vector:
    reach = _REACH * fit.width_cm1
    low = max(fit.edge_cm1 - reach, float(fit.shift_cm1[0]))
    high = min(fit.edge_cm1 + reach, float(fit.shift_cm1[-1]))
    return np.linspace(low, high, _POINTS)


def _minimum(grid: Vector, values: Vector) -> float:
    """Lowest point of a curve, between the grid points by a parabola; NaN at an end."""
    at = int(np.argmin(values))
    if not 0 < at < values.size - 1:
        return float("nan")
    before, here, after = values[at - 1 : at + 2]
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend > 0.0 else 0.0
    return float(grid[at] + shift * (grid[1] - grid[0]))
