"""Cells fail as statistics of real ones say, and the twin shows it everywhere."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simulators.twin import Twin, TwinSettings
from simulators.twin.failure import Hazard
from simulators.twin.specimen_settings import FailureSettings

ON = FailureSettings(hazard=True)
MakeTwin = Callable[..., Twin]


def loaded(hazard: Hazard, pressures: np.ndarray, light_mw: float = 0.0) -> bool:
    failed = False
    for index, pressure in enumerate(pressures):
        hazard.turn(1000.0 * index, float(pressure))
        failed = hazard.follow(float(pressure), light_mw, 0.0) or failed
    return failed


def test_small_steps_survive_as_the_statistics_of_2017_say() -> None:
    lives = np.random.default_rng(0).standard_exponential(4000)
    spent = {}
    for low, high in ((200.0, 300.0), (200.0, 350.0)):
        hazard = Hazard(ON, 1e9, low)
        loaded(hazard, np.arange(low, high + 0.5, 1.0))
        spent[high] = hazard.spent
    assert np.mean(lives > spent[300.0]) == pytest.approx(0.25, abs=0.05)
    assert np.mean(lives > spent[350.0]) == pytest.approx(0.042, abs=0.025)


def test_the_hazard_does_not_depend_on_how_often_one_looks() -> None:
    coarse, fine = Hazard(ON, 1e9, 100.0), Hazard(ON, 1e9, 100.0)
    for hazard, count in ((coarse, 2), (fine, 301)):
        hazard.turn(0.0, 100.0)
        for pressure in np.linspace(100.0, 130.0, count):
            hazard.follow(float(pressure), 0.0, 0.0)
    assert fine.spent == pytest.approx(coarse.spent, rel=1e-9)


def test_large_steps_and_light_are_more_dangerous() -> None:
    small, large, lit = (Hazard(ON, 1e9, 300.0) for _ in range(3))
    loaded(small, np.arange(300.0, 341.0, 2.0))
    large.turn(0.0, 300.0)
    large.follow(340.0, 0.0, 0.0)
    loaded(lit, np.arange(300.0, 341.0, 2.0), light_mw=1.0)
    assert 2.0 < large.spent / small.spent < 3.0
    assert lit.spent / small.spent == pytest.approx(5.0, rel=0.1)
    shot = Hazard(ON, 1e9, 400.0)
    shot.follow(400.0, 10.0, 60.0)
    weak = Hazard(ON, 1e9, 400.0)
    weak.follow(400.0, 1.0, 60.0)
    assert shot.spent == pytest.approx(10.0 * weak.spent)
    assert 0.01 < shot.spent < 0.2


def test_unloading_is_safe_and_a_switch_makes_it_immortal() -> None:
    hazard = Hazard(ON, 1e9, 0.0)
    loaded(hazard, np.array([300.0]))
    before = hazard.spent
    assert not loaded(hazard, np.arange(300.0, 0.0, -10.0))
    assert hazard.spent == before
    assert not loaded(Hazard(FailureSettings(), 1e-9, 0.0), np.arange(0.0, 600.0, 50.0))


def ramp(seed: int, clock: object, settings: TwinSettings, top_gpa: float) -> Twin:
    twin = Twin(seed, clock, settings)  # type: ignore[arg-type]
    while not (state := twin.state())["failure"] and state["pressure_gpa"] < top_gpa:
        twin.turn_to(twin.turns + 0.01)
        clock.wait(60.0)  # type: ignore[attr-defined]
    return twin


def test_bevelled_cells_end_seeded_and_in_both_ways(clock: object) -> None:
    settings = TwinSettings.preset("bevelled_realistic")
    ends = [ramp(seed, clock, settings, 380.0).state() for seed in range(24)]
    failed = [end for end in ends if end["failure"]]
    assert len(failed) > 15
    assert {end["failure"] for end in failed} == {"blow_out", "fracture"}
    assert 100.0 < np.median([end["failed_gpa"] for end in failed]) < 380.0
    again = ramp(3, clock, settings, 380.0).state()
    assert again["failure"] == ends[3]["failure"]
    assert again["failed_gpa"] == pytest.approx(ends[3]["failed_gpa"])
    json.dumps(ends)


def test_a_hole_grows_before_its_gasket_blows_out(clock: object) -> None:
    base = TwinSettings.preset("four_pin", noise=False)
    settings = replace(
        base, failure=FailureSettings(hazard=True, scale_gpa=25.0, fracture_part=0.0)
    )
    twin = Twin(2, clock, settings)  # type: ignore[arg-type]
    sizes = []
    while not twin.state()["failure"]:
        sizes.append(twin.state()["hole_um"])
        twin.turn_to(twin.turns + 0.003)
    assert np.argmin(sizes) < len(sizes) - 2
    assert sizes[-1] > 1.02 * min(sizes)
    assert twin.state()["failure"] == "blow_out"
    assert 0.0 < twin.state()["survival"] < 1.0
