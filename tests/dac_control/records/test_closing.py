import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from event_model import DocumentNames, schema_validators

from dac_control.errors import RecordError
from dac_control.records import RunRecorder, list_runs, open_run
from dac_control.records.closing import PROCESS_DIED, close_dead_runs, close_run

START = {"uid": "ab12cd34", "time": 1795900000.0, "plan_name": "pressure_ramp"}
DESCRIPTOR = {
    "uid": "d1",
    "run_start": "ab12cd34",
    "name": "primary",
    "time": 1795900001.0,
    "data_keys": {},
}


def event(number: int) -> dict[str, Any]:
    return {
        "uid": f"e{number}",
        "descriptor": "d1",
        "seq_num": number,
        "time": 1795900002.0,
        "data": {},
        "timestamps": {},
    }


def killed_run(root: Path, tail: bytes = b"") -> Path:
    """A run of a process that is gone, with `tail` behind its last whole line."""
    recorder = RunRecorder(root)
    recorder("start", START)
    recorder("descriptor", DESCRIPTOR)
    for number in (1, 2):
        recorder("event", event(number))
    recorder.close()
    assert recorder.folder is not None
    with (recorder.folder / "documents.jsonl").open("ab") as file:
        file.write(tail)
    return recorder.folder


@pytest.mark.parametrize("tail", [b"", b'["event", {"uid": "e3", "descr'])
def test_a_killed_run_gets_a_valid_end_and_only_one(tmp_path: Path, tail: bytes) -> None:
    folder = killed_run(tmp_path, tail)
    copies = {"intents.jsonl": lambda uid: uid.encode(), "guardian.jsonl": lambda uid: None}
    assert close_run(folder, "the worker died", closed_by="guardian", copies=copies)
    run = open_run(folder)
    assert run.stop is not None
    schema_validators[DocumentNames.stop].validate(run.stop)
    assert (run.exit_status, run.reason) == ("abort", "the worker died")
    assert run.stop["num_events"] == {"primary": 2} and run.stop["closed_by"] == "guardian"
    assert len(run.table("primary")["seq_num"]) == 2
    assert (folder / "intents.jsonl").read_bytes() == b"ab12cd34"
    assert not (folder / "guardian.jsonl").exists()
    before = (folder / "documents.jsonl").read_bytes()
    assert not close_run(folder, "again", closed_by="next session")
    assert (folder / "documents.jsonl").read_bytes() == before


def test_dead_runs_are_closed_where_they_are_found(tmp_path: Path) -> None:
    folder = killed_run(tmp_path)
    assert close_dead_runs(tmp_path) == [folder]
    assert list_runs(tmp_path)[0].reason == PROCESS_DIED
    assert close_dead_runs(tmp_path) == []


def test_a_live_run_is_never_closed(tmp_path: Path) -> None:
    recorder = RunRecorder(tmp_path)
    recorder("start", START)
    assert recorder.folder is not None
    assert close_dead_runs(tmp_path) == []
    with pytest.raises(RecordError, match="a live process is writing it"):
        close_run(recorder.folder, "not you", closed_by="nobody")
    recorder("stop", {"uid": "s", "run_start": "ab12cd34", "time": 1.0, "exit_status": "success"})
    assert open_run(recorder.folder).exit_status == "success"


def test_a_run_of_a_live_process_stays_until_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from dac_control.records import RunRecorder\n"
        "recorder = RunRecorder(Path(sys.argv[1]))\n"
        f"recorder('start', {START!r}); print('begun', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        assert close_dead_runs(tmp_path) == []
        process.kill()
        process.wait(10)
    assert len(close_dead_runs(tmp_path)) == 1


@pytest.mark.parametrize("about", [{"process": {"pid": 1, "host": "elsewhere"}}, {}, [], None])
def test_a_run_of_another_machine_is_left_alone(tmp_path: Path, about: Any) -> None:
    folder = killed_run(tmp_path)
    found = json.loads((folder / "environment.json").read_text())
    assert found["process"]["host"] == platform.node()
    (folder / "environment.json").write_text("torn" if about is None else json.dumps(about))
    assert close_dead_runs(tmp_path) == []


def test_a_folder_without_a_start_has_no_end(tmp_path: Path) -> None:
    assert not close_run(tmp_path, "nothing", closed_by="guardian")
    (tmp_path / "documents.jsonl").write_bytes(b"")
    assert not close_run(tmp_path, "nothing", closed_by="guardian")
    assert (tmp_path / "documents.jsonl").read_bytes() == b""
