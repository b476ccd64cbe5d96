from pathlib import Path

import orjson
import pytest

from dac_control.errors import RecordError
from dac_control.records import find_run, list_runs


def _write(root: Path, name: str, uid: str, time: float, stop: bool = True) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    docs: list[object] = [["start", {"uid": uid, "time": time, "plan_name": "ramp", "scan_id": 3}]]
    # Longer than what the catalogue reads of the end.
    docs.append(["event", {"data": {"spectrum": [0.123456789] * 20_000}}])
    if stop:
        docs.append(["stop", {"exit_status": "abort", "reason": "held"}])
    (folder / "documents.jsonl").write_bytes(b"".join(orjson.dumps(doc) + b"\n" for doc in docs))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _write(tmp_path, "first", "aaa111", 100.0)
    _write(tmp_path, "second", "aab222", 300.0, stop=False)
    _write(tmp_path, "third", "bbb333", 200.0)
    (tmp_path / "not a run").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "documents.jsonl").write_bytes(b"")
    return tmp_path


def test_runs_are_listed_newest_first(root: Path) -> None:
    found = list_runs(root)
    assert [info.uid for info in found] == ["aab222", "bbb333", "aaa111"]
    assert [info.exit_status for info in found] == ["unfinished", "abort", "abort"]
    assert found[1].reason == "held" and found[1].plan == "ramp" and found[1].scan_id == 3


def test_nothing_is_read_of_folders_that_are_left_out(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "third" / "documents.jsonl").write_bytes(b"damaged")
    found = list_runs(root, but={"third", "second", "empty"})
    assert [info.uid for info in found] == ["aaa111"]
    assert caplog.text == ""


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="Listing the runs"):
        list_runs(tmp_path / "file")


@pytest.mark.parametrize("text", ["bbb333", "bbb", "BBB", " b", "third", "third/documents.jsonl"])
def test_a_run_is_found_by_what_a_person_has_at_hand(root: Path, text: str) -> None:
    assert find_run(text, root) == root / "third"
    assert find_run(str(root / "third"), root / "elsewhere") == root / "third"


def test_an_ambiguous_name_lists_the_candidates(root: Path) -> None:
    with pytest.raises(RecordError, match=r"any of 2 runs: aab222 \(second\), aaa111 \(first\)"):
        find_run("aa", root)


@pytest.mark.parametrize("text", ["zzz", "", "   ", "not a run"])
def test_an_unknown_run_is_refused(root: Path, text: str) -> None:
    with pytest.raises(RecordError):
        find_run(text, root)
