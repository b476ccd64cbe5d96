"""Small runs, recorded as a session records them; and PostgreSQL on loopback."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

import event_model
import numpy as np
import pytest

from dac_control.records import FrameStore, RunRecorder

KEYS = {
    "drive_turns": {"source": "t", "dtype": "number", "shape": []},
    "ruby_pressure_gpa": {"source": "t", "dtype": "number", "shape": []},
    "ruby_flags": {"source": "t", "dtype": "string", "shape": []},
    "step_number": {"source": "t", "dtype": "integer", "shape": []},
    "spectrometer_spectrum": {
        "source": "t",
        "dtype": "array",
        "shape": [32],
        "dtype_numpy": "<f8",
    },
}
FRAME = {
    "source": "t",
    "dtype": "array",
    "shape": [1, 6, 8],
    "dtype_numpy": "|u1",
    "external": "STREAM:",
}


class Recording:
    """A run, document by document."""

    def __init__(self, root: Path, *, frames: bool = False, **about: Any) -> None:
        self.store = FrameStore(sync=False) if frames else None
        if self.store is not None:
            self.store.declare("microscope_frame", (6, 8))
        self.recorder = RunRecorder(root, frame_store=self.store)
        self.run = event_model.compose_run(
            metadata={
                "plan_name": "pressure_ramp",
                "scan_id": 1,
                "simulated": True,
                "devices": {"microscope": "microscope", "drive": "drive"},
                **about,
            }
        )
        self.uid = self.run.start_doc["uid"]
        self.recorder("start", self.run.start_doc)
        keys = {**KEYS, **({"microscope_frame": FRAME} if frames else {})}
        self.described = self.run.compose_descriptor(
            name="primary", data_keys=keys, object_keys={}, configuration={}, hints={}
        )
        self.recorder("descriptor", self.described.descriptor_doc)
        assert self.recorder.folder is not None
        self.folder = self.recorder.folder
        self.count = 0

    def step(self, pressure_gpa: float = 5.0, *, frame: bool = True, again: bool = False) -> None:
        self.count += 0 if again else 1
        if self.store is not None and frame:
            self.shoot()
            for name, doc in self.store.asset_docs("microscope_frame"):
                if name == "stream_resource":
                    doc["run_start"] = self.uid
                else:
                    doc["descriptor"] = self.described.descriptor_doc["uid"]
                    doc["seq_nums"] = {"start": self.count, "stop": self.count + 1}
                self.recorder(name, doc)
        data = {
            "drive_turns": 0.01 * self.count,
            "ruby_pressure_gpa": pressure_gpa,
            "ruby_flags": "",
            "step_number": self.count,
            "spectrometer_spectrum": np.linspace(0.0, self.count, 32),
        }
        event = self.described.compose_event(
            data=data, timestamps=dict.fromkeys(data, 0.0), seq_num=self.count, validate=False
        )
        self.recorder("event", event)

    def shoot(self) -> None:
        """Store a frame that no event names yet."""
        assert self.store is not None
        self.store.append("microscope_frame", np.full((6, 8), self.count, np.uint8))

    def end(self, exit_status: str = "success", reason: str = "") -> Path:
        self.recorder("stop", self.run.compose_stop(exit_status=exit_status, reason=reason))
        return self.folder

    def die(self) -> Path:
        self.recorder.close()
        return self.folder


@pytest.fixture
def recording() -> Any:
    return Recording


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Address of a throw-away PostgreSQL with an empty database."""
    found = shutil.which("initdb") or next(iter(glob("/usr/lib/postgresql/*/bin/initdb")), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    programs = Path(found).resolve().parent
    as_root = os.name == "posix" and os.geteuid() == 0  # PostgreSQL refuses root
    who: dict[str, Any] = {"user": "postgres", "group": "postgres"} if as_root else {}
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        if as_root:
            shutil.chown(folder, "postgres", "postgres")
        data = Path(folder) / "data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, *arguments],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=100,
                **who,
            )

        run("initdb", "-D", str(data), "-A", "trust", "-U", "tiled", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
        run("pg_ctl", "-D", str(data), "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "tiled", "runs")
            yield f"postgresql://tiled@127.0.0.1:{port}/runs"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
