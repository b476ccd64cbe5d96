"""One gauge at one place, beside the ruby: the edge of an anvil, or the line of the specimen."""

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, RampHeld
from plans.calibrated import check_calibrations
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.settings import EdgeSettings, GaugeSettings, RubySettings, VibronSettings
from plans.specimen import check_specimen_temperature
from plans.stubs.aim import check_spot
from plans.stubs.calibration import when
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look
from plans.stubs.measure_pressure import GaugeReading, measure_pressure
from plans.stubs.work_out import work_out

__all__ = ["measure_edge", "measure_vibron"]


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One reading of the gauge, with what it observed and what the ruby said beside it."""

    reading: GaugeReading
    line_cm1: float | None
    line_sigma_cm1: float | None
    ruby_pressure_gpa: float | None
    time: datetime.datetime

    @classmethod
    def of(cls, reading: GaugeReading, device: Any, instruments: Instruments) -> "Sighting":
        """Take it off the devices, right after the reading."""
        line, sigma = (
            getattr(device, name, None) if reading.measured else None
            for name in ("line_cm1", "line_sigma_cm1")
        )
        clock = instruments.clock_reading.lab_time_s
        return cls(
            reading=reading,
            line_cm1=None if line is None else float(line.get()),
            line_sigma_cm1=None if sigma is None else float(sigma.get()),
            ruby_pressure_gpa=_finite(float(instruments.ruby.pressure_gpa.get())),
            time=when(float(clock.timestamp)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As the record has it; None where there is nothing."""
        return {
            "pressure_gpa": _finite(self.reading.pressure_gpa),
            "sigma_stat_gpa": _finite(self.reading.sigma_stat_gpa),
            "line_cm1": self.line_cm1,
            "line_sigma_cm1": self.line_sigma_cm1,
            "ruby_pressure_gpa": self.ruby_pressure_gpa,
        }


Conclude = Callable[[Sequence[Sighting]], MsgGenerator[None]]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@plan
def measure_edge(
    instruments: Instruments,
    anvil: Literal["near", "far"] = "near",
    *,
    readings: int = 3,
    settings: EdgeSettings | None = None,
    ruby: RubySettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure the Raman edge of one anvil, with the ruby at each reading.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with the gauge ``diamond_edge``.
    anvil : "near" or "far"
        Seen from the optics.
    readings : int
        How often both are taken.
    settings : EdgeSettings, optional
        How the edge is taken.
    ruby : RubySettings, optional
        How the ruby is taken; that it says nothing is recorded and ends nothing.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    ConfigurationError, LimitError, StaleCalibration
        Before the run opens: no such gauge, or the optics cannot look at that anvil.
    RampHeld
        If the edge gave no pressure in any reading.
    """
    settings = settings or EdgeSettings()
    gauge, spot = "diamond_edge", f"anvil {anvil}"
    about = {"plan_name": "measure_edge", "anvil": anvil}
    conclude = partial(_must_measure, gauge, spot)
    inside = _one_gauge(instruments, gauge, spot, readings, (settings, ruby), about, md, conclude)
    return (yield from inside)


@plan
def measure_vibron(
    instruments: Instruments,
    gauge: str = "h2_vibron",
    *,
    spot: str = "sample",
    readings: int = 3,
    must_be_seen: bool = True,
    settings: VibronSettings | None = None,
    ruby: RubySettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Look for the Raman line of the specimen: the last proof that it is there.

    Where it is seen, that is kept with the station; where it is not, the record says when and at
    which pressure it was seen last.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with that gauge.
    gauge : str
        Name of the gauge, as its scale has it.
    spot : str
        Where the specimen is.
    readings : int
        How often line and ruby are taken.
    must_be_seen : bool
        End the run in hold where no reading shows the line.
    settings : VibronSettings, optional
        How the line is taken.
    ruby : RubySettings, optional
        How the ruby is taken; that it says nothing is recorded and ends nothing.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    ConfigurationError, LimitError, StaleCalibration
        Before the run opens: no such gauge, or the optics cannot look there.
    RampHeld
        If the line must be seen and is not; the text says when it was.
    """
    settings = settings or VibronSettings()
    about = {"plan_name": "measure_vibron", "must_be_seen": must_be_seen}
    conclude = partial(_note_seen, instruments, gauge, must_be_seen)
    inside = _one_gauge(instruments, gauge, spot, readings, (settings, ruby), about, md, conclude)
    return (yield from inside)


def _one_gauge(
    instruments: Instruments,
    gauge: str,
    spot: str,
    readings: int,
    settings: tuple[GaugeSettings, RubySettings | None],
    about: Mapping[str, Any],
    md: Mapping[str, Any] | None,
    conclude: Conclude,
) -> MsgGenerator[Any]:
    optics = instruments.gauge(gauge)
    check_spot(instruments, spot, optics.spot)
    if readings < 1:
        raise LimitError(f"{readings} readings measure nothing; take 1 or more.")
    of_gauge, of_ruby = settings[0], settings[1] or RubySettings()
    for device, each in ((optics, of_gauge), (instruments.gauge("ruby"), of_ruby)):
        device.spectrometer.check_exposure(each.exposure_s)
    check_calibrations(instruments, ("ruby", gauge))
    arguments = {key: value for key, value in about.items() if key != "plan_name"}
    document = {
        "plan_name": about["plan_name"],
        "plan_args": {
            **arguments,
            "spot": spot,
            "readings": readings,
            "settings": asdict(of_gauge),
            "ruby": asdict(of_ruby),
        },
        "devices": instruments.names,
        "gauge": "ruby",
        "measured_gauge": gauge,
        **dict(md or {}),
    }
    inside = _measure(instruments, gauge, spot, readings, (of_gauge, of_ruby), conclude)
    return (yield from held_run(inside, document, instruments))


def _measure(
    instruments: Instruments,
    gauge: str,
    spot: str,
    readings: int,
    settings: tuple[GaugeSettings, RubySettings],
    conclude: Conclude,
) -> MsgGenerator[None]:
    device, found = instruments.gauge(gauge).device, list[Sighting]()
    for number in range(1, readings + 1):
        yield from wait_while_held(instruments)
        yield from look(instruments, settings[1], number, branch=gauge)
        reading = yield from measure_pressure(instruments, settings[0], gauge=gauge, spot=spot)
        found.append(Sighting.of(reading, device, instruments))
        check_specimen_temperature(instruments)
    yield from conclude(found)


@plan
def _must_measure(gauge: str, spot: str, found: Sequence[Sighting]) -> MsgGenerator[None]:
    if not any(each.reading.measured for each in found):
        raise RampHeld(
            f"The gauge {gauge} gave no pressure in {len(found)} readings at {spot}: "
            f"{found[-1].reading.why_not()}. Look at focus, light and exposure."
        )
    yield from ()


def _note_seen(
    instruments: Instruments, gauge: str, must_be_seen: bool, found: Sequence[Sighting]
) -> MsgGenerator[None]:
    """Record whether the line was seen, and when it was last."""
    seen = [each for each in found if each.reading.measured]
    content = {
        "gauge": gauge,
        "readings": len(found),
        "readings_with_line": len(seen),
        "turns": float(instruments.drive.turns.get()),
        **(seen or found)[-1].to_dict(),
    }
    store, run, specimen = instruments.calibrations, instruments.drive.run_uid, instruments.specimen
    simulated, now = instruments.simulated, found[-1].time

    def job() -> dict[str, Any]:
        # on the bench's thread, since the file is read and synced
        if store is None:
            return {**content, "seen": bool(seen), "last_seen": None}
        if seen:
            about = {"time": now, "run": run or "", "simulated": simulated}
            store.add("specimen_seen", specimen, content, **about)
        last = store.history("specimen_seen", specimen, simulated=simulated)[-1:]
        when_and_what = [
            {
                "time": each.time.isoformat(),
                "run": each.run,
                **{key: each.content[key] for key in ("line_cm1", "ruby_pressure_gpa")},
            }
            for each in last
        ]
        return {
            **content,
            "seen": bool(seen),
            "last_seen": when_and_what[0] if when_and_what else None,
        }

    result = yield from work_out(instruments, gauge, job, stream="last_seen")
    if must_be_seen and not seen:
        raise RampHeld(_not_seen(gauge, len(found), result["last_seen"]))


def _not_seen(gauge: str, readings: int, last: Mapping[str, Any] | None) -> str:
    text = f"The line of {gauge} was not seen in {readings} readings"
    if last is None:
        return f"{text}, and never before in this specimen."
    gpa = last["ruby_pressure_gpa"]
    at = "" if gpa is None else f", with the ruby at {gpa:.1f} GPa"
    return f"{text}; it was seen last at {last['time']}{at} (run {last['run'][:8] or 'unknown'})."
