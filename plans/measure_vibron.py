"""The Raman line of the specimen: the last proof that it is there, and when it was seen."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import ConfigurationError, RampHeld
from devices.drivers.spot_role import SAMPLE
from devices.raman_gauges import RamanLine
from plans.beside_ruby import Sighting, gauge_beside_ruby
from plans.gauge_settings import RubySettings, VibronSettings
from plans.instruments import Instruments
from plans.stubs.work_out import work_out

__all__ = ["check_line", "measure_vibron"]


@plan
def measure_vibron(
    instruments: Instruments,
    gauge: str = "h2_vibron",
    *,
    spot: str = SAMPLE,
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
        Before the run opens: no such line of the specimen, or the optics cannot look there.
    RampHeld
        If the line must be seen and is not; the text says when it was.
    """
    further = instruments.further_gauges.items()
    check_line(gauge, [name for name, each in further if isinstance(each.device, RamanLine)])
    settings = settings or VibronSettings()
    about = {"plan_name": "measure_vibron", "must_be_seen": must_be_seen}
    conclude = partial(_note_seen, instruments, gauge, must_be_seen)
    inside = gauge_beside_ruby(
        instruments, gauge, spot, readings, (settings, ruby), about, md, conclude
    )
    return (yield from inside)


def check_line(gauge: str, lines: Sequence[str]) -> None:
    """Raise `ConfigurationError` for a gauge that is none of the station's lines of the specimen.

    A ruby or an anvil is seen whatever else is in the cell.
    """
    if gauge in lines:
        return
    has = f"it has {', '.join(lines)}" if lines else "it has none"
    raise ConfigurationError(
        f"This station has no gauge {gauge!r} that reads a Raman line of the specimen, {has}; only "
        "such a line shows that the specimen is there. Name one, or declare [vibron] and "
        "[devices.raman] in the station file."
    )


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
