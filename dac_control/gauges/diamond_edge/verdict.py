"""Whether what was fitted is the end of a band, how well it is known, and what is wrong with it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.derivative import steepest_of_data, steepest_of_model
from dac_control.gauges.diamond_edge.line_or_step import step_over_line
from dac_control.gauges.diamond_edge.result import EdgeFit
from dac_control.gauges.diamond_edge.window_fit import WIDEST_CM1, EdgePixels, WindowFit

__all__ = ["is_edge", "judge", "signal_to_noise"]

Vector = NDArray[np.float64]

# Among some 1e3 trials (places times widths) noise reaches 4 sigma; 6 is out of its reach.
_EDGE_SIGMA: Final = 6.0
_RELIABLE_SIGMA: Final = 10.0
_LARGEST_SIGMA_CM1: Final = 3.0
"""3 to 4 GPa above 300 GPa: an edge known worse than that decides nothing."""
_PLATEAU_FROM: Final = 4.0
_PLATEAU_TO: Final = 9.0
_PLATEAU_SHARE: Final = 0.2
"""Bands that pile up towards their end have 0.28 to 0.4 of its height there; what a Lorentzian line
has left behind it at that distance is below 0.06."""
_DECIDED: Final = 9.0
"""Chi squared by which a step is better than a line where no plateau is seen below it: 90 to 1."""
_BACKGROUND_FROM: Final = 3.0
"""Widths above the edge from where none of its light is left."""
_FEWEST_PX: Final = 4
# A residual of a share r of the height is worth r sqrt(2 pi) widths of the edge; 1 cm-1 is 1 to
# 1.5 GPa.
_MISFIT_CM1: Final = 1.0
_MISFIT_SIGMA: Final = 5.0
_POOR_SIGMA: Final = 4.0
_POOR_SCATTER: Final = 1.5


def is_edge(fit: WindowFit, pixels: EdgePixels) -> bool:
    """True where a step stands out of the noise and is the end of a band.

    The flank of a line, that of unstressed diamond at 1332 cm-1 too, is a step as well, but a
    few widths below it the light is gone. Where that does not decide, as where the luminescence
    bends, the counts must not be explained as well by a line.
    """
    broad = fit.width_cm1 > 0.95 * WIDEST_CM1
    if not fit.held or broad or not signal_to_noise(fit, pixels) >= _EDGE_SIGMA:
        return False
    d = (fit.shift_cm1 - fit.edge_cm1) / fit.width_cm1
    below = (d >= -_PLATEAU_TO) & (d <= -_PLATEAU_FROM)
    if int(below.sum()) < _FEWEST_PX or not (d > 2.0).any():
        return False
    # From the counts and not from the fit, which cannot tell the curvature of a background from
    # that of a plateau. A curved background may mount under the flank of a line; a line cannot.
    height = float(np.median(fit.counts[below] - _background(fit, d, d[below])))
    plateau = height > _PLATEAU_SHARE * float(fit.estimate.parameters[2])
    better = step_over_line(fit, gain_assumed=pixels.noise.gain_assumed)
    if np.isnan(better):
        return plateau
    return better > (0.0 if plateau else _DECIDED)


def _background(fit: WindowFit, d: Vector, at: Vector) -> Vector:
    """Straight continuation of the counts above the edge, `at` so many widths from it.

    Below the edge it never falls towards lower shifts: a plateau is not to be made of that.
    """
    above = d > _BACKGROUND_FROM
    if int(above.sum()) < _FEWEST_PX:
        return np.full_like(at, np.median(fit.counts[d > 2.0]))
    centre = float(d[above].mean())
    slope, level = np.polyfit(d[above] - centre, fit.counts[above], 1)
    reached = at if slope < 0.0 else np.maximum(at, 0.0)
    return np.asarray(level + slope * (reached - centre))


def signal_to_noise(fit: WindowFit, pixels: EdgePixels) -> float:
    """Height over its uncertainty with all coefficients free, edge and width held."""
    variance = fit.height_variance * _widening(fit, pixels)
    ratio = float(fit.estimate.parameters[2] / np.sqrt(variance))
    return ratio if np.isfinite(ratio) else 0.0


def judge(
    fit: WindowFit, pixels: EdgePixels, saturated: NDArray[np.bool_]
) -> tuple[EdgeFit | None, tuple[str, ...]]:
    """Turn a fit into a result with its flags; None where its covariance says nothing.

    Parameters
    ----------
    fit : WindowFit
    pixels : EdgePixels
    saturated : array of bool, shape (pixels,)
    """
    if fit.covariance is None:
        return None, ("no_edge", "not_converged")
    covariance = fit.covariance * _widening(fit, pixels)
    values = fit.estimate.parameters
    exact = steepest_of_model(fit, covariance)
    smoothed = steepest_of_data(fit, _widening(fit, pixels))
    result = EdgeFit(
        edge_cm1=fit.edge_cm1,
        edge_sigma_cm1=float(np.sqrt(covariance[0, 0])),
        width_cm1=fit.width_cm1,
        height_counts=float(values[2]),
        derivative_minimum_cm1=exact.shift_cm1,
        derivative_minimum_sigma_cm1=exact.sigma_cm1,
        smoothed_minimum_cm1=smoothed.shift_cm1,
        smoothed_minimum_sigma_cm1=smoothed.sigma_cm1,
        smoothing_cm1=smoothed.smoothing_cm1,
        smoothing_bias_cm1=smoothed.bias_cm1,
        chi2_reduced=fit.scatter,
        plateau_order=fit.shape.plateau_order,
        background_order=fit.shape.background_order,
        parameter_names=fit.shape.names,
        parameters=_frozen(values),
        covariance=_frozen(covariance),
        window_cm1=(float(fit.shift_cm1[0]), float(fit.shift_cm1[-1])),
        flags=(),
        signal_to_noise=signal_to_noise(fit, pixels),
    )
    return result, _problems(result, fit, pixels, saturated)


def _widening(fit: WindowFit, pixels: EdgePixels) -> float:
    """Factor on the variance: the scatter where the gain is unknown or the fit is poor.

    Where neighbours share what is left, as much more as their sums exceed white noise.
    """
    shared = fit.structure.excess if fit.structure.found else 1.0
    if pixels.noise.gain_assumed or _scatters(fit):
        return max(fit.scatter, 1e-12) * shared
    return shared


def _scatters(fit: WindowFit) -> bool:
    freedom = max(fit.counts.size - fit.shape.size, 1)
    chance = 1.0 + _POOR_SIGMA * float(np.sqrt(2.0 / freedom))
    return fit.scatter > max(chance, _POOR_SCATTER)


def _problems(
    result: EdgeFit, fit: WindowFit, pixels: EdgePixels, saturated: NDArray[np.bool_]
) -> tuple[str, ...]:
    edge, width = result.edge_cm1, result.width_cm1
    x = pixels.x
    near = np.abs(x - edge) <= 3.0 * width
    weak = (
        result.signal_to_noise < _RELIABLE_SIGMA or not result.edge_sigma_cm1 < _LARGEST_SIGMA_CM1
    )
    at_end = edge - 2.0 * width < x[0] or edge + 2.0 * width > x[-1]
    found = {
        "low_signal": weak,
        "saturated": bool((saturated & near).any()),
        "not_converged": not fit.estimate.converged,
        "at_edge": bool(at_end or width > 0.95 * WIDEST_CM1),
        "misfit": _misfit_cm1(fit) > _MISFIT_CM1,
        "poor_fit": (not pixels.noise.gain_assumed and _scatters(fit)) or fit.structure.found,
    }
    return tuple(name for name, present in found.items() if present)


def _misfit_cm1(fit: WindowFit) -> float:
    """What the model leaves beyond noise near the edge, as a shift of the edge.

    From products of residuals two pixels apart, to which noise of any size adds nothing.
    """
    near = np.abs(fit.shift_cm1 - fit.edge_cm1) <= 6.0 * fit.width_cm1
    residual = (fit.counts - fit.estimate.expected)[near]
    if residual.size < 8:
        return 0.0
    products = residual[:-2] * residual[2:]
    shared = float(np.mean(products))
    chance = float(np.mean(residual**2)) / float(np.sqrt(products.size))
    if shared < _MISFIT_SIGMA * chance:
        return 0.0
    share = float(np.sqrt(shared) / fit.estimate.parameters[2])
    return share * float(np.sqrt(2.0 * np.pi)) * fit.width_cm1


def _frozen(array: Vector) -> Vector:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy
