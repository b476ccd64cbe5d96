import errno
import os
from pathlib import Path
from typing import Any

import pytest

from dac_control.errors import RecordError
from dac_control.records.disk import probe_writable, record_error, replace_file


def test_probe_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    probe_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_probe_of_a_file_in_the_way_says_which_why_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError) as caught:
        probe_writable(tmp_path / "file" / "runs")
    message = str(caught.value)
    assert str(tmp_path / "file" / "runs") in message
    assert message.endswith(".") and "; " in message and "\n" not in message


def test_probe_of_a_full_disk(tmp_path: Path, full_disk: Any) -> None:
    full_disk.fill()
    with pytest.raises(RecordError, match="No space left"):
        probe_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="file modes do not stop a writer on Windows")
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anywhere")
def test_probe_of_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RecordError, match="get the right to write"):
            probe_writable(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_replaced_file_is_the_old_or_the_new_one(tmp_path: Path, full_disk: Any) -> None:
    path = tmp_path / "a"
    replace_file(path, b"old")
    full_disk.fill(after_bytes=2)
    with pytest.raises(RecordError):
        replace_file(path, b"new and longer")
    full_disk.free()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"


def test_an_unknown_error_still_has_advice(tmp_path: Path) -> None:
    for error in (OSError("odd"), OSError(errno.EBUSY, "busy"), OSError()):
        assert str(record_error("Doing", tmp_path, error)).endswith(
            "; check that disk and that path."
        )
