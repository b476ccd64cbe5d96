"""The demo as a newcomer runs it, and everything that it promises."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from event_model import DocumentNames, schema_validators

from dac_control.records import open_run, verify_manifest

# fifty seconds of work on a slow machine, and other tests beside it
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory):
    """One demo for all tests of this module: its JSON, its standard error, its truth."""
    folder = tmp_path_factory.mktemp("demo")
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "dac_control.app.cli", "demo", "--json", "--seed", "3"),
            *("--out", "out", "--truth", "truth.jsonl"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
    )
    assert finished.returncode == 0, finished.stderr
    truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    return json.loads(finished.stdout), finished.stderr, truth


def test_it_ramps_from_2_to_above_40_gpa_and_back(demo) -> None:
    run, _, _ = demo
    pressures = [step["pressure_gpa"] for step in run["steps"]]
    top = max(range(len(pressures)), key=pressures.__getitem__)
    assert run["exit_status"] == "success" and run["plan"] == "pressure_ramp"
    assert pressures[0] < 4 and pressures[top] >= 40
    assert top >= 12, "twelve or more steps on the way up"
    assert len(pressures) - top > 3 and pressures[-1] < 25
    assert all(step["measured"] for step in run["steps"])
    assert all(79 < step["temperature_k"] < 81 for step in run["steps"])


def test_the_contract_of_the_json_is_kept(demo) -> None:
    run, _, _ = demo
    assert {"uid", "plan", "exit_status", "simulated", "steps"} <= set(run)
    keys = (
        "step time lab_time_s turns pressure_gpa pressure_sigma_stat_gpa pressure_sigma_sys_gpa "
        "gauge scale observable observable_sigma observable_unit temperature_k measured flags"
    ).split()
    for step in run["steps"]:
        assert set(keys) <= set(step)
        assert isinstance(step["flags"], list)
    assert run["simulated"] is True and run["speed"] == 600


def test_people_see_a_table_and_one_line_with_the_paths(demo) -> None:
    run, said, _ = demo
    assert "P/GPa" in said and "Lake Shore" not in said.splitlines()[-1]
    last = said.strip().splitlines()[-1]
    assert run["folder"] in last and "report.html" in last


def test_every_document_is_valid_and_simulated(demo) -> None:
    run = open_run(Path(demo[0]["folder"]))
    count = 0
    for name, doc in run.documents():
        schema_validators[DocumentNames[name]].validate(doc)
        count += 1
    assert count > 100
    assert run.start["simulated"] is True and run.start["speed"] == 600
    for stream in ("primary", "dwell", "baseline"):
        speeds = set(run.column("clock", "speed", stream=stream).tolist())
        assert speeds == {600.0}, stream


def test_the_folder_is_complete_and_as_its_manifest_says(demo) -> None:
    folder = Path(demo[0]["folder"])
    names = {path.name for path in folder.iterdir()}
    assert {
        "documents.jsonl",
        "frames.h5",
        "station.toml",
        "run.toml",
        "intents.jsonl",
        "environment.json",
        "report.html",
        "manifest-sha256.txt",
    } <= names
    assert verify_manifest(folder) == []


def test_each_step_has_its_frame_and_its_raw_spectrum(demo) -> None:
    run = open_run(Path(demo[0]["folder"]))
    steps = len(demo[0]["steps"])
    assert run.frames().shape[0] == steps
    assert run.column("spectrometer", "spectrum").shape == (steps, 2068)
    assert run.column("spectrometer", "wavelength_nm").shape == (steps, 2068)


def test_moves_are_journalled_once_each(demo) -> None:
    folder = Path(demo[0]["folder"])
    records = [json.loads(line) for line in (folder / "intents.jsonl").read_text().splitlines()]
    intents = [record for record in records if record["kind"] == "intent"]
    assert len(intents) == len(demo[0]["steps"]) - 1
    assert len({record["to_turns"] for record in intents}) == len(intents)


def test_measured_pressures_agree_with_the_truth_within_their_budget(demo) -> None:
    run, _, truth = demo
    exposures = [line for line in truth if "pressure_gpa" in line]
    assert exposures
    for step in run["steps"]:
        nearest = min(exposures, key=lambda line: abs(line["turns"] - step["turns"]))
        same = [line for line in exposures if math.isclose(line["turns"], nearest["turns"])]
        true = sorted(line["pressure_gpa"] for line in same)
        sigma = math.hypot(step["pressure_sigma_stat_gpa"], step["pressure_sigma_sys_gpa"])
        low, high = true[0] - 4 * sigma, true[-1] + 4 * sigma
        assert low <= step["pressure_gpa"] <= high


def test_the_report_is_self_contained_and_marked(demo) -> None:
    page = (Path(demo[0]["folder"]) / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page and "<svg" in page
    for outside in ('src="http', 'href="http', "url(http", "@import"):
        assert outside not in page
