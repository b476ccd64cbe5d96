"""Frames with a known truth, drawn by means of their own: two by two points a pixel, a real
blur, light, dust, chips, photons. Knows nothing of the package.

Lengths are in pixels of the frame, levels in electrons.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["Scene", "draw", "replace"]

FINE = 2
ELECTRONS_PER_COUNT = 40.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One frame; the hole's truth is the circle of the same area, `2 * radius`."""

    shape: tuple[int, int] = (480, 640)
    x: float = 322.3
    y: float = 236.8
    radius: float = 120.0
    ellipticity: float = 0.0
    angle_deg: float = 20.0
    roughness: float = 0.0
    """Amplitude of the rim's waves of the 3rd to 12th order as a part of the radius."""
    hole: float = 6800.0
    gasket: float = 400.0
    core: float | None = None
    """Level of the sample, a disc within the hole; None for the hole's own."""
    core_radius: float = 0.55
    chips: int = 2
    dust: int = 0
    gradient: float = 0.0
    """Relative fall of the light from left to right."""
    vignette: float = 0.25
    grain: float = 0.12
    """Texture of the gasket, relative."""
    blur: float = 2.0
    ice: float = 0.0
    """Part of the light that a film takes from everywhere and spreads evenly."""
    lamp: float = 1.0
    exposure: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    cracks: int = 0
    crack_depth: float = 0.7
    culet: float = 0.0
    """Radius of the culet's edge, a faint line; 0 for none."""
    read_noise: float = 24.0
    black_counts: float = 4.0
    bits: int = 8
    colour: tuple[float, float, float] | None = None
    """Relative level of the hole's light in red, green and blue; None for monochrome."""
    pattern_seed: int = 1
    """Of texture, dust, chips and rim: one cell in one microscope."""
    crack_seed: int = 5


def draw(scene: Scene, rng: np.random.Generator | None) -> NDArray[np.generic]:
    """Draw a frame of shape (h, w), or (h, w, 3) with colour; without `rng` free of noise."""
    light, inside = _scene(scene)
    if scene.colour is None:
        return _camera(_optics(light, scene), scene, rng)
    planes = [np.where(inside, light * part, light) for part in scene.colour]
    return np.stack([_camera(_optics(plane, scene), scene, rng) for plane in planes], axis=2)


def _optics(light: NDArray[np.float64], scene: Scene) -> NDArray[np.float64]:
    """Blur, sum up to pixels, light unevenly."""
    light = ndimage.gaussian_filter(light, scene.blur * FINE, mode="nearest")
    height, width = scene.shape
    light = light.reshape(height, FINE, width, FINE).mean(axis=(1, 3))
    light = light * _illumination(scene)
    light = (1.0 - scene.ice) * light + scene.ice * light.mean()
    return light * scene.lamp * scene.exposure


def _camera(
    light: NDArray[np.float64], scene: Scene, rng: np.random.Generator | None
) -> NDArray[np.generic]:
    full = 2**scene.bits - 1
    electrons_per_count = ELECTRONS_PER_COUNT * 255.0 / full
    electrons = light
    if rng is not None:
        electrons = rng.poisson(np.clip(light, 0.0, None)).astype(float)
        electrons += scene.read_noise * rng.standard_normal(light.shape)
    counts = np.rint(electrons / electrons_per_count + scene.black_counts)
    return np.clip(counts, 0, full).astype(np.uint8 if scene.bits == 8 else np.uint16)


def _scene(scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    pattern = np.random.default_rng(scene.pattern_seed)
    height, width = scene.shape
    centre = (np.arange(FINE) - 0.5 * (FINE - 1)) / FINE
    x = (np.arange(width)[:, None] + centre).reshape(-1)[None, :] - scene.x - scene.shift[0]
    y = (np.arange(height)[:, None] + centre).reshape(-1)[:, None] - scene.y - scene.shift[1]
    level = _level(scene, x, y, pattern)
    texture = ndimage.gaussian_filter(pattern.standard_normal(scene.shape), 1.0) * 3.5
    light = scene.gasket * (1.0 + scene.grain * np.kron(texture, np.ones((FINE, FINE))))
    inside = level < 1.0
    light[inside] = scene.hole
    if scene.core is not None:
        light[level < scene.core_radius] = scene.core
    _spots(light, scene, x, y, np.random.default_rng([scene.pattern_seed, 1]))
    if scene.culet:
        edge = np.abs(np.hypot(x, y) - scene.culet) < 1.0
        light[edge & ~inside] *= 0.7
    _crack(light, scene, x, y)
    return np.clip(light, 0.0, None), inside


def _level(
    scene: Scene, x: NDArray[np.float64], y: NDArray[np.float64], pattern: np.random.Generator
) -> NDArray[np.float64]:
    """Below 1 inside the hole."""
    stretch = (1.0 - scene.ellipticity) ** -0.5
    turn = np.deg2rad(scene.angle_deg)
    along = (np.cos(turn) * x + np.sin(turn) * y) / (scene.radius * stretch)
    across = (np.cos(turn) * y - np.sin(turn) * x) / (scene.radius / stretch)
    level = np.hypot(along, across)
    if scene.roughness:
        direction = np.arctan2(across, along)
        waves = sum(
            pattern.standard_normal() * np.cos(order * direction + pattern.uniform(0, 6.3))
            for order in range(3, 13)
        )
        level = level / (1.0 + scene.roughness * waves / np.sqrt(5.0))
    return level


def _spots(
    light: NDArray[np.float64],
    scene: Scene,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    pattern: np.random.Generator,
) -> None:
    """Chips of ruby inside the hole, dust anywhere."""
    for _ in range(scene.chips):
        place = scene.radius * pattern.uniform(0.3, 0.8)
        turn = pattern.uniform(0.0, 2.0 * np.pi)
        size = scene.radius * pattern.uniform(0.05, 0.1)
        mask = np.hypot(x - place * np.cos(turn), y - place * np.sin(turn)) < size
        light[mask] *= 0.45
    height, width = scene.shape
    pattern = np.random.default_rng([scene.pattern_seed, 2])  # dust stays where chips go
    for _ in range(scene.dust):
        at_x, at_y = pattern.uniform(0, width) - scene.x, pattern.uniform(0, height) - scene.y
        mask = np.hypot(x - at_x, (y - at_y) * pattern.uniform(1.0, 2.0)) < pattern.uniform(2, 9)
        light[mask] *= pattern.uniform(0.2, 0.6)


def _crack(
    light: NDArray[np.float64], scene: Scene, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    rng = np.random.default_rng(scene.crack_seed)
    for _ in range(scene.cracks):
        turn = rng.uniform(0.0, np.pi)
        off = rng.uniform(-0.8, 0.8) * scene.radius
        along = np.cos(turn) * x + np.sin(turn) * y
        across = np.cos(turn) * y - np.sin(turn) * x - off
        length = rng.uniform(1.0, 2.0) * scene.radius
        light[(np.abs(across) < 1.2) & (np.abs(along) < length)] *= 1.0 - scene.crack_depth


def _illumination(scene: Scene) -> NDArray[np.float64]:
    height, width = scene.shape
    x = np.linspace(-1.0, 1.0, width)[None, :]
    y = np.linspace(-1.0, 1.0, height)[:, None]
    return (1.0 - scene.vignette * (x**2 + y**2) / 2.0) * (1.0 - 0.5 * scene.gradient * x)
