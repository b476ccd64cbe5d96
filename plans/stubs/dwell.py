"""Wait until the measured pressure has settled, by laboratory time."""

from dataclasses import dataclass
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from plans.instruments import Instruments
from plans.settings import DwellSettings, RubySettings
from plans.settling import Drift, assess_drift
from plans.stubs.measure_ruby import RubyReading, measure_ruby

__all__ = ["DwellResult", "dwell"]


@dataclass(frozen=True, kw_only=True)
class DwellResult:
    """How a dwell ended."""

    drift: Drift
    dwell_s: float
    """Laboratory time from the beginning of the dwell to its last reading."""
    last: RubyReading
    """Last reading; if it was not measured the dwell ended there."""


@plan
def dwell(
    instruments: Instruments,
    settings: DwellSettings,
    ruby: RubySettings,
    *,
    exposure_s: float | None = None,
    expected_gpa: tuple[float, float] | None = None,
) -> MsgGenerator[DwellResult]:
    """Measure the pressure again and again until it has settled or time is up.

    Every spectrum is one event of the stream ``dwell``.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    settings : DwellSettings
        Limit of the drift, window, shortest and longest dwell.
    ruby : RubySettings
        How spectra are taken.
    exposure_s, expected_gpa
        As for `measure_ruby`.

    Returns
    -------
    DwellResult
        ``drift.outcome`` is ``settled``, or after the longest dwell ``still_drifting`` or
        ``undetermined``.
    """
    clock = instruments.clock
    start_s = clock.now()
    readings: list[RubyReading] = []
    while True:
        began_s = clock.now()
        reading = yield from measure_ruby(
            instruments, ruby, exposure_s=exposure_s, expected_gpa=expected_gpa
        )
        exposure_s = reading.exposure_s
        if reading.measured:
            readings.append(reading)
        drift = _drift_of(readings, settings)
        elapsed_s = reading.lab_time_s - start_s
        settled = drift.outcome == "settled" and elapsed_s >= settings.min_dwell_s
        if not reading.measured or settled or elapsed_s >= settings.max_dwell_s:
            return DwellResult(drift=drift, dwell_s=elapsed_s, last=reading)
        yield from _wait_until(clock, began_s + settings.interval_s)


def _drift_of(readings: list[RubyReading], settings: DwellSettings) -> Drift:
    return assess_drift(
        [reading.lab_time_s for reading in readings],
        [reading.pressure_gpa for reading in readings],
        [reading.sigma_stat_gpa for reading in readings],
        settings,
    )


def _wait_until(clock: Any, lab_s: float) -> MsgGenerator[None]:
    wall_s = clock.wall_s(lab_s - clock.now())
    if wall_s > 0:
        yield from bps.sleep(wall_s)
