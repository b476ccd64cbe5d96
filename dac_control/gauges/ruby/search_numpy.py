"""The line search with NumPy alone, all spectra of a chunk together; see `search`.

For machines without numba. Same interface and same steps as `search_numba`; a test holds them
together.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.filters_numpy import Partner, best_scores
from dac_control.gauges.ruby.search import (
    BLURRED_SHARE,
    CANDIDATES,
    EQUAL,
    LEVEL_PERCENTILE,
    MEASURED_NM,
    NEIGHBOURS,
    OBVIOUS_SIGMA,
    PAIR_OVER_NEIGHBOURS,
    REACH,
    SINGLE_OVER_NEIGHBOURS,
    SUPPRESS_NM,
    TOP_NM,
    Axis,
    Found,
    SearchNoise,
)

__all__ = ["find_lines"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Pixels that are searched together: many, for threads hand the interpreter to each other at
# every operation, and that must be rare; not more, for their arrays should stay in the cache.
_PIXELS: Final = 130_000


def find_lines(
    axis: Axis, counts: Array, known: Mask, noise: SearchNoise, partner_ratio: Array
) -> Found:
    """Search the ruby lines of every spectrum; see `search`."""
    spectra, pixels = counts.shape
    found = Found(
        r1_nm=np.full((spectra, CANDIDATES), np.nan),
        fwhm_nm=np.full((spectra, CANDIDATES), np.nan),
        score=np.zeros((spectra, CANDIDATES)),
        spikes=np.array(known, dtype=bool),
        level=np.zeros(spectra),
    )
    search = _Search(axis, noise)
    together = max(16, _PIXELS // max(pixels, 1))
    with np.errstate(all="ignore"):
        for begin in range(0, spectra, together):
            rows = slice(begin, begin + together)
            search.run(np.asarray(counts[rows], dtype=np.float64), partner_ratio[rows], found, rows)
    return found


class _Search:
    """What all spectra of a batch share, and the search of a chunk of them."""

    def __init__(self, axis: Axis, noise: SearchNoise) -> None:
        self.axis, self.noise = axis, noise
        # straight lines between the blocks' centres, as one product of matrices
        blocks = np.eye(axis.centres.size)
        self.between = np.array([np.interp(axis.x, axis.centres, one) for one in blocks])
        self.partners = [Partner.of(axis, one) for one in axis.filters]
        self.widths = np.array([0.0, *(one.width_nm for one in axis.filters)])

    def run(self, y: Array, ratio: Array, found: Found, rows: slice) -> None:
        clean = _median_of_three(y)
        levels = self._block_levels(clean)
        level = levels @ self.between
        spikes = found.spikes[rows]
        spikes |= self._spikes(y, clean, level)
        for row in np.flatnonzero(spikes.any(axis=1) & ~spikes.all(axis=1)):
            clean[row] = _median_of_three(_bridged(self.axis.x, y[row], spikes[row])[None, :])[0]
        if self.axis.last <= self.axis.first or not self.axis.filters:
            return
        light = np.maximum(_noisiest(levels) @ self.between - self.noise.offset_counts, 0.0)
        variance = light * self.noise.counts_variance + self.noise.floor
        best, chosen = best_scores(self.axis, self.partners, clean, variance, ratio)
        self._pick(clean, level, best, chosen, found, rows)

    def _block_levels(self, clean: Array) -> Array:
        blocks = self.axis.blocks
        levels = np.empty((clean.shape[0], blocks.size - 1))
        for b in range(blocks.size - 1):
            rank = int(LEVEL_PERCENTILE * (blocks[b + 1] - blocks[b] - 1))
            part = np.partition(clean[:, blocks[b] : blocks[b + 1]], rank, axis=1)
            levels[:, b] = part[:, rank]
        return levels

    def _spikes(self, y: Array, clean: Array, level: Array) -> Mask:
        """Pixels, alone or in pairs, that stand too far above their neighbours to be light."""
        sigma = np.maximum(level, clean)
        sigma -= self.noise.offset_counts
        np.maximum(sigma, 0.0, out=sigma)
        sigma *= self.noise.counts_variance
        sigma += self.noise.floor
        np.sqrt(sigma, out=sigma)
        if self.noise.from_scatter:
            scatter = 1.4826 * np.median(np.abs(np.diff(clean, axis=1)), axis=1)
            np.maximum(sigma, scatter[:, None], out=sigma)
        over = y - level
        sigma *= OBVIOUS_SIGMA
        excess = over - sigma
        n = y.shape[1]
        beside = np.empty((y.shape[0], n + 4))
        np.maximum(over, 0.0, out=beside[:, 2:-2])
        beside[:, :2], beside[:, -2:] = beside[:, 2:3], beside[:, -3:-2]
        left2, left, right, right2 = (beside[:, k : k + n] for k in (0, 1, 3, 4))
        single = np.maximum(left, right)
        single *= SINGLE_OVER_NEIGHBOURS
        pair = np.minimum(np.maximum(left, right2), np.maximum(left2, right))
        pair *= PAIR_OVER_NEIGHBOURS
        np.minimum(single, pair, out=single)
        return excess > single

    def _pick(
        self,
        clean: Array,
        level: Array,
        best: Array,
        chosen: NDArray[np.int8],
        found: Found,
        rows: slice,
    ) -> None:
        """Take the best pixel, forget what is near it, and so on."""
        axis = self.axis
        local = np.arange(clean.shape[0])
        x = axis.x[axis.first : axis.last]
        best, chosen = best[:, axis.first : axis.last], chosen[:, axis.first : axis.last]
        from_afar = (SUPPRESS_NM + REACH * self.widths)[chosen]
        at = np.zeros((local.size, CANDIDATES), dtype=np.intp)
        for c in range(CANDIDATES):
            # the first of those that are equal but for rounding, which differs between the engines
            least = best.max(axis=1, keepdims=True) * (1.0 - EQUAL)
            at[:, c] = (best >= least).argmax(axis=1)
            found.score[rows, c] = np.sqrt(best[local, at[:, c]])
            own = np.maximum(SUPPRESS_NM, 1.5 * self.widths[chosen[local, at[:, c]]])
            away = np.abs(x - x[at[:, c], None])
            best[(away < own[:, None]) | (away < from_afar)] = 0.0
        is_line = found.score[rows] > 0.0
        width = self.widths[chosen[local[:, None], at]]
        at += axis.first
        found.r1_nm[rows][is_line] = axis.x[at[is_line]]
        row = np.broadcast_to(local[:, None], at.shape)[is_line]
        found.fwhm_nm[rows][is_line] = self._measured_width(clean, row, at[is_line], width[is_line])
        found.level[rows] = np.where(is_line[:, 0], level[local, at[:, 0]], 0.0)

    def _measured_width(
        self, clean: Array, row: NDArray[np.intp], at: NDArray[np.intp], width: Array
    ) -> Array:
        """Twice the half-width at half height on the steeper side: filters favour large widths."""
        x, pitch = self.axis.x, self.axis.pitch_nm
        blur = (BLURRED_SHARE * width / pitch).astype(np.intp)[:, None]
        near = int(MEASURED_NM / pitch) + 1
        k = at[:, None] + np.arange(-near, near + 1)
        valid = (k >= blur) & (k <= x.size - 1 - blur)
        # sums of neighbours from running sums, less the middle, that little be lost to rounding
        wide = near + int(blur.max(initial=0))
        index = np.clip(at[:, None] + np.arange(-wide, wide + 1), 0, x.size - 1)
        middle = clean[row, at][:, None]
        sums = np.zeros((row.size, 2 * wide + 2))
        np.cumsum(clean[row[:, None], index] - middle, axis=1, out=sums[:, 1:])
        place = np.arange(wide - near, wide + near + 1)
        smooth = np.take_along_axis(sums, place + blur + 1, 1)
        smooth -= np.take_along_axis(sums, place - blur, 1)
        smooth /= 2 * blur + 1
        smooth += middle
        bottom = np.min(smooth, axis=1, where=valid, initial=np.inf)
        central = valid & (np.abs(x[np.clip(k, 0, x.size - 1)] - x[at][:, None]) <= TOP_NM)
        top = np.max(smooth, axis=1, where=central, initial=-np.inf)
        equal = EQUAL * np.maximum(np.abs(top), np.abs(bottom))
        highest = central & (smooth >= (top - equal)[:, None])
        peak = np.where(highest.any(axis=1), highest.argmax(axis=1), near)
        below = valid & (smooth < (0.5 * (top + bottom) - equal)[:, None])
        steps = np.abs(np.arange(2 * near + 1) - peak[:, None])
        away = np.min(steps, axis=1, where=below & (steps > 0), initial=x.size)
        measured = np.minimum(np.maximum(2.0 * away * pitch, 2.0 * pitch), width)
        return np.where((away < x.size) & (valid.sum(axis=1) > 3), measured, width)


def _median_of_three(y: Array) -> Array:
    """Median of every pixel and its two neighbours; the outermost pixels keep their counts."""
    clean = y.copy()
    if y.shape[1] > 2:
        left, here, right = y[:, :-2], y[:, 1:-1], y[:, 2:]
        middle = np.minimum(left, right, out=clean[:, 1:-1])
        np.maximum(here, middle, out=middle)
        np.minimum(middle, np.maximum(left, right), out=middle)
    return clean


def _bridged(x: Array, y: Array, spikes: Mask) -> Array:
    """Spikes replaced by straight lines between their neighbours."""
    bridged = y.copy()
    bridged[spikes] = np.interp(x[spikes], x[~spikes], y[~spikes])
    return bridged


def _noisiest(levels: Array) -> Array:
    """The largest level of every block's neighbourhood."""
    largest = levels.copy()
    for step in range(1, min(NEIGHBOURS + 1, levels.shape[1])):
        np.maximum(largest[:, step:], levels[:, :-step], out=largest[:, step:])
        np.maximum(largest[:, :-step], levels[:, step:], out=largest[:, :-step])
    return largest
