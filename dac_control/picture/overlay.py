"""The fitted rim drawn onto its frame: what a person must see to believe a diameter."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.polar import ray_angles
from dac_control.picture.reading import PictureReading

__all__ = ["overlay"]

RIM_COLOUR: Final = (255, 60, 60)
POINT_COLOUR: Final = (60, 220, 255)


def overlay(frame: NDArray[Any], reading: PictureReading) -> NDArray[np.uint8]:
    """Draw the ellipse and the points it was fitted to.

    Parameters
    ----------
    frame : ndarray, shape (h, w) or (h, w, 3)
        The frame that was read.
    reading : PictureReading
        What was read from it; without a hole only the frame is returned.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        Levels stretched from the darkest to the brightest but 0.2 % of the pixels.
    """
    grey = frame if frame.ndim == 3 else np.repeat(frame[:, :, None], 3, axis=2)
    low, high = np.quantile(grey, (0.002, 0.998))
    stretched = (grey.astype(np.float32) - low) * (255.0 / max(float(high - low), 1e-6))
    picture = np.clip(stretched, 0, 255).astype(np.uint8)
    if reading.ellipse is None:
        return picture
    ellipse = reading.ellipse
    angles = ray_angles(max(720, int(8 * ellipse.radius)))
    reach = ellipse.ray(angles)
    for x, y, colour in (
        (*reading.rim_px.T, POINT_COLOUR),
        (ellipse.x + reach * np.cos(angles), ellipse.y + reach * np.sin(angles), RIM_COLOUR),
    ):
        column, row = np.rint(x).astype(int), np.rint(y).astype(int)
        inside = (column >= 0) & (column < grey.shape[1]) & (row >= 0) & (row < grey.shape[0])
        picture[row[inside], column[inside]] = colour
    return picture
