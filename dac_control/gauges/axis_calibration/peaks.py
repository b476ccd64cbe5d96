"""Peaks of a lamp spectrum: where they are on the instrument's own axis, and how well.

A lamp line is far narrower than a spectrometer resolves, so its shape is the instrument's. The
model is a Gaussian averaged over each pixel: with two or three pixels to a line, one sampled at the
middle of pixels would pull the position towards the middle of the nearest pixel.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.spectrum import Spectrum

__all__ = ["LampPeak", "find_lamp_peaks"]

# Above this many standard deviations of the background: 1e-15 by chance, and weaker peaks give
# positions too uncertain to matter.
_LEAST_SIGNAL: Final = 8.0
_MOST_PEAKS: Final = 200
_BACKGROUND_PIXELS: Final = 81
_NEAR_SATURATION: Final = 0.98
_FWHM_PER_SIGMA: Final = 2.0 * math.sqrt(2.0 * math.log(2.0))
_MAD_PER_SIGMA: Final = 0.6744898
# A pixel that stands so far above both neighbours is narrower than any optics: a cosmic ray.
_SPIKE_RATIO: Final = 12.0


@dataclass(frozen=True, kw_only=True)
class LampPeak:
    """One peak, on the axis that the instrument reports."""

    position_nm: float
    sigma_nm: float
    """Standard uncertainty, scaled by the misfit of the shape where that is larger."""
    fwhm_nm: float
    height_counts: float
    """Above the background."""
    saturated: bool


@dataclass(frozen=True)
class _Scene:
    """A spectrum split into background, signal and noise; arrays of shape (pixels,)."""

    wavelength_nm: NDArray[np.float64]
    edges_nm: NDArray[np.float64]
    counts: NDArray[np.float64]
    signal: NDArray[np.float64]
    variance: NDArray[np.float64]
    saturated: NDArray[np.bool_]


def find_lamp_peaks(spectrum: Spectrum) -> tuple[LampPeak, ...]:
    """Find and fit the peaks of a lamp.

    Parameters
    ----------
    spectrum : Spectrum
        Of the lamp, on the instrument's own axis. Gain, read noise and saturation are used
        where they are known; without a gain the noise is taken from the background.

    Returns
    -------
    tuple of LampPeak
        In order of rising wavelength; saturated ones are in it, with the position of their
        middle and no useful uncertainty.
    """
    scene = _scene(spectrum)
    tops = _tops(scene)
    if not tops.size:
        return ()
    width = _typical_width(scene, tops)
    found: list[LampPeak] = []
    for top in tops:
        peak = _saturated_peak(scene, int(top)) if scene.saturated[top] else None
        peak = peak or _fitted_peak(scene, int(top), width)
        if peak is not None:
            found.append(peak)
    return tuple(sorted(found, key=lambda peak: peak.position_nm))


def _scene(spectrum: Spectrum) -> _Scene:
    counts = spectrum.levelled_counts
    noise = PhotonNoise.of(spectrum)
    size = min(_BACKGROUND_PIXELS, 2 * (counts.size // 8) + 1)
    # a third of a second, which who has no lamp need not wait for
    from scipy.ndimage import median_filter

    background = median_filter(counts, size=size, mode="nearest")
    signal = counts - background
    floor = np.broadcast_to(noise.variance(background), counts.shape)
    if noise.gain_assumed:
        spread = float(np.median(np.abs(signal))) / _MAD_PER_SIGMA
        # one electron a count would be a guess; the background shows its own noise
        floor = np.full(counts.shape, max(spread**2, float(noise.variance(np.zeros(1))[0])))
    variance = floor + np.maximum(signal, 0.0) * noise.counts_variance
    limit = math.inf if spectrum.saturation_counts is None else spectrum.saturation_counts
    middle = 0.5 * (spectrum.wavelength_nm[1:] + spectrum.wavelength_nm[:-1])
    first = 2.0 * spectrum.wavelength_nm[0] - middle[0]
    last = 2.0 * spectrum.wavelength_nm[-1] - middle[-1]
    return _Scene(
        wavelength_nm=spectrum.wavelength_nm,
        edges_nm=np.concatenate([[first], middle, [last]]),
        counts=counts,
        signal=signal,
        variance=variance,
        saturated=spectrum.counts >= _NEAR_SATURATION * limit,
    )


def _tops(scene: _Scene) -> NDArray[np.intp]:
    """Pixels that are higher than two neighbours either side and than noise, strongest first."""
    signal, sigma = scene.signal, np.sqrt(scene.variance)
    inner = signal[2:-2]
    left, right = signal[1:-3], signal[3:-1]
    high = (inner > left) & (inner >= right) & (inner >= signal[:-4]) & (inner >= signal[4:])
    high &= inner > _LEAST_SIGNAL * sigma[2:-2]
    beside = np.maximum(np.maximum(left, right), _LEAST_SIGNAL * sigma[2:-2] / _SPIKE_RATIO)
    spike = inner > _SPIKE_RATIO * beside
    tops = np.flatnonzero(high & ~spike) + 2
    return tops[np.argsort(-signal[tops], kind="stable")][:_MOST_PEAKS]


def _typical_width(scene: _Scene, tops: NDArray[np.intp]) -> float:
    """Median full width at half maximum of the strongest clean peaks, in nm."""
    clean = [int(top) for top in tops if not scene.saturated[top]][:12]
    widths = [_half_width(scene, top) for top in clean or [int(tops[0])]]
    return float(np.median(widths))


def _half_width(scene: _Scene, top: int) -> float:
    half = 0.5 * scene.signal[top]
    sides: list[float] = []
    for step in (-1, 1):
        at = top
        while 0 <= at + step < scene.signal.size and scene.signal[at + step] > half:
            at += step
        beyond = min(max(at + step, 0), scene.signal.size - 1)
        drop = scene.signal[at] - scene.signal[beyond]
        part = (scene.signal[at] - half) / drop if drop > 0.0 else 0.5
        here, there = scene.wavelength_nm[at], scene.wavelength_nm[beyond]
        sides.append(abs(here + part * (there - here) - scene.wavelength_nm[top]))
    return max(sum(sides), float(scene.edges_nm[top + 1] - scene.edges_nm[top]))


def _saturated_peak(scene: _Scene, top: int) -> LampPeak:
    first = last = top
    while first > 0 and scene.saturated[first - 1]:
        first -= 1
    while last < scene.saturated.size - 1 and scene.saturated[last + 1]:
        last += 1
    low, high = float(scene.edges_nm[first]), float(scene.edges_nm[last + 1])
    return LampPeak(
        position_nm=0.5 * (low + high),
        sigma_nm=high - low,
        fwhm_nm=high - low,
        height_counts=float(scene.signal[top]),
        saturated=True,
    )


def _fitted_peak(scene: _Scene, top: int, width_nm: float) -> LampPeak | None:
    centre = float(scene.wavelength_nm[top])
    first, last = np.searchsorted(
        scene.wavelength_nm, [centre - 1.6 * width_nm, centre + 1.6 * width_nm]
    )
    first, last = min(int(first), top - 3), max(int(last), top + 4)
    if first < 0 or last > scene.counts.size or bool(scene.saturated[first:last].any()):
        return None
    edges = scene.edges_nm[first : last + 1]
    counts, signal = scene.counts[first:last], scene.signal[first:last]
    start = np.array([0.0, 0.0, float(signal.max()), float((counts - signal).mean())])
    scale = width_nm / _FWHM_PER_SIGMA

    def model(p: NDArray[np.float64]) -> NDArray[np.float64]:
        sigma = scale * math.exp(min(max(p[1], -3.0), 3.0))
        area = np.diff(ndtr((edges - centre - p[0] * scale) / sigma)) / np.diff(edges)
        return p[3] + p[2] * area * sigma * math.sqrt(2.0 * math.pi)

    error = np.sqrt(scene.variance[first:last])
    from scipy.optimize import least_squares

    fit = least_squares(
        lambda p: (model(p) - counts) / error,
        start,
        method="lm",
        x_scale=(1.0, 1.0, *np.abs(start[2:]) + 1.0),
    )
    normal = fit.jac.T @ fit.jac
    if not fit.success or np.linalg.cond(normal) > 1e15 or abs(fit.x[0]) * scale > width_nm:
        return None
    chi2 = 2.0 * float(fit.cost) / max(counts.size - 4, 1)
    sigma_nm = math.sqrt(float(np.linalg.inv(normal)[0, 0]) * max(1.0, chi2)) * scale
    height = float(fit.x[2])
    if not (0.0 < sigma_nm < width_nm and height > 0.0):
        return None
    return LampPeak(
        position_nm=centre + float(fit.x[0]) * scale,
        sigma_nm=sigma_nm,
        fwhm_nm=scale * math.exp(float(np.clip(fit.x[1], -3.0, 3.0))) * _FWHM_PER_SIGMA,
        height_counts=height,
        saturated=False,
    )
