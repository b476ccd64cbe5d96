"""The line search in compiled code; see `search`."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.compiled import compilable, finite_helper, helper, vector_helper
from dac_control.gauges.ruby.filters_numba import apply_filter, partners
from dac_control.gauges.ruby.levels_numba import (
    block_levels,
    bridge,
    interpolate,
    mark_spikes,
    median_of_three,
    noisiest,
    places,
    scatter_sigma,
)
from dac_control.gauges.ruby.search import (
    BLURRED_SHARE,
    CANDIDATES,
    EQUAL,
    MEASURED_NM,
    REACH,
    SUPPRESS_NM,
    TOP_NM,
    Axis,
    Found,
    SearchNoise,
)
from dac_control.gauges.ruby.sources import SOURCES

__all__ = ["find_lines"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def find_lines(
    axis: Axis, counts: Array, known: Mask, noise: SearchNoise, partner_ratio: Array
) -> Found:
    """Search the ruby lines of every spectrum; see `search`."""
    spectra, _pixels = counts.shape
    found = Found(
        r1_nm=np.full((spectra, CANDIDATES), np.nan),
        fwhm_nm=np.full((spectra, CANDIDATES), np.nan),
        score=np.zeros((spectra, CANDIDATES)),
        spikes=np.array(known, dtype=bool, order="C"),
        level=np.zeros(spectra),
    )
    _find_all(
        compilable(axis.x), compilable(axis.blocks, np.int64), int(axis.first), int(axis.last),
        int(axis.begin), float(axis.pitch_nm), *_packed(axis),
        compilable(counts), float(noise.offset_counts), float(noise.counts_variance),
        compilable(noise.floor), bool(noise.from_scatter), compilable(partner_ratio),
        found.r1_nm, found.fwhm_nm, found.score, found.spikes, found.level,
    )  # fmt: skip
    return found


@lru_cache(maxsize=8)
def _packed(axis: Axis) -> tuple[Array | Ints, ...]:
    """Later halves of the symmetric kernels, their lengths, bins, widths and overlaps.

    Then what `places` says of the pixels, and `partners` of the bins of every filter.
    """
    reaches = np.array([f.kernel.size // 2 for f in axis.filters], dtype=np.int64)
    kernels = np.zeros((reaches.size, int(reaches.max(initial=0)) + 1))
    for row, f in enumerate(axis.filters):
        kernels[row, : reaches[row] + 1] = f.kernel[reaches[row] :]
    bins = np.array([f.binning for f in axis.filters], dtype=np.int64)
    widths = np.array([f.width_nm for f in axis.filters], dtype=np.float64)
    overlaps = np.array([f.overlap for f in axis.filters], dtype=np.float64)
    block, share = np.empty(axis.x.size, np.int64), np.empty(axis.x.size)
    lags, ends = np.zeros((2, reaches.size, axis.x.size), np.int64)
    parts = np.zeros(lags.shape)
    _place_all(
        compilable(axis.x), compilable(axis.centres), int(axis.last), int(axis.begin),
        float(axis.pitch_nm), bins, block, share, lags, ends, parts,
    )  # fmt: skip
    return kernels, reaches, bins, widths, overlaps, block, share, lags, ends, parts


def _compiled_places(sources: int) -> Any:
    """Compile what is done once for an axis; it returns the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def place_all(
        x: Array, centres: Array, last: int, begin: int, pitch: float, bins: Ints, block: Ints,
        share: Array, lags: Ints, ends: Ints, parts: Array,
    ) -> int:  # fmt: skip
        places(x, centres, block, share)
        for f in range(bins.size):
            partners(x, begin, last, pitch, bins[f], lags[f], ends[f], parts[f])
        return sources

    return place_all


def _compiled(sources: int) -> Any:
    """Compile the loop over all spectra; it returns the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def find_all(
        x: Array, blocks: Ints, first: int, last: int, begin: int, pitch: float, kernels: Array,
        reaches: Ints, bins: Ints, widths: Array, overlaps: Array, block: Ints, share: Array, lags:
        Ints, ends: Ints, parts: Array, counts: Array, offset: float, per_count: float, floor:
        Array, from_scatter: bool, ratio: Array, r1: Array, fwhm: Array, score: Array, spikes: Mask,
        level_at: Array,
    ) -> int:  # fmt: skip
        pixels = x.size
        clean, bridged, level, variance = _row(pixels), _row(pixels), _row(pixels), _row(pixels)
        best, width, scratch = _row(pixels), _row(pixels), _row(pixels)
        room = _row(pixels), _row(pixels), _row(pixels), _row(pixels), _row(pixels)
        levels = np.empty(blocks.size - 1)
        for i in range(counts.shape[0]):
            y = counts[i]
            median_of_three(y, clean)
            block_levels(clean, blocks, scratch, levels)
            interpolate(levels, block, share, level)
            scatter = scatter_sigma(clean, scratch) if from_scatter else 0.0
            marked = mark_spikes(
                y, clean, level, offset, per_count, floor, scatter, scratch, spikes[i]
            )
            if 0 < marked < pixels:
                bridge(x, y, spikes[i], bridged)
                median_of_three(bridged, clean)
            if last <= first:
                continue
            noisiest(levels, scratch)
            interpolate(levels, block, share, variance)
            for k in range(pixels):
                variance[k] = max(variance[k] - offset, 0.0) * per_count + floor[k]
                best[k] = 0.0
                width[k] = 0.0
            for f in range(reaches.size):
                apply_filter(
                    clean, variance, begin, first, last, kernels[f, : reaches[f] + 1], bins[f],
                    widths[f], overlaps[f], ratio[i], lags[f], ends[f], parts[f], room, best, width,
                )  # fmt: skip
            for c in range(CANDIDATES):
                at = first + _largest(best[first:last])
                if best[at] <= 0.0:
                    break
                r1[i, c], score[i, c] = x[at], math.sqrt(best[at])
                fwhm[i, c] = _measured_width(x, clean, at, width[at], pitch, scratch)
                if c == 0:
                    level_at[i] = level[at]
                _suppress(x[first:last], x[at], width[at], width[first:last], best[first:last])
        return sources

    return find_all


@helper
def _row(pixels: int) -> Array:
    # Longer than asked for, lest rows of 1024 pixels lie 4 kB apart: the processor takes a read
    # just after a write for one of the same place if the last 12 bits of their addresses agree.
    return np.zeros(pixels + 72)[:pixels]


# `best` is never NaN: NaN is not larger than anything.
@finite_helper
def _largest(values: Array) -> int:
    top = values[0]
    for k in range(values.size):
        top = max(top, values[k])
    # the first of those that are equal but for rounding, which differs between the engines
    least = top * (1.0 - EQUAL)
    for k in range(values.size):
        if values[k] >= least:
            return k
    return 0


@vector_helper
def _suppress(x: Array, r1: float, own_width: float, width: Array, best: Array) -> None:
    own = max(SUPPRESS_NM, 1.5 * own_width)
    for k in range(x.size):
        # wide filters see the line from afar
        reach = max(own, SUPPRESS_NM + REACH * width[k])
        best[k] = 0.0 if abs(x[k] - r1) < reach else best[k]


@helper
def _measured_width(
    x: Array, clean: Array, at: int, width: float, pitch: float, smooth: Array,
) -> float:  # fmt: skip
    """Twice the half-width at half height on the steeper side: filters favour large widths."""
    blur = max(0, int(BLURRED_SHARE * width / pitch))
    near = int(MEASURED_NM / pitch) + 1
    low, high = max(at - near, blur), min(at + near, x.size - 1 - blur)
    if high - low < 3:
        return width
    size = high - low + 1
    _blur(clean[low - blur : high + blur + 1], 2 * blur + 1, smooth[:size])
    bottom, top = np.inf, -np.inf
    for k in range(size):
        bottom = min(bottom, smooth[k])
        if abs(x[low + k] - x[at]) <= TOP_NM:
            top = max(top, smooth[k])
    equal = EQUAL * max(abs(top), abs(bottom))
    peak = at - low
    for k in range(size):
        if smooth[k] >= top - equal and abs(x[low + k] - x[at]) <= TOP_NM:
            peak = k
            break
    half = 0.5 * (top + bottom) - equal
    for away in range(1, size):
        if (peak - away >= 0 and smooth[peak - away] < half) or (
            peak + away < size and smooth[peak + away] < half
        ):
            return min(max(2.0 * away * pitch, 2.0 * pitch), width)
    return width


@helper
def _blur(values: Array, taps: int, out: Array) -> None:
    """Means over `taps` pixels."""
    for k in range(out.size):
        out[k] = values[k]
    for n in range(1, taps):
        shifted = values[n:]
        for k in range(out.size):
            out[k] += shifted[k]
    for k in range(out.size):
        out[k] /= taps


_place_all = _compiled_places(SOURCES)
_find_all = _compiled(SOURCES)
