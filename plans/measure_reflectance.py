"""What the sample reflects against the gasket beside it, and at which pressure."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final, Literal

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import ConfigurationError, LimitError
from dac_control.reflectance import (
    AtPressure,
    LightReading,
    MultipleReflections,
    evaluate_reflectance,
    statement,
)
from dac_control.reflectance.names import checked_name, claims_in, refuse_claim
from plans.calibrated import check_calibrations
from plans.gauge_reading import GaugeReading
from plans.gauge_settings import REFERENCE, GaugeSettings, RubySettings
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import reflectance_looks
from plans.optics_settings import ReflectanceSettings
from plans.settings import RampSettings
from plans.stubs.anvils import absorption_now, keep_unstressed
from plans.stubs.arming import note_seen
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look, look_by
from plans.stubs.reflectance import (
    ReflectanceReadings,
    check_reflectance,
    check_transmission,
    take_reflectance,
    take_transmission,
)
from plans.stubs.work_out import work_out

__all__ = ["Bounces", "ThroughTheCell", "measure_reflectance"]

Bounces = Literal["unknown", "all_collected", "confocal"]
"""Which of the bounces inside the anvil the optics collect, as somebody determined."""
_BOUNCES: Final[dict[Bounces, Callable[[], MultipleReflections]]] = {
    "unknown": MultipleReflections.unknown,
    "all_collected": MultipleReflections.all_collected,
    "confocal": MultipleReflections.confocal,
}


@dataclass(frozen=True, kw_only=True)
class ThroughTheCell:
    """Where light passes the anvils, and how it is taken."""

    spot: str
    settings: ReflectanceSettings
    unstressed: bool = False
    """Keep it as what passes these anvils without load."""


@plan
def measure_reflectance(
    instruments: Instruments,
    sample: str,
    *,
    settings: ReflectanceSettings | None = None,
    ruby: RubySettings | None = None,
    gauge: str = "ruby",
    gauge_settings: GaugeSettings | None = None,
    through: ThroughTheCell | None = None,
    bounces: Bounces = "unknown",
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Take gasket and sample in white light, then the pressure, and compare the two.

    The lamps come before the laser: what can be seen without it is on record first. Where light
    passes the cell, and passed it on a day without load, the absorption of its anvils is measured,
    too. The result is absolute where that, the gasket's reflectance and the pressure are known, and
    else relative, and says why.

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
    gauge : str
        Which gauge says at which pressure; another one than the ruby serves where the ruby is lost,
        and the ruby is then still looked at beside it.
    gauge_settings : GaugeSettings, optional
        How that other gauge is taken.
    through : ThroughTheCell, optional
        Where light of a lamp behind the cell passes it; None does not measure the absorption.
    bounces : str
        What the optics collect of the light that bounces inside the anvil.
    md : mapping, optional
        Added to the start document; no claim either, since it stands on the page of the result.

    Raises
    ------
    LimitError, ConfigurationError
        Before the run opens, where the station cannot do it or has no such gauge, the budget has
        not the light, or the name or `md` claims something.
    RampHeld
        If the light could not be taken, or shows nothing; or if the anvils were to be read without
        load, and bear one.
    """
    settings, ruby = settings or ReflectanceSettings(), ruby or RubySettings()
    check_reflectance(instruments)
    if through is not None:
        check_transmission(instruments, through.spot)
    if bounces not in _BOUNCES:
        raise LimitError(f"bounces are {', '.join(_BOUNCES)}, not {bounces!r}.")
    checked_name("sample", sample)
    for key, text in claims_in(md or {}).items():
        refuse_claim(text, f" ({key} in md)")
    by = _gauge_in_charge(instruments, gauge, gauge_settings)
    check_calibrations(instruments, ("ruby", gauge))
    document = {
        "plan_name": "measure_reflectance",
        "plan_args": {
            "sample": sample,
            "settings": asdict(settings),
            "ruby": asdict(ruby),
            "through": None if through is None else asdict(through),
            "bounces": bounces,
            **({} if by is None else {"gauge": gauge, "gauge_settings": asdict(by[1])}),
        },
        "devices": instruments.names,
        "gauge": "ruby",
        **({} if by is None else {"gauge_in_charge": gauge}),
        **dict(md or {}),
    }
    passes = None if through is None else (through.spot, through.settings)
    looks = reflectance_looks(settings, ruby, rules_of(instruments), passes, by)
    inside = _measure(instruments, sample, settings, (ruby, by), through, bounces)
    return (yield from held_run(inside, document, instruments, looks))


def _gauge_in_charge(
    instruments: Instruments, gauge: str, settings: GaugeSettings | None
) -> tuple[str, GaugeSettings] | None:
    """A gauge other than the ruby, and how it is taken; None for the ruby."""
    instruments.gauge(gauge)
    if gauge == REFERENCE:
        raise ConfigurationError(
            f"The gauge {REFERENCE!r} is a chip outside the pressure chamber and says nothing of "
            "the pressure in it; name the gauge that does. Nothing was lit."
        )
    if gauge == "ruby":
        return None
    return gauge, settings or RampSettings().of_gauge(gauge)


def _measure(
    instruments: Instruments,
    sample: str,
    settings: ReflectanceSettings,
    gauges: tuple[RubySettings, tuple[str, GaugeSettings] | None],
    through: ThroughTheCell | None,
    bounces: Bounces,
) -> MsgGenerator[dict[str, Any]]:
    yield from wait_while_held(instruments)
    instruments.step.begin(1, branch="reflectance")
    readings = yield from take_reflectance(instruments, settings)
    note_seen(instruments.light, 1, "reflectance")
    passed: LightReading | None = None
    if through is not None:
        passed = yield from take_transmission(instruments, through.settings, through.spot)
    ruby, by = gauges
    if by is None:
        reading = yield from look(instruments, ruby, 1, branch="reflectance")
    else:
        reading = yield from look_by(instruments, by[0], (by[1], ruby), 1, branch="reflectance")
    pressure = _pressure(instruments, reading)
    keep = through is not None and through.unstressed
    time_s = float(instruments.clock_reading.lab_time_s.timestamp)
    job = partial(_evaluate, instruments, readings, sample, pressure, passed, bounces, keep, time_s)
    return (yield from work_out(instruments, "reflectance", job, stream="reflectance_result"))


def _pressure(instruments: Instruments, reading: GaugeReading) -> AtPressure:
    if not reading.measured:
        return AtPressure.unknown()
    device: Any = instruments.gauge(reading.gauge).device
    return AtPressure(
        pressure_gpa=reading.pressure_gpa,
        sigma_stat_gpa=reading.sigma_stat_gpa,
        sigma_sys_gpa=float(device.pressure_sigma_sys_gpa.get()),
        scale=device.gauge.scale.name,
    )


def _evaluate(
    instruments: Instruments,
    readings: ReflectanceReadings,
    sample: str,
    pressure: AtPressure,
    passed: LightReading | None,
    bounces: Bounces,
    keep: bool,
    time_s: float,
) -> Mapping[str, Any]:
    # on the bench's thread, since the file of calibrations is read and synced
    if keep and passed is not None:
        keep_unstressed(instruments, passed, pressure, time_s)
    result = evaluate_reflectance(
        readings.sample,
        readings.references,
        sample_name=sample,
        pressure=pressure,
        reference=instruments.gasket,
        loading=instruments.loading,
        absorption=absorption_now(instruments, passed, pressure),
        bounces=_BOUNCES[bounces](),
    )
    return {**result.to_dict(), "statement": list(statement([result])), "unstressed_kept": keep}
