"""The camera feeder, read by pypylon's emulator as any client would."""

import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from simulators.wire.basler import CameraFeeder, encode_png


class Plain:
    """A scene of one grey level that can be changed; counts its frames."""

    def __init__(self, level: int = 0, shape: tuple[int, int] = (480, 640)) -> None:
        self.level = level
        self.shape = shape
        self.exposures: list[float] = []

    def frame(self, exposure_s: float) -> NDArray[np.uint8]:
        self.exposures.append(exposure_s)
        return np.full(self.shape, self.level % 256, np.uint8)


class Flicker(Plain):
    """Another level in each frame."""

    def frame(self, exposure_s: float) -> NDArray[np.uint8]:
        self.level += 1
        return super().frame(exposure_s)


def wait_for(condition: Callable[[], bool], deadline_s: float = 5.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come about in time"
        time.sleep(0.005)


def emulated_camera(feeder: CameraFeeder) -> Any:
    os.environ.update(feeder.environment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pylon = pytest.importorskip("pypylon.pylon")
    factory = pylon.TlFactory.GetInstance()
    devices = factory.EnumerateDevices()
    info = next(device for device in devices if device.GetSerialNumber() == feeder.serial)
    camera = pylon.InstantCamera(factory.CreateDevice(info))
    camera.Open()
    for name, value in feeder.nodes.items():
        camera.GetNodeMap().GetNode(name).FromString(str(value))
    return camera


def grab(camera: Any) -> NDArray[np.uint8]:
    result = camera.GrabOne(2000)
    try:
        assert result.GrabSucceeded(), result.GetErrorDescription()
        return np.array(result.Array)
    finally:
        result.Release()


@pytest.fixture
def flicker(tmp_path: Path) -> Iterator[CameraFeeder]:
    feeder = CameraFeeder(Flicker(), tmp_path / "new" / "folder", 0.02, period_s=1e-4)
    feeder.start()
    yield feeder
    feeder.stop()


@settings(deadline=None, max_examples=50)
@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_png_is_read_back_by_an_independent_decoder(frame: NDArray[np.uint8]) -> None:
    with Image.open(BytesIO(encode_png(frame))) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), frame)


def test_first_frame_is_there_after_start_and_gone_after_stop(tmp_path: Path) -> None:
    scene = Plain(77)
    feeder = CameraFeeder(scene, tmp_path, 0.015)
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = feeder.nodes
    feeder.start()
    feeder.start()
    try:
        with Image.open(feeder.path) as image:
            assert np.unique(np.asarray(image)).tolist() == [77]
        assert feeder.nodes["ImageFilename"] == str(tmp_path.resolve() / "frame.png")
        assert (feeder.nodes["Width"], feeder.nodes["Height"]) == (640, 480)
        wait_for(lambda: len(scene.exposures) > 2)
        assert set(scene.exposures) == {0.015}
    finally:
        feeder.stop()
    feeder.stop()
    assert list(tmp_path.iterdir()) == []
    assert not any(thread.name == "simulator-camera" for thread in threading.enumerate())


def test_a_started_feeder_survives_its_folder(tmp_path: Path) -> None:
    feeder = CameraFeeder(Plain(), tmp_path / "f", 0.02, period_s=60.0)
    feeder.start()
    feeder.path.unlink()
    feeder.stop()


def test_starts_again_after_stop(tmp_path: Path) -> None:
    feeder = CameraFeeder(Plain(3), tmp_path, 0.02)
    for _ in range(2):
        feeder.start()
        assert feeder.path.exists()
        feeder.stop()


def test_replacement_waits_for_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Windows does while a reader has the file open."""
    refusals = iter([True, True, False])

    def replace(source: Path, target: Path) -> None:
        if next(refusals):
            raise PermissionError(13, "in use")
        source.rename(target)

    monkeypatch.setattr("simulators.wire.basler.os.replace", replace)
    feeder = CameraFeeder(Plain(), tmp_path, 0.02, period_s=60.0)
    feeder.start()
    feeder.stop()
    assert next(refusals, None) is None


@pytest.mark.parametrize(("exposure_s", "period_s"), [(0.0, 0.1), (0.02, 0.0)])
def test_nonsense_times_are_refused(tmp_path: Path, exposure_s: float, period_s: float) -> None:
    with pytest.raises(ValueError, match="above 0 s"):
        CameraFeeder(Plain(), tmp_path, exposure_s, period_s)


def test_emulator_sees_each_new_frame(tmp_path: Path) -> None:
    scene = Plain(10)
    feeder = CameraFeeder(scene, tmp_path, 0.02, period_s=0.01)
    feeder.start()
    camera = emulated_camera(feeder)
    try:
        for level in (10, 99, 200):
            scene.level = level
            drawn = len(scene.exposures)
            wait_for(lambda drawn=drawn: len(scene.exposures) > drawn + 1)
            assert np.unique(grab(camera)).tolist() == [level]
    finally:
        camera.Close()
        camera.DestroyDevice()
        feeder.stop()


def test_no_frame_is_torn(flicker: CameraFeeder) -> None:
    camera = emulated_camera(flicker)
    try:
        frames = [grab(camera) for _ in range(60)]
    finally:
        camera.Close()
        camera.DestroyDevice()
    assert all(np.ptp(frame) == 0 and frame.shape == (480, 640) for frame in frames)
    assert len({int(frame[0, 0]) for frame in frames}) > 20
