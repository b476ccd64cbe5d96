"""A frame as it came -> brightness and colour planes, noise, saturation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.scale import PictureScale

__all__ = ["Image", "Planes", "block_mean", "split_planes"]

Image = NDArray[np.float32]

SMALLEST_PX = 24
"""A side below this cannot show a hole and its surroundings."""

QUANTISATION_COUNTS = 1.0 / np.sqrt(12.0)
"""Scatter of a value that was rounded to whole counts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Planes:
    """One frame, black level subtracted, in numbers that the analysis can use."""

    light: Image
    """Brightness in counts, shape (h, w); a raw colour frame is binned to half its size."""
    colour: Image | None
    """Red, green and blue in counts, shape (h, w, 3); None for a monochrome frame."""
    full_scale: float
    """Highest count that a pixel can have, black subtracted."""
    saturated: NDArray[np.bool_]
    """Where any channel is at full scale, shape (h, w)."""
    noise_counts: float
    """Standard deviation of `light` from pixel to pixel."""
    pixels_per_plane_pixel: int
    """2 for a raw colour frame, else 1."""


def split_planes(frame: NDArray[Any], scale: PictureScale) -> Planes | None:
    """Split a frame of shape (h, w) or (h, w, 3); None for what is not a picture.

    The noise is estimated from second differences, which neither uneven light nor straight
    edges contribute to (J. Immerkaer, Comput. Vis. Image Underst. 64, 300 (1996)), with a median,
    which rims and dust do not move.
    """
    if frame.ndim not in (2, 3) or (frame.ndim == 3 and frame.shape[2] != 3):
        return None
    if not (np.issubdtype(frame.dtype, np.integer) or np.issubdtype(frame.dtype, np.floating)):
        return None
    if min(frame.shape[:2]) < SMALLEST_PX or not np.all(np.isfinite(frame.reshape(-1)[::97])):
        return None
    full = _full_scale(frame, scale)
    raw, colour, binning = frame, None, 1
    if frame.ndim == 2 and scale.bayer is not None:
        raw, binning = _unmosaic(frame, scale.bayer), 2
    if raw.ndim == 3:
        colour = raw.astype(np.float32) - np.float32(scale.black_counts)
        light = colour.mean(axis=2, dtype=np.float32)
        saturated = np.asarray(raw.max(axis=2) >= full)
    else:
        light = raw.astype(np.float32) - np.float32(scale.black_counts)
        saturated = np.asarray(raw >= full)
    return Planes(
        light=light,
        colour=colour,
        full_scale=full - scale.black_counts,
        saturated=saturated,
        noise_counts=_noise(light),
        pixels_per_plane_pixel=binning,
    )


def block_mean(image: Image, block: int) -> Image:
    """Mean of blocks of `block` by `block` pixels; what does not fill a block is cut off."""
    if block == 1:
        return image
    height, width = (side // block for side in image.shape[:2])
    cut = image[: height * block, : width * block]
    rows = cut[::block].copy()
    for k in range(1, block):
        rows += cut[k::block]
    sums = rows[:, ::block].copy()
    for k in range(1, block):
        sums += rows[:, k::block]
    return np.asarray(sums * np.float32(1.0 / block**2), np.float32)


def _full_scale(frame: NDArray[Any], scale: PictureScale) -> float:
    if scale.bits is not None:
        return float(2**scale.bits - 1)
    if frame.dtype.itemsize == 1:
        return 255.0
    top = float(np.max(frame))
    return next((full for full in (1023.0, 4095.0) if top <= full), 65535.0)


def _unmosaic(frame: NDArray[Any], pattern: str) -> NDArray[np.float32]:
    """One red, green and blue value for each 2 by 2 cell, shape (h // 2, w // 2, 3)."""
    height, width = (side // 2 * 2 for side in frame.shape)
    cells = [frame[y:height:2, x:width:2].astype(np.float32) for y in (0, 1) for x in (0, 1)]
    order = {"RG": "RGGB", "GR": "GRBG", "GB": "GBRG", "BG": "BGGR"}[pattern]
    green = [cells[i] for i in range(4) if order[i] == "G"]
    mean_green = np.float32(0.5) * (green[0] + green[1])
    return np.stack([cells[order.index("R")], mean_green, cells[order.index("B")]], axis=2)


def _noise(light: Image) -> float:
    rows = light[:: max(1, light.shape[0] // 48)]
    second = rows[:, 2:] - 2.0 * rows[:, 1:-1] + rows[:, :-2]
    spread = 1.4826 * float(np.median(np.abs(second))) / np.sqrt(6.0)
    return max(spread, float(QUANTISATION_COUNTS))
