"""What lies under and upon the lines of a spectrum, in compiled code: level, noise, spikes."""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper, vector_helper
from dac_control.gauges.ruby.search import (
    LEVEL_PERCENTILE,
    NEIGHBOURS,
    OBVIOUS_SIGMA,
    PAIR_OVER_NEIGHBOURS,
    SINGLE_OVER_NEIGHBOURS,
)

__all__ = [
    "block_levels",
    "bridge",
    "interpolate",
    "mark_spikes",
    "median_of_three",
    "noisiest",
    "places",
    "scatter_sigma",
    "select",
]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


_FEW = 24


@vector_helper
def median_of_three(y: Array, out: Array) -> None:
    """Median of every pixel and its two neighbours; the outermost pixels keep their counts."""
    last = y.size - 1
    middle, after, inner = y[1:], y[2:], out[1:]
    for k in range(last - 1):
        low, high = min(y[k], after[k]), max(y[k], after[k])
        inner[k] = min(max(middle[k], low), high)
    out[0], out[last] = y[0], y[last]


@helper
def block_levels(clean: Array, blocks: Ints, scratch: Array, out: Array) -> None:
    """A low percentile of every block of pixels."""
    for b in range(out.size):
        size = blocks[b + 1] - blocks[b]
        for k in range(size):
            scratch[k] = clean[blocks[b] + k]
        out[b] = select(scratch[:size], int(LEVEL_PERCENTILE * (size - 1)))


@helper
def select(values: Array, rank: int) -> float:
    """Value of a rank, by quickselect without branches on the data; reorders `values`."""
    low, high = 0, values.size
    while high - low > 1:
        pivot = _pivot(values[low:high], rank - low)
        middle = low
        for k in range(low, high):
            here = values[k]
            values[k] = values[middle]
            values[middle] = here
            middle += here < pivot
        if rank < middle:
            high = middle
            continue
        if middle > low:
            low = middle
            continue
        # the pivot is the smallest: put aside all that equal it
        for k in range(low, high):
            here = values[k]
            values[k] = values[middle]
            values[middle] = here
            middle += here == pivot
        if rank < middle or middle == low:
            return pivot
        low = middle
    return values[rank]


@helper
def _pivot(values: Array, rank: int) -> float:
    """A value near the one of that rank: the middle one of three, or of many next to an end."""
    size = values.size
    if size < _FEW:
        return values[size // 2]
    a, b, c = values[size // 8], values[size // 2], values[size - 1 - size // 8]
    d, e = values[size * 3 // 8], values[size * 5 // 8]
    middle = max(min(a, b), min(max(a, b), c))
    if rank * 3 < size:
        return min(middle, max(d, e))
    return middle if rank * 3 < 2 * size else max(middle, min(d, e))


@helper
def scatter_sigma(clean: Array, scratch: Array) -> float:
    """Robust standard deviation of the differences between neighbours."""
    count = clean.size - 1
    if count < 1:
        return 0.0
    for k in range(count):
        scratch[k] = abs(clean[k + 1] - clean[k])
    middle = select(scratch[:count], count // 2)
    if count % 2 == 0:
        middle = 0.5 * (middle + select(scratch[:count], count // 2 - 1))
    return 1.4826 * middle


@helper
def noisiest(levels: Array, scratch: Array) -> None:
    """Replace every level by the largest of its neighbourhood."""
    count = levels.size
    for b in range(count):
        scratch[b] = levels[b]
    for b in range(count):
        for n in range(max(0, b - NEIGHBOURS), min(count, b + NEIGHBOURS + 1)):
            levels[b] = max(levels[b], scratch[n])


@helper
def places(x: Array, centres: Array, block: Ints, share: Array) -> None:
    """Where every pixel lies between the centres of blocks, for `interpolate`."""
    b = 0
    for k in range(x.size):
        while b < centres.size - 2 and x[k] > centres[b + 1]:
            b += 1
        block[k], share[k] = b, 0.0
        if centres.size > 1:
            away = (x[k] - centres[b]) / (centres[b + 1] - centres[b])
            share[k] = min(max(away, 0.0), 1.0)


@vector_helper
def interpolate(values: Array, block: Ints, share: Array, out: Array) -> None:
    """Straight lines between the values at the blocks' centres, constant outside."""
    k = 0
    while k < out.size:
        b = block[k]
        end = k
        while end < out.size and block[end] == b:
            end += 1
        first, rise = float(values[b]), 0.0
        if values.size > 1:
            rise = float(values[b + 1]) - first
        _straight(first, rise, share[k:end], out[k:end])
        k = end


@vector_helper
def _straight(first: float, rise: float, share: Array, out: Array) -> None:
    for k in range(out.size):
        out[k] = first + share[k] * rise


@helper
def mark_spikes(
    y: Array, clean: Array, level: Array, offset: float, per_count: float, floor: Array,
    scatter: float, scratch: Array, spikes: Mask,
) -> int:  # fmt: skip
    """Mark pixels, alone or in pairs, that stand too far above their neighbours to be light.

    Returns how many pixels are marked.
    """
    _over_noise(y, clean, level, offset, per_count, floor, scatter * scatter, scratch)
    for k in range(y.size):
        if scratch[k] > 1.0 and _stands_alone(y, level, k, (y[k] - level[k]) / scratch[k]):
            spikes[k] = True
    count = 0
    for k in range(y.size):
        count += spikes[k]
    return count


@vector_helper
def _over_noise(
    y: Array, clean: Array, level: Array, offset: float, per_count: float, floor: Array,
    least: float, out: Array,
) -> None:  # fmt: skip
    """Height over the level in units of what is obvious."""
    for k in range(out.size):
        expected = max(max(level[k], clean[k]) - offset, 0.0)
        variance = max(expected * per_count + floor[k], least)
        out[k] = (y[k] - level[k]) / (OBVIOUS_SIGMA * math.sqrt(variance))


@helper
def _stands_alone(y: Array, level: Array, k: int, margin: float) -> bool:
    last = y.size - 1
    here = y[k] - level[k]
    left = max(y[max(k - 1, 0)] - level[max(k - 1, 0)], 0.0)
    right = max(y[min(k + 1, last)] - level[min(k + 1, last)], 0.0)
    left2 = max(y[max(k - 2, 0)] - level[max(k - 2, 0)], 0.0)
    right2 = max(y[min(k + 2, last)] - level[min(k + 2, last)], 0.0)
    return (
        here > SINGLE_OVER_NEIGHBOURS * max(left, right) + margin
        or here > PAIR_OVER_NEIGHBOURS * max(left, right2) + margin
        or here > PAIR_OVER_NEIGHBOURS * max(left2, right) + margin
    )


@helper
def bridge(x: Array, y: Array, spikes: Mask, out: Array) -> None:
    """Join the neighbours of spikes by straight lines; some pixel must be no spike."""
    left = -1
    right = 0
    for k in range(y.size):
        if not spikes[k]:
            out[k] = y[k]
            left = k
            continue
        right = max(right, k)
        while right < y.size and spikes[right]:
            right += 1
        if left < 0:
            out[k] = y[right]
        elif right == y.size:
            out[k] = y[left]
        else:
            share = (x[k] - x[left]) / (x[right] - x[left])
            out[k] = y[left] + share * (y[right] - y[left])
