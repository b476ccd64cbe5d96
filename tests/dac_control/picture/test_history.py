import copy
import math
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dac_control.picture import SIGNS, PictureHistory, PictureScale, read_picture

SCALE = PictureScale(um_per_pixel=0.35, black_counts=4.0, culet_um=300.0)
HALF_SIZE = {"shape": (240, 320), "x": 161.0, "y": 119.0, "radius": 62.0}


class Series:
    """An ordinary series under rising load: the hole shrinks, light, focus and place drift."""

    def __init__(self, scenes: ModuleType, frames: int = 6, **values: Any) -> None:
        self.scenes = scenes
        self.history = PictureHistory()
        self.rng = np.random.default_rng(11)
        self.turns = 0.1
        self.scene = scenes.Scene(
            **(HALF_SIZE | {"core": 4500.0, "dust": 8, "roughness": 0.01, "hole": 5500.0} | values)
        )
        self.ordinary: list[str] = []
        for _ in range(frames):
            self.ordinary += self.next(
                radius=self.scene.radius * (1 - self.rng.uniform(0, 0.02)),
                blur=float(np.clip(self.scene.blur + self.rng.normal(0, 0.3), 1.3, 3.5)),
                lamp=self.scene.lamp * math.exp(self.rng.normal(0, 0.04)),
                shift=tuple(self.rng.normal(0, 1.0, 2)),
            )

    def next(self, *, turns: float = 0.01, exposure_s: float = 0.02, **changes: Any) -> list[str]:
        """Kinds of the signs on one more frame."""
        self.scene = self.scenes.replace(self.scene, **changes)
        frame = self.scenes.draw(self.scene, self.rng)
        self.turns += turns
        reading = read_picture(frame, SCALE, exposure_s=exposure_s)
        signs = self.history.judge(reading, 20.0, self.turns)
        for sign in signs:
            assert sign.kind in SIGNS
            assert sign.message.endswith(".") and sign.significance >= 0
        return [sign.kind for sign in signs]


_ordinary = cache(Series)


def begun(scenes: ModuleType) -> Series:
    """An ordinary series of its own for each test, drawn and read once."""
    series = copy.copy(_ordinary(scenes))
    series.history, series.rng = copy.deepcopy((series.history, series.rng))
    return series


def test_an_ordinary_series_raises_nothing(scenes: ModuleType) -> None:
    assert Series(scenes, frames=12).ordinary == []


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"ellipticity": 0.12}, ["blow_out"]),
        ({"cracks": 3}, ["fracture"]),
        ({"core": 250.0}, ["darkened"]),
        ({"core": 5500.0, "chips": 0}, ["sample_gone"]),
        ({"hole": 350.0, "core": None, "chips": 0}, ["darkened"]),
    ],
    ids=str,
)
def test_what_happens_is_told_by_its_name(
    scenes: ModuleType, change: dict[str, Any], kinds: list[str]
) -> None:
    series = begun(scenes)
    assert series.ordinary == []
    assert series.next(**change) == kinds


def test_a_hole_that_grows_under_load_blows_out(scenes: ModuleType) -> None:
    series = begun(scenes)
    assert series.next(radius=series.scene.radius * 1.05) == ["blow_out"]


def test_a_shattered_anvil_is_a_fracture(scenes: ModuleType) -> None:
    assert "fracture" in begun(scenes).next(cracks=25, pattern_seed=9, dust=60)


def test_a_sample_that_turns_bright_is_shiny(scenes: ModuleType) -> None:
    series = Series(scenes, core=2000.0)
    assert series.next(core=4500.0) == ["shiny"]


def test_a_hole_may_grow_while_the_load_is_taken_back(scenes: ModuleType) -> None:
    series = begun(scenes)
    assert series.next(radius=series.scene.radius * 1.05, turns=-0.08) == []


def test_a_hole_as_wide_as_the_culet_has_reached_its_edge(scenes: ModuleType) -> None:
    history = PictureHistory()
    scene = scenes.Scene(**HALF_SIZE)
    scale = PictureScale(um_per_pixel=1.0, culet_um=125.0, black_counts=4.0)
    reading = read_picture(scenes.draw(scene, np.random.default_rng(0)), scale)
    assert all(history.judge(reading, 1.0, 0.1) == () for _ in range(2))
    assert [sign.kind for sign in history.judge(reading, 1.0, 0.1)] == ["blow_out"]


@pytest.mark.parametrize(
    "change",
    [{"lamp": 0.02}, {"lamp": 0.5}, {"ice": 0.3}, {"gradient": 0.3}, {"shift": (6.0, -4.0)}],
    ids=str,
)
def test_lamp_ice_and_jitter_are_not_the_cell(scenes: ModuleType, change: dict[str, Any]) -> None:
    assert begun(scenes).next(**change) == []


def test_a_longer_exposure_is_not_a_bright_sample(scenes: ModuleType) -> None:
    series = Series(scenes, hole=2500.0, core=2000.0)
    assert series.next(exposure=2.0, exposure_s=0.04) == []


def test_frames_that_show_nothing_or_another_size_are_passed_over(scenes: ModuleType) -> None:
    series = begun(scenes)
    for frame in (np.zeros((240, 320), np.uint8), np.zeros((5, 5), np.uint8)):
        assert series.history.judge(read_picture(frame, SCALE), math.nan, 0.2) == ()
    other = scenes.draw(scenes.Scene(radius=series.scene.radius), np.random.default_rng(1))
    kinds = {s.kind for s in series.history.judge(read_picture(other, SCALE), 20.0, 0.2)}
    assert "fracture" not in kinds
    assert series.next() == []
