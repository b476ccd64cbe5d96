"""Matched filters over one spectrum in compiled code; see `search`."""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper, vector_helper
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1

__all__ = ["apply_filter", "partners"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_TINY = 1e-300


@helper
def partners(
    x: Array, begin: int, last: int, pitch: float, binning: int, lags: Ints, ends: Ints,
    parts: Array,
) -> None:  # fmt: skip
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
def apply_filter(
    clean: Array, variance: Array, begin: int, first: int, last: int, kernel: Array, binning: int,
    width_nm: float, overlap: float, ratio: float, lags: Ints, ends: Ints, parts: Array,
    room: tuple[Array, ...], best: Array, width: Array,
) -> None:  # fmt: skip
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
def _correlate(values: Array, kernel: Array, out: Array) -> None:
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


@vector_helper
def _roots(values: Array, count: int, out: Array) -> None:
    for k in range(np.uintp(count)):
        out[k] = math.sqrt(values[k])


@vector_helper
def _score_alone(signal: Array, spread: Array, start: int, end: int, score: Array) -> None:
    """Square of the signal-to-noise ratio, with the sign of the signal."""
    for k in range(np.uintp(start), np.uintp(end)):
        score[k] = signal[k] / max(spread[k], _TINY) * abs(signal[k])


@vector_helper
def _score_pairs(
    signal: Array, spread: Array, sigma: Array, parts: Array, start: int, end: int, lag: int,
    ratio: float, overlap: float, score: Array,
) -> None:  # fmt: skip
    """The same for R1 with its partner; the noise of the two filters overlaps."""
    square, twice = ratio * ratio, 2.0 * ratio * overlap
    far, near = np.uintp(lag), np.uintp(lag - 1)
    for k in range(np.uintp(start), np.uintp(end)):
        second = signal[k - far] + parts[k] * (signal[k - near] - signal[k - far])
        total = signal[k] + ratio * second
        noise = spread[k] + square * spread[k - far] + twice * sigma[k] * sigma[k - far]
        score[k] = total / max(noise, _TINY) * abs(total)


@vector_helper
def _keep_best(
    score: Array, shift: int, binning: int, start: int, end: int, first: int, width_nm: float,
    best: Array, width: Array,
) -> None:  # fmt: skip
    """Keep scores that are better than those of other filters, from pixel `first` on."""
    start = max(start, (max(first - shift, 0) + binning - 1) // binning)
    pitch, at = np.uintp(binning), np.uintp(shift)
    for b in range(np.uintp(start), np.uintp(max(start, end))):
        k = at + b * pitch
        better = score[b] > best[k]
        best[k] = score[b] if better else best[k]
        width[k] = width_nm if better else width[k]


@vector_helper
def _bin(values: Array, begin: int, binning: int, bins: int, out: Array) -> None:
    """Sums over `binning` pixels."""
    pitch = np.uintp(binning)
    for b in range(np.uintp(bins)):
        out[b] = values[np.uintp(begin) + b * pitch]
    for n in range(1, binning):
        for b in range(np.uintp(bins)):
            out[b] += values[np.uintp(begin + n) + b * pitch]
