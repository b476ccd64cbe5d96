"""The best closed outline around a centre, by dynamic programming along rays.

In polar coordinates a rim is a path that goes once around; among all smooth ones the path with the
largest sum of radial steps is found exactly. Chips, dust and gaps cost it a few rays, not its way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.planes import Image
from dac_control.picture.polar import ray_angles, sample

__all__ = ["RAYS", "Outlines", "outlines"]

RAYS = 60
"""Directions: one every 6 degrees, enough for a first outline."""
FIRST_RADIUS_PX = 3
"""Below it a ray has too few pixels of its own."""
LARGEST_STEP = 2
"""Radial bins that a path may move from one ray to the next: an ellipse of axis ratio 2 does."""
BEND_COST = 0.06
"""Price of such a move, in parts of a full step of brightness."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Best outline for each of n starts; all lengths in pixels of the image searched."""

    radius: NDArray[np.float64]
    """Shape (n, RAYS)."""
    step: NDArray[np.float64]
    """Brightness inside less outside where the path crosses each ray, shape (n, RAYS)."""
    within: NDArray[np.bool_]
    """Where the path is in the frame, shape (n, RAYS)."""


def outlines(image: Image, x: NDArray[np.float64], y: NDArray[np.float64]) -> Outlines:
    """Find the outline of something bright, and of something dark, around each centre.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        A small image; cost grows with its diagonal.
    x, y : ndarray, shape (n,)
        Centres.

    Returns
    -------
    Outlines
        2n of them: first what is brighter than its surroundings for each centre, then darker.
    """
    angles = ray_angles(RAYS)
    radii = np.arange(FIRST_RADIUS_PX, int(0.62 * max(image.shape)), dtype=float)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    values, within = sample(
        image, x[:, None, None] + cos * radii, y[:, None, None] + sin * radii
    )  # (n, RAYS, radii)
    step = np.zeros(values.shape, np.float32)
    step[:, :, 2:-2] = 0.5 * (
        values[:, :, 1:-3] + values[:, :, :-4] - values[:, :, 3:-1] - values[:, :, 4:]
    )
    step[~within] = 0.0
    step[:, :, :-2][~within[:, :, 2:]] = 0.0
    both = np.concatenate((step, -step))
    path = _best_paths(_gain(np.asarray(both, np.float32)))
    rays = np.arange(RAYS)[None, :]
    rows = np.arange(len(both))[:, None]
    inside = np.concatenate((within, within))
    return Outlines(
        radius=radii[path],
        step=np.asarray(both[rows, rays, path], float),
        within=inside[rows, rays, path],
    )


def _gain(step: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steps of the right sign as parts of a typical large one, so that one chip is no magnet."""
    largest = step.max(axis=2)
    typical = np.maximum(np.quantile(largest, 0.6, axis=1), 1e-6)
    return np.asarray(np.clip(step / typical[:, None, None], 0.0, 1.0), np.float32)


def _best_paths(gain: NDArray[np.float32]) -> NDArray[np.intp]:
    """Path of the largest sum for each start, shape (n, RAYS); closed by going around twice."""
    starts, rays, bins = gain.shape
    steps = np.arange(-LARGEST_STEP, LARGEST_STEP + 1)
    cost = (np.float32(BEND_COST) * np.abs(steps).astype(np.float32))[:, None, None]
    came_from = np.zeros((2 * rays, starts, bins), np.int8)
    score = np.full((starts, bins + 2 * LARGEST_STEP), -1e9, np.float32)
    inner = score[:, LARGEST_STEP : LARGEST_STEP + bins]
    inner[:] = 0.0
    # where each bin's five predecessors are, as a view: shape (5, starts, bins)
    before = np.moveaxis(np.lib.stride_tricks.sliding_window_view(score, bins, axis=1), 1, 0)
    by_ray = np.ascontiguousarray(gain.transpose(1, 0, 2))
    for turn in range(2 * rays):
        candidates = before - cost
        came_from[turn] = candidates.argmax(axis=0)
        np.add(candidates.max(axis=0), by_ray[turn % rays], out=inner)
    path = np.empty((starts, rays), np.intp)
    here = inner.argmax(axis=1)
    rows = np.arange(starts)
    for turn in range(2 * rays - 1, rays // 2 - 1, -1):
        # of the two turns the middle is kept: there both ends have forgotten where they began
        if turn < rays + rays // 2:
            path[:, turn % rays] = here
        here = here + came_from[turn, rows, here] - LARGEST_STEP
    return path
