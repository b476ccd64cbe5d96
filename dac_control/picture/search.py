"""Where is the hole? A first ellipse on a small copy of the frame, or nothing.

Centres are proposed by two independent means (bright and dark regions; the place that most edges
point at), an outline is drawn around each, and the best outline that is a step all around wins.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from dac_control.picture.contour import Outlines, outlines
from dac_control.picture.ellipse import Ellipse, direct_ellipse
from dac_control.picture.ellipse_fit import fit_ellipse
from dac_control.picture.planes import Image
from dac_control.picture.polar import ray_angles

__all__ = ["Found", "find_hole"]

Vector = NDArray[np.float64]

LEAST_ARC = 0.4
"""Part of an outline that must be in the frame and a step of the right sign."""
ENCLOSING_SCORE = 0.4
"""An outline around another is the rim if it is at least so strong beside it: a sample that turned
black in a bright hole has the stronger outline of the two, and is not the hole."""
HOUGH_RADII = 16
LEAST_RANGE_COUNTS = 1.0
"""A frame whose levels differ by less than the camera's smallest step shows nothing."""
CANDIDATES = 4


@dataclass(frozen=True, eq=False)
class Found:
    """A hole on the small image."""

    ellipse: Ellipse
    bright: bool
    """True where the hole is brighter than the gasket."""
    score: float
    """Mean step of brightness around the outline, in counts."""
    x: Vector
    y: Vector
    """Points of the outline."""


def find_hole(small: Image, noise_counts: float) -> Found | None:
    """Find the hole on an image of about 160 pixels' width, shape (h, w)."""
    smooth = scipy.ndimage.median_filter(small, size=3)
    if float(np.ptp(smooth)) < LEAST_RANGE_COUNTS:
        return None
    x, y = _centres(smooth)
    found = _outlined(smooth, x, y, noise_counts, first=True)
    if not found:
        return None
    found = _distinct(found)
    x = np.array([hole.ellipse.x for hole in found])
    y = np.array([hole.ellipse.y for hole in found])
    found = _outlined(smooth, x, y, noise_counts, first=False)
    return _robust(_choose(found), smooth.shape) if found else None


def _outlined(
    smooth: Image, x: Vector, y: Vector, noise_counts: float, *, first: bool
) -> list[Found]:
    """Holes around some centres; a quick ellipse will do for `first`, when they only move."""
    lines = outlines(smooth, x, y)
    found = (
        _judge(lines, k, (float(x[k % x.size]), float(y[k % x.size])), noise_counts, smooth.shape,
               bright=k < x.size, first=first)
        for k in range(len(lines.radius))
    )  # fmt: skip
    return [hole for hole in found if hole is not None]


def _judge(
    lines: Outlines,
    k: int,
    centre: tuple[float, float],
    noise_counts: float,
    shape: tuple[int, ...],
    *,
    bright: bool,
    first: bool,
) -> Found | None:
    """Fit an ellipse to one outline; None where it is no rim."""
    radius, step = lines.radius[k], lines.step[k]
    usable = lines.within[k] & (step > 1.3 * noise_counts)
    if np.count_nonzero(usable) < LEAST_ARC * usable.size:
        return None
    angles = ray_angles(usable.size)[usable]
    x = centre[0] + radius[usable] * np.cos(angles)
    y = centre[1] + radius[usable] * np.sin(angles)
    ellipse = direct_ellipse(x, y) or Ellipse(
        *centre, float(np.log(np.median(radius[usable]))), 0.0, 0.0
    )
    if not _plausible(ellipse, shape):
        return None
    off = np.abs(ellipse.level(x, y) - 1.0) * ellipse.radius
    near = np.count_nonzero(off < max(2.0, 0.12 * ellipse.radius))
    if near < LEAST_ARC * usable.size and not first:
        return None
    score = float(np.median(step[usable])) * near / usable.size
    return Found(ellipse, bright, score, x, y)


def _robust(hole: Found, shape: tuple[int, ...]) -> Found | None:
    """Fit again without the points that follow a chip or dust."""
    fit = fit_ellipse(hole.x, hole.y, np.full(hole.x.size, 0.5), hole.ellipse)
    if fit is None or not _plausible(fit.ellipse, shape):
        return None
    return replace(hole, ellipse=fit.ellipse)


def _plausible(ellipse: Ellipse, shape: tuple[int, ...]) -> bool:
    height, width = shape
    inside = -0.3 * width < ellipse.x < 1.3 * width and -0.3 * height < ellipse.y < 1.3 * height
    return inside and 2.5 < ellipse.radius < 0.75 * max(height, width)


def _choose(found: list[Found]) -> Found:
    """Take the strongest outline, or one around it that is not much weaker."""
    best = max(found, key=lambda hole: hole.score)
    around = [
        hole
        for hole in found
        if hole.score >= ENCLOSING_SCORE * best.score and _encloses(hole.ellipse, best.ellipse)
    ]
    return max(around, key=lambda hole: hole.score) if around else best


def _encloses(outer: Ellipse, inner: Ellipse) -> bool:
    if outer.radius < 1.08 * inner.radius:
        return False
    angles = ray_angles(16)
    reach = inner.ray(angles)
    x, y = inner.x + reach * np.cos(angles), inner.y + reach * np.sin(angles)
    return bool(np.all(outer.level(x, y) < 1.0))


def _distinct(found: list[Found]) -> list[Found]:
    """Leave one of each group of outlines with the same centre; the strongest four at most."""
    kept: list[Found] = []
    for hole in sorted(found, key=lambda hole: -hole.score):
        here = hole.ellipse
        if all(np.hypot(here.x - k.ellipse.x, here.y - k.ellipse.y) > 1.0 for k in kept):
            kept.append(hole)
    return kept[:CANDIDATES]


def _centres(smooth: Image) -> tuple[Vector, Vector]:
    """Propose centres: the frame's, those of large bright and dark regions, where edges point."""
    height, width = smooth.shape
    places = [(0.5 * (width - 1), 0.5 * (height - 1))]
    bright = smooth > _otsu(smooth)
    for region in (bright, ~bright):
        labels = np.empty(region.shape, np.int32)
        scipy.ndimage.label(region, output=labels)
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        for label in np.argsort(sizes)[::-1][:2]:
            if sizes[label] >= 12:
                rows, columns = np.nonzero(labels == label)
                places.append((float(columns.mean()), float(rows.mean())))
    places += _pointed_at(smooth)
    x, y = np.array(places).T
    return x, y


def _otsu(image: Image) -> float:
    """Threshold that splits the levels best (N. Otsu, IEEE Trans. SMC 9, 62 (1979))."""
    counts, edges = np.histogram(image, bins=96)
    middle = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)[:-1]
    above = image.size - below
    mass = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (mass[:-1] / below - (mass[-1] - mass[:-1]) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between))])


def _pointed_at(smooth: Image) -> list[tuple[float, float]]:
    """Two places where the lines across the strongest edges meet (a Hough transform)."""
    height, width = smooth.shape
    gradients = np.gradient(np.asarray(scipy.ndimage.gaussian_filter(smooth, 1.0)))
    gradient_y, gradient_x = (np.asarray(part) for part in gradients)
    size = np.hypot(gradient_x, gradient_y)
    rows, columns = np.nonzero(size > np.quantile(size, 0.94))
    if rows.size == 0:
        return []
    unit_x = gradient_x[rows, columns] / size[rows, columns]
    unit_y = gradient_y[rows, columns] / size[rows, columns]
    reach = np.linspace(0.03, 0.45, HOUGH_RADII) * width
    reach = np.concatenate((reach, -reach))[:, None]
    x = np.rint(columns + reach * unit_x).astype(int)
    y = np.rint(rows + reach * unit_y).astype(int)
    valid = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    votes = np.bincount((y * width + x)[valid], minlength=width * height)
    votes = scipy.ndimage.gaussian_filter(votes.reshape(height, width).astype(np.float32), 2.0)
    places: list[tuple[float, float]] = []
    for _ in range(2):
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(votes)), votes.shape))
        places.append((float(column), float(row)))
        votes[max(0, row - 8) : row + 9, max(0, column - 8) : column + 9] = 0.0
    return places
