"""What plans that look closely leave in a run folder is what summary and report say of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.findings import gather, summarise_findings
from dac_control.app.findings.checks import run_checks
from dac_control.app.findings.linked_runs import find_linked
from dac_control.app.findings.reflectances import read_reflectances
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
    spectrum = summary["reflectance"]["spectrum"]
    assert spectrum["quantity"] == "ratio to gasket"
    sizes = {len(spectrum[key]) for key in ("wavelength_nm", "value", "sigma_stat", "sigma_sys")}
    assert len(sizes) == 1 and sizes.pop() > 100
    page = render_report(runs[1])
    assert 'class="figure-reflectance"' in page and "whole uncertainty" in page
    lab_time = page[page.index("Laboratory time") :][:150]
    assert ">0 s<" not in lab_time and "a rehearsal, in virtual time" in lab_time
    assert "on the wall" not in lab_time and "real time" not in page
    assert "Reflectance alone does not show what the sample is" in page
    assert "metal" not in page.lower()


def copied(run, folder: Path, uid: str, **changes: Any) -> None:
    """The same run as another one, with changes of its start document."""
    lines = (run.folder / "documents.jsonl").read_bytes().replace(run.uid.encode(), uid.encode())
    first, rest = lines.split(b"\n", 1)
    name, start = json.loads(first)
    folder.mkdir(parents=True)
    text = json.dumps([name, start | changes]).encode()
    (folder / "documents.jsonl").write_bytes(text + b"\n" + rest)


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "documents.jsonl"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_reflectance_of_sample_and_control_are_compared(runs, tmp_path: Path) -> None:
    copied(runs[1], tmp_path / "sample", "a" * 8)
    alone = summarise_findings(open_run(tmp_path / "sample"))
    assert alone["reflectance"]["control"] is None
    assert "needs an absolute reflectance" in alone["reflectance"]["not_fitted"]
    assert any("No reflectance of a control" in line for line in alone["limitations"])
    empty = {"specimen": {"id": "empty"}}
    specimen = str(runs[1].start["specimen"]["id"])
    copied(runs[1], tmp_path / "control", "b" * 8, **empty)
    rewrite(tmp_path / "control", specimen, "empty")
    copied(runs[0], tmp_path / "ramp", "c" * 8, plan_name="pressure_ramp")
    copied(runs[0], tmp_path / "link", "d" * 8, controls="c" * 8, **empty)
    for name in ("sample", "control"):
        found = gather(open_run(tmp_path / name)).reflectances.comparison
        assert found is not None and found.p_value is None and found.mean_difference == 0.0
    summary = summarise_findings(open_run(tmp_path / "ramp"))
    dumps_summary(summary)
    assert any("foil_u and foil_source of [cell]" in line for line in summary["limitations"])
    for name in ("sample", "control"):
        rewrite(tmp_path / name, r"\"foil_u\": null", r"\"foil_u\": 0.05")
        rewrite(tmp_path / name, r"\"foil_source\": \"\"", r"\"foil_source\": \"run 3\"")
    summary = summarise_findings(open_run(tmp_path / "ramp"))
    assert summary["reflectance"]["control"]["p_value"] == pytest.approx(1.0)
    assert "is not distinguished from that of the control" in str(summary["reflectance"])
    copied(runs[1], tmp_path / "real", "e" * 8, simulated=False)
    assert gather(open_run(tmp_path / "real")).reflectances.comparison is None


BESIDE = "<b>(These are the operator's words; nothing here shows it.)</b>"
CLAIM = {"purpose": "is it metallic?", "operator": "A. <b>Metal</b>"}


def test_a_claim_of_people_stands_as_theirs_beside_a_reflectance(runs, tmp_path: Path) -> None:
    inside = {"specimen": {"id": "film", "contents": "liquid METAL"}}
    copied(runs[1], tmp_path / "sample", "a" * 8, **CLAIM)
    copied(runs[1], tmp_path / "control", "b" * 8, **inside)
    copied(runs[0], tmp_path / "ramp", "c" * 8, plan_name="pressure_ramp", **CLAIM)
    copied(runs[0], tmp_path / "link", "d" * 8, controls="c" * 8, **inside)
    for name, times in (("sample", 3), ("ramp", 4)):
        run = open_run(tmp_path / name)
        page = render_report(run)
        # purpose, and operator twice; of the ramp what its control had in the cell, too
        assert page.count(BESIDE) == times
        assert f"is it metallic? {BESIDE}</dd>" in page and f"&lt;/b&gt; {BESIDE}" in page
        (line,) = [each for each in summarise_findings(run)["limitations"] if "metallic" in each]
        assert line.startswith("These are the operator's words, and nothing here shows it")
        assert ("contents of the run dddddddd: “liquid METAL”" in line) is (name == "ramp")
        assert "Reflectance alone does not show what the sample is" in line


def test_a_claim_of_people_without_a_reflectance_is_left_alone(runs, tmp_path: Path) -> None:
    copied(runs[0], tmp_path / "ramp", "c" * 8, plan_name="pressure_ramp", **CLAIM)
    run = open_run(tmp_path / "ramp")
    assert "is it metallic?</dd>" in render_report(run)
    assert "operator's words" not in str(summarise_findings(run)["checks"])


def test_an_absolute_reflectance_is_held_against_a_drude_model(runs) -> None:
    run = open_run(runs[1].folder)
    texts = run.table("reflectance_result")["workbench_result"]
    record = json.loads(str(texts[-1]))
    for link in record["evidence"]["links"]:
        link["closed"] = True
    record |= {"kind": "absolute", "reflectance": record["count_ratio"]}
    texts[-1] = json.dumps(record | {"without_bounces": record["count_ratio"]})
    found = read_reflectances(run, find_linked(run)).to_dict()
    assert found["drude"]["dof"] > 100 and len(found["drude"]["covariance_log_stat"]) == 2
    assert found["drude"]["identifiability"]["statement"]
    assert any("degrees of freedom" in line for line in found["statement"])
    assert found["statement"][-1].startswith("Reflectance alone does not show")


def test_another_stage_may_have_seen_the_hydrogen(runs, tmp_path: Path) -> None:
    inside = {"specimen": {"id": "H2-017", "material": "hydrogen"}}

    def stage(number: int) -> dict[str, Any]:
        return {"experiment": {"id": "e" * 8, "number": number, "stages": ["x"] * 3}}

    copied(runs[0], tmp_path / "ramp", "a" * 8, **inside | stage(2) | {"plan_name": "hold"})
    for number, name in ((1, "before"), (3, "after")):
        copied(runs[2], tmp_path / name, f"{number}" * 8, **inside | stage(number))
        path = tmp_path / name / "documents.jsonl"
        ramp = open_run(tmp_path / "ramp")
        assert gather(ramp).seen_at_stages == ((1,) if number == 3 else ())
        path.write_text(path.read_text().replace(r"\"seen\":false", r"\"seen\":true"))
        path.write_text(path.read_text().replace(r"\"seen\": false", r"\"seen\": true"))
        (check,) = [c for c in run_checks(gather(ramp)) if c.clause == "hydrogen seen"]
        assert f"seen {name} this run, at stage {number}" in check.text
        assert check.passed is (number == 3)


def test_a_specimen_that_is_not_seen_is_a_limitation(runs) -> None:
    summary = summarise_findings(runs[2])
    (check,) = [each for each in summary["checks"] if each["clause"] == "specimen there"]
    assert not check["passed"] and "was not seen, nor ever before" in check["text"]
    assert check["text"] in summary["limitations"]
    assert summary["experiment"]["stage"] == "measure_vibron"
