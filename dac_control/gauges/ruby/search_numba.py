"""The line search in compiled code; see `search`."""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.ruby.compiled import (
    SOURCES,
    compilable,
    finite_helper,
    helper,
    vector_helper,
)
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
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
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

__all__ = ["find_lines"]

_TINY = 1e-300


def find_lines(
    axis: Axis,
    counts: NDArray[np.float64],
    known: NDArray[np.bool_],
    noise: SearchNoise,
    partner_ratio: NDArray[np.float64],
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
        compilable(axis.x), compilable(axis.blocks, np.int64), compilable(axis.centres),
        int(axis.first), int(axis.last), int(axis.begin), float(axis.pitch_nm), *_packed(axis),
        compilable(counts), float(noise.offset_counts), float(noise.counts_variance),
        compilable(noise.floor), bool(noise.from_scatter), compilable(partner_ratio),
        found.r1_nm, found.fwhm_nm, found.score, found.spikes, found.level,
    )  # fmt: skip
    return found


def _packed(axis: Axis) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray]:
    """Later halves of the symmetric kernels, their lengths, bins, widths and overlaps."""
    reaches = np.array([f.kernel.size // 2 for f in axis.filters], dtype=np.int64)
    kernels = np.zeros((reaches.size, int(reaches.max(initial=0)) + 1))
    for row, f in enumerate(axis.filters):
        kernels[row, : reaches[row] + 1] = f.kernel[reaches[row] :]
    return (
        kernels,
        reaches,
        np.array([f.binning for f in axis.filters], dtype=np.int64),
        np.array([f.width_nm for f in axis.filters], dtype=np.float64),
        np.array([f.overlap for f in axis.filters], dtype=np.float64),
    )


def _compiled(sources: int) -> Any:
    """Compile the loop over all spectra; it returns the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def find_all(
        x, blocks, centres, first, last, begin, pitch, kernels, reaches, bins, widths, overlaps,
        counts, offset, per_count, floor, from_scatter, ratio, r1, fwhm, score, spikes, level_at,
    ):  # fmt: skip
        pixels = x.size
        block, share = np.empty(pixels, np.int64), np.empty(pixels)
        places(x, centres, block, share)
        shape = (reaches.size, pixels)
        lags, ends, parts = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape)
        for f in range(reaches.size):
            _partners(x, begin, last, pitch, bins[f], lags[f], ends[f], parts[f])
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
                _filter(
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
def _row(pixels):
    # Longer than asked for, lest rows of 1024 pixels lie 4 kB apart: the processor takes a read
    # just after a write for one of the same place if the last 12 bits of their addresses agree.
    return np.zeros(pixels + 72)[:pixels]


@helper
def _partners(x, begin, last, pitch, binning, lags, ends, parts):
    """Bins by which R2 lies before R1, rounded up; where the stretch of one lag ends; the rest."""
    bins = (last - begin) // binning
    for b in range(bins):
        r1 = x[begin + b * binning]
        place = b - (r1 - CM1_NM / (CM1_NM / r1 + SPLITTING_CM1)) / (pitch * binning)
        left = math.floor(place)
        lags[b] = b - int(left)
        parts[b] = place - left
    for b in range(bins - 1, -1, -1):
        ends[b] = ends[b + 1] if b + 1 < bins and lags[b + 1] == lags[b] else b + 1


@vector_helper
def _filter(
    clean, variance, begin, first, last, kernel, binning, width_nm, overlap, ratio, lags,
    ends, parts, room, best, width,
):  # fmt: skip
    """Apply one filter, and keep its score wherever it is the best so far."""
    bins = (last - begin) // binning
    reach = kernel.size - 1
    if bins < 2 * reach + 1:
        return
    end = bins - reach
    binned, spread, sigma, signal, score = room
    _bin(clean, begin, binning, bins, binned)
    _bin(variance, begin, binning, bins, spread)
    _correlate(binned, kernel, signal[reach:end])
    if overlap != 0.0:
        _roots(spread, bins, sigma)
    b = reach
    while b < end:
        # a stretch in which R2 lies equally many whole bins before R1
        lag, stop = lags[b], min(ends[b], end)
        if ratio > 0.0 and b - lag >= reach:
            _score_pairs(signal, spread, sigma, parts, b, stop, lag, ratio, overlap, score)
        else:
            if ratio > 0.0:
                stop = min(stop, max(lag + reach, b + 1))
            _score_alone(signal, spread, b, stop, score)
        b = stop
    _keep_best(score, begin + binning // 2, binning, reach, end, first, width_nm, best, width)


@vector_helper
def _correlate(values, kernel, out):
    """Correlate with a symmetric kernel, of which only the later half is given."""
    reach, n = kernel.size - 1, out.size
    middle = values[reach : reach + n]
    for k in range(n):
        out[k] = kernel[0] * middle[k]
    for t in range(1, reach, 2):
        a, b = values[reach - t : reach - t + n], values[reach + t : reach + t + n]
        c, d = values[reach - t - 1 :], values[reach + t + 1 :]
        for k in range(n):
            out[k] += kernel[t] * (a[k] + b[k]) + kernel[t + 1] * (c[k] + d[k])
    if reach % 2:
        c, d = values[:n], values[2 * reach : 2 * reach + n]
        for k in range(n):
            out[k] += kernel[reach] * (c[k] + d[k])


# In what follows, indices are unsigned: of any other, numba first looks at the sign, and the
# compiler then does not work on several pixels at once.


@vector_helper
def _roots(values, count, out):
    for k in range(np.uintp(count)):
        out[k] = math.sqrt(values[k])


@vector_helper
def _score_alone(signal, spread, start, end, score):
    """Square of the signal-to-noise ratio, with the sign of the signal."""
    for k in range(np.uintp(start), np.uintp(end)):
        score[k] = signal[k] / max(spread[k], _TINY) * abs(signal[k])


@vector_helper
def _score_pairs(signal, spread, sigma, parts, start, end, lag, ratio, overlap, score):
    """The same for R1 with its partner; the noise of the two filters overlaps."""
    square, twice = ratio * ratio, 2.0 * ratio * overlap
    far, near = np.uintp(lag), np.uintp(lag - 1)
    for k in range(np.uintp(start), np.uintp(end)):
        second = signal[k - far] + parts[k] * (signal[k - near] - signal[k - far])
        total = signal[k] + ratio * second
        noise = spread[k] + square * spread[k - far] + twice * sigma[k] * sigma[k - far]
        score[k] = total / max(noise, _TINY) * abs(total)


@vector_helper
def _keep_best(score, shift, binning, start, end, first, width_nm, best, width):
    """Keep scores that are better than those of other filters, from pixel `first` on."""
    start = max(start, (max(first - shift, 0) + binning - 1) // binning)
    pitch, at = np.uintp(binning), np.uintp(shift)
    for b in range(np.uintp(start), np.uintp(max(start, end))):
        k = at + b * pitch
        better = score[b] > best[k]
        best[k] = score[b] if better else best[k]
        width[k] = width_nm if better else width[k]


@vector_helper
def _bin(values, begin, binning, bins, out):
    """Sums over `binning` pixels."""
    pitch = np.uintp(binning)
    for b in range(np.uintp(bins)):
        out[b] = values[np.uintp(begin) + b * pitch]
    for n in range(1, binning):
        for b in range(np.uintp(bins)):
            out[b] += values[np.uintp(begin + n) + b * pitch]


# `best` is never NaN: NaN is not larger than anything.
@finite_helper
def _largest(values):
    top = values[0]
    for k in range(values.size):
        top = max(top, values[k])
    for k in range(values.size):
        if values[k] == top:
            return k
    return 0


@vector_helper
def _suppress(x, r1, own_width, width, best):
    own = max(SUPPRESS_NM, 1.5 * own_width)
    for k in range(x.size):
        # wide filters see the line from afar
        reach = max(own, SUPPRESS_NM + REACH * width[k])
        best[k] = 0.0 if abs(x[k] - r1) < reach else best[k]


@helper
def _measured_width(x, clean, at, width, pitch, smooth):
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
def _blur(values, taps, out):
    """Means over `taps` pixels."""
    for k in range(out.size):
        out[k] = values[k]
    for n in range(1, taps):
        shifted = values[n:]
        for k in range(out.size):
            out[k] += shifted[k]
    for k in range(out.size):
        out[k] /= taps


_find_all = _compiled(SOURCES)
