"""An experiment from its file: as many run folders as stages, and a report for each."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from dac_control.app.commands import ramp
from dac_control.app.rehearsal.virtual_laboratory import virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.records import open_run

RUN = """
plan = "full_experiment"
[[stages]]
plan = "pressure_map"
spots = ["chip", "chip 2"]
rounds = 1
[[stages]]
plan = "hold"
duration_h = 0.5
[stages.hold]
every_s = 1800
[[stages]]
plan = "measure_edge"
readings = 1
[stages.edge]
exposure_s = 0.01
attempts = 1
[[stages]]
plan = "hold"
duration_h = 1
"""


def test_every_stage_has_a_folder_and_a_report(
    optics_station: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[Path] = []
    monkeypatch.setattr(ramp, "finish", lambda folder, console: finished.append(folder))
    (tmp_path / "run.toml").write_text(RUN)
    station = load_station(optics_station)
    run = load_run_file(tmp_path / "run.toml", station)
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    with virtual_laboratory(station, 1, keep=tmp_path / "runs") as laboratory:
        laboratory.session.require_ready()
        outcome = ramp.carry_out(laboratory.session, run, RUN, console)
    runs = [open_run(folder) for folder in outcome.folders]
    assert [run.start["plan_name"] for run in runs] == ["pressure_map", "hold", "measure_edge"]
    assert [run.exit_status for run in runs] == ["success", "success", "fail"]
    assert finished == list(outcome.folders) and len(set(finished)) == 3
    assert "stage 3 of 4, measure_edge" in outcome.failure and "Not begun: hold" in outcome.failure
    assert (outcome.folders[0] / "run.toml").read_text() == RUN
    assert ramp.print_outcome(outcome, console, as_json=False) == 1
    assert shown.getvalue().count("Run folder") == 3
