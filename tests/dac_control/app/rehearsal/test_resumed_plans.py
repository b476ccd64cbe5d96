"""What is left of a plan, on the twin, once an earlier run has done a part of it."""

from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.virtual_laboratory import virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.errors import Disagreement
from plans.resumption import Resumption

QUICK = """
[dwell]
drift_limit_gpa_per_h = 50.0
window_s = 20
interval_s = 4
min_dwell_s = 0
max_dwell_s = 40
min_readings = 3
"""
REPEAT = 'plan = "repeatability"\n[repeat]\npressure_gpa = 4\nswing_gpa = 1\ncycles = 1\n' + QUICK
CONTROL = """
plan = "control_run"
controls = "abc"
contents = "empty"
[targets]
unit = "turns"
load = [0.01]
"""


@pytest.fixture(scope="module")
def station(optics_station: Path) -> Station:
    return load_station(optics_station)


def left_by(*ways: int, **more: Any) -> Resumption:
    return Resumption(ways=ways, says="", **{"low_gpa": 0.0, "high_gpa": 90.0, **more})


def taken_up(
    station: Station, folder: Path, text: str, resumption: Resumption
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Start document of what is left, and every move of it."""
    (folder / "run.toml").write_text(text)
    run = load_run_file(folder / "run.toml", station)
    starts: list[dict[str, Any]] = []

    def listen(name: str, doc: Any) -> None:
        starts.extend([dict(doc)] if name == "start" else [])

    with virtual_laboratory(station, 0, listener=listen) as laboratory:
        laboratory.session.require_ready()
        plan = run.resume(laboratory.session.instruments, {"continues": "ab12"}, resumption)
        laboratory.session.run(plan)
        moves = [each for each in laboratory.intents.read() if each["kind"] == "intent"]
    (start,) = starts
    assert start["continues"] == "ab12" and start["plan_name"] == run.plan
    return start, moves


def test_a_repetition_does_not_repeat_its_legs(station: Station, tmp_path: Path) -> None:
    """Up and down are over, and the cell stands below both: one leg up is left."""
    _, moves = taken_up(station, tmp_path, REPEAT, left_by(1, -1))
    assert moves and all(move["to_turns"] > move["from_turns"] for move in moves)


def test_a_control_goes_on_as_one(station: Station, tmp_path: Path) -> None:
    start, moves = taken_up(station, tmp_path, CONTROL + QUICK, left_by(1))
    assert start["controls"] == "abc" and moves[-1]["to_turns"] == pytest.approx(0.01)


def test_a_hold_watches_the_hours_that_are_left(station: Station, tmp_path: Path) -> None:
    text = 'plan = "hold"\nduration_h = 2\n'
    start, moves = taken_up(station, tmp_path, text, left_by(watched_s=5400.0))
    assert start["plan_args"]["duration_h"] == pytest.approx(0.5) and not moves
    with pytest.raises(Disagreement, match="were watched"):
        taken_up(station, tmp_path, text, left_by(watched_s=7200.0))


def test_a_cooldown_goes_on_from_where_it_is(station: Station, tmp_path: Path) -> None:
    """Also where no pressure was ever measured: nothing is turned by one."""
    nothing = left_by(low_gpa=float("nan"), high_gpa=float("nan"))
    start, moves = taken_up(station, tmp_path, 'plan = "cooldown"\ntarget_k = 70\n', nothing)
    assert start["plan_args"]["target_k"] == 70 and not moves


@pytest.mark.parametrize("text", [REPEAT, CONTROL + QUICK])
def test_no_screw_is_turned_where_nothing_was_measured(
    station: Station, tmp_path: Path, text: str
) -> None:
    nothing = left_by(1, low_gpa=float("nan"), high_gpa=float("nan"))
    with pytest.raises(Disagreement, match="measured no pressure"):
        taken_up(station, tmp_path, text, nothing)
