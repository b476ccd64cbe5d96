"""Frames of the microscope."""

from collections.abc import Callable

import numpy as np
import pytest

from simulators.twin import Twin

MakeTwin = Callable[..., Twin]


def lit_um(frame: np.ndarray, twin: Twin) -> float:
    """Diameter of the lit hole along its middle column, at half level, um."""
    column = frame[:, 300:341].astype(float).mean(axis=1)
    level = np.percentile(column, 95) / 2.0
    rows = np.flatnonzero(column > level)
    return float(rows[-1] - rows[0] + 1) * twin.certificates()["um_per_pixel"]


def test_a_frame_is_a_bright_hole_in_a_dark_gasket(make_twin: MakeTwin) -> None:
    frame = make_twin().frame(0.02)
    assert frame.shape == (480, 640)
    assert frame.dtype == np.uint8
    assert frame[20:60, 20:60].mean() < 30
    assert frame[330:350, 300:340].mean() > 150
    assert frame.max() < 255


def test_the_hole_shrinks_with_pressure_as_the_state_says(make_twin: MakeTwin) -> None:
    twin = make_twin()
    diameters = []
    for turns in (0.0, 0.1, 0.3, 0.5):
        twin.turn_to(turns)
        seen, true = lit_um(twin.frame(0.02), twin), twin.state()["hole_um"]
        assert seen == pytest.approx(true, rel=0.03)
        diameters.append(seen)
    assert diameters == sorted(diameters, reverse=True)
    assert diameters[-1] < 0.8 * diameters[0]


def test_brightness_scales_with_exposure_and_clips(make_twin: MakeTwin) -> None:
    twin = make_twin(noise=False)
    black = twin.frame(0.0).astype(float).mean()
    half, full = (twin.frame(t)[340, 320].astype(float) - black for t in (0.01, 0.02))
    assert full == pytest.approx(2.0 * half, abs=2.0)
    assert twin.frame(1.0).max() == 255


def test_noise_differs_from_frame_to_frame_and_grows_as_the_root(make_twin: MakeTwin) -> None:
    twin = make_twin()
    frames = np.array([twin.frame(0.02) for _ in range(40)], dtype=float)
    inside, outside = frames[:, 330:350, 300:340], frames[:, 20:40, 20:60]
    expected = inside.mean() / 40.0 + 0.36 + 1.0 / 12.0
    assert inside.var(axis=0, ddof=1).mean() == pytest.approx(expected, rel=0.1)
    assert outside.var(axis=0, ddof=1).mean() < inside.var(axis=0, ddof=1).mean()


def test_chips_are_darker_than_the_hole_around_them(make_twin: MakeTwin) -> None:
    twin = make_twin(noise=False)
    frame = twin.frame(0.02).astype(float)
    radius_px = 0.5 * twin.state()["hole_um"] / twin.certificates()["um_per_pixel"]
    row, column = round(240 - 0.34 * radius_px), round(320 + 0.52 * radius_px)
    assert frame[row, column] < 0.6 * frame[row, column - 40]


@pytest.mark.parametrize("exposure_s", [-0.1, float("nan")])
def test_an_impossible_exposure_is_refused(make_twin: MakeTwin, exposure_s: float) -> None:
    with pytest.raises(ValueError, match="camera cannot be exposed"):
        make_twin().frame(exposure_s)
