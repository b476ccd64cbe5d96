"""How bright the sample, the hole and the gasket are, from the pixels around one ellipse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.ellipse import Ellipse
from dac_control.picture.planes import Image, Planes, block_mean

__all__ = ["Levels", "measure_levels"]

FINE_RADIUS = 24
"""Pixels that the hole's radius is reduced to: enough for means, and quick."""
CORE = 0.5
"""Part of the radius in which the sample is looked for."""
GASKET = (1.15, 1.7)
"""Ring of the gasket in radii: beyond the rim's blur, within the indented part."""
SECTORS = 8
NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Levels in counts, black subtracted, and their ratios."""

    hole_counts: float
    core_counts: float
    gasket_counts: float
    background_counts: float
    brightness: float
    brightness_sigma: float
    core: float
    core_sigma: float
    channel_brightness: tuple[float, ...]
    saturated_rim_share: float
    """Part of the saturated pixels in the hole or in the ring around it, whichever is more."""


def measure_levels(planes: Planes, ellipse: Ellipse, blur_px: float) -> Levels:
    """Measure inside and around `ellipse` (pixels of `planes.light`)."""
    region, block = _window(planes.light, ellipse)
    light = block_mean(planes.light[region], block)
    level, sector = _coordinates(ellipse, region, block, light.shape)
    margin = (2.5 * blur_px + block) / ellipse.radius
    inside = level < max(0.4, 1.0 - margin)
    core = level < CORE
    ring = (level > max(GASKET[0], 1.0 + margin)) & (level < max(GASKET[1], 1.3 + margin))
    hole, hole_sigma = _mean_of_sectors(light, inside, sector)
    gasket, gasket_sigma = _mean_of_sectors(light, ring, sector)
    middle = float(np.median(light[core])) if core.any() else NAN
    channels: tuple[float, ...] = ()
    if planes.colour is not None and core.any() and ring.any():
        colour = block_mean(planes.colour[region], block)
        channels = tuple(
            _ratio(float(np.median(colour[core, c])), float(np.median(colour[ring, c])))
            for c in range(3)
        )
    full = block_mean(planes.saturated[region].astype(np.float32), block)
    shares = [float(full[mask].mean()) for mask in (inside, ring) if mask.any()]
    relative = float(np.hypot(hole_sigma / max(hole, 1e-9), gasket_sigma / max(gasket, 1e-9)))
    return Levels(
        hole_counts=hole,
        core_counts=middle,
        gasket_counts=gasket,
        background_counts=_background(planes.light, ellipse),
        brightness=_ratio(hole, gasket),
        brightness_sigma=abs(_ratio(hole, gasket)) * relative,
        core=_ratio(middle, gasket),
        core_sigma=abs(_ratio(middle, gasket)) * relative,
        channel_brightness=channels,
        saturated_rim_share=max(shares, default=0.0),
    )


def _window(light: Image, ellipse: Ellipse) -> tuple[tuple[slice, slice], int]:
    """Part of the frame around the hole, and the block that makes it small."""
    reach = np.array(ellipse.extent()) * (GASKET[1] + 0.3) + 8.0
    block = max(1, int(ellipse.radius / FINE_RADIUS))
    slices = []
    for centre, half, side in (
        (ellipse.y, reach[1], light.shape[0]),
        (ellipse.x, reach[0], light.shape[1]),
    ):
        first = int(np.clip(centre - half, 0, side - block))
        last = int(np.clip(centre + half + 1, first + block, side))
        slices.append(slice(first, last))
    return (slices[0], slices[1]), block


def _coordinates(
    ellipse: Ellipse, region: tuple[slice, slice], block: int, shape: tuple[int, ...]
) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    rows, columns = (
        part.start + block * np.arange(n) + 0.5 * (block - 1)
        for part, n in zip(region, shape, strict=True)
    )
    x, y = columns[None, :], rows[:, None]
    turn = np.arctan2(y - ellipse.y, x - ellipse.x) / (2.0 * np.pi) + 0.5
    return ellipse.level(x, y), np.minimum((turn * SECTORS).astype(np.intp), SECTORS - 1)


def _mean_of_sectors(
    light: Image, mask: NDArray[np.bool_], sector: NDArray[np.intp]
) -> tuple[float, float]:
    """Mean, and its uncertainty from how the eight sectors differ.

    Uneven light falls on opposite sectors with opposite signs, so the sum of a pair is compared,
    not each sector: what is left is texture, dust and noise.
    """
    if not mask.any():
        return NAN, NAN
    count = np.bincount(sector[mask], minlength=SECTORS)
    sums = np.bincount(sector[mask], light[mask], SECTORS)
    if (count == 0).any():
        return float(light[mask].mean()), float(light[mask].std())
    pairs = (sums / count).reshape(2, SECTORS // 2).mean(axis=0)
    return float(light[mask].mean()), float(pairs.std(ddof=1) / np.sqrt(pairs.size))


def _background(light: Image, ellipse: Ellipse) -> float:
    step = max(1, max(light.shape) // 120)
    sparse = light[::step, ::step]
    x = np.arange(0, light.shape[1], step)[None, :]
    y = np.arange(0, light.shape[0], step)[:, None]
    far = ellipse.level(x, y) > 2.0
    return float(np.median(sparse[far])) if np.count_nonzero(far) > 20 else NAN


def _ratio(value: float, reference: float) -> float:
    """Ratio; NaN where the reference is no light at all (half a count)."""
    return value / reference if reference > 0.5 else NAN
