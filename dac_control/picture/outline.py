"""The rim of one hole: followed in the full frame, then judged."""

import math
from dataclasses import dataclass, replace

import numpy as np

from dac_control.picture.ellipse import Ellipse, direct_ellipse
from dac_control.picture.ellipse_fit import EllipseFit, fit_ellipse
from dac_control.picture.levels import Levels
from dac_control.picture.planes import Image
from dac_control.picture.polar import ray_angles
from dac_control.picture.rim import RimPoints, trace_rim
from dac_control.picture.search import Found

__all__ = ["Outline", "follow_rim", "is_hole", "outline_flags"]

RAYS = 240
"""Directions: at a radius of 100 pixels one every 2.6 pixels along the rim."""
FOCUS_SHARE = 0.1
"""Blur (standard deviation) over radius beyond which the rim's 10 to 90 % width, 2.6 of it, is
more than a quarter of the radius: then the place of the edge depends on how it was lit."""
NO_RIM_SHARE = 0.3
"""Beyond it the step is a slope of the illumination, not a rim."""
LEAST_SEEN = 0.4
WELL_SEEN = 0.6
IRREGULAR_SHARE = 0.05
LEAST_CONTRAST = 0.03
"""Step over the mean of both sides; gaskets have grain and scratches of about this."""


@dataclass(frozen=True, eq=False)
class Outline:
    """Points of a rim and the ellipse through them, in pixels."""

    rim: RimPoints
    fit: EllipseFit

    @property
    def ellipse(self) -> Ellipse:
        """The ellipse through the rim."""
        return self.fit.ellipse

    @property
    def seen(self) -> float:
        """Part of all rays that carry the ellipse: neither lost nor outliers."""
        near = np.abs(self.fit.residuals) < max(2.0, 0.1 * self.ellipse.radius)
        return float(np.count_nonzero(self.fit.inliers & near)) / self.rim.ok.size


def follow_rim(light: Image, found: Found, block: int) -> Outline | None:
    """Follow the rim in the full frame, first around the search's outline, then closer.

    Parameters
    ----------
    light : ndarray, shape (h, w)
        The full frame in counts.
    found : Found
        The hole on the copy that is `block` times smaller.
    """
    offset = 0.5 * (block - 1)
    ellipse = replace(
        found.ellipse,
        x=found.ellipse.x * block + offset,
        y=found.ellipse.y * block + offset,
        log_radius=found.ellipse.log_radius + math.log(block),
    )
    reach = min(max(3.0 * block, 6.0, 0.15 * ellipse.radius), 0.45 * ellipse.radius)
    outline = None
    for quick in (True, False):
        expected = ellipse.ray(ray_angles(RAYS))
        rim = trace_rim(
            light, (ellipse.x, ellipse.y), expected, reach, bright=found.bright, quick=quick
        )
        fit = _through(rim, ellipse)
        if fit is None:
            return None
        outline, ellipse = Outline(rim, fit), fit.ellipse
        # 4 blurs to each side show both plateaus; the rim's own roughness comes on top
        wanted = 4.0 * rim.blur + 3.0 * fit.scatter + 1.0
        closer = float(np.clip(wanted, 4.0, 0.6 * ellipse.radius))
        reach = closer
    return outline


def _through(rim: RimPoints, before: Ellipse) -> EllipseFit | None:
    seen = float(np.mean(rim.ok))
    if seen < LEAST_SEEN:
        return None
    angle, radius = rim.angle[rim.ok], rim.radius[rim.ok]
    x, y = before.x + radius * np.cos(angle), before.y + radius * np.sin(angle)
    start = direct_ellipse(x, y) if seen > WELL_SEEN else None
    return fit_ellipse(x, y, rim.sigma[rim.ok], start or before, rim=rim.ok.size)


def is_hole(outline: Outline, levels: Levels, noise_counts: float) -> bool:
    """Tell a rim from texture, from a slope of the light and from nothing."""
    rim, ellipse = outline.rim, outline.ellipse
    if outline.seen < LEAST_SEEN or rim.blur > NO_RIM_SHARE * ellipse.radius:
        return False
    major, minor = ellipse.axes
    if minor < major / 3.0:
        return False
    step = abs(float(np.median(rim.step[rim.ok])))
    level = abs(levels.hole_counts + levels.gasket_counts) / 2.0
    return step > max(LEAST_CONTRAST * level, noise_counts)


def outline_flags(outline: Outline, shape: tuple[int, ...]) -> list[str]:
    """Return what speaks against the diameter; see `PICTURE_FLAGS`."""
    ellipse = outline.ellipse
    half_x, half_y = ellipse.extent()
    outside = (
        min(ellipse.x - half_x, ellipse.y - half_y) < -0.5
        or ellipse.x + half_x > shape[1] - 0.5
        or ellipse.y + half_y > shape[0] - 0.5
    )
    flags = ["out_of_frame"] if outside else []
    if outline.rim.blur > FOCUS_SHARE * ellipse.radius:
        flags.append("out_of_focus")
    if outline.seen < WELL_SEEN:
        flags.append("partial_rim")
    if outline.fit.scatter > IRREGULAR_SHARE * ellipse.radius:
        flags.append("irregular")
    return flags
