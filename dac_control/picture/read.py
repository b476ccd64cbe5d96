"""From a frame to a `PictureReading`: planes, search, rim, ellipse, levels, flags."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.assemble import assemble
from dac_control.picture.levels import measure_levels
from dac_control.picture.outline import follow_rim, is_hole, outline_flags
from dac_control.picture.planes import Planes, block_mean, split_planes
from dac_control.picture.reading import NAN, PictureReading, no_reading
from dac_control.picture.scale import PictureScale
from dac_control.picture.search import find_hole

__all__ = ["read_picture"]

SMALL_SIDE = 128
"""Longest side of the copy in which the hole is searched for."""
SATURATED_SHARE = 0.02
UNDEREXPOSED_SHARE = 0.05
"""At a level of 5 % of 255 counts one count is already 8 % of the signal."""


def read_picture(
    frame: NDArray[Any], scale: PictureScale | None = None, *, exposure_s: float = NAN
) -> PictureReading:
    """Measure the hole and what is in it on one frame.

    Never raises for what is in the frame: what cannot be measured is NaN and flagged (see
    `PICTURE_FLAGS`).

    Parameters
    ----------
    frame : ndarray, shape (h, w) or (h, w, 3)
        Counts as the camera gave them: monochrome, raw colour mosaic (`PictureScale.bayer`), or
        red, green and blue.
    scale : PictureScale, optional
        Size of a pixel, black level, culet; without it lengths are in pixels only.
    exposure_s : float
        Exposure in s, kept in the reading so that a series can compare levels.

    Returns
    -------
    PictureReading
    """
    scale = PictureScale() if scale is None else scale
    planes = split_planes(frame, scale)
    if planes is None:
        return no_reading(("unreadable",), exposure_s=exposure_s)
    block = max(1, math.ceil(max(planes.light.shape) / SMALL_SIDE))
    small = block_mean(planes.light, block)
    flags = _exposure_flags(planes, small)
    known: dict[str, Any] = {
        "exposure_s": exposure_s,
        "saturated_share": float(planes.saturated.mean()),
        "noise_counts": planes.noise_counts,
        "small": small,
        "small_block_px": block * planes.pixels_per_plane_pixel,
    }
    found = find_hole(small, planes.noise_counts / block)
    outline = None if found is None else follow_rim(planes.light, found, block)
    if outline is not None:
        levels = measure_levels(planes, outline.ellipse, outline.rim.blur)
        if is_hole(outline, levels, planes.noise_counts):
            flags += outline_flags(outline, planes.light.shape)
            if levels.saturated_rim_share > SATURATED_SHARE and "saturated" not in flags:
                flags.append("saturated")
            known["flags"] = tuple(flags)
            return assemble(outline, levels, scale, planes.pixels_per_plane_pixel, known)
    known["background_counts"] = float(np.median(small))
    return no_reading((*flags, "no_hole"), **known)


def _exposure_flags(planes: Planes, small: NDArray[np.float32]) -> list[str]:
    """Flags that need no hole."""
    flags = ["saturated"] if float(planes.saturated.mean()) > SATURATED_SHARE else []
    # not the maximum: one reflex does not make an exposure; a hole of 5 % of the width is enough
    if float(np.quantile(small, 0.998)) < UNDEREXPOSED_SHARE * planes.full_scale:
        flags.append("underexposed")
    return flags
