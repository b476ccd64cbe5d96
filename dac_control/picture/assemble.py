"""Outline and levels -> `PictureReading`: pixels of the frame, um, uncertainties."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.ellipse import Ellipse
from dac_control.picture.levels import Levels
from dac_control.picture.outline import Outline
from dac_control.picture.reading import NAN, PictureReading
from dac_control.picture.scale import PictureScale

__all__ = ["assemble"]

EDGE_SHARE = 0.1
"""Part of the blur by which the middle of a step may be off the rim: partly coherent light and
aberrations shift it to either side, the same in all frames of a series. Our estimate."""
SATURATED_EDGE_SHARE = 0.8
"""The same where the bright side is cut at full scale: its true height is unknown, and with it the
middle of the step. For a light of up to six times full scale it is within 1.4 blurs (the quantile
of 1/12); taken as rectangular on both sides."""


def assemble(
    outline: Outline, levels: Levels, scale: PictureScale, binning: int, known: dict[str, Any]
) -> PictureReading:
    """Put everything together.

    Parameters
    ----------
    binning : int
        Pixels of the frame to a pixel that the outline was measured in, along a side.
    known : dict
        Fields of the reading that do not come from the outline; needs ``flags``.
    """
    ellipse, covariance = _unbinned(outline, binning)
    blur = outline.rim.blur * binning
    um = NAN if scale.um_per_pixel is None else scale.um_per_pixel
    radius_sigma = ellipse.radius * math.sqrt(covariance[2, 2])
    edge = blur * (SATURATED_EDGE_SHARE if "saturated" in known["flags"] else EDGE_SHARE)
    hole_px, sigma_px = 2.0 * ellipse.radius, 2.0 * radius_sigma
    major, minor = ellipse.axes
    rms = outline.fit.scatter * binning
    return PictureReading(
        hole_um=hole_px * um,
        hole_sigma_um=sigma_px * um,
        hole_sigma_sys_um=um * math.hypot(hole_px * scale.relative_sigma, 2.0 * edge),
        hole_px=hole_px,
        hole_sigma_px=sigma_px,
        ellipticity=ellipse.ellipticity,
        ellipticity_sigma=_ellipticity_sigma(ellipse, covariance),
        angle_deg=math.degrees(ellipse.angle),
        major_um=2.0 * major * um,
        minor_um=2.0 * minor * um,
        area_um2=math.pi * (ellipse.radius * um) ** 2,
        area_sigma_um2=2.0 * math.pi * ellipse.radius * radius_sigma * um**2,
        centre_px=(ellipse.x, ellipse.y),
        centre_sigma_px=(math.sqrt(covariance[0, 0]), math.sqrt(covariance[1, 1])),
        culet_um=NAN if scale.culet_um is None else scale.culet_um,
        culet_gap_um=_culet_gap_um(ellipse, scale),
        rim_rms_um=rms * (1.0 if math.isnan(um) else um),
        rim_seen=outline.seen,
        brightness=levels.brightness,
        brightness_sigma=levels.brightness_sigma,
        core=levels.core,
        core_sigma=levels.core_sigma,
        channel_brightness=levels.channel_brightness,
        hole_counts=levels.hole_counts,
        core_counts=levels.core_counts,
        gasket_counts=levels.gasket_counts,
        background_counts=levels.background_counts,
        contrast=_contrast(levels),
        bright_hole=bool(levels.hole_counts > levels.gasket_counts),
        blur_px=blur,
        focus=1.0 / blur,
        rim_px=_in_frame(outline.fit.points[outline.fit.inliers], binning),
        covariance=covariance,
        ellipse=ellipse,
        **known,
    )


def _unbinned(outline: Outline, binning: int) -> tuple[Ellipse, NDArray[np.float64]]:
    """Ellipse and covariance in pixels of the frame."""
    ellipse = outline.ellipse
    x, y = _in_frame(np.array([[ellipse.x, ellipse.y]]), binning)[0]
    stretch = np.array([binning, binning, 1.0, 1.0, 1.0])
    moved = replace(
        ellipse, x=float(x), y=float(y), log_radius=ellipse.log_radius + math.log(binning)
    )
    return moved, outline.fit.covariance * np.outer(stretch, stretch)


def _in_frame(points: NDArray[np.float64], binning: int) -> NDArray[np.float64]:
    return points * binning + 0.5 * (binning - 1)


def _ellipticity_sigma(ellipse: Ellipse, covariance: NDArray[np.float64]) -> float:
    """Of ``1 - exp(-2 hypot(p, q))``, along the direction in which the hole is long."""
    stretch = math.hypot(ellipse.p, ellipse.q)
    towards = np.array([ellipse.p, ellipse.q]) / max(stretch, 1e-12)
    variance = float(towards @ covariance[3:, 3:] @ towards)
    return 2.0 * math.exp(-2.0 * stretch) * math.sqrt(max(variance, 0.0))


def _culet_gap_um(ellipse: Ellipse, scale: PictureScale) -> float:
    """Least distance of the rim from a circular culet's edge, negative beyond it."""
    if scale.um_per_pixel is None or scale.culet_um is None or scale.culet_centre_px is None:
        return NAN
    angle = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
    reach = ellipse.ray(angle)
    x = ellipse.x + reach * np.cos(angle) - scale.culet_centre_px[0]
    y = ellipse.y + reach * np.sin(angle) - scale.culet_centre_px[1]
    return 0.5 * scale.culet_um - scale.um_per_pixel * float(np.hypot(x, y).max())


def _contrast(levels: Levels) -> float:
    total = levels.hole_counts + levels.gasket_counts
    return (levels.hole_counts - levels.gasket_counts) / total if total > 0 else NAN
