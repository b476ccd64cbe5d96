"""``dac-control specimen``: from one station's state folder into another's."""

from pathlib import Path
from typing import Any

import pytest

from dac_control.app.commands.specimen import accept_specimen, pack_specimen
from dac_control.app.station_lock import StationLock
from dac_control.errors import ConfigurationError
from dac_control.records import LightLedger

EXAMPLE = Path(__file__).parents[4] / "examples" / "station.toml"


def station(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "station.toml"
    path.write_bytes(EXAMPLE.read_bytes())
    (folder / "state").mkdir()
    return path


def test_it_is_packed_here_and_accepted_there(tmp_path: Path, capsys: Any) -> None:
    here, there = station(tmp_path / "here"), station(tmp_path / "there")
    ledger = LightLedger(here.parent / "state" / "light.jsonl")
    ledger.append({"kind": "opening", "id": "a", "specimen": "2026-11-A"})
    carried = tmp_path / "carried.jsonl"
    assert pack_specimen(here, carried) == 0
    assert "1 records of light on 2026-11-A" in capsys.readouterr().out
    for told in ("1 of 1 records of light", "0 of 1 records of light"):
        assert accept_specimen(there, carried) == 0
        assert told in capsys.readouterr().out
    kept = LightLedger(there.parent / "state" / "light.jsonl").read()
    assert [(record["id"], record["station"]) for record in kept] == [("a", "cryostat 2, room 114")]


@pytest.mark.parametrize("name", ["station.toml", "state/light.jsonl"])
def test_no_file_of_the_station_is_overwritten(tmp_path: Path, name: str) -> None:
    here = station(tmp_path / "here")
    ledger = LightLedger(here.parent / "state" / "light.jsonl")
    ledger.append({"kind": "opening", "id": "a", "specimen": "2026-11-A"})
    before = (here.parent / name).read_bytes()
    with pytest.raises(ConfigurationError, match="one of the files that are read"):
        pack_specimen(here, here.parent / name)
    assert (here.parent / name).read_bytes() == before


def test_a_station_in_use_is_left_alone(tmp_path: Path) -> None:
    here = station(tmp_path / "here")
    lock = StationLock(here.parent / "state")
    try:
        with pytest.raises(ConfigurationError, match="in use by process"):
            pack_specimen(here, tmp_path / "carried.jsonl")
    finally:
        lock.release()
