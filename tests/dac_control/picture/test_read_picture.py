import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dac_control.clock import SteadyClock
from dac_control.errors import ConfigurationError
from dac_control.picture import PICTURE_FLAGS, PictureReading, PictureScale, overlay, read_picture
from simulators.twin import Twin

SCALE = PictureScale(
    um_per_pixel=0.35,
    um_per_pixel_sigma=0.002,
    culet_um=150.0,
    culet_centre_px=(320.0, 240.0),
    black_counts=4.0,
)


def read(scenes: ModuleType, *, seed: int = 0, **values: Any) -> tuple[PictureReading, float]:
    """A reading, and the error of its diameter in pixels."""
    scene = scenes.Scene(**values)
    reading = read_picture(scenes.draw(scene, np.random.default_rng(seed)), SCALE)
    return reading, reading.hole_px - 2.0 * scene.radius


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"ellipticity": 0.2},
        {"ellipticity": 0.4, "roughness": 0.02},
        {"roughness": 0.03, "dust": 30},
        {"hole": 2000.0, "gasket": 6000.0},
        {"gradient": 0.8},
        {"chips": 6},
        {"blur": 6.0},
        {"ice": 0.3},
        {"core": 300.0},
        {"core": 300.0, "core_radius": 0.85},
        {"radius": 30.0},
        {"radius": 220.0},
        {"bits": 12},
        {"colour": (1.0, 0.6, 0.2)},
        {"hole": 1300.0, "gasket": 1000.0, "grain": 0.03},
        {"culet": 200.0, "gasket": 3000.0},
    ],
    ids=str,
)
def test_the_diameter_is_right_within_its_uncertainty(
    scenes: ModuleType, values: dict[str, Any]
) -> None:
    reading, error = read(scenes, **values)
    assert reading.flags == ()
    blurred_edge_px = reading.hole_sigma_sys_um / 0.35
    assert abs(error) < 3.0 * math.hypot(reading.hole_sigma_px, blurred_edge_px)
    assert abs(error) < 0.3
    assert reading.ellipticity == pytest.approx(values.get("ellipticity", 0.0), abs=0.01)
    assert reading.centre_px == pytest.approx((322.3, 236.8), abs=0.3)
    assert reading.hole_um == pytest.approx(0.35 * reading.hole_px)
    assert reading.area_um2 == pytest.approx(math.pi / 4 * reading.hole_um**2)


@pytest.mark.parametrize("blur", [1.2, 2.0, 4.0, 8.0])
def test_focus_follows_the_blur_and_not_the_brightness(scenes: ModuleType, blur: float) -> None:
    bright, _ = read(scenes, blur=blur)
    dim, _ = read(scenes, blur=blur, lamp=0.3)
    # a pixel adds its own width
    assert bright.blur_px == pytest.approx(math.hypot(blur, 0.4), rel=0.06)
    assert bright.focus == pytest.approx(dim.focus, rel=0.05)


def test_brightness_is_told_over_the_gasket_and_per_channel(scenes: ModuleType) -> None:
    reading, _ = read(scenes, vignette=0.0, colour=(1.0, 0.5, 0.25), chips=0)
    assert reading.channel_brightness == pytest.approx((17.0, 8.5, 4.25), rel=0.06)
    dim, _ = read(scenes, vignette=0.0, lamp=0.4, core=1000.0)
    assert dim.core == pytest.approx(1000 / 400, rel=0.1)
    assert dim.brightness > 2 * dim.core


def test_uncertainty_covers_repeated_frames(scenes: ModuleType) -> None:
    readings = [read(scenes, seed=k, hole=2500.0, gasket=1500.0)[0] for k in range(12)]
    scatter = np.std([r.hole_px for r in readings], ddof=1)
    stated = np.mean([r.hole_sigma_px for r in readings])
    # texture is the same on every frame, so the scatter may be less, never much more
    assert 0.2 * stated < scatter < 1.6 * stated


def test_a_cut_rim_is_flagged_and_still_right(scenes: ModuleType) -> None:
    reading, error = read(scenes, x=60.0)
    assert reading.flags == ("out_of_frame",)
    assert abs(error) < 0.5
    reading, error = read(scenes, x=5.0)
    assert set(reading.flags) == {"out_of_frame", "partial_rim"}
    assert abs(error) < 1.0 and reading.hole_sigma_px > 0.02


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "values",
    [
        {"radius": 1e-6, "chips": 0, "gasket": 6000.0},
        {"radius": 1e-6, "chips": 0, "gasket": 6000.0, "dust": 40},
        {"radius": 1e-6, "chips": 0, "gasket": 6000.0, "vignette": 0.8, "grain": 0.0},
        {"radius": 1e-6, "chips": 0, "gasket": 0.0},
        {"x": 20.0, "y": 20.0},
        {"blur": 60.0},
    ],
    ids=str,
)
def test_no_hole_means_no_diameter(scenes: ModuleType, values: dict[str, Any], seed: int) -> None:
    reading, _ = read(scenes, seed=seed, pattern_seed=seed, **values)
    assert "no_hole" in reading.flags
    assert not reading.ok
    assert math.isnan(reading.hole_um) and math.isnan(reading.hole_sigma_um)
    assert reading.background_counts >= 0.0


def test_a_hopelessly_blurred_rim_is_flagged(scenes: ModuleType) -> None:
    reading, error = read(scenes, blur=20.0)
    assert "out_of_focus" in reading.flags
    assert abs(error) < 3.0 * reading.hole_sigma_sys_um / 0.35


def test_saturation_widens_the_uncertainty(scenes: ModuleType) -> None:
    reading, error = read(scenes, exposure=3.0)
    assert "saturated" in reading.flags and reading.saturated_share > 0.1
    assert abs(error) < 2.0 * reading.hole_sigma_sys_um / 0.35
    assert "underexposed" in read(scenes, exposure=0.03)[0].flags


def test_a_raw_colour_mosaic_is_read_in_pixels_of_the_frame(scenes: ModuleType) -> None:
    colour = scenes.draw(scenes.Scene(colour=(1.0, 0.6, 0.3)), np.random.default_rng(3))
    mosaic = colour[:, :, 1].copy()
    mosaic[0::2, 0::2] = colour[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = colour[1::2, 1::2, 2]
    reading = read_picture(mosaic, PictureScale(black_counts=4.0, bayer="RG"))
    assert reading.hole_px == pytest.approx(240.0, abs=0.3)
    assert reading.centre_px == pytest.approx((322.3, 236.8), abs=0.3)
    red, green, blue = reading.channel_brightness
    assert (green / red, blue / red) == pytest.approx((0.6, 0.3), rel=0.03)
    assert math.isnan(reading.hole_um)


def test_the_gap_to_the_culet_is_measured_from_its_centre(scenes: ModuleType) -> None:
    reading, _ = read(scenes)
    off = math.hypot(322.3 - 320.0, 236.8 - 240.0)
    assert reading.culet_gap_um == pytest.approx(75.0 - 0.35 * (120.0 + off), abs=0.2)


@settings(max_examples=25, deadline=None)
@given(
    frame=hnp.arrays(
        dtype=st.sampled_from([np.uint8, np.uint16]),
        shape=st.one_of(
            st.tuples(st.integers(0, 70), st.integers(0, 70)),
            st.tuples(st.integers(20, 50), st.integers(20, 50), st.integers(1, 4)),
        ),
        elements=st.integers(0, 255),
    )
)
def test_nothing_in_a_frame_raises(frame: np.ndarray) -> None:
    for scale in (SCALE, PictureScale(bayer="GB")):
        reading = read_picture(frame, scale)
        assert set(reading.flags) <= set(PICTURE_FLAGS)
        assert reading.ok == math.isfinite(reading.hole_px)


@pytest.mark.parametrize("kind", ["noise", "stripes", "step", "flat", "nan"])
def test_no_hole_is_seen_where_there_is_none(kind: str) -> None:
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:240, :320]
    frame = {
        "noise": rng.integers(0, 255, (240, 320)),
        "stripes": 100 + 80 * np.sin(x / 9.0),
        "step": np.where(x + y > 300, 200, 20),
        "flat": np.full((240, 320), 130),
        "nan": np.full((240, 320), np.nan),
    }[kind]
    reading = read_picture(frame if kind == "nan" else frame.astype(np.uint8))
    assert not reading.ok


def test_a_scale_that_cannot_be_is_refused() -> None:
    for wrong in (
        {"um_per_pixel": 0.0},
        {"culet_um": -1.0},
        {"bits": 20},
        {"bayer": "RGB"},
        {"um_per_pixel_sigma": math.nan},
    ):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            PictureScale(**wrong)  # type: ignore[arg-type]


def test_the_overlay_shows_the_rim_where_it_is(scenes: ModuleType) -> None:
    frame = scenes.draw(scenes.Scene(), np.random.default_rng(0))
    picture = overlay(frame, read_picture(frame))
    assert picture.shape == (480, 640, 3) and picture.dtype == np.uint8
    red = (picture == (255, 60, 60)).all(axis=2)
    y, x = np.nonzero(red)
    assert np.hypot(x - 322.3, y - 236.8) == pytest.approx(np.full(x.size, 120.0), abs=1.0)
    blank = np.zeros((30, 30), np.uint8)
    assert not overlay(blank, read_picture(blank)).any()


def test_the_twin_s_hole_is_read() -> None:
    """Its microscope blurs and lights by a model of its own."""
    twin = Twin(seed=2, clock=SteadyClock(1.0))
    reading = read_picture(twin.frame(0.02), SCALE)
    assert reading.ok and reading.flags == ()
    assert 40.0 < reading.hole_um < 140.0
    assert reading.ellipticity < 0.01 and reading.brightness > 5.0
