"""What Tiled is given of a run: rows once, frames in a row with their events or not at all."""

from pathlib import Path
from typing import Any

import numpy as np

from dac_control.app.index.documents import prepare, without_frames
from dac_control.records import open_run


def prepared(folder: Path) -> Any:
    return prepare(open_run(folder).documents(), folder)


def asset(found: Any) -> dict[str, Any]:
    (resource,) = [doc for name, doc in found.documents if name == "stream_resource"]
    (datum,) = [doc for name, doc in found.documents if name == "stream_datum"]
    return {
        "slice": resource["parameters"]["slice"],
        "uri": resource["uri"],
        "count": datum["indices"]["stop"],
        "seq_nums": datum["seq_nums"],
    }


def test_a_frame_that_no_event_names_is_left_out(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path, frames=True)
    run.step()
    run.step()
    run.shoot()
    run.die()
    assert asset(prepared(run.folder))["slice"] == "0:2"


def test_frames_are_looked_for_where_the_folder_is_now(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path / "a", frames=True)
    run.step()
    moved = run.end().rename(tmp_path / "moved")
    assert asset(prepared(moved))["uri"].endswith("/moved/frames.h5")


def test_streams_that_share_a_camera_get_every_other_frame(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path, frames=True)
    for _ in range(3):
        run.shoot()  # of another stream
        run.step()
    assert asset(prepared(run.end()))["slice"] == "1:6:2"


def test_frames_that_lie_unevenly_are_to_be_copied(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path, frames=True)
    run.step()
    run.shoot()
    run.step()
    run.step()
    found = prepared(run.end())
    (copy,) = found.copies
    assert (copy.stream, copy.key, copy.indices) == ("primary", "microscope_frame", (0, 2, 3))
    assert not [name for name, _ in found.documents if name.startswith("stream_")]


def test_frames_with_a_gap_are_left_out_and_said(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path, frames=True)
    run.step()
    run.step(frame=False)
    run.step()
    found = prepared(run.end())
    assert not [name for name, _ in found.documents if name.startswith("stream_")]
    assert "read its frames from the run folder" in found.notes[0]


def test_the_last_frame_may_be_missing(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path, frames=True)
    run.step()
    run.step(frame=False)
    found = asset(prepared(run.end()))
    assert (found["slice"], found["seq_nums"]) == ("0:1", {"start": 1, "stop": 2})


def test_a_row_that_was_taken_twice_is_given_once(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path)
    run.step(1.0)
    run.step(2.0)
    run.step(3.0, again=True)
    found = prepared(run.end())
    rows = [doc for name, doc in found.documents if name == "event"]
    assert [row["data"]["ruby_pressure_gpa"] for row in rows] == [1.0, 3.0]
    assert isinstance(rows[0]["data"]["spectrometer_spectrum"], np.ndarray)
    assert found.documents[-1][0] == "stop"


def test_a_live_run_is_given_without_frames(tmp_path: Path, recording: Any) -> None:
    run = recording(tmp_path, frames=True)
    run.step()
    names = [name for name, _ in without_frames(open_run(run.folder).documents())]
    assert names == ["start", "descriptor", "event"]
    run.die()
