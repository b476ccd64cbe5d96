"""One frame against an earlier one: aligned, matched in brightness, what is left over."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from dac_control.picture.planes import Image
from dac_control.picture.polar import sample
from dac_control.picture.reading import PictureReading

__all__ = ["Comparison", "compare", "interior"]

Vector = NDArray[np.float64]

LEAST_OVERLAP = 0.5
OUTSIDE = 1.3
"""Radii from which on the picture is gasket only."""
EDGE_TOLERANCE_PX = 0.6
"""Misalignment of the small images that a leftover at an edge is forgiven."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the earlier frame does not explain, on the small image; shapes (h, w)."""

    loss: float
    """Part of the variance that is left over, 0 to 1."""
    gain: float
    """Brightness now over then, from the matching."""
    leftover: Image
    """Now minus the matched earlier frame, in units of what noise and misalignment can make."""
    expected: Image
    now: Image
    valid: NDArray[np.bool_]
    earlier: Image
    """Then, aligned, as bright as it was."""
    tolerance: Image
    """What noise and misalignment can make, in counts."""

    def outside(self, *readings: PictureReading) -> Image:
        """Leftovers outside the holes of both frames, brightness matched there alone; else 0."""
        outside = self.valid.copy()
        for reading in readings:
            if reading.ellipse is not None:
                x, y = _grid(self.now.shape, reading.small_block_px)
                outside &= reading.ellipse.level(x, y) > OUTSIDE
        if np.count_nonzero(outside) < 100:
            return np.zeros_like(self.leftover)
        gain, offset, _ = _match(self.earlier[outside], self.now[outside])
        rest = (self.now - gain * self.earlier - offset) / np.maximum(self.tolerance, 1e-6)
        return np.where(outside, rest, 0.0).astype(np.float32)


def compare(now: PictureReading, before: PictureReading) -> Comparison | None:
    """Compare two readings of one camera; None where their frames cannot be compared."""
    if now.small.shape != before.small.shape or now.small.size == 0:
        return None
    sharp, blurred = _same_blur(now, before)
    x, y = _places(now, before, sharp, blurred)
    earlier, valid = sample(blurred, x, y)
    if np.count_nonzero(valid) < LEAST_OVERLAP * valid.size:
        return None
    gain, offset, loss = _match(earlier[valid], sharp[valid])
    expected = gain * earlier + offset
    down, right = np.gradient(expected)
    slope = np.hypot(down, right)
    noise = math.hypot(now.noise_counts, gain * before.noise_counts) / now.small_block_px
    scale = np.sqrt(noise**2 + (EDGE_TOLERANCE_PX * scipy.ndimage.maximum_filter(slope, 3)) ** 2)
    leftover = np.where(valid, (sharp - expected) / np.maximum(scale, 1e-6), 0.0)
    return Comparison(
        loss=loss,
        gain=gain,
        leftover=leftover.astype(np.float32),
        expected=expected,
        now=sharp,
        valid=valid,
        earlier=earlier,
        tolerance=scale,
    )


def interior(image: Image, reading: PictureReading, valid: NDArray[np.bool_]) -> Vector | None:
    """Pixels well inside the hole without their mean and slope, relative to the mean.

    None where the hole is too small on the small image.
    """
    if reading.ellipse is None:
        return None
    x, y = _grid(image.shape, reading.small_block_px)
    ellipse = reading.ellipse
    margin = (2.5 * reading.blur_px + reading.small_block_px) / ellipse.radius
    mask = (ellipse.level(x, y) < min(0.85, 1.0 - margin)) & valid
    if np.count_nonzero(mask) < 60:
        return None
    values = image[mask].astype(float)
    rows, columns = np.nonzero(mask)
    plane = np.column_stack((np.ones(rows.size), columns, rows))
    flat = values - plane @ np.linalg.lstsq(plane, values, rcond=None)[0]
    return flat / max(float(values.mean()), 1.0)


def _same_blur(now: PictureReading, before: PictureReading) -> tuple[Image, Image]:
    """Blur the sharper of both frames like the other, as far as their rims tell."""
    difference = now.blur_px**2 - before.blur_px**2
    if not math.isfinite(difference) or abs(difference) < 1e-3:
        return now.small, before.small
    width = math.sqrt(abs(difference)) / now.small_block_px
    if difference > 0:
        return now.small, _blurred(before.small, width)
    return _blurred(now.small, width), before.small


def _blurred(image: Image, width: float) -> Image:
    return np.asarray(scipy.ndimage.gaussian_filter(image, width, mode="nearest"), np.float32)


def _grid(shape: tuple[int, ...], block: int) -> tuple[Vector, Vector]:
    """Columns and rows of the frame that the small image's pixels stand for."""
    columns = block * np.arange(shape[1]) + 0.5 * (block - 1)
    rows = block * np.arange(shape[0]) + 0.5 * (block - 1)
    return np.asarray(columns[None, :], float), np.asarray(rows[:, None], float)


def _places(
    now: PictureReading, before: PictureReading, here: Image, there: Image
) -> tuple[Vector, Vector]:
    """Where each small pixel of now was before: hole onto hole, or shifted as a whole."""
    height, width = here.shape
    block = now.small_block_px
    columns, rows = np.arange(width)[None, :], np.arange(height)[:, None]
    if now.ellipse is not None and before.ellipse is not None:
        ratio = before.ellipse.radius / now.ellipse.radius
        x, y = _grid(here.shape, block)
        x = before.ellipse.x + ratio * (x - now.ellipse.x)
        y = before.ellipse.y + ratio * (y - now.ellipse.y)
        shift = 0.5 * (block - 1)
        x, y = (x - shift) / block, (y - shift) / block
    else:
        move_x, move_y = _shift(here, there)
        x, y = columns - move_x, rows - move_y
    full = np.zeros((height, width))
    return x + full, y + full


def _shift(here: Image, there: Image) -> tuple[float, float]:
    """Shift of a picture in whole small pixels, by cross-correlation."""
    window = np.outer(np.hanning(here.shape[0]), np.hanning(here.shape[1]))
    a = np.fft.rfft2((here - here.mean()) * window)
    b = np.fft.rfft2((there - there.mean()) * window)
    correlation = np.fft.irfft2(a * np.conj(b), here.shape)
    row, column = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    moves = [
        int(k) - side if k > side // 2 else int(k)
        for k, side in zip((column, row), (here.shape[1], here.shape[0]), strict=True)
    ]
    return float(moves[0]), float(moves[1])


def _match(earlier: NDArray[np.float32], now: NDArray[np.float32]) -> tuple[float, float, float]:
    """Gain and offset of the brightness, and the share of the variance that they leave."""
    a, b = earlier.astype(float), now.astype(float)
    weight = np.ones_like(a)
    gain, offset = 1.0, 0.0
    for _ in range(3):
        total = weight.sum()
        mean_a, mean_b = (weight * a).sum() / total, (weight * b).sum() / total
        power = (weight * (a - mean_a) ** 2).sum()
        gain = float((weight * (a - mean_a) * (b - mean_b)).sum() / max(power, 1e-9))
        gain = max(gain, 0.0)
        offset = float(mean_b - gain * mean_a)
        rest = b - gain * a - offset
        spread = 1.4826 * float(np.median(np.abs(rest))) + 1e-6
        weight = 1.0 / (1.0 + (rest / (3.0 * spread)) ** 2)
    rest = b - gain * a - offset
    variance = max(float(a.var()) * gain**2, float(b.var()), 1e-9)
    return gain, offset, float(min((rest**2).mean() / variance, 1.0))
