"""Where a line stands whose top is cut off by the detector, and how broad it is.

The search sees a plateau: its place may be at either end of it, and its width is that of the
plateau. What is left of the line on both sides of the plateau says better where a fit starts.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.spectrum import SpectrumStack

__all__ = ["clipped_from", "flat_tops", "unclipped"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CLIPPED_SHARE: Final = 0.99
"""Share of full scale from which a pixel of one exposure is clipped. The pixels below it, on the
flanks of a line whose top is cut off, hold much of what is left to know of its place."""
_HIDDEN_SIGMA: Final = 4.0
"""The mean of several exposures may hide a clipped one where it comes as near to full scale as so
many times the noise of one exposure,"""
_HIDDEN_SHARE: Final = 0.95
"""and where the noise is not known, from this share of full scale."""
_FLAT_PX: Final = 4
"""Neighbouring pixels with the very same largest counts that noise does not make,"""
_FLAT_NOISE_COUNTS: Final = 5.0
"""if it is at least that much: two of its pixels then agree once in 18."""
_REACH_NM: Final = 3.0
_SPLIT_NM: Final = SPLITTING_CM1 * 700.0**2 * 1e-7
_SPLIT_REACH_NM: Final = 0.4
_NARROWEST_PX: Final = 2.0


def clipped_from(stack: SpectrumStack, noise: PhotonNoise) -> float | None:
    """Counts from which a pixel may be clipped; None where full scale is not known."""
    full = stack.saturation_counts
    if full is None or stack.averages == 1:
        return None if full is None else _CLIPPED_SHARE * full
    if noise.gain_assumed:
        return _HIDDEN_SHARE * full
    light = max(full - noise.offset_counts, 0.0)
    variance = stack.averages * (
        light * noise.counts_variance + float(np.max(noise.floor_variance))
    )
    return min(_CLIPPED_SHARE * full, full - _HIDDEN_SIGMA * float(np.sqrt(variance)))


def flat_tops(counts: Array, noise: PhotonNoise, unseen: Mask) -> Mask | None:
    """Pixels that were cut off at a height which nobody stated; None where none were.

    Parameters
    ----------
    counts : array, shape (spectra, pixels)
        As the detector gave them.
    noise : PhotonNoise
    unseen : array of bool, shape (spectra,)
        Spectra of which no pixel is known to be saturated; the others are not looked at.
    """
    if not unseen.any():
        return None
    pixels = counts.shape[1]
    rows = np.arange(counts.shape[0])
    first, last = counts.argmax(axis=1), pixels - 1 - counts[:, ::-1].argmax(axis=1)
    top = counts[rows, first]
    variance = (top - noise.offset_counts) * noise.counts_variance
    likely = unseen & (last - first >= _FLAT_PX - 1) & (variance >= _FLAT_NOISE_COUNTS**2)
    if not likely.any():
        return None
    flat = np.zeros(counts.shape, dtype=bool)
    for row in likely.nonzero()[0]:
        full = counts[row] == top[row]
        edges = np.flatnonzero(np.diff(full.astype(np.int8), prepend=0, append=0))
        if np.diff(edges)[::2].max() >= _FLAT_PX:
            flat[row] = full
    return flat if flat.any() else None


def unclipped(
    x: Array, y: Array, saturated: Mask, r1_nm: Array, fwhm_nm: Array
) -> tuple[Array, Array]:
    """First estimates of place and width, from the flanks where the line is saturated.

    With ``W`` the width of the plateau and ``V`` that at half its height, ``V**2 - W**2`` is the
    square of the full width of a Gaussian whose top was cut off anywhere, and some more than that
    of other lines.

    Parameters
    ----------
    x : array, shape (pixels,)
        Wavelength in nm.
    y, saturated : arrays, shape (spectra, pixels)
    r1_nm, fwhm_nm : arrays, shape (spectra,)

    Returns
    -------
    r1_nm, fwhm_nm : arrays, shape (spectra,)
        As given where no pixel within a full width of R1 is saturated.
    """
    rows = np.flatnonzero(saturated.any(axis=1))
    pitch = float(np.median(np.diff(x)))
    reach = max(2, int(_REACH_NM / pitch))
    if not rows.size or x.size < 2 * reach + 3:
        return r1_nm, fwhm_nm
    centre = np.clip(np.searchsorted(x, r1_nm[rows]), reach, x.size - reach - 1)
    index = (centre[:, None] + np.arange(-reach, reach + 1)) + (rows * x.size)[:, None]
    counts, full = y.take(index), saturated.take(index)
    offset = np.arange(-reach, reach + 1, dtype=np.int32)
    away = np.where(full, np.abs(offset), np.int32(2 * reach))
    inside = away.argmin(axis=1)
    near = away.min(axis=1) * pitch <= fwhm_nm[rows]
    left, right = _stretch(full, inside)
    # where both lines are cut off, the plateau that was found may be that of R2
    away = np.where(full, np.abs(offset - _SPLIT_NM / pitch), 2 * reach)
    above = np.flatnonzero(away.min(axis=1) * pitch <= _SPLIT_REACH_NM)
    if above.size:
        other = away[above].argmin(axis=1)
        begin, end = _stretch(full[above], other)
        as_long = (begin > right[above]) & (end - begin >= (right - left)[above])
        above = above[as_long]
        inside[above], left[above], right[above] = other[as_long], begin[as_long], end[as_long]
    level = np.partition(counts, reach // 2, axis=1)[:, reach // 2]
    half = 0.5 * (counts.max(axis=1) + level)
    low, high = _stretch(counts > half[:, None], inside)
    middle = 0.5 * (left + right)
    square = (high - low + 1.0) ** 2 - (right - left + 1.0) ** 2
    width = np.maximum(np.sqrt(np.maximum(square, 0.0)), _NARROWEST_PX) * pitch
    place, broad = r1_nm.copy(), fwhm_nm.copy()
    place[rows[near]] = (x[centre] + (middle - reach) * pitch)[near]
    broad[rows[near]] = width[near]
    return place, broad


def _stretch(mask: Mask, inside: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last pixel of the unbroken stretch about a pixel, each of shape (spectra,)."""
    size = mask.shape[1]
    pixel, at = np.arange(-1, size + 1, dtype=np.int32), inside.astype(np.int32)[:, None]
    gap = np.ones((mask.shape[0], size + 2), dtype=bool)
    np.logical_not(mask, out=gap[:, 1:-1])
    after = (gap & (pixel > at)).argmax(axis=1) - 1
    before = size - (gap & (pixel < at))[:, ::-1].argmax(axis=1)
    return before + 1, after - 1
