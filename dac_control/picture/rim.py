"""The rim between pixels: a blurred step fitted to the brightness along each ray.

A step of height b blurred by a Gaussian of width s reads a + b * Phi((r0 - r)/s). On a disc of
radius R the blur moves the middle of the step inwards by s^2/(2R), to first order; this is put
back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dac_control.picture.planes import Image
from dac_control.picture.polar import ray_angles, sample

__all__ = ["RimPoints", "trace_rim"]

Vector = NDArray[np.float64]

SAMPLES = 25
"""Readings along each ray's window."""
STRONG_STEP = 4.0
"""A ray counts if its step is so many times its own uncertainty."""

LEAST_STEP = 0.25
"""Beside the upper quartile of all rays' steps: less is texture, a chip, or a slope of the light.
"""


@dataclass(frozen=True, eq=False)
class RimPoints:
    """One point on each ray, shape (rays,) each; lengths in pixels."""

    angle: Vector
    radius: Vector
    sigma: Vector
    """Standard uncertainty of the radius from the noise along the ray."""
    step: Vector
    """Brightness inside less outside, in counts."""
    ok: NDArray[np.bool_]
    within: NDArray[np.bool_]
    """Where the ray's window is in the frame."""
    blur: float
    """Standard deviation of the blur, the same for all rays."""


def trace_rim(
    image: Image,
    centre: tuple[float, float],
    radius: Vector,
    reach: float,
    *,
    bright: bool,
    quick: bool = False,
) -> RimPoints:
    """Find the rim on each ray within `reach` of where it is expected.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Brightness in counts.
    centre : tuple of float
        Column and row.
    radius : ndarray, shape (rays,)
        Where the rim is expected.
    reach : float
        Half the window along the ray in pixels.
    bright : bool
        True where the inside is brighter.
    quick : bool
        Good to a tenth of the blur, in half the time.
    """
    angle = ray_angles(radius.size)
    offset = np.linspace(-reach, reach, SAMPLES)
    distance = radius[:, None] + offset
    values, inside = sample(
        image,
        centre[0] + distance * np.cos(angle)[:, None],
        centre[1] + distance * np.sin(angle)[:, None],
    )
    within = np.asarray(inside.all(axis=1) & (radius > reach * 0.6))
    profiles = values.astype(float) * (1.0 if bright else -1.0)
    width = reach / 3.0
    place = _steepest(profiles, offset)
    for _ in range(1 if quick else 2):
        place = _settle(profiles, offset, place, width, rounds=1)[0]
        width = _common_blur(profiles[within], offset, place[within], reach)
    place, sigma, step, step_sigma = _settle(
        profiles, offset, place, width, rounds=1 if quick else 2
    )
    ok = within & (np.abs(place) < 0.85 * reach) & (step > STRONG_STEP * step_sigma)
    if ok.any():
        ok &= step > LEAST_STEP * float(np.quantile(step[ok], 0.75))
    found = radius + place
    return RimPoints(
        angle=angle,
        radius=found + width**2 / (2.0 * np.maximum(found, width)),
        sigma=sigma,
        step=step if bright else -step,
        ok=np.asarray(ok & np.isfinite(sigma)),
        within=within,
        blur=width,
    )


def _steepest(profiles: Vector, offset: Vector) -> Vector:
    """Start: centre of gravity of the falls in brightness, shape (rays,)."""
    fall = np.clip(profiles[:, :-2] - profiles[:, 2:], 0.0, None) ** 2
    return (fall @ offset[1:-1]) / np.maximum(fall.sum(axis=1), 1e-12)


def _settle(
    profiles: Vector, offset: Vector, place: Vector, width: float, *, rounds: int
) -> tuple[Vector, Vector, Vector, Vector]:
    """Fit level, height and place of each ray's step by Gauss-Newton.

    Returns
    -------
    place, its sigma, height, its sigma : ndarray, shape (rays,)
    """
    reach = float(offset[-1])
    centred = profiles - profiles.mean(axis=1)[:, None]
    step = _Steps.at(centred, offset, place, width)
    for _ in range(rounds):
        move = _dot(step.own, step.misfit) / step.own_power / step.gain
        place = np.clip(place + np.clip(move, -width, width), -reach, reach)
        step = _Steps.at(centred, offset, place, width)
    crowding = _crowding(step.misfit)
    variance = _dot(step.misfit, step.misfit) / (offset.size - 3) * crowding
    sigma = np.sqrt(variance / step.own_power) / np.abs(step.gain)
    height_sigma = np.sqrt(variance / step.height_power)
    return place, np.maximum(sigma, 1e-3), step.height, height_sigma


@dataclass(frozen=True, eq=False)
class _Steps:
    """Blurred steps at given places, with the best level and height for each ray."""

    height: Vector
    misfit: Vector
    own: Vector
    """What of the place's derivative level and height cannot imitate; shape (rays, samples)."""
    own_power: Vector
    gain: Vector
    """Change of brightness per pixel that the step moves, at its middle."""
    height_power: Vector

    @classmethod
    def at(cls, centred: Vector, offset: Vector, place: Vector, width: float) -> "_Steps":
        z = (place[:, None] - offset) / width
        shape, bell = ndtr(z), np.exp(-0.5 * z * z)
        shape = shape - shape.mean(axis=1)[:, None]
        bell -= bell.mean(axis=1)[:, None]
        power = np.maximum(_dot(shape, shape), 1e-9)
        height = _dot(shape, centred) / power
        overlap = _dot(shape, bell)
        own = bell - (overlap / power)[:, None] * shape
        bell_power = np.maximum(_dot(bell, bell), 1e-9)
        return cls(
            height=height,
            misfit=centred - height[:, None] * shape,
            own=own,
            own_power=np.maximum(_dot(own, own), 1e-9),
            gain=np.where(np.abs(height) > 1e-9, height, 1e-9) / (width * np.sqrt(2.0 * np.pi)),
            height_power=np.maximum(power - overlap**2 / bell_power, 1e-9),
        )


def _crowding(misfit: Vector) -> float:
    """How many neighbouring readings on a ray share one deviation, from all rays' leftovers.

    They do where they are closer than a pixel, and where the gasket has grain: for leftovers in
    which each follows its neighbour with the correlation c it is (1 + c)/(1 - c).
    """
    size = np.sum(misfit**2, axis=1)
    ordinary = size <= np.median(size)
    neighbours = float(np.sum(misfit[ordinary, 1:] * misfit[ordinary, :-1]))
    correlation = min(max(neighbours / max(float(size[ordinary].sum()), 1e-12), 0.0), 0.9)
    return (1.0 + correlation) / (1.0 - correlation)


def _dot(a: Vector, b: Vector) -> Vector:
    return np.asarray(np.einsum("ij,ij->i", a, b))


def _line(shape: Vector, profiles: Vector) -> tuple[Vector, Vector]:
    """Level and height of the best ``level + height * shape`` for each ray."""
    mean_shape, mean = shape.mean(axis=1), profiles.mean(axis=1)
    centred = shape - mean_shape[:, None]
    height = (centred * profiles).sum(axis=1) / np.maximum((centred**2).sum(axis=1), 1e-9)
    return mean - height * mean_shape, height


def _common_blur(profiles: Vector, offset: Vector, place: Vector, reach: float) -> float:
    """Width of the step that all rays share, from their aligned mean."""
    if len(profiles) < 8:
        return reach / 3.0
    at = offset[None, :] - place[:, None]
    bins = np.linspace(-0.9 * reach, 0.9 * reach, 2 * SAMPLES + 1)
    where = np.searchsorted(bins, at.ravel()) - 1
    inside = (where >= 0) & (where < bins.size - 1)
    where = where[inside]
    count = np.bincount(where, minlength=bins.size - 1)
    kept = count > 0
    mean = np.bincount(where, profiles.ravel()[inside], bins.size - 1)[kept] / count[kept]
    middle = np.bincount(where, at.ravel()[inside], bins.size - 1)[kept] / count[kept]
    widths = np.geomspace(0.05, 0.8, 28) * reach
    shapes = ndtr(-middle / widths[:, None])
    level, height = _line(shapes, np.broadcast_to(mean, shapes.shape))
    cost = ((mean - level[:, None] - height[:, None] * shapes) ** 2).sum(axis=1)
    best = int(np.argmin(cost))
    if 0 < best < len(widths) - 1:
        before, here, after = cost[best - 1 : best + 2]
        bend = before - 2.0 * here + after
        part = 0.5 * (before - after) / bend if bend > 0 else 0.0
        return float(widths[best] * (widths[1] / widths[0]) ** part)
    return float(widths[best])
