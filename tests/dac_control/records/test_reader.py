import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
import pytest
from bluesky import RunEngine

from dac_control.errors import RecordError
from dac_control.records import FrameStore, RunRecorder, open_run


@pytest.fixture
def folder(
    tmp_path: Path,
    run_engine: RunEngine,
    frame_store: FrameStore,
    camera: Any,
    ramp_devices: dict[str, Any],
    ramp_metadata: dict[str, Any],
) -> Path:
    """A run of three events with frames, under device names of its own."""
    ramp_metadata["devices"] = {"microscope": "camera", "ruby": "ruby", "drive": "screw"}
    ramp_devices["drive"].name = "screw"

    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        for _ in range(3):
            yield from bps.trigger_and_read([camera, ramp_devices["drive"], ramp_devices["ruby"]])
        yield from bps.close_run()

    recorder = RunRecorder(tmp_path / "runs", frame_store=frame_store)
    run_engine.subscribe(recorder)
    run_engine(plan())
    assert recorder.folder is not None
    return recorder.folder


def test_columns_are_named_by_role(folder: Path) -> None:
    run = open_run(str(folder))
    assert run.key("drive", "turns") == "screw_turns"
    assert run.column("drive", "turns").tolist() == [0.25] * 3
    assert run.descriptor("primary")["data_keys"]["camera_frame"]["external"] == "STREAM:"
    assert run.folder == open_run(folder / "documents.jsonl").folder == folder
    assert run.reason == ""
    assert run.table("dwell") == {}


def test_a_table_is_the_readers_own(folder: Path) -> None:
    run = open_run(folder)
    run.table().clear()
    assert len(run.table()["seq_num"]) == 3


def test_what_is_not_there_is_named(folder: Path) -> None:
    run = open_run(folder)
    with pytest.raises(RecordError, match="no device in the role 'cryostat'"):
        run.key("cryostat", "setpoint_k")
    with pytest.raises(RecordError, match="no column 'screw_angle'"):
        run.column("drive", "angle")
    with pytest.raises(RecordError, match="no stream 'dwell'; it has primary"):
        run.descriptor("dwell")
    with pytest.raises(RecordError, match="no frames 'ruby_frame'"):
        run.frames("ruby")
    with pytest.raises(RecordError, match="There is no run in"):
        open_run(folder.parent)


def test_a_copied_folder_has_its_own_frames(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(folder, copy)
    shutil.rmtree(folder)
    assert open_run(copy).frames().shape == (3, 6, 8)


def test_lost_frames_are_said_and_the_tables_stay(folder: Path) -> None:
    (folder / "frames.h5").write_bytes(b"not HDF5")
    run = open_run(folder)
    assert len(run.column("ruby", "pressure_gpa")) == 3
    with pytest.raises(RecordError, match=r"frames in .*frames\.h5 cannot be read"):
        run.frames()
    (folder / "frames.h5").unlink()
    with pytest.raises(RecordError, match="cannot be read"):
        run.frame(0)


def test_a_live_run_is_read_as_far_as_it_is(
    tmp_path: Path, frame_store: FrameStore, camera: Any
) -> None:
    from event_model import compose_run

    recorder = RunRecorder(tmp_path, frame_store=frame_store)
    composed = compose_run(metadata={"devices": {"microscope": "camera"}})
    stream = composed.compose_descriptor(name="primary", data_keys=camera.describe())
    recorder("start", dict(composed.start_doc))
    recorder("descriptor", dict(stream.descriptor_doc))
    assert recorder.folder is not None
    assert open_run(recorder.folder).frames().shape == (0, 6, 8)
    assert open_run(recorder.folder).reason.startswith("no stop document")

    def take(number: int) -> None:
        camera.take()
        for name, doc in camera.collect_asset_docs():
            if name == "stream_resource":
                doc["run_start"] = composed.start_doc["uid"]
            else:
                doc["descriptor"] = stream.descriptor_doc["uid"]
                doc["seq_nums"] = {"start": number, "stop": number + 1}
            recorder(name, doc)
        data = {"camera_exposure_s": 0.1}
        recorder("event", dict(stream.compose_event(data=data, timestamps=data)))

    take(1)
    first = open_run(recorder.folder)
    take(2)
    camera.take()  # a frame whose event is still to come
    assert first.frames().shape == (1, 6, 8)
    assert len(list(first.documents())) == 5
    assert open_run(recorder.folder).frames()[:, 0, 0].tolist() == [0, 1]
    # A frame that the disk has lost: the journal got further than the file.
    frame_store.end()
    import h5py

    with h5py.File(recorder.folder / "frames.h5", "r+") as file:
        file["/entry/data/camera_frame"].resize(1, axis=0)  # pyright: ignore[reportAttributeAccessIssue]
    shorter = open_run(recorder.folder)
    assert shorter.frames().shape == (1, 6, 8)
    assert len(shorter.table()["seq_num"]) == 2
    with pytest.raises(RecordError, match="cut off"):
        shorter.frame(1)
    assert np.array_equal(shorter.frame(0), shorter.frames()[0])
    recorder.close()
