"""What the sample reflects against the gasket beside it, and at which pressure."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.reflectance import (
    AbsorptionUnknown,
    AtPressure,
    ReferenceTable,
    evaluate_reflectance,
    statement,
)
from dac_control.reflectance.names import checked_name
from plans.calibrated import check_calibrations
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import reflectance_looks
from plans.optics_settings import ReflectanceSettings
from plans.settings import RubySettings
from plans.stubs.hold import wait_while_held
from plans.stubs.light import note_seen
from plans.stubs.look import look
from plans.stubs.measure_pressure import GaugeReading
from plans.stubs.reflectance import ReflectanceReadings, check_reflectance, take_reflectance
from plans.stubs.work_out import work_out

__all__ = ["measure_reflectance"]


@plan
def measure_reflectance(
    instruments: Instruments,
    sample: str,
    *,
    settings: ReflectanceSettings | None = None,
    ruby: RubySettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Take gasket and sample in white light, then the pressure, and compare the two.

    The lamp comes before the laser: what can be seen without it is on record first. The absorption
    of the anvils is not measured here, so the result is relative, and says so; it says, too, where
    nothing is known of the gasket's reflectance, and where no pressure was measured.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with lamp, stage and workbench.
    sample : str
        What was loaded; no claim, see `dac_control.reflectance.names`.
    settings : ReflectanceSettings, optional
        How the light is taken.
    ruby : RubySettings, optional
        How the ruby is taken.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    LimitError, ConfigurationError
        Before the run opens, where the station cannot do it or the name claims something.
    RampHeld
        If the light could not be taken, or shows nothing.
    """
    settings, ruby = settings or ReflectanceSettings(), ruby or RubySettings()
    spectrometer = check_reflectance(instruments)
    spectrometer.check_exposure(settings.exposure_s)
    checked_name("sample", sample)
    check_calibrations(instruments, ("ruby",))
    document = {
        "plan_name": "measure_reflectance",
        "plan_args": {"sample": sample, "settings": asdict(settings), "ruby": asdict(ruby)},
        "devices": instruments.names,
        "gauge": "ruby",
        **dict(md or {}),
    }
    looks = reflectance_looks(settings, ruby, rules_of(instruments))
    inside = _measure(instruments, sample, settings, ruby)
    return (yield from held_run(inside, document, instruments, looks))


def _measure(
    instruments: Instruments, sample: str, settings: ReflectanceSettings, ruby: RubySettings
) -> MsgGenerator[dict[str, Any]]:
    yield from wait_while_held(instruments)
    instruments.step.begin(1, branch="reflectance")
    readings = yield from take_reflectance(instruments, settings)
    note_seen(instruments.light, 1, "reflectance")
    reading = yield from look(instruments, ruby, 1, branch="reflectance")
    pressure = _pressure(instruments, reading)
    job = partial(_evaluate, readings, sample, pressure, instruments.gasket)
    return (yield from work_out(instruments, "reflectance", job, stream="reflectance_result"))


def _pressure(instruments: Instruments, reading: GaugeReading) -> AtPressure:
    if not reading.measured:
        return AtPressure.unknown()
    return AtPressure(
        pressure_gpa=reading.pressure_gpa,
        sigma_stat_gpa=reading.sigma_stat_gpa,
        sigma_sys_gpa=float(instruments.ruby.pressure_sigma_sys_gpa.get()),
        scale=instruments.ruby.gauge.scale.name,
    )


def _evaluate(
    readings: ReflectanceReadings,
    sample: str,
    pressure: AtPressure,
    gasket: ReferenceTable | None,
) -> Mapping[str, Any]:
    result = evaluate_reflectance(
        readings.sample,
        readings.references,
        sample_name=sample,
        pressure=pressure,
        reference=gasket,
        absorption=AbsorptionUnknown.not_measured(),
    )
    return {**result.to_dict(), "statement": list(statement([result]))}
