"""Cosmic rays in a Raman spectrum: what stands alone above the median of its neighbours."""

from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from dac_control.gauges.photon_noise import PhotonNoise

__all__ = ["isolated", "noise_scale", "running_median"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MEDIAN_PX: Final = 7
"""A cosmic ray lights up to three pixels of a binned CCD, fewer than half of these."""
# Second differences of white noise have six times its variance; a share of 68.27 % of normal
# deviates lies within one sigma. Slopes do not enter, and a few spikes do not count.
_SECOND_DIFFERENCE: Final = 6.0
_ONE_SIGMA_PERCENT: Final = 68.27
# Among 1e4 pixels noise reaches 4 sigma; 7 leaves room for the tails of few photons.
_SPIKE_SIGMA: Final = 7.0
_SKIRT_SIGMA: Final = 3.0


def running_median(counts: Vector) -> Vector:
    """Median over 7 pixels, shape (pixels,): leaves edges and takes spikes away."""
    return scipy.ndimage.median_filter(counts, _MEDIAN_PX, mode="nearest")


def noise_scale(counts: Vector, variance: Vector, noise: PhotonNoise) -> float:
    """Variance of the scatter over that of the noise model, spikes of no effect.

    1 where the gain is known and explains the scatter; else what the scatter is.

    Parameters
    ----------
    counts : array, shape (pixels,)
    variance : array, shape (pixels,)
        Of `noise` at the `running_median` of the counts.
    noise : PhotonNoise
    """
    bend = counts[2:] - 2.0 * counts[1:-1] + counts[:-2]
    square = bend**2 / (_SECOND_DIFFERENCE * variance[1:-1])
    spread = float(np.percentile(square, _ONE_SIGMA_PERCENT))
    return max(spread, 1e-12) if noise.gain_assumed else max(spread, 1.0)


def isolated(counts: Vector, level: Vector, variance: Vector) -> Mask:
    """Pixels that no light made: alone above their neighbours, with their skirts.

    Parameters
    ----------
    counts : array, shape (pixels,)
    level : array, shape (pixels,)
        Their `running_median`.
    variance : array, shape (pixels,)
        Of the scatter about it.
    """
    z = (counts - level) / np.sqrt(variance)
    core = z > _SPIKE_SIGMA
    if not core.any():
        return core
    near = core.copy()
    near[1:] |= core[:-1]
    near[:-1] |= core[1:]
    return core | (near & (z > _SKIRT_SIGMA))
