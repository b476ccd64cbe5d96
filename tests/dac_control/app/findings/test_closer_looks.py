"""What plans that look closely leave in a run folder is what summary and report say of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from dac_control.app.findings import gather, summarise_findings
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.report import render_report
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.records import dumps_summary, open_run

RUN = """
plan = "full_experiment"
[[stages]]
plan = "pressure_map"
spots = ["chip", "chip 2"]
rounds = 1
[[stages]]
plan = "measure_reflectance"
sample = "hydrogen"
[[stages]]
plan = "measure_vibron"
readings = 1
[stages.vibron]
attempts = 1
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, optics_station: Path):
    """An experiment on a cell that has lost its hydrogen."""
    folder = tmp_path_factory.mktemp("looks")
    (folder / "run.toml").write_text(RUN)
    station = load_station(optics_station)
    empty = replace(settings_of(station), contents="empty")
    run = load_run_file(folder / "run.toml", station)
    rehearse_once(station, run, 1, settings=empty, keep=folder / "runs")
    found = [open_run(each) for each in (folder / "runs").iterdir()]
    return sorted(found, key=lambda run: run.start["experiment"]["number"])


def test_the_stages_know_each_other(runs) -> None:
    assert [run.exit_status for run in runs] == ["success", "success", "fail"]
    others = gather(runs[1]).linked.same_experiment
    assert others == (runs[0].folder.name, runs[2].folder.name)
    assert "Stage 2 of 3 of the experiment" in render_report(runs[1])


def test_a_map_is_told_as_differences_without_the_drift(runs) -> None:
    said = " ".join(gather(runs[0]).looks.sentences)
    assert said.startswith("chip 2 against chip: ") and "One lambda0 served all chips" in said
    places = summarise_findings(runs[0])["looks"]["map"]["places"]
    assert [place["readings"] for place in places] == [2, 1]


def test_a_reflectance_is_relative_and_claims_nothing(runs) -> None:
    summary = summarise_findings(runs[1])
    dumps_summary(summary)
    found = summary["looks"]["reflectance_result"]
    assert found["kind"] == "relative" and "wavelength_nm" not in found
    columns = {each["name"]: each["states"] for each in summary["evolution"]["columns"]}
    assert columns["reflectance"] == ["measured"]
    page = render_report(runs[1])
    assert "Reflectance alone does not show what the sample is" in page
    assert "metal" not in page.lower().replace("no evidence of a metal", "")


def test_a_specimen_that_is_not_seen_is_a_limitation(runs) -> None:
    summary = summarise_findings(runs[2])
    (check,) = [each for each in summary["checks"] if each["clause"] == "specimen there"]
    assert not check["passed"] and "was not seen, nor ever before" in check["text"]
    assert check["text"] in summary["limitations"]
    assert summary["experiment"]["stage"] == "measure_vibron"
