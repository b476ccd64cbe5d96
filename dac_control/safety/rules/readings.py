"""The readings that a rule may name, and what each can plausibly be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["READINGS", "Reading", "Sample"]


@dataclass(frozen=True)
class Sample:
    """One value of a reading, and when it was read.

    Truth values are 1.0 and 0.0. What was not measured is NaN.
    """

    value: float
    time_s: float
    """On the clock that `Watch.look` is given; the same time means the same reading."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is known of a reading before it was ever read."""

    name: str
    unit: str
    low: float
    high: float
    """What it can be while the instrument tells the truth; a value beyond counts as missing."""
    stale_s: float
    """Age at which its last value no longer counts; infinite where readings come with steps."""
    optional: bool = False
    """True if it has no value in the normal course of things, too: no prediction yet, say."""

    def plausible(self, value: float) -> bool:
        """True for a number within the range; False for NaN."""
        return self.low <= value <= self.high


def _polled(name: str, unit: str, low: float, high: float) -> Reading:
    # instruments are polled about once a second; half a minute is many lost polls in a row
    return Reading(name=name, unit=unit, low=low, high=high, stale_s=30.0)


def _per_step(name: str, unit: str, low: float, high: float, *, optional: bool = False) -> Reading:
    # a dwell may last for hours: how old it may be is a matter of the rule (`age`, `stale_s`)
    return Reading(name=name, unit=unit, low=low, high=high, stale_s=math.inf, optional=optional)


_ALL = (
    _polled("stage_temperature_k", "K", 0.0, 500.0),
    _polled("cell_temperature_k", "K", 0.0, 500.0),
    _polled("setpoint_k", "K", 0.0, 500.0),
    _polled("heater_percent", "%", 0.0, 100.0),
    _polled("turns", "turns", -100.0, 100.0),
    _polled("moving", "0 or 1", 0.0, 1.0),
    _polled("laser_emitting", "0 or 1", 0.0, 1.0),
    _polled("laser_power_mw", "mW", -10.0, 1e5),
    _polled("disk_free_gb", "GB", 0.0, 1e7),
    # from the dwells so far; a plan without targets, and a ramp's first steps, have none
    Reading(name="time_left_s", unit="s", low=0.0, high=1e9, stale_s=30.0, optional=True),
    # the highest static pressure ever claimed is near 1000 GPa; a fit may scatter below 0
    _per_step("pressure_gpa", "GPa", -20.0, 1000.0),
    _per_step("pressure_sigma_stat_gpa", "GPa", 0.0, 1000.0),
    _per_step("pressure_sigma_sys_gpa", "GPa", 0.0, 1000.0),
    _per_step("predicted_gpa", "GPa", -1000.0, 2000.0, optional=True),
    _per_step("predicted_low_gpa", "GPa", -1000.0, 2000.0, optional=True),
    _per_step("predicted_high_gpa", "GPa", -1000.0, 2000.0, optional=True),
    _per_step("bound_gpa", "GPa", -1000.0, 2000.0, optional=True),
    _per_step("drift_gpa_per_h", "GPa/h", -1e4, 1e4, optional=True),
    _per_step("chip_temperature_k", "K", 0.0, 2000.0, optional=True),
    _per_step("hole_um", "um", 0.0, 2000.0),
    _per_step("hole_px", "px", 0.0, 1e4),
)

READINGS: Mapping[str, Reading] = {each.name: each for each in _ALL}
"""Every reading by its name: the attribute of a role's device, without the device's name."""
