import threading
from pathlib import Path
from typing import Any

import pytest

from dac_control.errors import RecordError
from dac_control.records import IntentLog


def test_records_come_back_in_order(tmp_path: Path) -> None:
    log = IntentLog(tmp_path / "state" / "intents.jsonl")
    assert log.read() == []
    log.append({"run": "a", "turns": 0.1})
    log.append({"run": None, "turns": 0.2})
    assert IntentLog(log.path).read() == [{"run": "a", "turns": 0.1}, {"run": None, "turns": 0.2}]
    assert log.lines_of_run("a") == b'{"run":"a","turns":0.1}\n'


def test_every_cut_gives_a_prefix_and_the_next_record_is_whole(tmp_path: Path) -> None:
    log = IntentLog(tmp_path / "intents.jsonl")
    for number in range(3):
        log.append({"n": number})
    whole = log.path.read_bytes()
    for cut in range(len(whole) + 1):
        log.path.write_bytes(whole[:cut])
        kept = log.read()
        assert kept == [{"n": number} for number in range(len(kept))]
        log.append({"n": "next"})
        assert log.read() == [*kept, {"n": "next"}]


def test_damage_before_the_last_line_is_reported(tmp_path: Path) -> None:
    log = IntentLog(tmp_path / "intents.jsonl")
    log.path.write_bytes(b'{"n":\n{"n":2}\n')
    with pytest.raises(RecordError, match=r"Line 1 .* damaged"):
        log.read()
    log.path.write_bytes(b"[1]\n")
    with pytest.raises(RecordError, match=r"Line 1 .* is not an intent"):
        log.read()


def test_a_full_disk_raises_and_leaves_no_trace(tmp_path: Path, full_disk: Any) -> None:
    log = IntentLog(tmp_path / "intents.jsonl")
    log.append({"n": 1})
    full_disk.fill(after_bytes=3)
    with pytest.raises(RecordError, match=r"intent log at .*No space left"):
        log.append({"n": 2})
    full_disk.free()
    assert log.read() == [{"n": 1}]


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    log = IntentLog(tmp_path / "intents.jsonl")

    def write(who: int) -> None:
        for number in range(10):
            log.append({"who": who, "n": number})

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = log.read()
    assert len(records) == 40
    for who in range(4):
        assert [record["n"] for record in records if record["who"] == who] == list(range(10))
