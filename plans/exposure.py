"""The exposure of the next reading from the signal of the last, in steps a dark can follow. Pure.

A line that is seen better than it needs to be costs light that the specimen will not get back; one
that is seen worse is taken again. The exposure changes by factors of two from the one that is
written, and only where the last one is off by more than 1.5: every new exposure needs a dark of
its own.
"""

import math
from typing import Final

from dac_control.safety.light.exposure import ExposureLimits, exposure_for
from plans.gauge_settings import GaugeSettings

__all__ = ["next_exposure_s"]

_GOOD_WITHIN: Final = 1.5


def next_exposure_s(
    settings: GaugeSettings,
    last_exposure_s: float,
    signal_to_noise: float,
    fill: float,
    limits_s: tuple[float, float],
) -> float:
    """Choose the next exposure.

    Parameters
    ----------
    settings : GaugeSettings
        With the signal-to-noise ratio that is wanted; where none is, the exposure stays while
        there is a line, and goes by the factor `longer_by` where there is none.
    last_exposure_s : float
        Of the reading.
    signal_to_noise : float
        That it gave; NaN where it showed no line.
    fill : float
        Brightest pixel as a part of full scale; 1 where it is saturated.
    limits_s : tuple of float
        Shortest and longest exposure, of instrument and budget.

    Returns
    -------
    float
        Within the limits, in s.
    """
    wanted = settings.signal_to_noise
    shortest_s, longest_s = limits_s
    longest_s = max(shortest_s, min(longest_s, settings.longest_exposure_s))
    if wanted is None:
        if math.isfinite(signal_to_noise):
            return last_exposure_s
        factor = settings.longer_by if fill < 1.0 else 1.0 / settings.longer_by
        return min(max(last_exposure_s * factor, shortest_s), longest_s)
    limits = ExposureLimits(shortest_s=shortest_s, longest_s=longest_s)
    seen = signal_to_noise if math.isfinite(signal_to_noise) else 0.0
    best_s = exposure_for(seen, wanted, last_exposure_s, limits, last_fill=fill)
    if 1.0 / _GOOD_WITHIN < best_s / last_exposure_s < _GOOD_WITHIN:
        return last_exposure_s
    # down to the next, so that it is never longer than the detector or the budget takes
    steps = math.floor(math.log2(best_s / settings.exposure_s) + 1e-9)
    return min(max(settings.exposure_s * 2.0**steps, shortest_s), longest_s)
