"""The station's rules over a rehearsal: what they lead to, and that a seed stays a seed."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from dac_control.app.rehearsal.rehearsal import Rehearsed, rehearse_once
from dac_control.app.rehearsal.summary import summarise_rehearsals
from dac_control.app.run_file import RunFile, load_run_file
from dac_control.app.station import Station, load_station

STATION = Path(__file__).parents[4] / "examples" / "overnight_station.toml"
RUN = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [6]
[dwell]
drift_limit_gpa_per_h = 1.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 1200
min_readings = 5
[ruby]
exposure_s = 0.5
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


@pytest.fixture
def run(tmp_path: Path) -> RunFile:
    (tmp_path / "run.toml").write_text(RUN)
    return load_run_file(tmp_path / "run.toml")


def watched(folder: Path, *rules: str) -> Station:
    text = STATION.read_text()
    tables = "".join(f"[[rules]]\n{rule}\n" for rule in rules)
    (folder / "station.toml").write_text(text.replace("\n[rehearsal]", f"\n{tables}\n[rehearsal]"))
    return load_station(folder / "station.toml")


def rehearse(station: Station, run: RunFile) -> tuple[Rehearsed, bytes]:
    documents: list[tuple[str, Any]] = []
    done = rehearse_once(station, run, 0, listener=lambda *each: documents.append(each))
    return done, orjson.dumps(documents, option=orjson.OPT_SERIALIZE_NUMPY)


def test_a_rule_that_holds_ends_the_run_and_a_seed_gives_the_same_documents(
    run: RunFile, tmp_path: Path
) -> None:
    station = watched(tmp_path, 'name = "high"\ncondition = "pressure_gpa > 3"\naction = "hold"')
    done, documents = rehearse(station, run)
    assert (done.exit_status, len(done.steps)) == ("abort", 1)
    assert rehearse(station, run)[1] == documents
    summary = summarise_rehearsals([done], station)
    first = summary["first_rule"]
    assert (first["rule"], first["kind"], first["action"]) == ("high", "raised", "hold")
    assert first["values"]["pressure_gpa"] > 3 and 0 < first["time_h"] * 3600 < done.duration_s
    assert summary["first_hold"]["reason"] == done.reason == "rule 'high': high: pressure_gpa > 3"


def test_what_is_only_told_ends_nothing_and_nothing_polled_is_missing(
    run: RunFile, tmp_path: Path
) -> None:
    cold = 'name = "cold"\ncondition = "cell_temperature_k < 60 or disk_free_gb < 1e-6"'
    station = watched(tmp_path, 'name = "high"\ncondition = "pressure_gpa > 5"', cold)
    done, _ = rehearse(station, run)
    assert done.exit_status == "success"
    assert [(rule.rule, rule.kind) for rule in done.fired] == [("high", "raised")]


def test_a_pause_lets_the_step_end_and_is_not_waited_out(run: RunFile, tmp_path: Path) -> None:
    station = watched(tmp_path, 'name = "full"\ncondition = "turns > 0.01"\naction = "pause"')
    done, _ = rehearse(station, run)
    assert done.exit_status == "abort" and "nobody comes to a rehearsal" in done.reason
    assert done.steps[-1].number == 2 and done.steps[-1].measured
    assert done.duration_s > done.fired[0].lab_time_s + 1800
