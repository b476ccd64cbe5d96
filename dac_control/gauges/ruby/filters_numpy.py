"""Matched filters over many spectra with NumPy; see `search`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.search import Axis, Filter

__all__ = ["Partner", "best_scores"]

Array = NDArray[np.float64]

_TINY: Final = 1e-300


@dataclass(frozen=True)
class Partner:
    """Where R2 lies for every bin of a filter that can see it."""

    first: int
    """First bin whose partner the filter sees."""
    left: NDArray[np.intp]
    """Bin before the place of R2, of every bin from `first` on."""
    part: Array
    """Share of the way to the next bin."""

    @classmethod
    def of(cls, axis: Axis, one: Filter) -> "Partner":
        """The partners of a filter's bins."""
        bins = (axis.last - axis.begin) // one.binning
        reach = one.kernel.size // 2
        r1 = axis.x[axis.begin : axis.begin + bins * one.binning : one.binning]
        split = r1 - CM1_NM / (CM1_NM / r1 + SPLITTING_CM1)
        place = np.arange(bins) - split / (axis.pitch_nm * one.binning)
        left = np.floor(place).astype(np.intp)
        outside = np.flatnonzero(left < reach)
        first = min(int(outside.max(initial=-1)) + 1, bins)
        return cls(first, left[first:], (place - left)[first:])


def best_scores(
    axis: Axis, partners: Sequence[Partner], clean: Array, variance: Array, ratio: Array
) -> tuple[Array, NDArray[np.int8]]:
    """Squared score of the best filter in every pixel, and which it was, counted from 1.

    Parameters
    ----------
    axis : Axis
    partners : sequence of Partner
        One for each filter of the axis.
    clean, variance : arrays, shape (spectra, pixels)
    ratio : array, shape (spectra,)
        Strength of R2 relative to R1; 0 for a line alone.
    """
    best = np.zeros(clean.shape)
    chosen = np.zeros(clean.shape, dtype=np.int8)
    for index, (one, partner) in enumerate(zip(axis.filters, partners, strict=True)):
        bins = (axis.last - axis.begin) // one.binning
        reach = one.kernel.size // 2
        if bins < one.kernel.size:
            continue
        score = _score(
            _bin(clean, axis.begin, bins, one.binning),
            _bin(variance, axis.begin, bins, one.binning),
            one,
            partner,
            ratio,
        )
        shift = axis.begin + one.binning // 2
        start = max(reach, -(-max(axis.first - shift, 0) // one.binning))
        score = score[:, start : bins - reach]
        where = slice(shift + start * one.binning, None, one.binning)
        here = best[:, where][:, : score.shape[1]]
        better = score > here
        np.copyto(here, score, where=better)
        np.copyto(chosen[:, where][:, : score.shape[1]], np.int8(index + 1), where=better)
    return best, chosen


def _bin(values: Array, begin: int, bins: int, binning: int) -> Array:
    part = values[:, begin : begin + bins * binning]
    # a product, for adding up along short rows takes numpy three times as long
    return part if binning == 1 else part.reshape(-1, bins, binning) @ np.ones(binning)


def _score(binned: Array, spread: Array, one: Filter, partner: Partner, ratio: Array) -> Array:
    """Square of the signal-to-noise ratio of R1 with its partner, with the sign of the signal."""
    signal = correlate1d(binned, one.kernel, axis=1, mode="constant")
    total, noise = signal, spread
    if partner.left.size and (ratio > 0.0).any():
        share = np.maximum(ratio, 0.0)[:, None]
        total, noise = signal.copy(), spread.copy()
        second = signal.take(partner.left, axis=1)
        step = signal.take(partner.left + 1, axis=1)
        step -= second
        step *= partner.part
        second += step
        second *= share
        total[:, partner.first :] += second
        spread2 = spread.take(partner.left, axis=1)
        if one.overlap:
            joint = np.sqrt(spread[:, partner.first :] * spread2)
            noise[:, partner.first :] += 2.0 * one.overlap * share * joint
        noise[:, partner.first :] += share * share * spread2
    score = np.abs(total)
    score *= total
    score /= np.maximum(noise, _TINY)
    return score
