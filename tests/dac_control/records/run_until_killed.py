"""Not a test: the program that `test_kill.py` starts, and kills in the middle of a run.

It takes events with frames for ever, and prints the number of each event after every subscriber
had it, that is when the plan may go on to the next.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
from bluesky import RunEngine

from dac_control.records import FrameStore, RunRecorder

SHAPE = (24, 32)


class Camera:
    """A detector whose frame n is filled with n."""

    name, parent = "camera", None

    def __init__(self, store: FrameStore) -> None:
        self._store = store
        self._taken = 0

    def describe(self) -> dict[str, Any]:
        external = {
            "source": "test",
            "dtype": "array",
            "shape": [1, *SHAPE],
            "dtype_numpy": "|u1",
            "external": "STREAM:",
        }
        number = {"source": "test", "dtype": "number", "shape": []}
        return {"camera_frame": external, "camera_number": number}

    def read(self) -> dict[str, Any]:
        self._store.declare("camera_frame", SHAPE)
        self._taken += 1
        self._store.append("camera_frame", np.full(SHAPE, self._taken % 256, dtype=np.uint8))
        return {"camera_number": {"value": float(self._taken), "timestamp": 0.0}}

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}

    def get_index(self) -> int:
        return self._store.count("camera_frame")

    def collect_asset_docs(self, index: int | None = None) -> Iterator[Any]:
        yield from self._store.asset_docs("camera_frame", index)


def tell(name: str, doc: dict[str, Any]) -> None:
    if name == "event":
        sys.stdout.write(f"{doc['seq_num']}\n")
        sys.stdout.flush()


def plan(camera: Camera) -> Iterator[Any]:
    yield from bps.open_run({"devices": {"microscope": "camera"}, "plan_name": "killed_run"})
    while True:
        yield from bps.create("primary")
        yield from bps.read(camera)
        yield from bps.save()


def main(root: Path) -> None:
    store = FrameStore()
    engine = RunEngine({}, context_managers=[])
    engine.subscribe(RunRecorder(root, frame_store=store))
    engine.subscribe(tell)
    engine(plan(Camera(store)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
