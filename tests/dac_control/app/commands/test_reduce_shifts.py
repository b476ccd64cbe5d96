"""``dac-control reduce`` for gauges in cm-1: a scale recomputes the readings of its gauge."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.app.recorded_gauges import recorded_edge
from dac_control.gauges.scales import registry
from dac_control.records import Run

EDGE = {
    "scale": "akahama2006",
    "nu0_cm1": 1332.5,
    "nu0_sigma_cm1": 0.3,
    "nu0_source": "this anvil, 2026-11-20",
    "laser_nm": 532.0,
    "laser_sigma_nm": 0.02,
    "axis_sigma_cm1": 0.1,
}
VIBRON = {
    "gauge": "h2_vibron",
    "scale_file": "no/longer/there.toml",
    "scale": "old2025",
    "expected_cm1": [1300.0, 1500.0],
    "laser_nm": 532.0,
    "laser_sigma_nm": 0.02,
}
VIBRON_SCALE = """
[[scale]]
gauge = "h2_vibron"
name = "ours2026"
form = "table"
observable_cm1 = [1330.0, 1400.0, 1500.0]
pressure_gpa = [0.0, 35.0, 90.0]
sigma_gpa = 0.5
citation = "ours"
"""


@pytest.fixture(autouse=True)
def registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = {gauge: dict(scales) for gauge, scales in registry._BY_GAUGE.items()}
    monkeypatch.setattr(registry, "_BY_GAUGE", copy)


def reduce(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["reduce", *(str(each) for each in arguments)])


def document(*arguments: object) -> dict[str, Any]:
    result = reduce(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def two_gauges(fake_run: Callable[..., Run]) -> Run:
    return fake_run(
        load=5,
        unload=0,
        dwell_readings=0,
        frames=False,
        edge_at=(3, 4, 5),
        edge_rejected=(4,),
        start_changes={"edge_settings": EDGE},
    )


def test_an_edge_scale_recomputes_the_edge_and_leaves_the_ruby(two_gauges: Run) -> None:
    journal = two_gauges.folder / "documents.jsonl"
    before = journal.read_bytes()
    found = document(two_gauges.folder, "--scale", "eremets2023", "--dwell")
    gauge = recorded_edge(EDGE, scale="eremets2023")
    assert (found["gauge"], found["from_scale"]) == ("diamond_edge", "akahama2006")
    assert found["sentences"][:2] == [
        "Scale: eremets2023 instead of akahama2006.",
        "The readings of ruby stay as recorded on ruby2020.",
    ]
    assert [(row["step"], row["measured"]) for row in found["steps"]] == [
        (3, True),
        (4, False),
        (5, True),
    ]
    for row in (found["steps"][0], found["steps"][2]):
        again = gauge.pressure_from_edge(row["edge_cm1"], 0.01, 80.0, convention="vacuum")
        assert row["pressure_gpa"] == pytest.approx(again.pressure_gpa)
        assert row["sigma_sys_gpa"] == pytest.approx(again.sigma_sys_gpa)
        assert row["difference_gpa"] == pytest.approx(
            row["pressure_gpa"] - row["recorded_pressure_gpa"]
        )
    # of a step with two spectra, the one that gave no pressure lies between the steps
    assert [row["measured"] for row in found["dwell"]] == [False, False]
    (ruby,) = found["left_as_recorded"]
    np.testing.assert_array_equal(ruby["pressure_gpa"], two_gauges.column("ruby", "pressure_gpa"))
    assert {"nu0", "spread between scales"} <= {term["name"] for term in found["budget"]}
    assert "akahama2010" in {other["scale"] for other in found["alternatives"]}
    assert journal.read_bytes() == before


def test_a_ruby_scale_leaves_the_edge(two_gauges: Run) -> None:
    found = document(two_gauges.folder, "--scale", "dewaele2008")
    assert found["gauge"] == "ruby"
    assert "The readings of diamond_edge stay as recorded on akahama2006." in found["sentences"]
    assert found["left_as_recorded"][0]["gauge"] == "diamond_edge"
    assert len(found["steps"]) == 5


def test_a_line_of_the_specimen_on_a_scale_of_ones_own(
    fake_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = fake_run(
        load=3,
        unload=0,
        dwell_readings=0,
        frames=False,
        edge_at=(3,),
        start_changes={"vibron_settings": VIBRON},
    )
    journal, scales = run.folder / "documents.jsonl", tmp_path / "scales.toml"
    text = journal.read_text(encoding="utf-8").replace("diamond_edge", "h2_vibron")
    journal.write_text(text.replace("edge_cm1", "line_cm1").replace("edge_sigma", "line_sigma"))
    scales.write_text(VIBRON_SCALE, encoding="utf-8")
    found = document(run.folder, "--scale", "ours2026", "--scales", scales)
    (row,) = found["steps"]
    on_the_table = np.interp(row["line_cm1"], [1330.0, 1400.0, 1500.0], [0.0, 35.0, 90.0])
    assert found["gauge"] == "h2_vibron"
    assert row["pressure_gpa"] == pytest.approx(on_the_table, abs=1.0)  # a curve through them
    # what the run's scale gave cannot be known without its file
    assert found["record_difference_gpa"] is None
    result = reduce(run.folder, "--scale", "old2025")
    assert result.exit_code == 2 and "old2025" in result.stderr


def test_text_and_table_name_the_edge(
    two_gauges: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = tmp_path / "edge.csv"
    result = reduce(two_gauges.folder, "--scale", "hilberer2026", "--csv", table)
    assert result.exit_code == 0, result.output
    assert "edge/cm-1" in result.stdout and "…" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert "edge_cm1,sigma_cm1,recorded_edge_cm1,moved_cm1" in table.read_text().splitlines()[0]


@pytest.mark.parametrize("option", [("--refit",), ("--correction", "ragan1992")])
def test_options_of_ruby_are_refused_for_an_edge(two_gauges: Run, option: tuple[str, ...]) -> None:
    result = reduce(two_gauges.folder, "--scale", "eremets2023", *option)
    assert result.exit_code == 2
    assert "are of ruby" in result.stderr


def test_a_record_without_nu0_says_so(fake_run: Callable[..., Run]) -> None:
    run = fake_run(load=3, unload=0, dwell_readings=0, frames=False, edge_at=(3,))
    result = reduce(run.folder, "--scale", "eremets2023")
    assert result.exit_code == 2
    assert "does not say what the pressures of diamond_edge follow from" in result.stderr
