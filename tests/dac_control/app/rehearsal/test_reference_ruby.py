"""A ramp with an unpressurised chip beside the cell, rehearsed."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

from dac_control.app.findings import summarise_findings
from dac_control.app.findings.recompute import recompute_top
from dac_control.app.readings import read_steps
from dac_control.app.reduction.stored_lines import ROUNDING_GPA
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError
from dac_control.records import open_run

EXAMPLES = Path(__file__).parents[4] / "examples"
REFERENCE = """
[gauge.reference_ruby]
chip = "chip R"
offset_sigma_nm = 0.002
temperature_difference_sigma_k = 0.02

[limits]"""
STAGE = """
[devices.spots]
driver = "manual"
places = ["chip", "reference ruby"]

[devices.cryostat]"""
RUN = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [5]
[dwell]
drift_limit_gpa_per_h = 4.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 600
min_readings = 5
[ruby]
exposure_s = 0.5
attempts = 1
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


def station_file(folder: Path, *changes: tuple[str, str]) -> Path:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    # an axis that drifts by 0.05 nm, worth 0.14 GPa
    for old, new in (("axis_sigma_nm = 0.004", "axis_sigma_nm = 0.05"), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "station.toml"
    path.write_text(text)
    return path


def rehearse(
    folder: Path,
    *changes: tuple[str, str],
    plan: str = RUN,
    prepare: Callable[[VirtualLaboratory], None] | None,
) -> Any:
    station = load_station(station_file(folder, *changes))
    (folder / "run.toml").write_text(plan)
    run = load_run_file(folder / "run.toml", station)
    done = rehearse_once(station, run, seed=5, keep=folder / "runs", prepare=prepare)
    assert done.exit_status == "success", done.reason
    assert done.folder is not None
    return done, open_run(done.folder)


@pytest.fixture(scope="module")
def with_reference(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ramp whose reference ruby shows nothing at its second step."""

    def lose_it_once(laboratory: VirtualLaboratory) -> None:
        instruments = laboratory.session.instruments
        device: Any = instruments.further_gauges["reference_ruby"].device
        measure = device.gauge.measure

        def sometimes(*args: Any, **named: Any) -> Any:
            if int(instruments.step.number.get()) == 2:
                raise ValueError("a speck of dust")
            return measure(*args, **named)

        device.gauge.measure = sometimes

    folder = tmp_path_factory.mktemp("reference")
    changes = ("[limits]", REFERENCE), ("[devices.cryostat]", STAGE)
    return rehearse(folder, *changes, prepare=lose_it_once)


def test_the_reference_is_measured_at_every_step_in_a_stream_of_its_own(
    with_reference: Any,
) -> None:
    _done, run = with_reference
    seen = run.table("reference_ruby")["step_number"]
    assert set(seen) == set(run.table("primary")["step_number"])
    at = dict(zip(read_steps(run).step, read_steps(run).reference_line_nm, strict=True))
    assert math.isnan(at[2]) and all(math.isfinite(at[n]) for n in at if n != 2)


def test_what_both_lines_share_cancels_and_the_budget_says_so(
    with_reference: Any, tmp_path: Path
) -> None:
    _done, run = with_reference
    steps = read_steps(run)
    plain, _ = rehearse(tmp_path, prepare=None)
    stored = plain.steps[0].sigma_sys_gpa
    own = steps.sigma_sys_gpa[steps.step == 1][0]
    gap = steps.sigma_sys_gpa[steps.step == 2][0]
    assert own < 0.06 < 0.13 < gap
    assert stored > 2.0 * own
    top = recompute_top(run, steps)
    assert top is not None and top.difference_gpa < ROUNDING_GPA
    by_name = {term.name: term for term in top.budget}
    assert by_name["wavelength axis drift"].sigma_gpa == 0.0
    assert by_name["reference line"].sigma_gpa > 0.0
    assert "chip R" in top.reference


def test_the_gap_is_shown(with_reference: Any) -> None:
    _done, run = with_reference
    found = summarise_findings(run)
    assert any("Gaps of the reference ruby" in each for each in found["limitations"])
    column = next(c for c in found["evolution"]["columns"] if c["name"] == "reference_ruby")
    assert column["states"][1] == "rejected" and column["rejected"] == 1


def test_a_spectrum_that_shows_no_reference_is_recorded_and_taken_again(tmp_path: Path) -> None:
    def lose_the_first(laboratory: VirtualLaboratory) -> None:
        device: Any = laboratory.session.instruments.further_gauges["reference_ruby"].device
        measure, taken = device.gauge.measure, list[int]()

        def later(*args: Any, **named: Any) -> Any:
            taken.append(1)
            if len(taken) == 1:
                raise ValueError("a speck of dust")
            return measure(*args, **named)

        device.gauge.measure = later

    plan = 'plan = "measure_reference_ruby"\nchip = "chip R"\nreadings = 3\n[ruby]\nattempts = 2\n'
    changes = ("[limits]", REFERENCE), ("[devices.cryostat]", STAGE)
    _done, run = rehearse(tmp_path, *changes, plan=plan, prepare=lose_the_first)
    seen = run.table("reference_ruby")
    assert list(seen["reference_ruby_measured"]) == [False, True, True, True]
    assert list(seen["step_number"]) == [1, 1, 2, 3]


def test_a_reference_that_no_stage_finds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'reference ruby' is not among places"):
        load_station(station_file(tmp_path, ("[limits]", REFERENCE)))


def test_measuring_it_needs_one(tmp_path: Path) -> None:
    station = load_station(station_file(tmp_path))
    (tmp_path / "run.toml").write_text('plan = "measure_reference_ruby"\nchip = "chip R"\n')
    with pytest.raises(ConfigurationError, match=r"run.toml:1: plan: this station has no ruby"):
        load_run_file(tmp_path / "run.toml", station)


def test_measuring_it_stores_its_line_with_chip_date_and_temperature(tmp_path: Path) -> None:
    changes = ("[limits]", REFERENCE), ("[devices.cryostat]", STAGE)
    station = load_station(station_file(tmp_path, *changes))
    (tmp_path / "run.toml").write_text(
        'plan = "measure_reference_ruby"\nchip = "chip R"\nreadings = 5\n[ruby]\nexposure_s = 0.5\n'
    )
    kept: list[VirtualLaboratory] = []
    documents: list[tuple[str, Any]] = []
    shown_nm: list[float] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        kept.append(laboratory)
        laboratory.twin.turn_to(0.4)  # the chip in the cell is under pressure, this one never is

    def listen(name: str, doc: Any) -> None:
        documents.append((name, doc))
        seen = kept[0].twin.last_exposure() if name == "event" else None
        if seen is not None and "reference_ruby_r1_nm" in doc["data"]:
            assert seen["spot"] == "reference"
            shown_nm.append(seen["r1_axis_nm"])

    run = load_run_file(tmp_path / "run.toml", station)
    done = rehearse_once(station, run, seed=5, prepare=prepare, listener=listen)
    assert done.exit_status == "success", done.reason
    instruments = kept[0].session.instruments
    assert instruments.calibrations is not None
    (record,) = instruments.calibrations.history("reference", "chip R", simulated=True)
    content, start = record.content, documents[0][1]
    assert record.run == start["uid"] and start["gauge"] == "reference_ruby"
    assert content["chip"] == "chip R" and content["readings"] == len(shown_nm) == 5
    assert content["date"] == record.time.date().isoformat() == "2000-01-01"
    assert content["value_nm"] == pytest.approx(sum(shown_nm) / 5, abs=5 * content["sigma_nm"])
    assert 0.0 < content["sigma_nm"] < 0.001
    seen = [doc["data"] for name, doc in documents if name == "event"]
    lines = [data for data in seen if "reference_ruby_r1_nm" in data]
    assert content["scatter_nm"] == pytest.approx(
        stdev(data["reference_ruby_r1_nm"] for data in lines), rel=0.2
    )
    assert content["temperature_k"] == pytest.approx(
        mean(data["reference_ruby_temperature_k"] for data in lines)
    )
    (stored,) = [data["workbench_result"] for data in seen if "workbench_result" in data]
    assert json.loads(stored) == content
    # it is no lambda0 of the chip in the cell, and nothing was turned
    assert instruments.ruby.gauge.lambda0.chip == "chip 3"
    assert not instruments.calibrations.history("lambda0", "chip R", simulated=True)
    assert kept[0].intents.read() == []
