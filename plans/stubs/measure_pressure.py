"""Take a spectrum and the pressure that a gauge reads in it; a bad one is taken again."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from bluesky.utils import FailedStatus, MsgGenerator, plan

from dac_control.errors import DacError, RampHeld
from devices.laser import Laser
from plans.exposure import next_exposure_s
from plans.failures import cause_of
from plans.gauge_reading import GaugeReading, failed_reading, reading_of
from plans.gauge_settings import GaugeSettings
from plans.instruments import GaugeOptics, Instruments
from plans.stubs.aim import aim_at
from plans.stubs.arming import arm_laser
from plans.stubs.light import lit
from plans.stubs.measure_dark import DARK_SCANS, measure_dark
from plans.stubs.parameters import choose
from plans.stubs.record import record, record_failure
from plans.stubs.reflectance import take_reflectance
from plans.stubs.trigger_all import trigger_all

__all__ = ["measure_pressure"]

logger = logging.getLogger(__name__)

_FULL_ELSEWHERE: Final = 0.99
"""Fill of the detector where the line is not flagged as saturated."""


@plan
def measure_pressure(
    instruments: Instruments,
    settings: GaugeSettings,
    *,
    gauge: str = "ruby",
    spot: str = "",
    exposure_s: float | None = None,
    expected_gpa: tuple[float, float] | None = None,
    stream: str = "dwell",
    also: Sequence[Any] = (),
    note: Callable[[GaugeReading], None] | None = None,
    believe: Callable[[GaugeReading], bool] | None = None,
) -> MsgGenerator[GaugeReading]:
    """Measure the pressure with one gauge and record it as one event.

    Where light may end the specimen, what can be seen without it is put on record first.

    Attempts that give no pressure are recorded too: of the ruby in the stream ``dwell``, whatever
    `stream` is; the exposure then grows for a weak line and shrinks for a saturated one. Where no
    instrument has given anything, an event of ``unmeasured`` says why.

    Parameters
    ----------
    instruments : Instruments
        The laboratory. The gauge's light source, where there is one, is open for the exposure
        only.
    settings : GaugeSettings
        Exposure, averages, number of attempts.
    gauge : str
        Name of the gauge, a key of `Instruments.gauges`.
    spot : str
        Where to look; empty for where this gauge is at home.
    exposure_s : float, optional
        Exposure of the first attempt; by default what the last reading of this run says, where
        `settings` ask for a signal-to-noise ratio, and else the one in `settings`.
    expected_gpa : tuple of float, optional
        Pressures between which the gauge should read; outside it is flagged.
    stream : str
        Stream of the event of a good measurement, and of the last attempt. A gauge other than
        the ruby has a stream of its own name, whatever `stream` is.
    also : sequence of readable devices
        Triggered and recorded with that event; of the ruby only, whose attempts that give no
        pressure are in another stream.
    note : callable, optional
        Called with the reading before its event is recorded.
    believe : callable, optional
        Given a measured reading, says whether it is the one to record; otherwise it is kept, and
        another one is made, beside the attempts of `settings`: those are for spectra that give no
        pressure. Says yes after some readings.

    Returns
    -------
    GaugeReading
        Of the last attempt; look at `measured`. Never raises for a bad spectrum or for an
        instrument that does not answer: the caller decides, and no caller may move on.

    Raises
    ------
    RampHeld
        If nothing may be lit in this run any more, as `plans.temperature_watch` finds.
    """
    optics = instruments.gauge(gauge)
    adapted_s = optics.device.next_exposure_s or settings.exposure_s
    exposure = adapted_s if exposure_s is None else exposure_s
    optics = replace(optics, spot=spot or optics.spot)
    failed_stream = "dwell" if gauge == "ruby" else gauge
    stream = stream if gauge == "ruby" else gauge
    highest_gpa = None if expected_gpa is None else expected_gpa[1]
    yield from arm_laser(
        instruments, int(instruments.step.number.get()), pressure_gpa=highest_gpa,
        light=optics.light, reflectance=_reflectance(instruments),
    )  # fmt: skip
    attempt = failed = 0
    while True:
        attempt += 1
        last = failed + 1 >= settings.attempts
        if settings.signal_to_noise is not None and gauge == "ruby":
            yield from _dark_of(instruments, exposure, settings)
        try:
            yield from _expose_and_fit(
                instruments, optics, exposure, settings.averages, expected_gpa
            )
        except (FailedStatus, DacError) as error:
            if instruments.hold.interrupted or isinstance(error, RampHeld):
                raise  # the run is being ended: this is no attempt that failed
            failing = failed_reading(instruments, gauge, exposure, attempt, error)
            logger.warning("%s attempt %d failed: %s", gauge, attempt, failing.failure)
            if last:
                yield from record_failure(instruments, failing)
                return failing
            failed += 1
            continue
        after_s = _next_exposure(exposure, instruments, optics, settings)
        reading = replace(
            reading_of(instruments, gauge, exposure, attempt), next_exposure_s=after_s
        )
        if settings.signal_to_noise is not None:
            optics.device.next_exposure_s = after_s
        doubted = reading.measured and believe is not None and not believe(reading)
        wanted = not doubted and (last or reading.measured)
        complete = yield from _complete(reading, also if wanted else ())
        if note is not None:
            note(complete)
        if not complete.failure and wanted:
            yield from record(stream, instruments, optics, also)
            return complete
        # the spectrum is kept, whatever it lacks
        yield from record(failed_stream, instruments, optics)
        if complete.failure or not doubted:
            if last:
                return complete
            failed += 1
        exposure = exposure if reading.measured else after_s


def _reflectance(instruments: Instruments) -> Callable[[], MsgGenerator[Any]] | None:
    settings = instruments.reflectance
    return None if settings is None else partial(take_reflectance, instruments, settings)


def _expose_and_fit(
    instruments: Instruments,
    optics: GaugeOptics,
    exposure_s: float,
    averages: int,
    expected_gpa: tuple[float, float] | None,
) -> MsgGenerator[None]:
    # Any: to a type checker ophyd's Status is not quite bluesky's
    spectrometer: Any = optics.spectrometer
    device: Any = optics.device
    yield from aim_at(instruments, optics.spot)
    yield from choose(
        (device.expected_gpa, expected_gpa),
        (spectrometer.next_averages, averages),
        (spectrometer.next_exposure_s, exposure_s),
    )
    exposing = trigger_all([instruments.clock_reading, instruments.cryostat, spectrometer])
    if optics.light is None:
        yield from exposing
    else:
        yield from lit(
            instruments,
            exposing,
            optics.spot,
            exposure_s * averages,
            pressure_gpa=None if expected_gpa is None else expected_gpa[1],
            light=optics.light,
        )
    yield from trigger_all([optics.device])


def _complete(reading: GaugeReading, also: Sequence[Any]) -> MsgGenerator[GaugeReading]:
    """Trigger what belongs to the event too; without it the measurement is not complete."""
    try:
        # what reads another device's last reading comes after it
        yield from trigger_all([device for device in also if not _follows(device)])
        yield from trigger_all([device for device in also if _follows(device)])
    except (FailedStatus, DacError) as error:
        cause = cause_of(error) if isinstance(error, FailedStatus) else error
        return replace(reading, measured=False, failure=str(cause))
    return reading


def _follows(device: Any) -> bool:
    return getattr(device, "reads_after", None) is not None


def _next_exposure(
    exposure_s: float, instruments: Instruments, optics: GaugeOptics, settings: GaugeSettings
) -> float:
    """Exposure of the next attempt, or of the next reading."""
    device, spectrometer = optics.device, optics.spectrometer
    saturated = "saturated" in str(device.flags.get()).split()
    shortest_s, longest_s = spectrometer.exposure_limits_s
    light = optics.light
    if isinstance(light, Laser):
        allowance = light.account.allowance(light.label, optics.spot)
        longest_s = min(longest_s, allowance.max_exposure_s / settings.averages)
    taken = spectrometer.last
    fill = 1.0 if saturated else 0.0
    if taken is not None and not saturated:
        # what is at full scale elsewhere, as the line of unstressed diamond, is not this line
        fill = min(float(np.max(taken.counts)) / spectrometer.saturation_counts, _FULL_ELSEWHERE)
    quality = device.quality() if bool(device.measured.get()) else math.nan
    return next_exposure_s(settings, exposure_s, quality, fill, (shortest_s, longest_s))


def _dark_of(
    instruments: Instruments, exposure_s: float, settings: GaugeSettings
) -> MsgGenerator[None]:
    """Measure the dark of an exposure that has none yet, where the light can be shut."""
    if instruments.light is not None and exposure_s not in instruments.spectrometer.darks:
        yield from measure_dark(instruments, exposure_s, DARK_SCANS * settings.averages)
