"""New straight dark lines: what a crack in an anvil looks like.

Dark leftovers are counted along all straight lines (a Hough transform). A line counts by its
length, if little lies beside it: the edge of something that became dark as a whole is no crack.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Line", "darkest_line"]

DARK = -4.0
"""Leftover in standard uncertainties."""
ANGLES = 90
MOST_POINTS = 1500
BESIDE_PX = (3, 4)
"""Distance of the strips that are compared with the line."""


@dataclass(frozen=True)
class Line:
    """The longest line found; lengths in pixels of the image given."""

    length: float
    """Number of dark pixels along it, each place counted once."""
    beside: float
    """The same on the darker strip to either side."""

    @property
    def excess(self) -> float:
        """Length beyond what lies beside it."""
        return self.length - self.beside


def darkest_line(leftover: NDArray[np.float32]) -> Line:
    """Find the line with the most dark leftovers on an image of shape (h, w)."""
    rows, columns = np.nonzero(leftover < DARK)
    if rows.size < 6:
        return Line(0.0, 0.0)
    if rows.size > MOST_POINTS:
        darkest = np.argsort(leftover[rows, columns])[:MOST_POINTS]
        rows, columns = rows[darkest], columns[darkest]
    angles = np.pi * np.arange(ANGLES) / ANGLES
    x, y = columns - leftover.shape[1] / 2.0, rows - leftover.shape[0] / 2.0
    across = np.rint(np.outer(np.cos(angles), x) + np.outer(np.sin(angles), y)).astype(int)
    along = np.rint(np.outer(np.cos(angles), y) - np.outer(np.sin(angles), x)).astype(int)
    reach = int(np.ceil(np.hypot(*leftover.shape) / 2.0)) + BESIDE_PX[-1] + 1
    size = 2 * reach + 1
    count = np.empty((ANGLES, size))
    for k in range(ANGLES):
        taken = np.zeros((size, size), bool)
        taken[across[k] + reach, along[k] + reach] = True
        count[k] = taken.sum(axis=1)
    two = np.maximum(count, 0.0)
    beside = np.zeros_like(two)
    for distance in BESIDE_PX:
        beside = np.maximum(beside, np.roll(two, distance, axis=1))
        beside = np.maximum(beside, np.roll(two, -distance, axis=1))
    best = int(np.argmax(two - beside))
    return Line(float(two.flat[best]), float(beside.flat[best]))
