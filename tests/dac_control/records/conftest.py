"""A RunEngine that leaves nothing behind, and devices that need no instrument."""

import errno
import math
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from bluesky import RunEngine

from dac_control.records import FrameStore

DEVICES = {
    "drive": "drive",
    "cryostat": "cryostat",
    "spectrometer": "spectrometer",
    "microscope": "camera",
    "ruby": "ruby",
    "clock": "clock",
    "step": "step",
}


class Values:
    """A readable whose values a test sets; `broken` makes its reading fail."""

    parent = None

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        self.name = name
        self.values = values
        self.broken = False

    def describe(self) -> dict[str, Any]:
        return {f"{self.name}_{key}": _describe(value) for key, value in self.values.items()}

    def read(self) -> dict[str, Any]:
        if self.broken:
            raise ConnectionError("link lost")
        return {
            f"{self.name}_{key}": {"value": value, "timestamp": 0.0}
            for key, value in self.values.items()
        }

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}


def _describe(value: Any) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        return {
            "source": "test",
            "dtype": "array",
            "shape": list(value.shape),
            "dtype_numpy": value.dtype.str,
        }
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"source": "test", "dtype": kinds[type(value)], "shape": []}


class Camera:
    """A detector with external frames; frame n of a session is filled with n."""

    name, parent = "camera", None

    def __init__(self, store: FrameStore, shape: tuple[int, int] = (6, 8)) -> None:
        self.store = store
        self.shape = shape
        self.taken = 0
        self.broken = False

    def describe(self) -> dict[str, Any]:
        frame = {
            "source": "test",
            "dtype": "array",
            "shape": [1, *self.shape],
            "dtype_numpy": "|u1",
            "external": "STREAM:",
        }
        exposure = {"source": "test", "dtype": "number", "shape": []}
        return {"camera_frame": frame, "camera_exposure_s": exposure}

    def take(self) -> None:
        self.store.declare("camera_frame", self.shape)
        self.store.append("camera_frame", np.full(self.shape, self.taken, dtype=np.uint8))
        self.taken += 1

    def read(self) -> dict[str, Any]:
        if not self.broken:
            self.take()
        return {"camera_exposure_s": {"value": 0.1, "timestamp": 0.0}}

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}

    def get_index(self) -> int:
        return self.store.count("camera_frame")

    def collect_asset_docs(self, index: int | None = None) -> Iterator[Any]:
        yield from self.store.asset_docs("camera_frame", index)


def _ramp_devices() -> dict[str, Values]:
    """The devices of one step of a ramp, but for the camera."""
    return {
        "clock": Values("clock", {"lab_time_s": 12.0, "speed": 300.0}),
        "step": Values(
            "step", {"number": 1, "branch": "load", "target": 5.0, "drift_bound_gpa_per_h": 0.2}
        ),
        "drive": Values("drive", {"turns": 0.25, "flags": ""}),
        "cryostat": Values("cryostat", {"stage_temperature_k": 79.0, "cell_temperature_k": 80.5}),
        "spectrometer": Values(
            "spectrometer",
            {"spectrum": np.arange(5.0), "wavelength_nm": np.linspace(690, 700, 5)},
        ),
        "ruby": Values(
            "ruby",
            {
                "pressure_gpa": 4.9,
                "pressure_sigma_stat_gpa": 0.01,
                "pressure_sigma_sys_gpa": 0.1,
                "r1_nm": 696.0,
                "r1_sigma_nm": 0.002,
                "temperature_k": 80.5,
                "measured": True,
                "flags": "",
                "covariance": np.eye(2),
            },
        ),
    }


@pytest.fixture
def ramp_devices() -> dict[str, Values]:
    return _ramp_devices()


@pytest.fixture
def not_measured() -> Callable[[Values], None]:
    """Make a ruby say that it saw no line."""

    def make(ruby: Values) -> None:
        for key in ("pressure_gpa", "pressure_sigma_stat_gpa", "pressure_sigma_sys_gpa"):
            ruby.values[key] = math.nan
        ruby.values |= {"r1_nm": math.nan, "measured": False, "flags": "no_line low_signal"}
        ruby.values["covariance"] = np.full((2, 2), math.nan)

    return make


@pytest.fixture
def frame_store() -> Iterator[FrameStore]:
    store = FrameStore()
    yield store
    store.end()


@pytest.fixture
def camera(frame_store: FrameStore) -> Camera:
    return Camera(frame_store)


@pytest.fixture
def ramp_metadata() -> dict[str, Any]:
    return {
        "plan_name": "pressure_ramp",
        "devices": dict(DEVICES),
        "simulated": True,
        "speed": 300.0,
        "gauge": "ruby",
        "scale": "ruby2020",
        "operator": "test",
    }


@pytest.fixture
def run_engine() -> Iterator[RunEngine]:
    engine = RunEngine({}, context_managers=[])
    yield engine
    if engine.state != "idle":
        engine.halt()
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join(timeout=10)
    engine.loop.close()


class FullDisk:
    """Stands in for `os.write`; once filled, writes part of what it is given and then fails."""

    def __init__(self) -> None:
        self._write = os.write
        self._left: int | None = None

    def fill(self, after_bytes: int = 0) -> None:
        self._left = after_bytes

    def free(self) -> None:
        self._left = None

    def write(self, descriptor: int, data: Any) -> int:
        if self._left is None:
            return self._write(descriptor, data)
        if self._left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        # As a real disk does: a short write first, the error at the next.
        written = self._write(descriptor, memoryview(data)[: self._left])
        self._left -= written
        return written


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    disk = FullDisk()
    # The modules under test say `os.write`, so this is what they get; pipes elsewhere too,
    # which is why it passes everything on until it is filled.
    monkeypatch.setattr("dac_control.records.disk.os.write", disk.write)
    return disk
