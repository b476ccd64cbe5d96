import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
import pytest
from bluesky import RunEngine
from event_model import DocumentNames, schema_validators

from dac_control.errors import RecordError
from dac_control.records import FrameStore, IntentLog, RunRecorder, open_run


def _ramp(devices: dict[str, Any], camera: Any, steps: int, md: dict[str, Any]) -> Iterator[Any]:
    yield from bps.open_run(md)
    yield from bps.trigger_and_read([devices["cryostat"], devices["drive"]], name="baseline")
    for step in range(1, steps + 1):
        devices["step"].values["number"] = step
        devices["ruby"].values["pressure_gpa"] = 5.0 * step
        yield from bps.trigger_and_read([*devices.values(), camera], name="primary")
        yield from bps.trigger_and_read([devices["ruby"]], name="dwell")
    yield from bps.close_run()


@pytest.fixture
def recorder(tmp_path: Path, frame_store: FrameStore, run_engine: RunEngine) -> RunRecorder:
    config = tmp_path / "station.toml"
    config.write_text("[station]\n")
    recorder = RunRecorder(
        tmp_path / "runs",
        attachments=lambda start: {"station.toml": config, "run.toml": f"# {start['plan_name']}\n"},
        frame_store=frame_store,
        intent_log=IntentLog(tmp_path / "state" / "intents.jsonl"),
    )
    run_engine.subscribe(recorder)
    return recorder


def test_a_run_becomes_a_folder(
    recorder: RunRecorder,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    camera: Any,
    ramp_metadata: dict[str, Any],
    tmp_path: Path,
) -> None:
    intents = IntentLog(tmp_path / "state" / "intents.jsonl")
    intents.append({"run": "another", "turns": 1.0})

    def note_intent(name: str, doc: dict[str, Any]) -> None:
        intents.append({"run": doc["uid"], "turns": 0.25})

    run_engine.subscribe(note_intent, "start")
    emitted: list[tuple[str, dict[str, Any]]] = []
    run_engine.subscribe(lambda name, doc: emitted.append((name, doc)))

    run_engine(_ramp(ramp_devices, camera, 3, ramp_metadata))
    uid = emitted[0][1]["uid"]

    folder = recorder.folder
    assert folder is not None and not recorder.recording
    assert folder.name.endswith(f"_pressure-ramp_{uid[:6]}")
    assert {path.name for path in folder.iterdir()} == {
        "documents.jsonl",
        "frames.h5",
        "station.toml",
        "run.toml",
        "intents.jsonl",
        "environment.json",
    }
    assert (folder / "station.toml").read_text() == "[station]\n"
    assert (folder / "run.toml").read_text() == "# pressure_ramp\n"
    assert json.loads((folder / "intents.jsonl").read_text()) == {"run": uid, "turns": 0.25}
    assert "bluesky" in json.loads((folder / "environment.json").read_text())["packages"]

    run = open_run(folder)
    documents = list(run.documents())
    assert [name for name, _ in documents] == [name for name, _ in emitted]
    for name, doc in documents:
        schema_validators[DocumentNames(name)].validate(doc)
    for name, doc in emitted:
        schema_validators[DocumentNames(name)].validate(doc)
    assert run.exit_status == "success" and run.simulated and run.uid == uid
    assert run.streams == ("baseline", "primary", "dwell")
    assert run.column("ruby", "pressure_gpa").tolist() == [5.0, 10.0, 15.0]
    assert run.table()["spectrometer_spectrum"].shape == (3, 5)
    assert run.table()["ruby_covariance"].shape == (3, 2, 2)
    assert run.frames()[:, 0, 0].tolist() == [0, 1, 2]
    assert (run.frame(2) == 2).all() and run.frame(2).shape == camera.shape


def test_two_runs_have_frames_of_their_own(
    recorder: RunRecorder,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    camera: Any,
    ramp_metadata: dict[str, Any],
) -> None:
    folders = []
    for steps in (2, 3):
        run_engine(_ramp(ramp_devices, camera, steps, ramp_metadata))
        assert recorder.folder is not None
        folders.append(recorder.folder)
    assert folders[0] != folders[1]
    assert open_run(folders[0]).frames()[:, 0, 0].tolist() == [0, 1]
    assert open_run(folders[1]).frames()[:, 0, 0].tolist() == [2, 3, 4]


def test_a_frame_whose_event_was_dropped_is_given_to_no_other_event(
    recorder: RunRecorder,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    camera: Any,
    ramp_metadata: dict[str, Any],
) -> None:
    ruby = ramp_devices["ruby"]

    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        for broken in (True, False, True, True, False):
            ruby.broken = broken
            try:
                yield from bps.trigger_and_read([camera, ruby])
            except ConnectionError:
                assert broken
        yield from bps.close_run()

    run_engine(plan())
    assert recorder.folder is not None
    run = open_run(recorder.folder)
    assert run.table()["seq_num"].tolist() == [1, 2]
    assert run.frames()[:, 0, 0].tolist() == [1, 4]


def test_after_a_rewind_the_last_event_and_its_frame_count(
    recorder: RunRecorder,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    camera: Any,
    ramp_metadata: dict[str, Any],
) -> None:
    run_engine.record_interruptions = True

    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        yield from bps.checkpoint()
        yield from bps.trigger_and_read([camera, ramp_devices["clock"]])
        yield from bps.checkpoint()
        yield from bps.trigger_and_read([camera, ramp_devices["clock"]])
        if camera.taken == 2:
            yield from bps.pause()
        yield from bps.checkpoint()
        yield from bps.trigger_and_read([camera, ramp_devices["clock"]])
        yield from bps.close_run()

    with pytest.raises(Exception, match=r"(?i)paus"):
        run_engine(plan())
    run_engine.resume()

    assert recorder.folder is not None
    run = open_run(recorder.folder)
    events = [doc["seq_num"] for name, doc in run.documents() if name == "event"]
    assert events.count(2) >= 2
    assert run.table()["seq_num"].tolist() == [1, 2, 3]
    assert run.frames()[:, 0, 0].tolist() == [0, 2, 3]
    assert run.table("interruptions")["interruption"].tolist()[0] == "pause"


def test_an_event_without_a_frame_is_masked(
    recorder: RunRecorder,
    run_engine: RunEngine,
    camera: Any,
    ramp_metadata: dict[str, Any],
) -> None:
    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        for broken in (False, True, False, True):
            camera.broken = broken
            yield from bps.trigger_and_read([camera])
        yield from bps.close_run()

    run_engine(plan())
    assert recorder.folder is not None
    run = open_run(recorder.folder)
    frames = run.frames()
    assert np.ma.isMaskedArray(frames) and len(frames) == 3
    assert np.ma.getmaskarray(frames).all(axis=(1, 2)).tolist() == [False, True, False]
    assert (run.frame(2) == 1).all()
    with pytest.raises(RecordError, match=r"Event 2 .* has no frame"):
        run.frame(1)
    with pytest.raises(RecordError, match="has 4 rows"):
        run.frame(4)


def test_nan_comes_back_as_nan(
    recorder: RunRecorder,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    not_measured: Callable[[Any], None],
    ramp_metadata: dict[str, Any],
) -> None:
    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        yield from bps.trigger_and_read([ramp_devices["ruby"]])
        not_measured(ramp_devices["ruby"])
        yield from bps.trigger_and_read([ramp_devices["ruby"]])
        yield from bps.close_run()

    run_engine(plan())
    assert recorder.folder is not None
    run = open_run(recorder.folder)
    np.testing.assert_array_equal(run.column("ruby", "pressure_gpa"), [4.9, np.nan])
    assert np.isnan(run.column("ruby", "covariance")[1]).all()
    assert run.column("ruby", "measured").tolist() == [True, False]
    assert run.column("ruby", "flags").tolist() == ["", "no_line low_signal"]
    last = [doc for name, doc in run.documents() if name == "event"][-1]
    assert np.isnan(last["data"]["ruby_pressure_gpa"])


def test_a_full_disk_ends_the_run_with_clear_words(
    recorder: RunRecorder,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    ramp_metadata: dict[str, Any],
    full_disk: Any,
) -> None:
    reached: list[int] = []

    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        for step in range(4):
            if step == 2:
                full_disk.fill(after_bytes=100)
            yield from bps.trigger_and_read([ramp_devices["clock"]])
            reached.append(step)

    with pytest.raises(RecordError, match=r"journal .*documents.jsonl.*: No space left.*; free"):
        run_engine(plan())
    full_disk.free()

    assert reached == [0, 1]
    assert recorder.folder is not None
    run = open_run(recorder.folder)
    assert run.exit_status == "unfinished"
    assert run.table()["seq_num"].tolist() == [1, 2]
    # The next run is not in the way of the one that died.
    assert not recorder.recording
    run_engine([*bps.open_run(ramp_metadata), *bps.close_run()])
    assert open_run(recorder.folder).exit_status == "success"


def test_a_folder_that_cannot_be_made_stops_the_run_before_anything_happens(
    tmp_path: Path, run_engine: RunEngine, ramp_metadata: dict[str, Any]
) -> None:
    (tmp_path / "file").write_text("")
    run_engine.subscribe(RunRecorder(tmp_path / "file" / "runs"))
    reached: list[str] = []

    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        reached.append("moved")

    with pytest.raises(RecordError, match=r"run folder at .*failed: .*; "):
        run_engine(plan())
    assert reached == []


def test_a_second_run_at_once_is_refused(tmp_path: Path, ramp_metadata: dict[str, Any]) -> None:
    recorder = RunRecorder(tmp_path)
    recorder("start", {"uid": "abcdef", "time": 0.0, **ramp_metadata})
    with pytest.raises(RecordError, match=r"abcdef .* still open"):
        recorder("start", {"uid": "bbbbbb", "time": 0.0})
    recorder.close()
    assert not recorder.recording


@pytest.mark.parametrize("name", ["../escape", "a/b", "a\\b", "documents.jsonl", ""])
def test_an_attachment_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    recorder = RunRecorder(tmp_path, attachments=lambda _: {name: b""})
    with pytest.raises(RecordError, match="plain name"):
        recorder("start", {"uid": "abcdef", "time": 0.0})
    assert not recorder.recording


def test_a_missing_attachment_is_named(tmp_path: Path) -> None:
    recorder = RunRecorder(tmp_path, attachments=lambda _: {"a": tmp_path / "gone.toml"})
    with pytest.raises(RecordError, match=r"Copying a file .*gone\.toml failed"):
        recorder("start", {"uid": "abcdef", "time": 0.0})


def test_records_need_neither_bluesky_nor_ophyd() -> None:
    # The guardian keeps the intents too, in a process that must have neither.
    program = (
        "import sys, dac_control.records; sys.exit(len({'bluesky', 'ophyd'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
