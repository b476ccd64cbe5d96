import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dac_control.errors import RecordError
from dac_control.records.append_file import AppendFile
from dac_control.records.lines import iter_lines


def _contents(path: Path) -> list[Any]:
    return [content for _, content in iter_lines(path)]


def test_one_write_and_one_sync_for_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    write, sync = os.write, os.fsync

    def spy_write(descriptor: int, data: Any) -> int:
        calls.append("write")
        return write(descriptor, data)

    def spy_sync(descriptor: int) -> None:
        calls.append("sync")
        sync(descriptor)

    with AppendFile(tmp_path / "a.jsonl") as file:
        monkeypatch.setattr(os, "write", spy_write)
        monkeypatch.setattr(os, "fsync", spy_sync)
        monkeypatch.setattr(os, "fdatasync", spy_sync, raising=False)
        file.append({"array": np.arange(2000.0)})
    assert calls == ["write", "sync"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with AppendFile(tmp_path / "a.jsonl") as file:
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:7]))
        file.append({"text": "x" * 100})
        monkeypatch.undo()
    assert _contents(tmp_path / "a.jsonl") == [{"text": "x" * 100}]


def test_half_a_line_is_taken_back(tmp_path: Path, full_disk: Any) -> None:
    path = tmp_path / "a.jsonl"
    with AppendFile(path) as file:
        file.append({"n": 1})
        full_disk.fill(after_bytes=4)
        with pytest.raises(RecordError, match="No space left on device; free some space"):
            file.append({"n": 2})
        full_disk.free()
        assert path.read_bytes() == b'{"n":1}\n'
        file.append({"n": 3})
    assert _contents(path) == [{"n": 1}, {"n": 3}]


def test_nothing_follows_a_line_that_cannot_be_taken_back(
    tmp_path: Path, full_disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, size: int) -> None:
        raise OSError("no")

    path = tmp_path / "a.jsonl"
    with AppendFile(path) as file:
        file.append({"n": 1})
        full_disk.fill(after_bytes=4)
        monkeypatch.setattr(os, "ftruncate", refuse)
        with pytest.raises(RecordError):
            file.append({"n": 2})
        full_disk.free()
        with pytest.raises(RecordError, match="closed"):
            file.append({"n": 3})
    assert _contents(path) == [{"n": 1}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b'{"n":1}\n', b'{"n":1}\n'),
        (b'{"n":1}\n{"n":2', b'{"n":1}\n'),
        (b'{"n":1}\n{"n":2}', b'{"n":1}\n{"n":2}\n'),
        (b'{"n"', b""),
        (b'{"n":1}\n' + b'{"n":"' + b"x" * 200_000, b'{"n":1}\n'),
    ],
)
def test_a_torn_tail_is_mended_before_the_next_line(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(before)
    with AppendFile(path) as file:
        file.append({"n": 9})
    assert path.read_bytes() == after + b'{"n":9}\n'


def test_a_new_file_must_be_new(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    with pytest.raises(RecordError, match="move that file away"):
        AppendFile(path, new=True)
