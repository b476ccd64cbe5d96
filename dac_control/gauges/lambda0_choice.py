"""Which lambda0 of a chip a session uses, and on which axis. Pure."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.lambda0 import Lambda0

__all__ = ["SAME_TEMPERATURE_K", "on_axis", "on_own_axis", "to_use"]

SAME_TEMPERATURE_K: Final = 10.0
"""Closer than this, a newer lambda0 replaces an older one: at 300 K it moves by 0.07 nm, which the
temperature correction knows to better than 1 pm."""


def to_use(
    lambda0s: Sequence[Lambda0], today: datetime.date, max_age_d: float | None = None
) -> tuple[Lambda0, ...]:
    """Choose those of one chip that are used: the newest at each temperature, none too old.

    Parameters
    ----------
    lambda0s : sequence of Lambda0
        Of one chip; of two with one date, the later in the sequence counts as the newer.
    today : datetime.date
        Day for their ages.
    max_age_d : float, optional
        Days that they may be old; one of an unknown day is too old. Where all of them are older,
        all are returned: something has to be named when a run is refused.

    Returns
    -------
    tuple of Lambda0
        In the order of their dates.
    """
    kept: list[Lambda0] = []
    for each in sorted(lambda0s, key=lambda found: found.day):
        kept = [
            other
            for other in kept
            if abs(other.temperature_k - each.temperature_k) > SAME_TEMPERATURE_K
        ]
        kept.append(each)
    if max_age_d is None:
        return tuple(kept)
    fresh = [each for each in kept if today.toordinal() - each.day <= max_age_d]
    return tuple(fresh or kept)


def on_axis(lambda0: Lambda0, axis: AxisCalibration | None) -> Lambda0:
    """Put a lambda0 of the instrument's own axis onto the one that lamp lines give.

    Line and lambda0 must stand on one axis, or the whole correction of the axis would count as
    pressure: 0.1 nm as 0.27 GPa. What the axis drifted between the two is stated by
    ``axis_sigma_nm``. A lambda0 that was measured on an axis put right is left where it is.
    """
    if axis is None or lambda0.axis:
        return lambda0
    moved_nm = float(axis.apply(lambda0.value_nm))
    return replace(lambda0, value_nm=moved_nm, axis=axis.describe())


def on_own_axis(lambda0: Lambda0, axis: AxisCalibration | None) -> Lambda0:
    """Where the instrument's own axis would show this lambda0; the inverse of `on_axis`."""
    if axis is None or not lambda0.axis:
        return lambda0
    own_nm = lambda0.value_nm
    # the correction is small and smooth: each round gains some four digits
    for _ in range(4):
        own_nm += lambda0.value_nm - float(axis.apply(own_nm))
    return replace(lambda0, value_nm=own_nm, axis="")
