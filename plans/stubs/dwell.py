"""Wait until the measured pressure has settled, by laboratory time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bluesky.utils import MsgGenerator, plan

from plans.gauge_reading import GaugeReading
from plans.gauge_settings import GaugeSettings
from plans.instruments import Instruments
from plans.settings import DwellSettings
from plans.settling import Drift, assess_drift
from plans.stubs.measure_pressure import measure_pressure
from plans.stubs.waiting import wait_until

__all__ = ["DwellResult", "dwell"]

# Sums of seconds over a day are exact to nanoseconds: a reading that is due when the longest dwell
# ends may seem to lie before its end, and would cost another interval.
_ROUNDING_S: Final = 1e-6

_CUT_SHORT: Final = "the dwell ends before it has settled, with the light that the step's end needs"


@dataclass(frozen=True, kw_only=True)
class DwellResult:
    """How a dwell ended."""

    drift: Drift
    dwell_s: float
    """Laboratory time from the beginning of the dwell to its last reading."""
    last: GaugeReading
    """Last reading; if it was not measured the dwell ended there."""


@plan
def dwell(
    instruments: Instruments,
    settings: DwellSettings,
    taken: GaugeSettings,
    *,
    gauge: str = "ruby",
    exposure_s: float | None = None,
    expected_gpa: tuple[float, float] | None = None,
    why_not: Callable[[], str] = lambda: "",
) -> MsgGenerator[DwellResult]:
    """Measure the pressure again and again until it has settled, or time or light is up.

    Every spectrum is one event of the stream ``dwell``, or of the gauge's own.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    settings : DwellSettings
        Limit of the drift, window, shortest and longest dwell.
    taken : GaugeSettings
        How spectra are taken.
    gauge : str
        Which gauge follows the pressure.
    exposure_s, expected_gpa
        As for `measure_pressure`.
    why_not : callable, optional
        Says, after a reading that has not settled it, why there may not be another one, which is
        noted in the step's ``failure``; empty where there may.

    Returns
    -------
    DwellResult
        ``drift.outcome`` is ``settled``, or after the longest dwell ``still_drifting`` or
        ``undetermined``.
    """
    clock = instruments.clock
    start_s = clock.now()
    readings: list[GaugeReading] = []
    while True:
        began_s = clock.now()
        reading = yield from measure_pressure(
            instruments, taken, gauge=gauge, exposure_s=exposure_s, expected_gpa=expected_gpa
        )
        exposure_s = reading.next_exposure_s or reading.exposure_s
        if reading.measured:
            readings.append(reading)
        drift = _drift_of(readings, settings)
        elapsed_s = reading.lab_time_s - start_s
        settled = drift.outcome == "settled" and elapsed_s >= settings.min_dwell_s
        over = settled or elapsed_s >= settings.max_dwell_s - _ROUNDING_S
        if reading.measured and not over and (refused := why_not()):
            instruments.step.note(failure=f"{gauge}: {_CUT_SHORT}. {refused}")
            over = True
        if not reading.measured or over:
            return DwellResult(drift=drift, dwell_s=elapsed_s, last=reading)
        yield from wait_until(clock, began_s + settings.interval_s)


def _drift_of(readings: list[GaugeReading], settings: DwellSettings) -> Drift:
    return assess_drift(
        [reading.lab_time_s for reading in readings],
        [reading.pressure_gpa for reading in readings],
        [reading.sigma_stat_gpa for reading in readings],
        settings,
    )
