"""Backlash and friction: what every pair of play operators must do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.twin.screw import Play, Screw, ScrewConstants, preload_offset_turns

CONSTANTS = ScrewConstants(
    kn_per_turn=2.275,
    backlash_turns=0.02,
    friction_coefficient=0.25,
    stick_force_kn=0.01,
    stall_force_kn=6.0,
    offset_turns=0.043,
)
turns = st.floats(-0.5, 3.0)
paths = st.lists(turns, min_size=1, max_size=8)


def screw_after(path: list[float]) -> Screw:
    screw = Screw(CONSTANTS)
    for place in path:
        screw.turn_to(place)
    return screw


def test_play_moves_only_when_a_wall_reaches_it() -> None:
    play = Play(0.0)
    assert play.move(-1.0, 1.0) == 0.0
    assert play.move(0.5, 2.5) == 0.5
    assert play.move(-1.0, 1.0) == 0.5
    assert play.move(-2.0, 0.0) == 0.0


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(path=paths, start=turns, end=turns)
def test_a_monotone_turn_never_gives_a_non_monotone_force(
    path: list[float], start: float, end: float
) -> None:
    screw = screw_after([*path, start])
    forces = [screw.turn_to(float(n)) for n in np.linspace(start, end, 23)]
    steps = np.diff(forces) * np.sign(end - start)
    assert np.all(steps >= 0.0)


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(path=paths, stops=st.lists(st.floats(0.0, 1.0), max_size=12), start=turns, end=turns)
def test_the_way_a_monotone_move_is_split_does_not_matter(
    path: list[float], stops: list[float], start: float, end: float
) -> None:
    split, direct = screw_after([*path, start]), screw_after([*path, start])
    for part in sorted(stops):
        split.turn_to(start + part * (end - start))
    assert split.turn_to(end) == pytest.approx(direct.turn_to(end), abs=1e-12)
    assert split.demanded_kn == pytest.approx(direct.demanded_kn, abs=1e-12)


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(path=paths, low=turns, high=turns)
def test_a_cycle_between_two_places_closes_after_its_first_round(
    path: list[float], low: float, high: float
) -> None:
    screw = screw_after([*path, low, high, low])
    first = screw.force_kn
    up = screw.turn_to(high)
    assert screw.turn_to(low) == pytest.approx(first, abs=1e-12)
    assert screw.turn_to(high) == pytest.approx(up, abs=1e-12)


def test_loading_and_unloading_are_different_branches_with_a_dead_band_between() -> None:
    screw = Screw(CONSTANTS)
    places = np.linspace(0.0, 0.5, 26)
    up = np.array([screw.turn_to(float(n)) for n in places])
    down = np.array([screw.turn_to(float(n)) for n in places[::-1]])[::-1]
    assert np.all(np.diff(up) > 0.0)
    inside = down == down[-1]
    width = places[-1] - places[inside].min()
    assert 0.08 < width < 0.20
    assert np.all(down[~inside] > up[~inside])
    assert np.all(np.diff(down[~inside]) > 0.0)


def test_far_below_zero_there_is_no_force_and_no_torque() -> None:
    screw = screw_after([0.4, -0.3])
    assert screw.force_kn == 0.0
    assert screw.torque_fraction == 0.0


def test_torque_passes_one_where_the_motor_would_stall() -> None:
    assert screw_after([2.0]).torque_fraction < 1.0 < screw_after([3.0]).torque_fraction


def test_the_preload_offset_puts_the_asked_force_at_zero_turns() -> None:
    offset = preload_offset_turns(
        0.056,
        kn_per_turn=2.275,
        backlash_turns=0.02,
        friction_coefficient=0.25,
        stick_force_kn=0.01,
    )
    constants = ScrewConstants(
        kn_per_turn=2.275,
        backlash_turns=0.02,
        friction_coefficient=0.25,
        stick_force_kn=0.01,
        stall_force_kn=6.0,
        offset_turns=offset,
    )
    assert Screw(constants).force_kn == pytest.approx(0.056)


def test_friction_that_would_turn_the_branch_around_is_refused() -> None:
    constants = ScrewConstants(
        kn_per_turn=1.0,
        backlash_turns=0.0,
        friction_coefficient=2.0,
        stick_force_kn=0.0,
        stall_force_kn=1.0,
        offset_turns=0.0,
    )
    with pytest.raises(ValueError, match="friction coefficient"):
        Screw(constants)
