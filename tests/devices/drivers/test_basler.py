"""The Basler driver against the emulator inside pypylon: real SDK, real GenICam nodes."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    LinkDown,
    ProtocolError,
    ReplyTimeout,
)
from devices.drivers.basler import Basler
from devices.drivers.basler_sdk import sentence

SERIAL = "0815-0000"
EMULATION = {"PYLON_CAMEMU": "1"}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A frame with a gradient, so that a wrong crop or a transposition shows."""
    y, x = np.mgrid[0:48, 0:64]
    path = tmp_path / "frame.png"
    Image.fromarray((3 * x + y).astype(np.uint8)).save(path)
    return path


def make(picture: Path, **changes: Any) -> Basler:
    nodes = {
        "TestImageSelector": "Off",
        "ImageFileMode": "On",
        "ImageFilename": str(picture),
        **changes.pop("nodes", {}),
    }
    arguments: dict[str, Any] = {
        "exposure_ms": 20.0,
        "roi": (0, 0, 64, 48),
        "environment": EMULATION,
        "timeout_s": 1.0,
    }
    return Basler(changes.pop("serial", SERIAL), nodes=nodes, **(arguments | changes))


@pytest.fixture
def camera(picture: Path) -> Iterator[Basler]:
    driver = make(picture)
    driver.connect()
    yield driver
    driver.close()


def node(driver: Basler, name: str) -> Any:
    return driver._camera.GetNodeMap().GetNode(name)


def test_identity_and_geometry_are_known_after_connect(camera: Basler) -> None:
    identity = camera.connect()
    assert (identity.vendor, identity.model, identity.serial) == ("Basler", "CamEmu", SERIAL)
    assert identity.firmware
    assert camera.address == SERIAL
    assert camera.frame_shape == (48, 64)
    assert camera.frame_dtype == "|u1"


def test_frame_is_the_picture_and_a_copy(camera: Basler, picture: Path) -> None:
    frame = camera.grab()
    np.testing.assert_array_equal(frame.pixels, np.asarray(Image.open(picture)))
    assert frame.pixels.flags.c_contiguous
    assert frame.pixels.flags.owndata
    assert frame.exposure_s == pytest.approx(0.02)
    later = camera.grab()
    assert later.time > frame.time > 1.7e9


def test_roi_crops_and_deep_pixels_come_through(picture: Path) -> None:
    whole = np.asarray(Image.open(picture))
    driver = make(picture, roi=(10, 4, 32, 20), pixel_format="Mono12")
    driver.connect()
    try:
        assert (driver.frame_shape, driver.frame_dtype) == ((20, 32), "<u2")
        # The emulator scales an 8-bit file to 12 bits by a factor of 16.
        np.testing.assert_array_equal(
            driver.grab().pixels, whole[4:24, 10:42].astype(np.uint16) * 16
        )
    finally:
        driver.close()


def test_without_roi_the_nodes_decide_the_size(picture: Path) -> None:
    driver = make(picture, roi=None, nodes={"Width": 40, "Height": 30})
    driver.connect()
    try:
        assert driver.grab().pixels.shape == driver.frame_shape == (30, 40)
    finally:
        driver.close()


def test_nodes_of_every_kind_are_set_in_order(picture: Path) -> None:
    nodes = {"Gain": 3.5, "ReverseX": False, "GainRaw": 200, "AcquisitionFrameRateEnable": True}
    driver = make(picture, nodes=nodes)
    driver.connect()
    try:
        assert node(driver, "GainRaw").GetValue() == 200
        assert node(driver, "AcquisitionFrameRateEnable").GetValue() is True
        assert node(driver, "ExposureAuto").GetValue() == "Off"
    finally:
        driver.close()


def test_old_name_of_the_same_quantity_is_found(
    camera: Basler, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert camera._sdk is not None
    names: list[str] = []

    class OldMap:
        def GetNode(self, name: str) -> Any:  # noqa: N802 - the SDK's spelling
            names.append(name)
            return real.GetNode("NoSuchNode" if name == "ExposureTime" else name)

    from devices.drivers.basler_sdk import NodeMap

    nodes = NodeMap(camera._sdk, camera._camera, "Camera")
    real = nodes._map
    monkeypatch.setattr(nodes, "_map", OldMap())
    nodes.set("ExposureTime", 5000.0)
    assert nodes.number("ExposureTime") == 5000.0
    assert "ExposureTimeAbs" in names


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nodes": {"Gaim": 1}}, ["no GenICam node Gaim", SERIAL]),
        ({"nodes": {"GainAbs": 1}}, ["no GenICam node GainAbs", "It has Gain and GainRaw"]),
        ({"nodes": {"GainRaw": 10**6}}, ["GainRaw", "1000000", "It takes"]),
        ({"nodes": {"GainRaw": "high"}}, ["GainRaw", "'high'"]),
        ({"nodes": {"TriggerMode": "Maybe"}}, ["TriggerMode", "It takes", "Off"]),
        ({"roi": (0, 0, 9999, 48)}, ["Width", "9999", "4096"]),
        ({"roi": (4090, 0, 64, 48)}, ["OffsetX", "4090"]),
        ({"exposure_ms": 1e9}, ["ExposureTime", "It takes 1.0 to"]),
    ],
)
def test_what_the_camera_refuses_is_explained(
    picture: Path, change: dict[str, Any], words: list[str]
) -> None:
    driver = make(picture, **change)
    with pytest.raises(ConfigurationError) as caught:
        driver.connect()
    for word in words:
        assert word in str(caught.value)
    assert "thrown" not in str(caught.value)
    assert driver._camera is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"exposure_ms": 0.0}, "exposure_ms"),
        ({"exposure_ms": float("nan")}, "exposure_ms"),
        ({"timeout_s": -1.0}, "timeout_s"),
        ({"pixel_format": "RGB8"}, "pixel_format"),
        ({"pixel_format": "Mono12p"}, "pixel_format"),
        ({"roi": (0, 0, 0, 48)}, "roi"),
        ({"roi": (0, 0, 48)}, "roi"),
        ({"nodes": {"ExposureTimeAbs": 5.0}}, "exposure_ms"),
        ({"nodes": {"PixelFormat": "Mono8"}}, "pixel_format"),
        ({"nodes": {"Width": 5}}, "roi"),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    picture: Path, change: dict[str, Any], key: str
) -> None:
    with pytest.raises(ConfigurationError, match=key):
        make(picture, **change)


def test_unknown_serial_number_lists_what_is_there(picture: Path) -> None:
    with pytest.raises(LinkDown, match=r"12345678 was found \(found: .*0815-0000\)"):
        make(picture, serial="12345678").connect()


def test_other_model_is_an_identity_error(picture: Path) -> None:
    driver = make(picture, model="acA1920-40gm")
    with pytest.raises(IdentityError, match="is a CamEmu, not a acA1920-40gm"):
        driver.connect()
    assert driver._camera is None


def test_broken_frames_are_asked_for_again(camera: Basler) -> None:
    node(camera, "ForceFailedBufferCount").SetValue(2)
    node(camera, "ForceFailedBuffer").Execute()
    assert camera.grab().pixels.shape == (48, 64)


def test_frames_that_stay_broken_are_an_error(camera: Basler) -> None:
    node(camera, "ForceFailedBufferCount").SetValue(3)
    node(camera, "ForceFailedBuffer").Execute()
    with pytest.raises(ProtocolError, match="incompletely grabbed"):
        camera.grab()
    assert camera.grab().pixels.shape == (48, 64)


def test_frame_of_another_size_is_refused(camera: Basler, picture: Path) -> None:
    Image.fromarray(np.zeros((10, 12), np.uint8)).save(picture)
    with pytest.raises(ProtocolError, match=r"shape \(10, 12\)"):
        camera.grab()


def test_missing_picture_is_a_protocol_error(camera: Basler, picture: Path) -> None:
    picture.unlink()
    with pytest.raises(ProtocolError, match="failed to take a frame"):
        camera.grab()


def test_camera_that_waits_for_a_trigger_times_out(picture: Path) -> None:
    driver = make(picture, nodes={"TriggerMode": "On"}, timeout_s=0.2)
    driver.connect()
    try:
        with pytest.raises(ReplyTimeout, match="TriggerMode"):
            driver.grab()
    finally:
        driver.close()


def test_unplugged_camera_is_a_lost_link_and_comes_back(camera: Basler) -> None:
    removed = camera._camera
    node(camera, "FirePnPCallback").Execute()
    deadline = threading.Event()
    for _ in range(500):
        if removed.IsCameraDeviceRemoved():
            break
        deadline.wait(0.01)
    with pytest.raises(LinkDown, match=SERIAL):
        camera.grab()
    assert camera._camera is None
    assert camera.grab().pixels.shape == (48, 64)


def test_close_twice_then_grab_then_connect_again(camera: Basler) -> None:
    camera.close()
    camera.close()
    with pytest.raises(LinkDown, match="connect"):
        camera.grab()
    assert camera.frame_shape == (48, 64)
    camera.connect()
    assert camera.grab().pixels.shape == (48, 64)


def test_never_connected(picture: Path) -> None:
    driver = make(picture)
    driver.close()
    with pytest.raises(LinkDown, match="connect"):
        driver.grab()
    with pytest.raises(LinkDown, match="frame size"):
        _ = driver.frame_shape


def test_grabs_from_several_threads_take_turns(camera: Basler) -> None:
    shapes: list[tuple[int, ...]] = []
    threads = [
        threading.Thread(target=lambda: shapes.append(camera.grab().pixels.shape)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10.0)
    assert shapes == [(48, 64)] * 4


def test_missing_sdk_names_the_extra(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypylon", None)
    monkeypatch.delitem(sys.modules, "pypylon.pylon", raising=False)
    monkeypatch.setenv("PYLON_CAMEMU", "1")
    with pytest.raises(ConfigurationError, match=r'pip install "dac-control\[basler\]"'):
        make(picture).connect()


def test_environment_that_comes_too_late_is_refused(picture: Path) -> None:
    first = make(picture)  # imports the SDK
    first.connect()
    first.close()
    with pytest.raises(ConfigurationError, match="DAC_TEST_VARIABLE=1 in the environment before"):
        make(picture, environment={"DAC_TEST_VARIABLE": "1"}).connect()
    assert "DAC_TEST_VARIABLE" not in os.environ


def test_importing_the_driver_does_not_import_the_sdk() -> None:
    program = "import sys, devices.drivers.basler; sys.exit('pypylon' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_import_survives_warnings_as_errors(picture: Path) -> None:
    """Without care, `python -W error` ends in a segmentation fault inside pypylon."""
    program = (
        "from devices.drivers.basler import Basler\n"
        f"camera = Basler({SERIAL!r}, exposure_ms=1, environment={EMULATION!r})\n"
        "print(camera.connect().serial); camera.close()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, SERIAL), done.stderr


def test_sentence_drops_the_sdk_source_line() -> None:
    text = "Value = 9 must be smaller. : OutOfRangeException thrown in node 'W' (file 'a.h')"
    assert sentence(ValueError(text)) == "Value = 9 must be smaller."
    assert sentence(ValueError("Node 'W' : cannot convert")) == "Node 'W' : cannot convert."
