"""``dac-control rehearse`` as a user calls it, and its likeness with a session over wires."""

import json
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.virtual_laboratory import virtual_laboratory
from dac_control.app.session import Session, build_session
from dac_control.app.station import load_station

EXAMPLES = Path(__file__).parents[2] / "examples"
RUN = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [{target}]
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
def station(tmp_path: Path) -> Path:
    path = tmp_path / "station.toml"
    path.write_bytes((EXAMPLES / "overnight_station.toml").read_bytes())
    return path


def write_run(folder: Path, target: float) -> Path:
    path = folder / "run.toml"
    path.write_text(RUN.format(target=target), encoding="utf-8")
    return path


def test_the_document_keeps_its_contract(cli: Any, station: Path, tmp_path: Path) -> None:
    run = str(write_run(tmp_path, 5))
    with station.open("a", encoding="utf-8") as file:
        file.write('\n[[rules]]\nready = "heater_runaway"\n')
    stated = ("--compressor", "running")
    done = cli("rehearse", run, "--station", str(station), *stated, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    duration = document["duration_h"]
    assert duration["low"] == duration["median"] == duration["high"] > 0
    (target,) = document["targets"]
    assert (target["target"], target["leg"], target["reached"]) == (5.0, "load", 1)
    for band in (document["top_pressure_gpa"], target["pressure_gpa"]):
        assert band["low"] < band["median"] < band["high"]
    assert document["dose"]["exposure_s"]["median"] > 0
    assert document["limits_touched"] == [] and document["first_rule"] is None
    assert document["rules_declared"] == 1 and "None of 1 rule(s) would fire." in done.stderr
    outcome = document["outcomes"][0]
    assert (outcome["exit_status"], outcome["count"], outcome["seeds"]) == ("success", 1, [0])
    assert document["simulated"] is True and document["seeds"] == [0]
    supplies = {each["what"]: each["enough"] for each in document["supplies"]}
    assert supplies == {"compressor": True, "disk": True}
    contents, realism = document["notes"]
    assert "does not know 'FeSe'" in contents and "a quiet one" in realism
    assert document["record_bytes"]["median"] > 1000 * document["events"]["median"]


def test_seeds_differ_and_a_seed_does_not(cli: Any, station: Path, tmp_path: Path) -> None:
    run = str(write_run(tmp_path, 4))
    found = [
        json.loads(cli("rehearse", run, "--station", str(station), *more, "--json").stdout)
        for more in (("--seeds", "2", "--seed", "7"), ("--seeds", "2", "--seed", "7"))
    ]
    for document in found:
        del document["supplies"]  # the disk is filled by others, too
    assert found[0] == found[1] and found[0]["seeds"] == [7, 8]
    assert found[0]["top_pressure_gpa"]["low"] < found[0]["top_pressure_gpa"]["high"]


def test_a_run_that_holds_is_told_with_its_reason(cli: Any, station: Path, tmp_path: Path) -> None:
    text = station.read_text(encoding="utf-8").replace("max_turns = 0.8", "max_turns = 0.1")
    station.write_text(text.replace("min_turns = -0.05", "min_turns = 0.0"), encoding="utf-8")
    run = write_run(tmp_path, 40)
    done = cli("rehearse", str(run), "--station", str(station), "--json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert document["outcomes"][0]["exit_status"] == "fail"
    touched = {each["limit"]: each["at_steps"] for each in document["limits_touched"]}
    assert touched["max_turns"] == [document["first_hold"]["step"]]
    # what `limits_touched` knows such an end by
    assert "no further step towards 40 GPa is allowed" in document["first_hold"]["reason"]
    assert document["first_hold"]["reason"] in done.stderr and document["first_rule"] is None


@pytest.mark.parametrize(("target", "key"), [(51, "pressure_limit_gpa"), (-1, "tolerance_gpa")])
def test_the_impossible_is_refused(
    cli: Any, station: Path, tmp_path: Path, target: float, key: str
) -> None:
    run = write_run(tmp_path, target)
    done = cli("rehearse", str(run), "--station", str(station), "--json")
    assert done.returncode == 2 and not done.stdout
    assert key in done.stderr and "Traceback" not in done.stderr


def keys_of(session: Session) -> dict[str, dict[str, Any]]:
    """Everything that an event of this session describes, but where it comes from.

    And how long a Raman spectrum is: rehearsed, it is that of a cooled detector, and the unit that
    is simulated on the wire has another one.
    """
    found = session.instruments
    devices: list[Any] = [*session.devices.values(), found.ruby, found.clock_reading, found.step]
    for device in (found.clock_reading, found.cryostat, found.spectrometer, found.ruby):
        device.trigger().wait(60)
    described: dict[str, Any] = {}
    for device in devices:
        described |= device.describe() | device.describe_configuration()
    return {
        key: {
            name: value
            for name, value in about.items()
            if name != "source" and not (name == "shape" and key.startswith("raman_"))
        }
        for key, about in described.items()
    }


def test_the_keys_are_those_of_a_session_over_wires(served: dict[str, Any]) -> None:
    path = Path(served["station"])
    with build_session(path) as session:
        session.require_ready()
        over_wires = keys_of(session)
    with virtual_laboratory(load_station(path), 0) as laboratory:
        laboratory.session.require_ready()
        instruments = laboratory.session.instruments
        for device in (instruments.spectrometer, instruments.ruby):
            device.trigger()
        rehearsed = keys_of(laboratory.session)
    assert rehearsed == over_wires
