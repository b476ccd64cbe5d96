import threading
from pathlib import Path, PurePosixPath, PureWindowsPath

import h5py
import numpy as np
import pytest
from event_model import DocumentNames, schema_validators

from dac_control.errors import RecordError
from dac_control.records import FrameStore
from dac_control.records.frame_series import file_uri

SHAPE = (5, 7)


@pytest.fixture
def store(frame_store: FrameStore, tmp_path: Path) -> FrameStore:
    frame_store.declare("camera_frame", SHAPE)
    frame_store.begin(tmp_path, {"uid": "abc", "simulated": True})
    return frame_store


def _frame(value: int = 0) -> np.ndarray:
    return np.full(SHAPE, value, dtype=np.uint8)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/data/a b/frames.h5"), "file://localhost/data/a%20b/frames.h5"),
        (PureWindowsPath(r"C:\Daten\ä\frames.h5"), "file://localhost/C:/Daten/%C3%A4/frames.h5"),
        (PureWindowsPath(r"\\server\share\frames.h5"), "file://server/share/frames.h5"),
    ],
)
def test_the_address_of_a_file_is_right_everywhere(
    path: PurePosixPath | PureWindowsPath, uri: str
) -> None:
    assert file_uri(path) == uri


def test_frames_are_readable_while_the_file_grows(store: FrameStore, tmp_path: Path) -> None:
    assert [store.append("camera_frame", _frame(n)) for n in range(3)] == [0, 1, 2]
    with h5py.File(tmp_path / "frames.h5", "r", swmr=True) as file:
        dataset = file["/entry/data/camera_frame"]
        assert isinstance(dataset, h5py.Dataset)
        assert dataset.shape == (3, *SHAPE) and dataset.chunks == (1, *SHAPE)
        assert dataset[:, 0, 0].tolist() == [0, 1, 2]
        assert file.attrs["uid"] == "abc" and bool(file.attrs["simulated"])
    store.append("camera_frame", _frame(3))
    store.end()
    with h5py.File(tmp_path / "frames.h5", "r") as file:
        assert file["/entry/data/camera_frame"][3, 0, 0] == 3  # pyright: ignore[reportIndexIssue]


def test_documents_bind_the_newest_frame(store: FrameStore, tmp_path: Path) -> None:
    assert store.asset_docs("camera_frame") == []
    store.append("camera_frame", _frame())
    docs = store.asset_docs("camera_frame")
    assert [name for name, _ in docs] == ["stream_resource", "stream_datum"]
    resource, datum = docs[0][1], docs[1][1]
    assert resource["uri"] == file_uri((tmp_path / "frames.h5").absolute())
    assert resource["parameters"]["dataset"] == "/entry/data/camera_frame"
    assert resource["parameters"]["chunk_shape"] == [1, *SHAPE]
    assert datum["descriptor"] == "" and datum["seq_nums"] == {"start": 0, "stop": 0}
    assert datum["indices"] == {"start": 0, "stop": 1}
    resource["run_start"] = "abc"  # what the RunEngine does when it emits it
    for name, doc in docs:
        schema_validators[DocumentNames(name)].validate(doc)

    assert store.asset_docs("camera_frame") == []
    store.append("camera_frame", _frame())
    store.append("camera_frame", _frame())
    assert store.asset_docs("camera_frame", 1) == []
    [(name, datum)] = store.asset_docs("camera_frame", 3)
    assert name == "stream_datum" and datum["indices"] == {"start": 2, "stop": 3}


def test_a_resource_that_was_never_emitted_is_given_again(store: FrameStore) -> None:
    store.append("camera_frame", _frame())
    first = store.asset_docs("camera_frame")[0][1]
    store.append("camera_frame", _frame())
    docs = store.asset_docs("camera_frame")
    assert [name for name, _ in docs] == ["stream_resource", "stream_datum"]
    assert docs[0][1]["uid"] == first["uid"]


def test_declarations_last_for_several_runs(store: FrameStore, tmp_path: Path) -> None:
    store.append("camera_frame", _frame())
    store.end()
    (tmp_path / "second").mkdir()
    store.begin(tmp_path / "second")
    assert store.append("camera_frame", _frame()) == 0
    store.declare("camera_frame", SHAPE)
    with pytest.raises(RecordError, match="after the first frame"):
        store.declare("camera_frame", (9, 9))
    with pytest.raises(RecordError, match="after the first frame"):
        store.declare("other_frame", SHAPE)
    store.end()
    store.declare("camera_frame", (9, 9))


def test_two_cameras_share_the_file(store: FrameStore, tmp_path: Path) -> None:
    store.declare("infrared_frame", (2, 2), "<u2")
    store.append("camera_frame", _frame(1))
    store.append("infrared_frame", np.full((2, 2), 60_000, dtype="<u2"))
    store.end()
    with h5py.File(tmp_path / "frames.h5", "r") as file:
        assert file["/entry/data/infrared_frame"][0, 0, 0] == 60_000  # pyright: ignore[reportIndexIssue]


def test_what_does_not_fit_is_refused(frame_store: FrameStore, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="were not declared"):
        frame_store.append("camera_frame", _frame())
    frame_store.declare("camera_frame", SHAPE)
    assert not frame_store.ready
    with pytest.raises(RecordError, match="no run is open"):
        frame_store.append("camera_frame", _frame())
    frame_store.begin(tmp_path)
    assert frame_store.ready
    with pytest.raises(RecordError, match=r"\(2, 2\) \|u1 and not \(5, 7\)"):
        frame_store.append("camera_frame", np.zeros((2, 2), dtype=np.uint8))
    with pytest.raises(RecordError, match="<f8"):
        frame_store.append("camera_frame", np.zeros(SHAPE))
    assert not (tmp_path / "frames.h5").exists()


def test_a_failing_disk_is_said(
    store: FrameStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object) -> None:
        raise OSError("can't write data")

    store.append("camera_frame", _frame())
    monkeypatch.setattr(h5py.Dataset, "flush", fail)
    with pytest.raises(RecordError, match=r"Writing a frame at .*frames\.h5 failed"):
        store.append("camera_frame", _frame())
    monkeypatch.undo()
    assert store.count("camera_frame") == 1
    # The next frame takes the place of the one that failed.
    assert store.append("camera_frame", _frame(7)) == 1


def test_a_run_cannot_overwrite_frames(store: FrameStore, tmp_path: Path) -> None:
    (tmp_path / "frames.h5").write_bytes(b"precious")
    with pytest.raises(RecordError, match="Writing a frame"):
        store.append("camera_frame", _frame())
    store.end()
    assert (tmp_path / "frames.h5").read_bytes() == b"precious"


def test_frames_come_from_a_thread_while_documents_are_asked(store: FrameStore) -> None:
    def work() -> None:
        for number in range(20):
            store.append("camera_frame", _frame(number))

    worker = threading.Thread(target=work)
    worker.start()
    seen: list[int] = []
    while worker.is_alive():
        seen += [
            d["indices"]["start"] for n, d in store.asset_docs("camera_frame") if "uri" not in d
        ]
    worker.join()
    seen += [d["indices"]["start"] for n, d in store.asset_docs("camera_frame") if "uri" not in d]
    assert seen == sorted(set(seen)) and seen[-1] == 19
