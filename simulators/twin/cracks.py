"""The picture of a broken anvil: dark cracks from rim to rim, and little light anywhere."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["cracked"]

CRACKS = ((0.0, 0.15, 1.6), (1.15, -0.30, 1.0), (2.05, 0.45, 1.3), (2.6, -0.10, 0.8))
"""Angle from the first one in rad, distance from the middle in hole radii, half-width in um."""

HAZE = 0.35
"""Light that still gets through splinters; model default."""
DARK = 0.08


def cracked(
    x_um: NDArray[np.float32], y_um: NDArray[np.float32], angle: float, radius_um: float
) -> NDArray[np.float32]:
    """Return the factor on each pixel, shape (len(y_um), len(x_um))."""
    x, y = x_um[None, :], y_um[:, None]
    factor = np.full((y_um.size, x_um.size), HAZE, dtype=np.float32)
    # cracks run along cleavage planes: nearly straight, with a slow bend
    for turn, distance, half_um in CRACKS:
        along = x * math.cos(angle + turn) + y * math.sin(angle + turn)
        across = y * math.cos(angle + turn) - x * math.sin(angle + turn)
        bent = across - distance * radius_um - 0.12 * radius_um * np.sin(along / radius_um)
        width = max(half_um * radius_um / 60.0, float(x_um[1] - x_um[0]))
        factor[np.abs(bent) < width] = DARK
    return factor
