"""The noise of a pixel without light, from the spectrum itself, where nobody measured it.

A spectrum from which the base was subtracted has pixels about zero that scatter by the read noise
and by the light that was taken away. Weights from the counts alone would make those pixels sure
to a fraction of a count, and a good line a misfit. What a pixel differs from the mean of its
neighbours by tells the scatter; where the base is darkest, photons explain the least of it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["unlit_variance"]

Array = NDArray[np.float64]

_BLOCK_PX: Final = 16
"""Pixels whose level is taken together: chosen one by one, dark pixels were those of the noise."""
_DARKEST: Final = 0.25
"""Share of the blocks that count."""
_MOST_SPECTRA: Final = 64
"""Of a stack, evenly spread: one detector made them all."""
_EXCESS: Final = 1.5
"""Scatter over what photons make from which on there is more than photons: four sigma of the
estimate from 256 pixels. A gain that was guessed may make as much of it, where an electron is more
than a count; few detectors of spectrometers have that."""


def unlit_variance(counts: Array, offset_counts: float, counts_variance: float) -> float:
    """Variance of a pixel without light, in counts squared; 0 where photons explain the scatter.

    Parameters
    ----------
    counts : array, shape (spectra, pixels)
        Finite; of one detector and one kind of exposure.
    offset_counts, counts_variance : float
        Level without light, and variance per count above it.
    """
    spectra, pixels = counts.shape
    blocks = (pixels - 2) // _BLOCK_PX
    if not spectra or blocks < 1:
        return 0.0
    rows = counts[:: max(1, spectra // _MOST_SPECTRA)]
    beside = 0.5 * (rows[:, :-2] + rows[:, 2:])
    shape = (rows.shape[0], blocks, _BLOCK_PX)
    apart = np.abs(rows[:, 1:-1] - beside)[:, : blocks * _BLOCK_PX].reshape(shape)
    level = beside[:, : blocks * _BLOCK_PX].reshape(shape).mean(axis=2)
    taken = max(1, int(_DARKEST * blocks))
    darkest = np.argsort(level, axis=1)[:, :taken]
    dark = float(np.median(np.take_along_axis(level, darkest, axis=1)))
    sizes = np.median(np.take_along_axis(apart, darkest[..., None], axis=1), axis=(1, 2))
    # the median of a normal quantity's size is 0.6745 sigma, and the mean of two beside adds half
    seen = (float(np.median(sizes)) / 0.6745) ** 2 / 1.5
    photons = max(dark - offset_counts, 0.0) * counts_variance
    return seen - photons if seen > _EXCESS * photons else 0.0
