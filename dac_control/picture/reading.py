"""What one frame says: hole, sample, focus, and what speaks against it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.ellipse import Ellipse

__all__ = ["DISQUALIFYING_PICTURE", "PICTURE_FLAGS", "PictureReading", "no_reading"]

NAN: Final = float("nan")

PICTURE_FLAGS: Final = {
    "unreadable": "the frame is no picture of at least 24 by 24 pixels in one or three channels",
    "no_hole": "no closed outline stands out of the frame",
    "out_of_frame": "part of the rim lies outside the frame",
    "out_of_focus": "the rim is blurred over more than a quarter of its radius",
    "saturated": "the bright side of the rim, or 2 % of the frame, is at full scale",
    "underexposed": "the brightest parts of the frame reach less than 5 % of full scale",
    "irregular": "the rim is no ellipse: it deviates from one by more than 5 % of its radius",
    "partial_rim": "less than 60 % of the rim could be seen; the rest is the ellipse's guess",
}
"""Every flag of a picture with its meaning."""

DISQUALIFYING_PICTURE: Final = frozenset(("unreadable", "no_hole"))
"""Flags with which there is no diameter."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureReading:
    """One frame; lengths in um are NaN without a scale, all of them NaN without a hole.

    Pixels are those of the frame as it came: ``(0, 0)`` is the centre of the first.
    """

    hole_um: float
    """Diameter of the circle of the same area."""
    hole_sigma_um: float
    """Its statistical standard uncertainty: noise, texture, and the part of the rim not seen."""
    hole_sigma_sys_um: float
    """What frames share: scale, and what counts as the edge of a blurred rim. The larger of both in
    a sharp picture; the other one says whether a change from frame to frame is real."""
    hole_px: float
    hole_sigma_px: float
    ellipticity: float
    """1 - b/a."""
    ellipticity_sigma: float
    angle_deg: float
    """Of the longer axis, from the columns' axis towards growing rows, -90 to 90."""
    major_um: float
    """Longer axis (a diameter)."""
    minor_um: float
    area_um2: float
    area_sigma_um2: float
    """Statistical."""
    centre_px: tuple[float, float]
    """Column and row."""
    centre_sigma_px: tuple[float, float]
    culet_um: float
    """Diameter of the culet, NaN where unknown."""
    culet_gap_um: float
    """Least distance from the rim to the culet's edge; negative beyond it. NaN where the culet
    or its centre is unknown."""
    rim_rms_um: float
    """Deviation of the rim from the ellipse; in pixels without a scale."""
    rim_seen: float
    """Part of the rim that was seen, 0 to 1."""
    brightness: float
    """Mean inside the hole over the gasket's level around it."""
    brightness_sigma: float
    core: float
    """Median of the inner half of the hole's radius, where the sample is, over the gasket's."""
    core_sigma: float
    channel_brightness: tuple[float, ...]
    """`core` in red, green and blue; empty for a monochrome frame."""
    hole_counts: float
    """Mean inside the hole, black subtracted."""
    core_counts: float
    gasket_counts: float
    background_counts: float
    """Median of the frame further than a diameter from the hole; without a hole, of the frame."""
    contrast: float
    """(inside - gasket)/(inside + gasket), -1 to 1."""
    bright_hole: bool
    """True where the hole is brighter than the gasket."""
    blur_px: float
    """Standard deviation of the blur of the rim."""
    focus: float
    """1/blur in 1/px: how sharp the rim is, whatever its brightness."""
    saturated_share: float
    """Part of the frame at full scale."""
    noise_counts: float
    exposure_s: float
    flags: tuple[str, ...]
    small: NDArray[np.float32]
    """Block means of the frame in counts, black subtracted; what a series is compared by."""
    small_block_px: int
    """Pixels of the frame to a pixel of `small`, along a side."""
    rim_px: NDArray[np.float64]
    """Points of the rim that the fit used, columns and rows, shape (n, 2)."""
    covariance: NDArray[np.float64]
    """Of centre (px), logarithm of the radius, and the stretch p, q, shape (5, 5)."""
    ellipse: Ellipse | None
    """In pixels of the frame."""

    @property
    def ok(self) -> bool:
        """True where a hole was measured."""
        return not DISQUALIFYING_PICTURE.intersection(self.flags)


def no_reading(flags: tuple[str, ...], **known: object) -> PictureReading:
    """Return a reading without a hole; `known` is what could be said all the same."""
    values: dict[str, object] = {
        name: NAN
        for name, kind in PictureReading.__annotations__.items()
        if kind is float or kind == "float"
    }
    values |= {
        "centre_px": (NAN, NAN),
        "centre_sigma_px": (NAN, NAN),
        "channel_brightness": (),
        "bright_hole": False,
        "rim_seen": 0.0,
        "saturated_share": 0.0,
        "small": np.empty((0, 0), np.float32),
        "small_block_px": 1,
        "rim_px": np.empty((0, 2)),
        "covariance": np.full((5, 5), np.nan),
        "ellipse": None,
        "flags": flags,
    }
    return PictureReading(**{**values, **known})  # type: ignore[arg-type]
