"""Take a ruby spectrum and its pressure; a bad one is taken again, differently."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import FailedStatus, MsgGenerator, plan

from dac_control.errors import DacError
from plans.failures import cause_of
from plans.instruments import Instruments
from plans.settings import RubySettings
from plans.stubs.trigger_all import trigger_all

__all__ = ["RubyReading", "measure_ruby", "record"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RubyReading:
    """Outcome of a ruby measurement; `pressure_gpa` is NaN unless `measured`."""

    measured: bool
    pressure_gpa: float
    sigma_stat_gpa: float
    flags: tuple[str, ...]
    lab_time_s: float
    exposure_s: float
    attempts: int
    failure: str = ""
    """Why the measurement is not complete, where an instrument failed."""

    def why_not(self) -> str:
        """One clause that says why nothing was measured."""
        if self.failure:
            return self.failure
        return f"the spectrum is flagged {', '.join(self.flags) or 'not measured'}"


@plan
def measure_ruby(
    instruments: Instruments,
    settings: RubySettings,
    *,
    exposure_s: float | None = None,
    expected_gpa: tuple[float, float] | None = None,
    stream: str = "dwell",
    also: Sequence[Any] = (),
    note: Callable[[RubyReading], None] | None = None,
) -> MsgGenerator[RubyReading]:
    """Measure the ruby pressure and record it as one event.

    Attempts that give no pressure are recorded in the stream ``dwell``, whatever `stream` is;
    the exposure then grows for a weak line and shrinks for a saturated one.

    Parameters
    ----------
    instruments : Instruments
        The laboratory. Its light source, where there is one, is open for the exposure only.
    settings : RubySettings
        Exposure, averages, number of attempts.
    exposure_s : float, optional
        Exposure of the first attempt, instead of the one in `settings`.
    expected_gpa : tuple of float, optional
        Pressures between which the line is expected; outside it is flagged.
    stream : str
        Stream of the event of a good measurement, and of the last attempt.
    also : sequence of readable devices
        Triggered and recorded with that event.
    note : callable, optional
        Called with the reading before its event is recorded.

    Returns
    -------
    RubyReading
        Of the last attempt; look at `measured`. Never raises for a bad spectrum or for an
        instrument that does not answer: the caller decides, and no caller may move on.
    """
    exposure = settings.exposure_s if exposure_s is None else exposure_s
    # Any: to a type checker ophyd's Status is not quite bluesky's
    ruby: Any = instruments.ruby
    spectrometer: Any = instruments.spectrometer
    yield from bps.abs_set(ruby.expected_gpa, expected_gpa, wait=True)
    yield from bps.abs_set(spectrometer.next_averages, settings.averages, wait=True)
    reading: RubyReading | None = None
    for attempt in range(1, settings.attempts + 1):
        last = attempt == settings.attempts
        try:
            yield from _expose_and_fit(instruments, exposure)
        except (FailedStatus, DacError) as error:
            reading = _failed_reading(instruments, exposure, attempt, error)
            logger.warning("ruby attempt %d failed: %s", attempt, reading.failure)
            continue
        reading = _reading_of(instruments, exposure, attempt)
        complete = yield from _complete(reading, also if reading.measured or last else ())
        if note is not None:
            note(complete)
        if not complete.failure and (reading.measured or last):
            yield from record(stream, instruments, also)
            return complete
        # the spectrum is kept, whatever it lacks
        yield from record("dwell", instruments)
        if not reading.measured:
            exposure = _next_exposure(exposure, reading, settings, instruments)
        reading = complete
    assert reading is not None  # settings guarantee at least one attempt
    return reading


def _expose_and_fit(instruments: Instruments, exposure_s: float) -> MsgGenerator[None]:
    spectrometer: Any = instruments.spectrometer
    yield from bps.abs_set(spectrometer.next_exposure_s, exposure_s, wait=True)

    def expose() -> MsgGenerator[None]:
        yield from trigger_all([instruments.clock_reading, instruments.cryostat, spectrometer])

    light = instruments.light
    if light is None:
        yield from expose()
    else:
        yield from bpp.finalize_wrapper(
            bpp.pchain(bps.abs_set(light, True, wait=True), expose()),
            lambda: bps.abs_set(light, False, wait=True),
        )
    yield from trigger_all([instruments.ruby])


def _complete(reading: RubyReading, also: Sequence[Any]) -> MsgGenerator[RubyReading]:
    """Trigger what belongs to the event too; without it the measurement is not complete."""
    try:
        yield from trigger_all(also)
    except (FailedStatus, DacError) as error:
        cause = cause_of(error) if isinstance(error, FailedStatus) else error
        return replace(reading, measured=False, failure=str(cause))
    return reading


def record(stream: str, instruments: Instruments, also: Sequence[Any] = ()) -> MsgGenerator[None]:
    """Record what the devices hold as one event of `stream`."""
    devices: list[Any] = [
        instruments.clock_reading,
        instruments.step,
        instruments.cryostat,
        instruments.spectrometer,
        instruments.ruby,
        *also,
    ]
    yield from bps.create(name=stream)
    for device in devices:
        yield from bps.read(device)
    yield from bps.save()


def _reading_of(instruments: Instruments, exposure_s: float, attempt: int) -> RubyReading:
    ruby = instruments.ruby
    return RubyReading(
        measured=bool(ruby.measured.get()),
        pressure_gpa=float(ruby.pressure_gpa.get()),
        sigma_stat_gpa=float(ruby.pressure_sigma_stat_gpa.get()),
        flags=tuple(str(ruby.flags.get()).split()),
        lab_time_s=float(instruments.clock_reading.lab_time_s.get()),
        exposure_s=exposure_s,
        attempts=attempt,
    )


def _failed_reading(
    instruments: Instruments, exposure_s: float, attempt: int, error: FailedStatus | DacError
) -> RubyReading:
    cause = cause_of(error) if isinstance(error, FailedStatus) else error
    return RubyReading(
        measured=False,
        pressure_gpa=float("nan"),
        sigma_stat_gpa=float("nan"),
        flags=(),
        lab_time_s=instruments.clock.now(),
        exposure_s=exposure_s,
        attempts=attempt,
        failure=str(cause),
    )


def _next_exposure(
    exposure_s: float, reading: RubyReading, settings: RubySettings, instruments: Instruments
) -> float:
    factor = 1 / settings.longer_by if "saturated" in reading.flags else settings.longer_by
    shortest, _ = instruments.spectrometer.exposure_limits_s
    return min(max(exposure_s * factor, shortest), settings.longest_exposure_s)
