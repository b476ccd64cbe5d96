"""What the example station shows in comments can be used as it stands."""

import re
from pathlib import Path

import pytest

from dac_control.app.run_file import load_run_file
from dac_control.app.station import ManualScrew, load_station

ROOT = Path(__file__).parents[2]
STATION = (ROOT / "examples" / "station.toml").read_text(encoding="utf-8")


def uncommented(table: str) -> str:
    """The lines of a table that stands in comments, up to the next line that is no key."""
    found = re.search(rf"^# \[{re.escape(table)}\].*\n(?:# \w+ = .*\n)+", STATION, re.MULTILINE)
    assert found is not None, table
    return re.sub(r"^# ", "", found[0], flags=re.MULTILINE)


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """The example with the key in a person's hand instead of the motor."""
    hand = uncommented("devices.drive")
    text, count = re.subn(r"(?ms)^\[devices\.drive\].*?(?=^\[)", hand + "\n", STATION)
    assert count == 1
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_screw_in_a_persons_hand_shows_every_key_and_is_taken(by_hand: Path) -> None:
    drive = load_station(by_hand).devices.drive
    assert isinstance(drive, ManualScrew)
    assert drive.model_fields_set == set(ManualScrew.model_fields) - {"name"}
    said = ManualScrew(driver="manual")
    assert (drive.patience_s, drive.clockwise_loads) == (said.patience_s, said.clockwise_loads)
    assert f"; {said.divisions} by default" in STATION


def test_a_ramp_is_taken_with_it(by_hand: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('plan = "pressure_ramp"\n[targets]\nunit = "gpa"\nload = [10, 20]\n')
    load_run_file(path, load_station(by_hand))
