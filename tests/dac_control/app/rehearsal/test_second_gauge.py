"""A ramp with the edge of the anvil beside the ruby, rehearsed."""

import math
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError

EXAMPLES = Path(__file__).parents[4] / "examples"
EDGE = """
[edge]
nu0_cm1 = 1332.5
nu0_sigma_cm1 = 0.3
nu0_source = "the table of this anvil"
laser_nm = 532.0
laser_sigma_nm = 0.02

[devices.raman]
driver = "ocean"
name = "raman"
model = "QE Pro"
serial = "QEP00124"

[devices.cryostat]"""
RUN = """
plan = "pressure_ramp"
also = ["diamond_edge"]
gauge = "{gauge}"
[targets]
unit = "gpa"
load = [{target}]
[dwell]
drift_limit_gpa_per_h = 4.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 600
min_readings = 5
[ruby]
exposure_s = 0.5
attempts = 2
[edge]
exposure_s = {exposure_s}
attempts = 1
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


@pytest.fixture
def station_file(tmp_path: Path) -> Path:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    for old, new in (
        ('type = "four-pin, screw-driven"', 'type = "bevelled"\nbevel = "8 degrees to 300 um"'),
        ("max_turns = 0.8", "max_turns = 2.5"),
        ("max_step_turns = 0.03", "max_step_turns = 0.1"),
        ("max_step_gpa = 4.0", "max_step_gpa = 12.0"),
        ("pressure_limit_gpa = 50.0", "pressure_limit_gpa = 150.0"),
        ("[devices.cryostat]", EDGE),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "station.toml"
    path.write_text(text)
    return path


def rehearse(
    station_file: Path, gauge: str, target: float, edge_exposure_s: float = 30.0
) -> tuple[Any, list, dict]:
    run_file = station_file.parent / "run.toml"
    run_file.write_text(RUN.format(gauge=gauge, target=target, exposure_s=edge_exposure_s))
    station = load_station(station_file)
    documents: list[tuple[str, dict]] = []
    found = rehearse_once(
        station,
        load_run_file(run_file, station),
        seed=3,
        listener=lambda name, doc: documents.append((name, dict(doc))),
    )
    streams = {doc["uid"]: doc["name"] for name, doc in documents if name == "descriptor"}
    events: dict[str, list[dict]] = {}
    for name, doc in documents:
        if name == "event":
            events.setdefault(streams[doc["descriptor"]], []).append(doc["data"])
    return found, documents, events


def test_the_edge_is_measured_at_every_step_and_never_ends_the_ramp(station_file: Path) -> None:
    found, documents, events = rehearse(station_file, "ruby", 60.0)
    assert found.exit_status == "success", found.reason
    steps = {event["step_number"] for event in events["primary"]}
    assert {event["step_number"] for event in events["diamond_edge"]} == steps
    assert any(not event["diamond_edge_measured"] for event in events["diamond_edge"]), (
        "the first steps are below what an edge can tell"
    )
    top = events["diamond_edge"][-1]
    assert top["diamond_edge_measured"], top["diamond_edge_flags"]
    away = top["diamond_edge_pressure_gpa"] - events["primary"][-1]["step_pressure_gpa"]
    assert abs(away) < 15.0
    start = documents[0][1]
    assert start["devices"]["diamond_edge"] == "diamond_edge"
    assert start["devices"]["diamond_edge_spectrometer"] == "raman"


def test_with_the_edge_in_charge_the_ruby_is_still_seen_at_every_step(station_file: Path) -> None:
    found, _documents, events = rehearse(station_file, "diamond_edge", 60.0, 0.05)
    # too short for an edge: without a pressure nothing may move
    assert found.exit_status == "fail"
    assert "no pressure" in found.reason
    last = events["primary"][-1]
    assert last["step_gauge"] == "diamond_edge"
    assert math.isnan(last["step_pressure_gpa"])
    assert last["ruby_measured"]


def test_a_gauge_that_the_station_lacks_is_refused_with_its_line(tmp_path: Path) -> None:
    station = load_station(EXAMPLES / "overnight_station.toml")
    run_file = tmp_path / "run.toml"
    run_file.write_text(RUN.format(gauge="ruby", target=60, exposure_s=30))
    with pytest.raises(ConfigurationError, match=r"run.toml:3: also: this station has no gauge"):
        load_run_file(run_file, station)


def test_an_edge_without_its_spectrometer_is_refused(station_file: Path) -> None:
    text = station_file.read_text()
    a, b = text.index("[devices.raman]"), text.index("[devices.cryostat]")
    station_file.write_text(text[:a] + text[b:])
    with pytest.raises(ConfigurationError, match="belong together"):
        load_station(station_file)
