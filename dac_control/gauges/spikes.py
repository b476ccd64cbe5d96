"""Cosmic rays and hot pixels: counts that fell on the detector, not through the optics."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.spectrum import PhotonNoise

__all__ = ["lone_spikes", "median_of_three", "obvious_spikes"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SPIKE_SIGMA: Final = 6.0
_SPIKE_SHARE: Final = 0.15
"""A spike is also this share of the line under it: misfit of a bright line is no spike."""
_OBVIOUS_SIGMA: Final = 10.0
_REACH_PX: Final = 3
"""A spike is narrower than this; what is still there three pixels away is light."""


def median_of_three(counts: Vector) -> Vector:
    """Median of every pixel and its two neighbours, shape (pixels,)."""
    left, right = (
        np.concatenate((counts[:1], counts[:-1])),
        np.concatenate((counts[1:], counts[-1:])),
    )
    low, high = np.minimum(left, right), np.maximum(left, right)
    return np.minimum(np.maximum(counts, low), high)


def obvious_spikes(counts: Vector, floor: Vector, noise: PhotonNoise) -> Mask:
    """Pixels, alone or in pairs, that stand too far above their neighbours to be light.

    The narrowest line that optics let through, 2 pixels wide (FWHM), has neighbours at half its
    height when centred on a pixel; centred between two, the next ones have a quarter.

    Parameters
    ----------
    counts, floor : arrays, shape (pixels,)
        Spectrum, and its level beside the lines.
    noise : PhotonNoise
    """
    sigma = np.sqrt(noise.variance(np.maximum(floor, median_of_three(counts))))
    if noise.gain_assumed:
        steps = np.diff(median_of_three(counts))
        sigma = np.maximum(sigma, 1.4826 * float(np.median(np.abs(steps))))
    excess = np.pad(np.maximum(counts - floor, 0.0), 2, "edge")
    here, left, right = excess[2:-2], excess[1:-3], excess[3:-1]
    left2, right2 = excess[:-4], excess[4:]
    margin = _OBVIOUS_SIGMA * sigma
    single = here > 3.0 * np.maximum(left, right) + margin
    with_right = here > 6.0 * np.maximum(left, right2) + margin
    with_left = here > 6.0 * np.maximum(left2, right) + margin
    return single | with_right | with_left


def lone_spikes(residual: Vector, line: Vector, variance: Vector, used: Mask) -> Mask:
    """Pixels far above a fitted model and above their neighbours three pixels away.

    Parameters
    ----------
    residual, line, variance : arrays, shape (pixels,)
        Data less model, the lines of the model without background, variance of a pixel.
    used : array of bool, shape (pixels,)
        Pixels that took part in the fit.
    """
    residual = np.where(used, residual, 0.0)
    sigma = np.sqrt(variance)
    z = residual / sigma
    scale = max(1.0, 1.4826 * float(np.median(np.abs(z[used]))))
    around = 0.5 * (np.roll(residual, _REACH_PX) + np.roll(residual, -_REACH_PX))
    alone = residual - np.maximum(around, 0.0)
    found = (alone > _SPIKE_SIGMA * scale * sigma) & (alone > _SPIKE_SHARE * line)
    found &= alone > 0.5 * residual
    # The largest drags the model towards itself: it goes first, the rest is judged again.
    return found & (z > 0.3 * float(z.max()))
