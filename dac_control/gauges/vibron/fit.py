"""From a Raman spectrum to one line: search, fit in a window that follows the width, judge."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.diamond_edge.raman_spectrum import RamanSpectrum
from dac_control.gauges.fisher import Bounds, Estimate, fisher_scoring, inverse
from dac_control.gauges.vibron.result import (
    LINE_NAMES,
    RamanLineFit,
    line_and_jacobian,
    no_line,
)
from dac_control.gauges.vibron.search import LinePixels, find_raman_line

__all__ = ["fit_raman_line"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FEWEST_PX: Final = 20
_REACH: Final = 12.0
"""Half-length of the window in full widths of the line."""
_LINE_SIGMA: Final = 6.0
_RELIABLE_SIGMA: Final = 10.0
_NARROWEST_PX: Final = 1.6
"""An optical line is at least two pixels wide; what is narrower fell on the detector."""
_SPIKE_SIGMA: Final = 6.0
_SPIKE_SHARE: Final = 0.15
_ROUNDS: Final = 6
_MISFIT_SHARE: Final = 0.1
_MISFIT_SIGMA: Final = 5.0
_POOR_SCATTER: Final = 1.5


def fit_raman_line(
    spectrum: RamanSpectrum, expected_cm1: tuple[float, float], *, widest_cm1: float = 100.0
) -> RamanLineFit:
    """Find and fit the strongest line in a range.

    A poor spectrum is no error: its fit says so in `flags`.

    Parameters
    ----------
    spectrum : RamanSpectrum
    expected_cm1 : tuple of float
        Where the line can be.
    widest_cm1 : float
        Largest full width at half maximum.

    Raises
    ------
    ConfigurationError
        The expected range is empty or the largest width is none.
    """
    low, high = expected_cm1
    if not low < high:
        raise ConfigurationError(
            f"The Raman line is expected between {low} and {high} cm-1; give the lower shift first."
        )
    if not 0.0 < widest_cm1 < np.inf:
        raise ConfigurationError(
            f"The largest width of the Raman line is {widest_cm1} cm-1; give a number above 0."
        )
    gain = () if spectrum.gain_e_per_count is not None else ("gain_assumed",)
    dark = () if spectrum.dark_counts is not None else ("dark_assumed",)
    with np.errstate(all="ignore"):
        fit = _fit(LinePixels(spectrum), low, high, widest_cm1)
    return replace(fit, flags=(*fit.flags, *gain, *dark))


def _fit(pixels: LinePixels, low: float, high: float, widest: float) -> RamanLineFit:
    inside = (pixels.x >= low) & (pixels.x <= high)
    if int(inside.sum()) < _FEWEST_PX:
        return no_line((low, high), ("no_line", "short_axis"), 0)
    for _ in range(_ROUNDS):
        if int((inside & pixels.usable).sum()) < _FEWEST_PX:
            break
        start = find_raman_line(pixels, inside, widest)
        try:
            window, estimate = _windowed(pixels, start, (low, high), widest)
        except np.linalg.LinAlgError:
            pixels.spike |= np.abs(pixels.x - start[0]) <= 2.1 * pixels.pitch
            continue
        centre, fwhm = (float(value) for value in estimate.parameters[:2])
        if fwhm > _NARROWEST_PX * pixels.pitch:
            return _judged(pixels, window, estimate, (low, high), widest)
        # Narrower than any light: a cosmic ray. Away with it, and search again.
        pixels.spike |= np.abs(pixels.x - centre) <= 2.1 * pixels.pitch
    spikes = int((pixels.spike & inside).sum())
    flags = [
        "no_line",
        *(["saturated"] if (pixels.saturated & inside).any() else []),
        *(["spike"] if spikes else []),
    ]
    return no_line((low, high), tuple(flags), spikes)


def _windowed(
    pixels: LinePixels, start: tuple[float, float], limits: tuple[float, float], widest: float
) -> tuple[Mask, Estimate]:
    """Fit in a window that follows the width; mask what stands out of the line alone."""
    centre, width = start
    window, estimate = np.zeros(0, dtype=bool), None
    for _ in range(_ROUNDS):
        reach = max(_REACH * width, 0.6 * _FEWEST_PX * pixels.pitch)
        window = np.abs(pixels.x - centre) <= reach
        estimate = _score(pixels, window & pixels.usable, centre, width, limits, widest)
        settled = 0.6 < estimate.parameters[1] / width < 1.6
        centre, width = (float(value) for value in estimate.parameters[:2])
        found = _spikes(pixels, window, estimate)
        pixels.spike |= found
        if settled and not found.any():
            break
    if estimate is None:
        raise np.linalg.LinAlgError("no window was fitted")
    return window & pixels.usable, estimate


def _score(
    pixels: LinePixels,
    used: Mask,
    centre: float,
    width: float,
    limits: tuple[float, float],
    widest: float,
) -> Estimate:
    x, y = pixels.x[used], pixels.y[used]
    if x.size < _FEWEST_PX // 2:
        raise np.linalg.LinAlgError("too few usable pixels in the window")
    level = float(np.percentile(y, 25.0))
    height = max(float(np.percentile(y, 99.0)) - level, 1e-6 * float(np.ptp(y)) + 1e-9)
    start = np.array((centre, width, 0.5, height, level, 0.0, 0.0))
    inf = np.inf
    smallest = 1e-6 * float(np.ptp(y)) + 1e-9
    bounds = Bounds(
        lower=np.array((limits[0], 0.6 * pixels.pitch, 0.0, smallest, -inf, -inf, -inf)),
        upper=np.array((limits[1], widest, 1.0, inf, inf, inf, inf)),
        # The weak prior on the shape only decides where the data do not.
        expected=np.array((0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0)),
        precision=np.array((0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0)),
    )
    return fisher_scoring(
        lambda values: line_and_jacobian(values, x), y, pixels.noise.variance, start, bounds
    )


def _spikes(pixels: LinePixels, window: Mask, estimate: Estimate) -> Mask:
    """Pixels far above the model and above their neighbours."""
    expected, jacobian = line_and_jacobian(estimate.parameters, pixels.x[window])
    used = pixels.usable[window]
    residual = np.where(used, pixels.y[window] - expected, 0.0)
    sigma = np.sqrt(pixels.noise.variance(expected))
    scale = 1.4826 * float(np.median(np.abs(residual[used] / sigma[used])))
    scale = scale if pixels.noise.gain_assumed else max(scale, 1.0)
    around = np.pad(residual, 2, "edge")
    beside = np.maximum(np.maximum(around[:-4], around[4:]), 0.0)
    line = estimate.parameters[3] * jacobian[3]
    alone = (residual - beside > _SPIKE_SIGMA * max(scale, 1e-9) * sigma) & (
        residual > 2.0 * beside
    )
    found = np.zeros(pixels.x.shape, dtype=bool)
    # Misfit of a bright line is no spike.
    found[window] = alone & (residual > _SPIKE_SHARE * line)
    return found


def _judged(
    pixels: LinePixels, used: Mask, estimate: Estimate, limits: tuple[float, float], widest: float
) -> RamanLineFit:
    x, values = pixels.x[used], estimate.parameters
    freedom = max(x.size - values.size, 1)
    scatter = estimate.chi2 / freedom
    poor = scatter > max(_POOR_SCATTER, 1.0 + 4.0 * float(np.sqrt(2.0 / freedom)))
    widening = max(scatter, 1e-12) if pixels.noise.gain_assumed or poor else 1.0
    covariance = inverse(estimate.information)
    spikes = int((pixels.spike & (pixels.x >= x[0]) & (pixels.x <= x[-1])).sum())
    if covariance is None:
        return no_line(limits, ("no_line", "not_converged"), spikes)
    covariance = covariance * widening
    heights = inverse(estimate.information[3:, 3:])
    strength = 0.0
    if heights is not None:
        strength = float(values[3] / np.sqrt(heights[0, 0] * widening))
    if not strength >= _LINE_SIGMA:
        flags = ("no_line", "spike") if spikes else ("no_line",)
        return no_line(limits, flags, spikes)
    centre, fwhm = float(values[0]), float(values[1])
    core = np.abs(pixels.x - centre) <= fwhm
    margin = 0.5 * fwhm
    problems = {
        "low_signal": strength < _RELIABLE_SIGMA,
        "saturated": bool((pixels.saturated & core).any()),
        "not_converged": not estimate.converged,
        "at_edge": centre - margin < pixels.x[0]
        or centre + margin > pixels.x[-1]
        or not limits[0] < centre < limits[1]
        or fwhm > 0.99 * widest,
        "misfit": _misfit(pixels.y[used] - estimate.expected, float(values[3])) > _MISFIT_SHARE,
        "poor_fit": poor and not pixels.noise.gain_assumed,
        "spike": spikes > 0,
    }
    return RamanLineFit(
        line_cm1=centre,
        line_sigma_cm1=float(np.sqrt(covariance[0, 0])),
        fwhm_cm1=fwhm,
        eta=float(values[2]),
        height_counts=float(values[3]),
        chi2_reduced=scatter,
        parameter_names=LINE_NAMES,
        parameters=values,
        covariance=covariance,
        window_cm1=(float(x[0]), float(x[-1])),
        flags=tuple(name for name, present in problems.items() if present),
        signal_to_noise=strength,
        masked_pixels=spikes,
    )


def _misfit(residual: Vector, height: float) -> float:
    """What the model leaves beyond noise, as a share of the height of the line."""
    products = residual[:-2] * residual[2:]
    shared = float(np.mean(products))
    chance = float(np.mean(residual**2)) / float(np.sqrt(products.size))
    return 0.0 if shared < _MISFIT_SIGMA * chance else float(np.sqrt(shared) / height)
