"""``dac-control reduce``, in this process: pressures again, and a folder that stays as it is."""

import csv
import datetime
import hashlib
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.gauges import Lambda0, RubyGauge
from dac_control.gauges.scales import registry
from dac_control.records import Run, verify_manifest, write_manifest

Answer = Callable[..., dict[str, Any]]

GIVEN = (
    *("--lambda0-nm", "694.30", "--lambda0-sigma-nm", "0.002", "--lambda0-temperature-k", "80"),
    *("--lambda0-chip", "R3", "--lambda0-date", "2026-11-21"),
)
OWN_SCALE = """
[[scale]]
gauge = "ruby"
name = "ours2026"
form = "linear"
coefficients = { A = [1900.0, 19.0] }
range_gpa = [0, 20]
citation = "ours"
"""


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["reduce", *(str(each) for each in arguments)])


def refusal(*arguments: object) -> str:
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    return result.stderr


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def recorded(run: Run) -> np.ndarray:
    return np.asarray(run.column("ruby", "pressure_gpa"), dtype=float)


def column(document: dict[str, Any], name: str) -> np.ndarray:
    rows = document["steps"]
    return np.array([math.nan if row[name] is None else row[name] for row in rows], dtype=float)


@pytest.fixture
def answer() -> Answer:
    """Return a function that runs the command with --json and reads the one document."""

    def run(*arguments: object, status: int = 0) -> dict[str, Any]:
        result = invoke(*arguments, "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture(autouse=True)
def registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = {gauge: dict(scales) for gauge, scales in registry._BY_GAUGE.items()}
    monkeypatch.setattr(registry, "_BY_GAUGE", copy)


def make_gauge(run: Run, scale: str, correction: str = "datchi2007", **lambda0: Any) -> RubyGauge:
    own = run.start["lambda0"] | lambda0
    day = datetime.date.fromisoformat(own["date"])
    return RubyGauge(
        scale=scale,
        correction=correction,
        lambda0=Lambda0(**(own | {"date": day})),
        axis_sigma_nm=run.start["axis_sigma_nm"],
        temperature_sigma_k=run.start["temperature_sigma_k"],
    )


def expected(run: Run, gauge: RubyGauge) -> np.ndarray:
    lines, temperatures = run.column("ruby", "r1_nm"), run.column("ruby", "temperature_k")
    return gauge.pressures_gpa(lines, temperatures)


def test_the_same_scale_gives_the_recorded_pressures(answer: Answer, good_run: Run) -> None:
    document = answer(good_run.folder, "--scale", "ruby2020")
    assert document["uid"] == good_run.uid
    assert document["from_scale"] == document["to_scale"] == "ruby2020"
    assert document["simulated"] is True
    assert document["complete"] is True
    np.testing.assert_allclose(column(document, "pressure_gpa"), recorded(good_run), atol=1e-9)
    np.testing.assert_allclose(column(document, "difference_gpa"), 0.0, atol=1e-9)
    assert document["record_difference_gpa"] < 1e-9
    sigma = np.asarray(good_run.column("ruby", "pressure_sigma_sys_gpa"), dtype=float)
    np.testing.assert_allclose(column(document, "sigma_sys_gpa"), sigma, rtol=1e-3)
    assert "Nothing was changed" in document["sentences"][0]
    assert "Every pressure comes out as recorded." in document["sentences"]


@pytest.mark.parametrize("scale", ["dewaele2008", "mao1986", "feng2010"])
def test_another_scale_gives_what_the_gauge_gives(
    answer: Answer, good_run: Run, scale: str
) -> None:
    document = answer(good_run.folder, "--scale", scale)
    again = expected(good_run, make_gauge(good_run, scale))
    np.testing.assert_allclose(column(document, "pressure_gpa"), again, atol=1e-9)
    np.testing.assert_allclose(
        column(document, "difference_gpa"), again - recorded(good_run), atol=1e-9
    )
    np.testing.assert_array_equal(column(document, "recorded_pressure_gpa"), recorded(good_run))
    assert document["to_scale"] == scale
    assert document["sentences"][0] == f"Scale: {scale} instead of ruby2020."


def test_the_document_holds_budget_and_other_scales_of_the_highest_step(
    answer: Answer, good_run: Run
) -> None:
    document = answer(good_run.folder, "--scale", "dewaele2008")
    steps = {row["step"]: row for row in document["steps"]}
    top = steps[document["highest_step"]]
    assert top["pressure_gpa"] == max(row["pressure_gpa"] for row in document["steps"])
    statistical = [t["sigma_gpa"] for t in document["budget"] if t["kind"] == "statistical"]
    assert math.hypot(*statistical) == pytest.approx(top["sigma_stat_gpa"])
    by_scale = {other["scale"]: other for other in document["alternatives"]}
    assert by_scale["dewaele2008"]["pressure_gpa"] == pytest.approx(top["pressure_gpa"])
    assert {"ruby2020", "mao1986", "feng2010"} <= set(by_scale)
    assert "chip 'R3'" in document["reference"]
    assert top["in_range"] is False
    assert "dewaele2008" in top["range_note"]
    assert "outside_scale_range" in top["flags"]


def test_another_correction_and_lambda0(answer: Answer, good_run: Run) -> None:
    document = answer(good_run.folder, "--correction", "ragan1992", *GIVEN)
    gauge = make_gauge(
        good_run,
        "ruby2020",
        "ragan1992",
        value_nm=694.30,
        sigma_nm=0.002,
        temperature_k=80.0,
        date="2026-11-21",
    )
    np.testing.assert_allclose(
        column(document, "pressure_gpa"), expected(good_run, gauge), atol=1e-9
    )
    assert document["correction"] == "ragan1992"
    assert document["from_correction"] == "datchi2007"
    assert document["lambda0"][0]["value_nm"] == 694.30
    assert document["from_lambda0"][0]["value_nm"] == 694.246
    assert any(
        each.startswith("lambda0: 694.3 +- 0.002 nm at 80") for each in document["sentences"]
    )


def test_what_is_not_given_of_lambda0_stays_that_of_the_run(answer: Answer, good_run: Run) -> None:
    (lambda0,) = answer(good_run.folder, "--lambda0-nm", "694.3")["lambda0"]
    # this run was made before lambda0 knew its axis
    assert lambda0 == good_run.start["lambda0"] | {"value_nm": 694.3, "axis": ""}


def test_a_lambda0_of_another_chip_is_said(answer: Answer, good_run: Run) -> None:
    document = answer(good_run.folder, "--lambda0-nm", "694.3", "--lambda0-chip", "R9")
    assert any("chip 'R3'" in each and "'R9'" in each for each in document["sentences"])


def test_the_run_folder_stays_byte_for_byte(fake_run: Any, tmp_path: Path) -> None:
    folder = fake_run(load=2, unload=0, dwell_readings=1).folder
    write_manifest(folder)
    before = hashes(folder)
    for options in (("--json",), ("--refit", "--dwell"), ("--csv", tmp_path / "table.csv")):
        assert invoke(folder, "--scale", "mao1986", *options).exit_code == 0
    assert hashes(folder) == before
    assert verify_manifest(folder) == []


def test_refitting_finds_the_lines_again(answer: Answer, good_run: Run) -> None:
    document = answer(good_run.folder, "--refit")
    lines = np.asarray(good_run.column("ruby", "r1_nm"), dtype=float)
    sigmas = np.asarray(good_run.column("ruby", "r1_sigma_nm"), dtype=float)
    moved = column(document, "line_nm") - lines
    np.testing.assert_allclose(column(document, "moved_nm"), moved, atol=1e-12)
    # this record has no gain, so the spectra are weighed a little differently
    assert np.all(np.abs(moved) < 0.5 * sigmas)
    assert all("gain_assumed" in row["flags"] for row in document["steps"])
    assert any("The lines moved by" in each for each in document["sentences"])


def test_refitting_takes_the_spectra_and_not_the_lines(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=3, unload=0, dwell_readings=0, not_measured=(2,))
    path = run.folder / "documents.jsonl"
    documents = [json.loads(line) for line in path.read_bytes().splitlines()]
    for name, document in documents:
        if name == "event" and document["seq_num"] == 1:
            document["data"]["ruby_r1_nm"] += 0.5
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    stored, again = answer(run.folder), answer(run.folder, "--refit")
    assert stored["record_difference_gpa"] == pytest.approx(1.4, abs=0.2)
    assert any("do not follow" in each for each in stored["sentences"])
    assert again["steps"][0]["moved_nm"] == pytest.approx(-0.5, abs=0.01)
    assert again["steps"][0]["difference_gpa"] == pytest.approx(0.0, abs=0.01)
    assert again["steps"][1]["measured"] is False
    assert again["steps"][1]["message"]


def test_a_pressure_that_does_not_come_out_again_is_status_1(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=3, unload=0, dwell_readings=0)
    path = run.folder / "documents.jsonl"
    documents = [json.loads(line) for line in path.read_bytes().splitlines()]
    for name, document in documents:
        if name == "event" and document["seq_num"] == 2:
            counts = document["data"]["spectrometer_spectrum"]
            document["data"]["spectrometer_spectrum"] = [600.0] * len(counts)
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    document = answer(run.folder, "--refit", status=1)
    assert document["complete"] is False
    row = document["steps"][1]
    assert (row["measured"], row["pressure_gpa"]) == (False, None)
    assert row["recorded_pressure_gpa"] is not None
    assert any(
        each.startswith("Could not be recomputed, at step 2") for each in document["sentences"]
    )


def test_a_step_without_a_line_is_listed_as_not_measured(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=4, unload=0, dwell_readings=0, not_measured=(2,))
    document = answer(run.folder, "--scale", "dewaele2008")
    row = document["steps"][1]
    assert (row["step"], row["measured"], row["pressure_gpa"]) == (2, False, None)
    assert row["message"].startswith("Not measured in the run.")
    assert "Not measured, in the run as now: step 2." in document["sentences"]
    text = invoke(run.folder, "--scale", "dewaele2008")
    assert text.exit_code == 0
    assert "step 2" in text.stdout


def test_a_killed_run(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=4, unload=0, dwell_readings=1, exit_status=None)
    with (run.folder / "documents.jsonl").open("ab") as journal:
        journal.write(b'["event", {"data": {"torn')
    document = answer(run.folder, "--scale", "mao1986", "--dwell")
    assert document["exit_status"] == "unfinished"
    assert len(document["steps"]) == len(document["dwell"]) == 4
    assert all(row["measured"] for row in document["steps"] + document["dwell"])


def test_a_run_without_a_step(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=0, unload=0, exit_status=None)
    document = answer(run.folder, "--scale", "mao1986", status=1)
    assert (document["steps"], document["budget"], document["highest_step"]) == ([], [], None)
    assert any("no step" in each for each in document["sentences"])


def test_dwell_spectra_only_when_asked_for(answer: Answer, good_run: Run) -> None:
    assert answer(good_run.folder)["dwell"] == []
    rows = answer(good_run.folder, "--dwell")["dwell"]
    assert len(rows) == len(good_run.table("dwell")["seq_num"])
    assert sum(not row["measured"] for row in rows) == 3
    pressures = [row["pressure_gpa"] for row in rows if row["measured"]]
    recorded_gpa = np.asarray(good_run.column("ruby", "pressure_gpa", "dwell"), dtype=float)
    np.testing.assert_allclose(pressures, recorded_gpa[np.isfinite(recorded_gpa)], atol=1e-9)


def test_text_fits_a_terminal_and_says_simulated(
    good_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = invoke(good_run.folder, "--scale", "dewaele2008", "--refit", "--dwell")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "SIMULATED" in lines[0]
    assert "Scale: dewaele2008 instead of ruby2020." in lines
    assert "…" not in result.stdout
    assert "pressure coefficient in the cold" in result.stdout


def test_a_real_run_is_not_called_simulated(fake_run: Any) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0, simulated=False)
    assert "SIMULATED" not in invoke(run.folder).stdout


def test_csv_holds_every_row(good_run: Run, tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    assert invoke(good_run.folder, "--scale", "mao1986", "--csv", target).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert len(rows) == len(good_run.table()["seq_num"])
    again = expected(good_run, make_gauge(good_run, "mao1986"))
    np.testing.assert_allclose([float(row["pressure_gpa"]) for row in rows], again, atol=1e-9)


def test_by_uid_in_a_folder_of_runs(answer: Answer, good_run: Run) -> None:
    document = answer(good_run.uid[:6], "--runs", good_run.folder.parent)
    assert document["uid"] == good_run.uid


def test_a_scale_of_ones_own(answer: Answer, good_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "scales.toml"
    file.write_text(OWN_SCALE, encoding="utf-8")
    document = answer(good_run.folder, "--scale", "ours2026", "--scales", file)
    zero_nm = make_gauge(good_run, "ruby2020").lambda0_at(document["steps"][0]["temperature_k"])
    first = document["steps"][0]
    assert first["pressure_gpa"] == pytest.approx(1900.0 * (first["line_nm"] / zero_nm - 1.0))
    assert "ours2026" in {other["scale"] for other in document["alternatives"]}


def test_a_run_on_a_scale_that_is_not_known_here(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes={"scale": "ours2026"})
    assert "--scales" in refusal(run.folder)
    document = answer(run.folder, "--scale", "ruby2020")
    assert document["from_scale"] == "ours2026"
    assert document["record_difference_gpa"] is None
    np.testing.assert_allclose(column(document, "pressure_gpa"), recorded(run), atol=1e-9)


def test_the_settings_of_newer_records(answer: Answer, fake_run: Any) -> None:
    settings = {
        "scale": "ruby2020",
        "temperature_correction": "datchi2007",
        "axis_sigma_nm": 0.01,
        "temperature_sigma_k": 0.1,
        "lambda0": [
            {
                "value_nm": value,
                "sigma_nm": 0.004,
                "chip": "R3",
                "date": "2026-11-20",
                "temperature_k": temperature,
            }
            for value, temperature in ((694.246, 296.0), (693.36, 80.0))
        ],
    }
    changes = {"gauge_settings": settings, "lambda0": None, "scale": None}
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes=changes)
    document = answer(run.folder)
    assert len(document["lambda0"]) == 2
    assert "80 K" in document["reference"]
    assert "holds 2 of them" in refusal(run.folder, "--lambda0-nm", "694.2")


def test_a_record_without_lambda0(answer: Answer, fake_run: Any) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes={"lambda0": None})
    assert "--lambda0-nm" in refusal(run.folder, "--scale", "mao1986")
    assert "holds none" in refusal(run.folder, "--lambda0-nm", "694.2")
    assert answer(run.folder, *GIVEN)["complete"] is True


def test_a_record_without_uncertainties_says_so(answer: Answer, fake_run: Any) -> None:
    changes = {"axis_sigma_nm": None}
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes=changes)
    assert any("axis_sigma_nm" in each for each in answer(run.folder)["sentences"])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--scale", "nonsense"), "nonsense"),
        (("--scale", "akahama2006"), "diamond_edge"),
        (("--correction", "nonsense"), "nonsense"),
        (("--lambda0-nm", "532"), "532"),
        (("--lambda0-nm", "nan"), "nan"),
        (("--lambda0-sigma-nm", "0"), "uncertainty"),
        (("--lambda0-date", "yesterday"), "yesterday"),
        (("--lambda0-date", "2999-01-01"), "lambda0 is of 2999-01-01, which has not come yet on"),
        (("--scales", "no-such-file.toml"), "no-such-file.toml"),
    ],
)
def test_what_cannot_be_is_refused(good_run: Run, options: tuple[str, ...], word: str) -> None:
    assert word in refusal(good_run.folder, *options)


def test_an_unknown_run_is_refused(good_run: Run, tmp_path: Path) -> None:
    assert "ffff" in refusal("ffff", "--runs", good_run.folder.parent)
    assert refusal(tmp_path / "nowhere", "--runs", tmp_path)


def test_a_folder_that_is_no_run_is_told_apart_from_none(tmp_path: Path) -> None:
    assert "holds no documents.jsonl" in refusal(tmp_path)
    assert "There is no folder" in refusal(tmp_path / "gone")


def test_a_run_with_another_gauge_is_refused(fake_run: Any) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes={"gauge": "diamond_edge"})
    assert "diamond_edge" in refusal(run.folder, "--scale", "mao1986")


def test_a_table_that_would_do_harm_is_refused(good_run: Run, tmp_path: Path) -> None:
    before = hashes(good_run.folder)
    assert "run folder" in refusal(good_run.folder, "--csv", good_run.folder / "table.csv")
    assert hashes(good_run.folder) == before
    scales = tmp_path / "scales.toml"
    scales.touch()
    assert "are read" in refusal(good_run.folder, "--scales", scales, "--csv", scales)
    assert "no folder" in refusal(good_run.folder, "--csv", tmp_path / "no" / "table.csv")
