"""A run that ended in hold, taken up again: what the worker of ``dac-control resume`` does."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from dac_control.app.asking import why_unanswered
from dac_control.app.commands.common import print_connections
from dac_control.app.commands.ramp import Outcome, carry_out, printed
from dac_control.app.commands.run import Attend, nobody
from dac_control.app.run_file import RunFile, load_run_file
from dac_control.app.run_station import station_of_run
from dac_control.app.session import Session, build_session
from dac_control.app.state_files import copies_for_runs, intent_log
from dac_control.app.toml_file import read_text
from dac_control.errors import Disagreement, RecordError
from dac_control.records import Run, find_run, open_run, summarise
from dac_control.records.closing import close_if_dead
from dac_control.safety.past_moves import moved_since, ways_of
from devices.drivers.roles import CryostatReading
from plans.resumption import Resumption

__all__ = ["carry_out_resume"]


def carry_out_resume(
    folder: Path,
    station_file: Path | None,
    *,
    as_json: bool,
    attend: Attend = nobody,
    heard: Callable[[str], None] = lambda text: None,
) -> int:
    """Take a run up again; return 0, 1 if it held, or 2 if what was found does not agree."""
    return printed(
        lambda console: _resume(folder, station_file, console, attend), heard, as_json=as_json
    )


def _resume(folder: Path, station_file: Path | None, console: Console, attend: Attend) -> Outcome:
    station, text = station_of_run(folder, station_file)
    close_if_dead(folder, copies=copies_for_runs(station))
    past = open_run(folder)
    _refuse_what_cannot_go_on(past)
    run_toml = folder / "run.toml"
    held_at = int(_place_of(past).get("experiment", {}).get("number", 1))
    run = load_run_file(run_toml, station, held_at=held_at, unanswered=why_unanswered())
    _refuse_other_plans(run)
    with build_session(station) as session, attend(session):
        session.attachments["station.toml"] = text
        print_connections(console, session.connections)
        # a drive that does not know where it stands, or differs from the journal, is refused here
        session.require_ready()
        resumption = _resumption(past, session)
        console.print(f"Taking up {past.uid[:8]} again: {resumption.says}.", soft_wrap=True)
        return carry_out(
            session,
            run,
            read_text(run_toml),
            console,
            md={"continues": past.uid, **_place_of(past)},
            resumption=resumption,
        )


def _refuse_what_cannot_go_on(past: Run) -> None:
    if past.stop is None:
        raise Disagreement(
            f"The run {past.uid} is still going on, or was recorded on another machine; only a "
            "run that has ended can be taken up again."
        )
    if past.exit_status == "success":
        raise Disagreement(
            f"The run {past.uid} was done as asked: there is nothing to take up. Write a run file "
            "with further targets."
        )
    if not (past.folder / "run.toml").is_file():
        raise Disagreement(
            f"The run {past.uid} was not begun from a run file, so nobody knows what is left of "
            "it. Write one with targets on the way from here."
        )


def _place_of(past: Run) -> dict[str, Any]:
    """Where a run stands in an experiment, if it is a stage of one."""
    return {"experiment": past.start["experiment"]} if "experiment" in past.start else {}


def _refuse_other_plans(run: RunFile) -> None:
    if run.instead_of_resuming:
        raise Disagreement(
            f"A run of the plan {run.plan!r} is not taken up again. {run.instead_of_resuming}"
        )


def _chain(past: Run) -> Iterator[Run]:
    """The run and those that it continued, the newest first; as far as they are still there."""
    seen: set[str] = set()
    while past.uid not in seen:
        seen.add(past.uid)
        yield past
        before = past.start.get("continues")
        if not before:
            return
        try:
            past = open_run(find_run(str(before), past.folder.parent))
        except RecordError:
            return


def _resumption(past: Run, session: Session) -> Resumption:
    """Compare journal and drive with what the run left; raise `Disagreement` where they differ."""
    chain = list(_chain(past))
    uids = {run.uid for run in chain}
    records = intent_log(session.station.storage.state).read()
    ended_s = float((past.stop or {}).get("time", 0.0))
    if by := moved_since(records, uids, ended_s):
        raise Disagreement(
            f"The run {past.uid} is not taken up again: {by}. Nothing was moved. The cell is not "
            "as the run left it: write a run file with targets on the way from where it is."
        )
    cryostat = session.instruments.cryostat
    if by := _heater_went_off(chain, cryostat.last):
        raise Disagreement(
            f"The run {past.uid} is not taken up again: {by}. Nothing was moved. Look at the "
            "controller: it may have been switched off and on, or a rule switched the heater off. "
            "Switch it on there and take the run up then, or write a run file for a cell that "
            "warms up."
        )
    last = session.instruments.drive.last
    assert last is not None  # require_ready has read it
    found = Resumption(
        ways=ways_of(records, uids),
        low_gpa=math.nan,
        high_gpa=math.nan,
        says=f"no pressure was measured and the screw stands at {last.turns:.5f} turns",
        watched_s=sum(map(_watched_s, chain)),
    )
    step = next((step for run in chain for step in reversed(_measured(run))), None)
    if step is None:
        return found
    limits = session.instruments.limits
    pressure_gpa, turns = float(step["pressure_gpa"]), float(step["turns"])
    further = last.turns - turns
    moved = not session.instruments.drive.is_at(turns)
    slack_gpa = limits.max_step_gpa / 2
    return replace(
        found,
        # a move that was cut short may have changed the pressure by no more than a step may
        low_gpa=pressure_gpa - slack_gpa - (limits.max_step_gpa if moved and further < 0 else 0),
        high_gpa=pressure_gpa + slack_gpa + (limits.max_step_gpa if moved and further > 0 else 0),
        says=(
            f"{pressure_gpa:.2f} GPa were last measured at {turns:.5f} turns and the screw stands "
            f"at {last.turns:.5f}"
        ),
    )


def _measured(run: Run) -> list[dict[str, Any]]:
    # a step under which the drive lost its reference has a pressure, but no turns to it
    steps = summarise(run)["steps"]
    return [step for step in steps if step["measured"] and step["turns"] is not None]


def _heater_went_off(chain: Sequence[Run], now: CryostatReading | None) -> str:
    """Say that the heater, which worked when it was last on record, is off now; or nothing."""
    known = (_column(run, "cryostat", "heater_percent") for run in chain)
    last_percent = next((percents[-1] for percents in known if percents), 0.0)
    if now is None or now.heater_range > 0 or not last_percent > 0:
        return ""
    return f"the heater is off, and was at {last_percent:.1f} % when the run last read it"


def _watched_s(run: Run) -> float:
    """Laboratory time from the first reading of a run to its last."""
    times_s = _column(run, "clock", "lab_time_s")
    return times_s[-1] - times_s[0] if times_s else 0.0


def _column(run: Run, role: str, attribute: str) -> list[float]:
    """Numbers of the steps of a run; none where there are no steps."""
    table, key = run.table("primary"), run.key(role, attribute)
    return [float(value) for value in table[key]] if key in table else []
