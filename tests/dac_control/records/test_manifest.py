import shutil
import subprocess
from pathlib import Path

import pytest

from dac_control.errors import RecordError
from dac_control.records import Difference, verify_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "figures").mkdir(parents=True)
    (folder / "documents.jsonl").write_bytes(b'["start",{}]\n')
    (folder / "figures" / "a b é.png").write_bytes(b"\x89")
    (folder / "100%0A.txt").write_bytes(b"")
    return folder


def test_a_folder_agrees_with_its_manifest(folder: Path) -> None:
    assert write_manifest(folder) == folder / "manifest-sha256.txt"
    lines = (folder / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines()
    assert [line[66:] for line in lines] == ["100%250A.txt", "documents.jsonl", "figures/a b é.png"]
    assert verify_manifest(folder) == []
    write_manifest(folder)
    assert verify_manifest(folder) == []


def test_every_difference_is_named(folder: Path) -> None:
    write_manifest(folder)
    (folder / "documents.jsonl").write_bytes(b'["start",{}] \n')
    (folder / "100%0A.txt").unlink()
    (folder / "new.txt").write_text("")
    assert verify_manifest(folder) == [
        Difference("100%0A.txt", "missing"),
        Difference("documents.jsonl", "changed"),
        Difference("new.txt", "unlisted"),
    ]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum on this machine")
def test_a_program_of_others_reads_it(folder: Path) -> None:
    (folder / "100%0A.txt").unlink()  # sha256sum knows no percent-encoding
    write_manifest(folder)
    subprocess.run(
        ["sha256sum", "--check", "--strict", "manifest-sha256.txt"],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_what_cannot_be_checked_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no manifest"):
        verify_manifest(folder)
    with pytest.raises(RecordError, match="no run folder"):
        write_manifest(tmp_path / "nowhere")
    (folder / "manifest-sha256.txt").write_text("abc documents.jsonl\n")
    with pytest.raises(RecordError, match="Line 1"):
        verify_manifest(folder)
