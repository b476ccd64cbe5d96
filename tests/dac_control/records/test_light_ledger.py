from pathlib import Path

import pytest

from dac_control.errors import RecordError
from dac_control.records import LightLedger


def test_records_come_back_and_what_another_program_adds_is_seen(tmp_path: Path) -> None:
    ledger = LightLedger(tmp_path / "state" / "light.jsonl")
    assert ledger.read() == []
    ledger.append({"kind": "opening", "id": "a", "power_mw": float("nan")})
    assert ledger.read() == [{"kind": "opening", "id": "a", "power_mw": None}]
    LightLedger(ledger.path).append({"kind": "closed", "id": "a"})
    assert [record["kind"] for record in ledger.read()] == ["opening", "closed"]
    ledger.append({"kind": "opening", "id": "b"})
    assert ledger.read() == LightLedger(ledger.path).read()
    assert len(ledger.read()) == 3


def test_what_a_reader_does_to_its_list_changes_nothing(tmp_path: Path) -> None:
    ledger = LightLedger(tmp_path / "light.jsonl")
    ledger.append({"n": 1})
    ledger.read().clear()
    assert ledger.read() == [{"n": 1}]


def test_damage_is_reported_in_its_own_words(tmp_path: Path) -> None:
    ledger = LightLedger(tmp_path / "light.jsonl")
    ledger.path.write_bytes(b"[1]\n")
    with pytest.raises(RecordError, match="is not an opening of a light"):
        ledger.read()


def test_the_lines_of_a_run_are_found(tmp_path: Path) -> None:
    ledger = LightLedger(tmp_path / "light.jsonl")
    ledger.append({"run": "a", "n": 1})
    ledger.append({"run": "b", "n": 2})
    assert ledger.lines_of_run("b") == b'{"run":"b","n":2}\n'


def test_a_torn_end_is_cut_off(tmp_path: Path) -> None:
    ledger = LightLedger(tmp_path / "light.jsonl")
    ledger.append({"n": 1})
    with ledger.path.open("ab") as file:
        file.write(b'{"n": ')
    assert ledger.read() == [{"n": 1}]
    ledger.append({"n": 2})
    assert ledger.read() == [{"n": 1}, {"n": 2}]
