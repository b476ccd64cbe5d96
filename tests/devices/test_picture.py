from collections.abc import Iterator

import numpy as np
import pytest

import devices.picture
from dac_control.errors import StaleReading
from dac_control.picture import PictureReading, PictureScale
from devices.drivers.roles import Frame
from devices.picture import Picture


class StandInMicroscope:
    """What the device uses of a microscope."""

    address = "stand-in"
    last: Frame | None = None

    def show(self, radius: float) -> None:
        y, x = np.mgrid[:120, :160]
        depth = radius - np.hypot(x - 80.5, y - 60.0)
        pixels = (20 + 150 / (1 + np.exp(-1.7 * depth / 1.5))).astype(np.uint8)
        self.last = Frame(pixels=pixels, exposure_s=0.02, time=1.7e9 + radius)


@pytest.fixture
def microscope() -> StandInMicroscope:
    return StandInMicroscope()


@pytest.fixture
def picture(microscope: StandInMicroscope) -> Iterator[Picture]:
    device = Picture(
        microscope=microscope,  # type: ignore[arg-type]
        scale=PictureScale(um_per_pixel=0.5),
        name="picture",
    )
    yield device
    device.destroy()


def test_it_reads_the_last_frame_with_the_time_of_the_frame(
    picture: Picture, microscope: StandInMicroscope
) -> None:
    microscope.show(30.0)
    picture.trigger().wait(10)
    reading = picture.read()
    assert reading["picture_hole_um"]["value"] == pytest.approx(30.0, abs=0.1)
    assert reading["picture_flags"]["value"] == ""
    assert reading["picture_measured"]["value"] is True
    assert {value["timestamp"] for value in reading.values()} == {1.7e9 + 30.0}
    assert isinstance(picture.last, PictureReading) and picture.last.exposure_s == 0.02


def test_every_key_is_described(picture: Picture, microscope: StandInMicroscope) -> None:
    microscope.show(30.0)
    picture.trigger().wait(10)
    described = picture.describe()
    assert set(described) == set(picture.read())
    for key, value in described.items():
        assert value["source"].startswith("stand-in#"), key
        if value["dtype"] == "number":
            assert "units" in value and "precision" in value, key


def test_without_a_frame_it_says_so(picture: Picture) -> None:
    with pytest.raises(StaleReading, match="frame first"):
        picture.trigger().wait(10)


def test_a_frame_without_a_hole_is_a_reading(
    picture: Picture, microscope: StandInMicroscope
) -> None:
    microscope.show(-50.0)
    picture.trigger().wait(10)
    assert np.isnan(picture.hole_um.get()) and not picture.measured.get()
    assert "no_hole" in picture.flags.get().split()


def test_an_analysis_that_fails_does_not_end_a_ramp(
    picture: Picture, microscope: StandInMicroscope, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> PictureReading:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(devices.picture, "read_picture", fail)
    microscope.show(30.0)
    picture.trigger().wait(10)
    assert picture.flags.get() == "analysis_failed" and picture.last is None
    assert "oops" in picture.failure and np.isnan(picture.core.get())
