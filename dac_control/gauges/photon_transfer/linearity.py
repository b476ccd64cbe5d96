"""Whether the light rises with the exposure, and the lamp holds still meanwhile.

The two look alike unless an exposure is repeated; EMVA Standard 1288, release 3.1, asks for a
stabilised source instead.
"""

import math
from collections.abc import Sequence

import numpy as np

from dac_control.gauges.photon_transfer.result import TransferPoint

__all__ = ["nonlinearity_of", "source_drift"]


def nonlinearity_of(points: Sequence[TransferPoint]) -> tuple[float, float]:
    """Largest relative deviation of an exposure from light proportional to time."""
    used = [point for point in points if point.used and point.light_counts > 0.0]
    exposures = sorted({point.exposure_s for point in used})
    rate = np.array([point.light_counts / point.exposure_s for point in used])
    sigma = np.array([math.sqrt(p.variance_counts2 / (2 * p.pixels)) / p.exposure_s for p in used])
    weight = 1.0 / np.square(np.maximum(sigma, 1e-12 * np.abs(rate).max()))
    groups = np.array([point.group for point in used])
    deviation = np.zeros(len(used))
    for group in np.unique(groups):  # each has a rate of its own
        chosen = groups == group
        mean = float(np.average(rate[chosen], weights=weight[chosen]))
        deviation[chosen] = rate[chosen] / mean - 1.0
    relative = weight * np.square(rate)
    worst, worst_sigma = 0.0, 0.0
    for exposure in exposures:
        chosen = np.array([point.exposure_s == exposure for point in used])
        total = float(relative[chosen].sum())
        off = abs(float(np.average(deviation[chosen], weights=relative[chosen])))
        if total > 0.0 and off >= worst:
            worst, worst_sigma = off, 1.0 / math.sqrt(total)
    return worst, worst_sigma


def source_drift(points: Sequence[TransferPoint]) -> float | None:
    """Relative change of the light from the first to the last pair of one exposure."""
    used = [point for point in points if point.used and point.light_counts > 0.0]
    drifts: list[float] = []
    for exposure in {point.exposure_s for point in used}:
        same = [point for point in used if point.exposure_s == exposure]
        first, last = min(point.pair for point in same), max(point.pair for point in same)
        if first == last:
            continue
        before = {point.group: point.light_counts for point in same if point.pair == first}
        after = {point.group: point.light_counts for point in same if point.pair == last}
        both = before.keys() & after.keys()
        total = sum(before[group] for group in both)
        drifts.append(sum(after[group] for group in both) / total - 1.0)
    return max(drifts, key=abs) if drifts else None
