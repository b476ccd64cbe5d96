"""Pairs of spectra of a steady lamp, and the points of the photon transfer curve in them.

The difference of two spectra of one scene knows nothing of the scene: not of the lamp's
spectrum, not of the pixels' unequal response. What is left is noise, twice that of one spectrum
(Janesick, "Photon Transfer", SPIE Press, 2007, chapter 5; EMVA Standard 1288, release 3.1, 2.2).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.photon_transfer.result import TransferPoint

__all__ = [
    "ExposurePair",
    "Levels",
    "clipped_at",
    "exposures_for",
    "levels_of",
    "within_pair_change",
]

_GROUPS: Final = 16
_FEWEST_PIXELS: Final = 128
"""Eight pixels a group: fewer give a variance that is known to no better than 50 %."""

# Cosmic rays. A normal difference is that far off once in 5e8 pixels.
_SPIKE_SIGMA: Final = 6.0
# As many pixels at exactly the largest counts are no chance where counts have noise.
_CLIPPED_PIXELS: Final = 8
_MAD_PER_SIGMA: Final = 0.6744898


@dataclass(frozen=True, kw_only=True, eq=False)
class ExposurePair:
    """Two spectra of the lamp and two with the light closed, all with one exposure.

    Raises
    ------
    NotMeasured
        Counts are no numbers, or the two spectra of a pair are one and the same.
    ConfigurationError
        Shapes differ, there are too few pixels, or the exposure is none.
    """

    exposure_s: float
    light: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Raw counts, each of shape (pixels,)."""
    dark: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Raw counts, each of shape (pixels,)."""

    def __post_init__(self) -> None:
        if not 0.0 < self.exposure_s < math.inf:
            raise ConfigurationError(f"An exposure of {self.exposure_s} s is none; give one > 0.")
        frames = [np.array(frame, dtype=np.float64) for frame in (*self.light, *self.dark)]
        if len(frames) != 4 or any(f.ndim != 1 or f.shape != frames[0].shape for f in frames):
            raise ConfigurationError(
                f"A pair of {self.exposure_s:g} s needs two light and two dark spectra of one "
                f"length, not shapes {[f.shape for f in frames]}."
            )
        if frames[0].size < _FEWEST_PIXELS:
            raise ConfigurationError(
                f"A photon transfer curve needs {_FEWEST_PIXELS} pixels or more, "
                f"not {frames[0].size}."
            )
        if not all(np.isfinite(f).all() and np.abs(f).max() < 1e12 for f in frames):
            raise NotMeasured(
                f"A spectrum of the pair at {self.exposure_s:g} s has counts that are no numbers; "
                "measure the pair again."
            )
        # saturated all over they may well be equal
        if np.array_equal(frames[0], frames[1]) and np.ptp(frames[0]) > 0.0:
            raise NotMeasured(
                f"The two spectra of the lamp at {self.exposure_s:g} s are identical, so the "
                "second is a copy of the first; take two exposures."
            )
        object.__setattr__(self, "light", (frames[0], frames[1]))
        object.__setattr__(self, "dark", (frames[2], frames[3]))

    @property
    def signal(self) -> NDArray[np.float64]:
        """Light of each pixel in counts, mean of the pair without the dark, shape (pixels,)."""
        return 0.5 * (self.light[0] + self.light[1]) - 0.5 * (self.dark[0] + self.dark[1])

    @property
    def highest(self) -> NDArray[np.float64]:
        """Larger of the two raw counts of each pixel, shape (pixels,)."""
        return np.maximum(*self.light)


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """The points of all pairs, and what their differences tell beside the variance."""

    points: tuple[TransferPoint, ...]
    """Light groups, and one point for each pair of darks."""
    dark_counts_per_s: float
    dark_offset_counts: float
    correlation: float
    """Of the noise of neighbouring pixels; 0 unless something smooths the spectra."""
    correlation_sigma: float


def exposures_for(
    counts_per_s: float, full_scale_counts: float, limits_s: tuple[float, float], number: int = 8
) -> tuple[float, ...]:
    """Exposures of a photon transfer curve, evenly spread in the logarithm of the light.

    Parameters
    ----------
    counts_per_s : float
        Light of the brightest pixel, dark subtracted.
    full_scale_counts : float
        Counts at which the detector saturates, offset subtracted.
    limits_s : tuple of float
        Shortest and longest exposure of the instrument.
    number : int
        Exposures from 2 % to 110 % of full scale, so that saturation is seen.

    Returns
    -------
    tuple of float
        Rising, and the first once more at the end: the lamp's drift shows there.

    Raises
    ------
    NotMeasured
        Between the limits the lamp is too bright or too faint for a factor of 8 in exposure.
    """
    if not (counts_per_s > 0.0 and full_scale_counts > 0.0):
        raise NotMeasured(
            f"The lamp gives {counts_per_s:g} counts/s of {full_scale_counts:g}; switch it on."
        )
    shortest, longest = limits_s
    first = max(0.02 * full_scale_counts / counts_per_s, shortest)
    last = min(1.1 * full_scale_counts / counts_per_s, longest)
    if last < 8.0 * first:
        word = "brighter" if last == longest else "fainter"
        raise NotMeasured(
            f"With {counts_per_s:g} counts/s and exposures of {shortest:g} to {longest:g} s the "
            f"light spans less than a factor of 8; make the lamp {word}."
        )
    steps = np.geomspace(first, last, max(number, 4))
    return (*(float(step) for step in steps), float(first))


def levels_of(pairs: Sequence[ExposurePair], averages: int) -> Levels:
    """Turn pairs into points: mean light and variance of groups of equally bright pixels.

    In a group the light differs from pixel to pixel, which does no harm, since the variance is
    linear in it; grouping by the light of all pairs together keeps a pixel's noise in one
    pair from choosing its group there.
    """
    brightness = sum((p.signal for p in pairs), np.zeros(pairs[0].light[0].size))
    groups = np.array_split(np.argsort(brightness, kind="stable"), _GROUPS)
    offset, rate = _dark_line(pairs)
    points: list[TransferPoint] = []
    products: list[NDArray[np.float64]] = []
    for index, pair in enumerate(pairs):
        dark_level = max(rate * pair.exposure_s, 0.0)
        points.append(_dark_point(index, pair, dark_level, averages))
        difference = _difference(pair)
        normal = np.zeros(difference.size)
        for place, group in enumerate(groups):
            kept, spread = _variance(difference[group])
            points.append(
                TransferPoint(
                    pair=index,
                    group=place,
                    exposure_s=pair.exposure_s,
                    light_counts=float(pair.signal[group].mean()),
                    dark_current_counts=dark_level,
                    highest_counts=float(pair.highest[group].max()),
                    variance_counts2=averages * spread,
                    pixels=int(kept.sum()),
                )
            )
            if spread > 0.0:
                centred = difference[group] - float(difference[group][kept].mean())
                normal[group] = np.where(kept, centred / math.sqrt(2.0 * spread), 0.0)
        products.append(normal[1:] * normal[:-1])
    every = np.concatenate(products)
    return Levels(
        points=tuple(points),
        dark_counts_per_s=rate,
        dark_offset_counts=offset,
        correlation=float(every.mean()),
        correlation_sigma=1.0 / math.sqrt(every.size),
    )


def within_pair_change(pair: ExposurePair) -> float:
    """Relative change of the lamp from the first spectrum of a pair to the second."""
    dark = 0.5 * (pair.dark[0] + pair.dark[1])
    first, second = (float((frame - dark).sum()) for frame in pair.light)
    if not (first > 0.0 and second > 0.0):
        raise NotMeasured(
            f"At {pair.exposure_s:g} s the spectra of the lamp are no brighter than the dark ones; "
            "switch the lamp on, or check that the dark ones were taken without it."
        )
    return second / first - 1.0


def clipped_at(pairs: Sequence[ExposurePair]) -> float | None:
    """Counts at which pixels are clipped, or None: several pixels stand at the very largest."""
    frames = np.concatenate([np.concatenate(pair.light) for pair in pairs])
    top = float(frames.max())
    return top if int(np.sum(frames == top)) >= _CLIPPED_PIXELS else None


def _difference(pair: ExposurePair) -> NDArray[np.float64]:
    """First minus second, the second scaled to the lamp's strength in the first."""
    dark = 0.5 * (pair.dark[0] + pair.dark[1])
    scale = 1.0 + within_pair_change(pair)
    return (pair.light[0] - dark) - (pair.light[1] - dark) / scale


def _variance(difference: NDArray[np.float64]) -> tuple[NDArray[np.bool_], float]:
    """Pixels without spikes, and the variance of one spectrum from the differences of two."""
    centre = float(np.median(difference))
    scale = float(np.median(np.abs(difference - centre))) / _MAD_PER_SIGMA
    # whole counts can make the median deviation 0 where the noise is small
    kept = np.abs(difference - centre) <= max(_SPIKE_SIGMA * scale, 1.0)
    return kept, 0.5 * float(np.var(difference[kept], ddof=1)) if kept.sum() > 1 else 0.0


def _dark_point(index: int, pair: ExposurePair, dark_level: float, averages: int) -> TransferPoint:
    kept, spread = _variance(pair.dark[0] - pair.dark[1])
    return TransferPoint(
        pair=index,
        group=-1,
        exposure_s=pair.exposure_s,
        light_counts=0.0,
        dark_current_counts=dark_level,
        highest_counts=float(np.max(pair.dark)),
        variance_counts2=averages * spread,
        pixels=int(kept.sum()),
    )


def _dark_line(pairs: Sequence[ExposurePair]) -> tuple[float, float]:
    """Offset in counts and dark current in counts per s, from the medians of the darks."""
    exposure = np.array([pair.exposure_s for pair in pairs])
    dark = np.array([float(np.mean(pair.dark)) for pair in pairs])
    span = exposure - exposure.mean()
    spread = float(span @ span)
    rate = float(span @ dark) / spread if spread > 0.0 else 0.0
    return float(dark.mean() - rate * exposure.mean()), rate
