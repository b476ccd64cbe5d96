"""Rays from a centre: an image read along them, between pixels."""

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.planes import Image

__all__ = ["ray_angles", "sample"]

Vector = NDArray[np.float64]


def ray_angles(rays: int) -> Vector:
    """Directions around the clock in radians, from the columns' axis towards growing rows."""
    return 2.0 * np.pi * np.arange(rays) / rays


def sample(
    image: Image, x: NDArray[np.floating], y: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Read `image` between its pixels, bilinearly.

    Parameters
    ----------
    image : ndarray, shape (h, w)
    x, y : ndarray, any one shape
        Columns and rows; whole numbers are centres of pixels.

    Returns
    -------
    values, within : ndarray of that shape
        Values, at the frame's edge the nearest one, and where the place is in the frame.
    """
    height, width = image.shape
    x = np.asarray(x, np.float32)
    y = np.asarray(y, np.float32)
    within = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    column = np.clip(x, 0, width - 1.001)
    row = np.clip(y, 0, height - 1.001)
    left = column.astype(np.intp)
    top = row.astype(np.intp)
    column -= left
    row -= top
    flat = np.ascontiguousarray(image).ravel()
    index = top * width + left
    upper = flat[index]
    upper += column * (flat[index + 1] - upper)
    index += width
    lower = flat[index]
    lower += column * (flat[index + 1] - lower)
    upper += row * (lower - upper)
    return upper, within
