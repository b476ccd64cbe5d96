"""A station's calibrations: loaded with the session, and runs refused without them."""

import datetime
import re
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.session import build_session
from dac_control.app.station import Station, load_station
from dac_control.errors import ConfigurationError
from dac_control.records.calibrations import CalibrationStore

EXAMPLES = Path(__file__).parents[3] / "examples"
NOW = datetime.datetime(2026, 11, 29, 12, 0, tzinfo=datetime.UTC)
HOLD = 'plan = "hold"\nduration_h = 0.01\n'
LAMP = """
[devices.lamp]
driver = "manual"
power_mw = 5.0

[light.beams.lamp]
spot_um = 30.0
transmission = 0.2
"""


def hours_ago(hours: float) -> datetime.datetime:
    return NOW - datetime.timedelta(hours=hours)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    ages = "[calibrations]\nmax_axis_age_h = 24\nmax_lambda0_age_d = 30\n\n[limits]"
    (tmp_path / "station.toml").write_text(text.replace("[limits]", ages, 1))
    (tmp_path / "run.toml").write_text(HOLD)
    return tmp_path


@pytest.fixture
def station(folder: Path) -> Station:
    return load_station(folder / "station.toml")


@pytest.fixture
def store(folder: Path) -> CalibrationStore:
    (folder / "state").mkdir()
    return CalibrationStore.at(folder / "state" / "calibrations.jsonl")


def refusal(folder: Path, station: Station, at: datetime.datetime = NOW) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_run_file(folder / "run.toml", station, wall_time=at.timestamp())
    return str(refused.value)


def test_a_missing_axis_is_refused_with_the_line_of_the_station_file(
    folder: Path, station: Station
) -> None:
    said = refusal(folder, station)
    where = re.search(r"station\.toml:(\d+): calibrations\.max_axis_age_h: ", said)
    assert where is not None
    line = (folder / "station.toml").read_text().splitlines()[int(where[1]) - 1]
    assert line == "max_axis_age_h = 24"
    assert said.endswith("There is no axis calibration of 'spectrometer'; run calibrate_axis.")
    assert not (folder / "state").exists(), "a check wrote something"


def test_a_simulated_axis_does_not_help_a_real_station(
    folder: Path, station: Station, store: CalibrationStore, axis_calibration: Any
) -> None:
    axis = axis_calibration(0.1, hours_ago(1)).to_dict()
    store.add("axis", "spectrometer", axis, time=hours_ago(1), simulated=True)
    assert "run calibrate_axis" in refusal(folder, station)


def test_what_is_young_enough_lets_the_run_pass_until_it_is_not(
    folder: Path, station: Station, store: CalibrationStore, axis_calibration: Any
) -> None:
    axis = axis_calibration(0.1, hours_ago(1)).to_dict()
    store.add("axis", "spectrometer", axis, time=hours_ago(1))
    run = load_run_file(folder / "run.toml", station, wall_time=NOW.timestamp())
    assert "25.0 h old" in refusal(folder, station, hours_ago(-24))
    later = refusal(folder, station, hours_ago(-23 - 24 * 40))
    assert "run calibrate_axis" in later
    # the rehearsal obeys the same, by the plan's own check and its own clock
    with pytest.raises(ConfigurationError, match=r"toml:\d+: calibrations.max_axis.*25\.0 h old"):
        rehearse_once(station, run, seed=1, epoch=hours_ago(-24).timestamp())


def test_a_ramp_that_outlives_its_axis_turns_no_more(
    folder: Path, station: Station, store: CalibrationStore, axis_calibration: Any
) -> None:
    axis = axis_calibration(0.0, hours_ago(23.6)).to_dict()
    store.add("axis", "spectrometer", axis, time=hours_ago(23.6))
    (folder / "run.toml").write_text(
        'plan = "pressure_ramp"\n[targets]\nunit = "gpa"\nload = [30]\n[ruby]\nexposure_s = 0.5\n'
    )
    run = load_run_file(folder / "run.toml", station, wall_time=NOW.timestamp())
    starts: list[Any] = []
    done = rehearse_once(
        station,
        run,
        seed=1,
        epoch=NOW.timestamp(),
        listener=lambda name, doc: starts.append(doc) if name == "start" else None,
    )
    assert starts[0]["calibration_ages"] == {"max_axis_age_h": 24, "max_lambda0_age_d": 30}
    held = re.fullmatch(
        r"The ramp holds before it turns the screw: The axis calibration of "
        r"'spectrometer' is 24\.\d h old .*; run calibrate_axis, or allow more\. The limit is "
        r"calibrations\.max_axis_age_h of .* take the run up with `dac-control resume`\.",
        done.reason,
    )
    assert held is not None, done.reason
    assert done.steps[-2].lab_time_s < 0.4 * 3600.0 <= done.duration_s, "it went on while it could"


def test_a_calibration_needs_none_of_its_own_kind(folder: Path) -> None:
    with (folder / "station.toml").open("a") as text:
        text.write(LAMP)
    station = load_station(folder / "station.toml")
    for body in ('plan = "calibrate_axis"\nlamp = "neon"\n', 'plan = "measure_gain"\n'):
        (folder / "run.toml").write_text(body)
        load_run_file(folder / "run.toml", station, wall_time=NOW.timestamp())
    (folder / "run.toml").write_text('plan = "measure_lambda0"\nchip = "chip 3"\n')
    assert "run calibrate_axis" in refusal(folder, station)


def test_what_a_finished_stage_measured_is_not_to_come_when_a_run_is_taken_up(
    folder: Path,
) -> None:
    with (folder / "station.toml").open("a") as text:
        text.write(LAMP)
    station, path = load_station(folder / "station.toml"), folder / "run.toml"
    stages = ['plan = "calibrate_axis"\nlamp = "neon"\n', HOLD]
    path.write_text("".join(['plan = "full_experiment"\n', *(f"[[stages]]\n{s}" for s in stages)]))
    for held_at in (None, 1):
        load_run_file(path, station, wall_time=NOW.timestamp(), held_at=held_at)
    with pytest.raises(ConfigurationError, match=r"station\.toml:\d+: calibrations\.max_axis_age"):
        load_run_file(path, station, wall_time=NOW.timestamp(), held_at=2)


def test_a_lambda0_of_tomorrow_is_refused_where_nobody_asks_for_an_age(folder: Path) -> None:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    assert "date = 2026-11-20" in text
    (folder / "station.toml").write_text(text.replace("date = 2026-11-20", "date = 2036-11-20"))
    said = refusal(folder, load_station(folder / "station.toml"))
    words = r"station\.toml:\d+: gauge\.lambda0\.date: .* of 2036-11-20, which has not come yet on"
    assert re.search(words, said)
    # nor does a session look with it, whatever it is for
    with pytest.raises(ConfigurationError, match=words):
        build_session(folder / "station.toml")
    assert not (folder / "runs").exists(), "something was opened"


def test_a_new_station_can_measure_its_first_lambda0_and_nothing_that_rests_on_it(
    folder: Path, tmp_path: Path
) -> None:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    bare = re.sub(r"\[gauge\.lambda0\]\n(.+\n)+", "", text)
    (folder / "station.toml").write_text(bare)
    station = load_station(folder / "station.toml")
    said = refusal(folder, station)
    assert re.search(r"station\.toml:\d+: gauge\.lambda0: .*Run measure_lambda0", said)
    (folder / "run.toml").write_text('plan = "measure_lambda0"\nchip = "chip 3"\nreadings = 3\n')
    run = load_run_file(folder / "run.toml", station, wall_time=NOW.timestamp())
    documents: list[tuple[str, Any]] = []
    done = rehearse_once(
        station,
        run,
        seed=1,
        listener=lambda name, doc: documents.append((name, doc)),
    )
    assert done.exit_status == "success", done.reason
    events = [doc["data"] for name, doc in documents if name == "event"]
    (result,) = [event for event in events if "workbench_result" in event]
    assert "chip 3" in result["workbench_result"]


def hold_events(station: Station, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    documents: list[tuple[str, Any]] = []
    run = load_run_file(folder / "run.toml", station, wall_time=NOW.timestamp())
    rehearse_once(
        station,
        run,
        seed=1,
        epoch=NOW.timestamp(),
        listener=lambda name, doc: documents.append((name, doc)),
    )
    return documents[0][1], [doc["data"] for name, doc in documents if name == "event"]


def test_the_newest_axis_is_loaded_and_moves_line_and_lambda0_alike(
    folder: Path, store: CalibrationStore, axis_calibration: Any
) -> None:
    plain = load_station(EXAMPLES / "overnight_station.toml")
    station = load_station(folder / "station.toml")
    store.add("axis", "spectrometer", axis_calibration(9.0, hours_ago(9)).to_dict(), time=NOW)
    store.add("axis", "spectrometer", axis_calibration(0.1, NOW).to_dict(), time=NOW)
    start, events = hold_events(station, folder)
    own = [event for event in hold_events(plain, folder)[1] if "ruby_r1_nm" in event]
    moved = [event for event in events if "ruby_r1_nm" in event]
    assert moved[0]["ruby_r1_nm"] - own[0]["ruby_r1_nm"] == pytest.approx(0.1, abs=1e-3)
    difference = moved[0]["ruby_pressure_gpa"] - own[0]["ruby_pressure_gpa"]
    assert abs(difference) < 0.005, "the correction of the axis counted as pressure"
    said = start["calibrations"]["axis"]
    assert said["limit_h"] == 24.0 and said["time"] == NOW.isoformat()
    assert start["gauge_settings"]["lambda0"][0]["value_nm"] == pytest.approx(694.36)
    assert "neon" in start["gauge_settings"]["lambda0"][0]["axis"]


def test_a_measured_lambda0_and_gain_are_what_the_session_works_with(
    folder: Path, station: Station, store: CalibrationStore
) -> None:
    content = {
        "value_nm": 694.3,
        "sigma_nm": 0.002,
        "chip": "chip 3",
        "date": "2026-11-28",
        "temperature_k": 296.0,
        "axis": "",
    }
    store.add("lambda0", "chip 3", content, time=hours_ago(20))
    with virtual_laboratory(station, 1, epoch=NOW.timestamp()) as laboratory:
        instruments = laboratory.session.instruments
        assert instruments.ruby.gauge.lambda0.value_nm == 694.3
        assert [each.value_nm for each in instruments.in_use.lambda0s] == [694.3]
