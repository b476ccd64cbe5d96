"""Luminescence below the lines: what it has beyond the parabola of the fit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["beyond_parabola"]

Array = NDArray[np.float64]

_SHORTEST_RISE_NM: Final = 3.0


def beyond_parabola(x: Array, bend: Array) -> Array:
    """What an exponential background has beyond its parabola, shape (spectra, pixels).

    Luminescence rises and falls exponentially, and slope and curvature tell the exponential: its
    length is ``slope / (2 curvature)``. 0 where that is shorter than luminescence ever is.

    Parameters
    ----------
    x : array, shape (spectra, pixels)
    bend : array, shape (spectra, 3)
        Where the parabola was taken (nm), its slope and its curvature there.
    """
    place, slope, curvature = (bend[:, column, None] for column in range(3))
    length = 0.5 * slope / np.where(curvature != 0.0, curvature, np.inf)
    real = np.abs(length) > _SHORTEST_RISE_NM
    length = np.where(real, length, 1.0)
    t = np.clip((x - place) / length, -2.0, 2.0)
    return np.where(real, slope * length * (np.expm1(t) - t - 0.5 * t * t), 0.0)
