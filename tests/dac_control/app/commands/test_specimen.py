"""``dac-control specimen``: from one station's state folder into another's."""

from pathlib import Path
from typing import Any

import pytest

from dac_control.app.commands.specimen import (
    StatedLight,
    accept_specimen,
    pack_specimen,
    tell_light,
)
from dac_control.app.station_lock import StationLock
from dac_control.errors import ConfigurationError, DacError
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


BEAM = """
[light.beams.532nm]
spot_um = 20.0
transmission = 0.5
[[light.limits]]
light = "532nm"
max_energy_mj = 100.0
"""
ALIGNED = {"light": "532nm", "spot": "chip", "power_mw": 2.0, "open_s": 30.0, "reason": "aligned"}


def test_light_of_another_program_counts_from_then_on(tmp_path: Path, capsys: Any) -> None:
    here = station(tmp_path / "here")
    here.write_text(here.read_text(encoding="utf-8") + BEAM, encoding="utf-8")
    assert tell_light(here) == 0
    assert "No light on 2026-11-A is on record" in capsys.readouterr().out
    told: dict[str, Any] = ALIGNED
    assert tell_light(here, StatedLight(**told)) == 0
    said = capsys.readouterr().out
    assert "532nm on chip: 30 mJ in 30 s (1 opening), at most" in said and "70 mJ left" in said
    assert tell_light(here) == 0
    assert capsys.readouterr().out == said, "it is in the ledger, once"
    tell_light(here, StatedLight(**(told | {"open_s": 90.0})))
    assert "120 mJ in 120 s (2 openings)" in (said := capsys.readouterr().out)
    assert "20 mJ over its budget" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"light": "523nm"}, "There are 532nm"),
        ({"spot": "chop"}, "Light falls on .*chip.*, not on 'chop'"),
        ({"power_mw": float("nan")}, "A power of nan mW"),
        ({"open_s": -1.0}, "A time of -1.0 s"),
        ({"reason": " "}, "--reason is empty"),
    ],
)
def test_light_that_cannot_have_fallen_is_not_written_down(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    here = station(tmp_path / "here")
    here.write_text(here.read_text(encoding="utf-8") + BEAM, encoding="utf-8")
    with pytest.raises(DacError, match=words):
        tell_light(here, StatedLight(**(ALIGNED | change)))
    assert not LightLedger(here.parent / "state" / "light.jsonl").read()
