"""The choice of the next turn against cells of many shapes: it never breaks a bound."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dac_control.safety.limits import StepLimits
from plans.settings import StepSettings
from plans.step_choice import Branch, Point, StepPrediction

LIMITS = StepLimits(
    min_turns=-0.2, max_turns=2.0, max_step_turns=0.05, max_step_gpa=6.0, pressure_limit_gpa=80.0
)
SETTINGS = StepSettings(probe_turns=0.01, tolerance_gpa=0.4)


def saturating(turns: float, scale: float, exponent: float) -> float:
    x = max(0.0, turns + 0.05) / scale
    return 200.0 * x**exponent / (1 + x**exponent)


def climb(cell, branch: Branch, target: float, most: int = 400) -> list[StepPrediction]:
    """Take steps to the target; each goes the branch's way and stays within the turns."""
    predictions = []
    while not branch.is_reached(target):
        turns = branch.next_turns_for_gpa(target)
        assert abs(turns - branch.here.turns) <= LIMITS.max_step_turns + 1e-12
        assert (turns - branch.here.turns) * branch.sign > 0
        predictions.append(branch.predict(turns))
        branch.add(Point(turns, cell(turns), 0.005))
        assert len(branch.points) < most
    return predictions


def changes_of(branch: Branch) -> list[float]:
    return [
        abs(b.pressure_gpa - a.pressure_gpa) for a, b in pairwise([branch.start, *branch.points])
    ]


@settings(max_examples=15, deadline=None)
@given(st.floats(0.5, 2.0), st.floats(1.0, 1.5), st.floats(5.0, 60.0))
def test_loading_reaches_the_target_within_every_bound(
    scale: float, exponent: float, target: float
) -> None:
    def cell(turns: float) -> float:
        return saturating(turns, scale, exponent)

    start = Point(0.0, cell(0.0), 0.005)
    assume(start.pressure_gpa < target - 1 and cell(LIMITS.max_turns) > target)
    branch = Branch(+1, start, LIMITS, SETTINGS)
    predictions = climb(cell, branch, target)
    assert max(changes_of(branch)) <= LIMITS.max_step_gpa
    assert target - SETTINGS.tolerance_gpa <= branch.here.pressure_gpa <= target + 3.0
    for prediction, point in zip(predictions, branch.points, strict=True):
        assert prediction.low_gpa <= prediction.median_gpa <= prediction.high_gpa
        assert prediction.high_gpa <= prediction.bound_gpa + 1e-9
        assert point.pressure_gpa < prediction.bound_gpa


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 0.2), st.floats(0.5, 1.5))
def test_unloading_crosses_the_dead_band_within_every_bound(dead_band: float, scale: float) -> None:
    top_turns = 0.4
    top = saturating(top_turns, scale, 1.2)
    assume(10.0 < top < 75.0)

    def loading(turns: float) -> float:
        return saturating(turns, scale, 1.2)

    def unloading(turns: float) -> float:
        return loading(min(top_turns, turns + dead_band))

    up = Branch(+1, Point(0.0, loading(0.0), 0.005), LIMITS, SETTINGS)
    climb(loading, up, loading(top_turns))
    top_turns = up.here.turns
    branch = up.reversal()
    assert branch.sign == -1 and branch.start == up.here
    target = up.here.pressure_gpa - 8.0
    assume(target > unloading(LIMITS.min_turns) + 1.0)
    climb(unloading, branch, target)
    assert branch.dead_band_turns >= dead_band - 1e-9
    assert max(changes_of(branch)) <= LIMITS.max_step_gpa


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(-0.5, 6.0), min_size=1, max_size=25),
    st.floats(2.0, 80.0),
    st.sampled_from([+1, -1]),
)
def test_no_answer_of_a_cell_makes_the_screw_turn_back_or_beyond_its_limits(
    answers: list[float], target: float, sign: int
) -> None:
    branch = Branch(sign, Point(0.3, 40.0, 0.02), LIMITS, SETTINGS)
    for answer in answers:
        for turns in (branch.next_turns_for_gpa(target), branch.next_turns_for_turns(sign * 9.0)):
            assert LIMITS.min_turns <= turns <= LIMITS.max_turns
            assert 0.0 <= (turns - branch.here.turns) * sign <= LIMITS.max_step_turns + 1e-12
        prediction = branch.predict(turns)
        assert all(math.isfinite(v) for v in list(vars(prediction).values())[:4])
        branch.add(Point(turns, max(0.0, branch.here.pressure_gpa + sign * answer), 0.02))


@settings(max_examples=15, deadline=None)
@given(st.floats(0.001, 0.5))
def test_targets_in_turns_are_reached_exactly(target: float) -> None:
    branch = Branch(+1, Point(0.0, 2.0, 0.005), LIMITS, SETTINGS)
    for _ in range(1000):
        if target - branch.here.turns <= 1e-9:
            break
        turns = branch.next_turns_for_turns(target)
        assert branch.here.turns < turns <= target + 1e-12
        branch.add(Point(turns, 2.0 + 20 * turns, 0.005))
    assert math.isclose(branch.here.turns, target, abs_tol=1e-9)


def known_line(slope: float = 150.0, points: int = 8, first_gpa: float = 10.0) -> Branch:
    """A branch on a straight line, in steps of 3 GPa."""
    branch = Branch(+1, Point(0.0, first_gpa, 0.005), LIMITS, SETTINGS)
    for index in range(1, points):
        branch.add(Point(3.0 * index / slope, first_gpa + 3.0 * index, 0.005))
    return branch


def test_a_known_curve_is_climbed_with_most_of_the_limit() -> None:
    branch = known_line(points=16, first_gpa=20.0)
    prediction = branch.predict(branch.next_turns_for_gpa(80.0))
    assert prediction.basis == "curve"
    step = prediction.median_gpa - branch.here.pressure_gpa
    assert step > 0.85 * LIMITS.max_step_gpa
    assert prediction.bound_gpa - branch.here.pressure_gpa <= LIMITS.max_step_gpa + 1e-3


def test_few_points_make_small_steps() -> None:
    steps = []
    for points in (3, 4, 6, 10):
        branch = known_line(points=points)
        turns = branch.next_turns_for_gpa(75.0)
        steps.append(branch.predict(turns).median_gpa - branch.here.pressure_gpa)
    assert all(a < b for a, b in pairwise(steps))
    assert steps[0] < 0.7 * LIMITS.max_step_gpa


def test_before_anything_is_known_a_probe_is_made() -> None:
    branch = Branch(+1, Point(0.0, 2.0, 0.005), LIMITS, SETTINGS)
    assert branch.next_turns_for_gpa(50.0) == SETTINGS.probe_turns
    assert branch.predict(SETTINGS.probe_turns).basis == "probe"


def test_a_pressure_that_sticks_is_not_chased() -> None:
    branch = known_line(points=12)
    steps = []
    for _ in range(4):
        turns = branch.next_turns_for_gpa(75.0)
        steps.append(turns - branch.here.turns)
        branch.add(Point(turns, branch.here.pressure_gpa, 0.005))
    assert all(step < 0.5 * steps[0] for step in steps[1:])
    # all that was held back comes at once: the bound of the step knew
    owed = 150.0 * sum(steps)
    turns = branch.next_turns_for_gpa(75.0)
    bound = branch.predict(turns).bound_gpa - branch.here.pressure_gpa
    assert bound > 0.9 * (owed + 150.0 * (turns - branch.here.turns))


def test_the_other_branch_tells_the_slope_and_the_dead_band_is_crossed_by_it() -> None:
    branch = known_line(points=12).reversal()
    assert branch.known_slope_gpa_per_turn == pytest.approx(150.0, rel=0.02)
    turns = branch.next_turns_for_gpa(5.0)
    prediction = branch.predict(turns)
    assert prediction.basis == "slope"
    fall = 150.0 * (branch.here.turns - turns)
    assert 0.3 * LIMITS.max_step_gpa < fall < 0.6 * LIMITS.max_step_gpa
    # as long as the dead band lasts, no change at all is in the window
    assert prediction.low_gpa < branch.here.pressure_gpa <= prediction.high_gpa
    assert prediction.bound_gpa < prediction.low_gpa


def test_creep_alone_is_no_answer_of_the_pressure() -> None:
    branch = Branch(-1, Point(0.3, 40.0, 0.005), LIMITS, SETTINGS)
    branch.add(Point(0.29, 39.8, 0.005))
    assert not branch.engaged
    branch.add(Point(0.28, 38.0, 0.005))
    assert branch.engaged


def test_no_step_may_end_above_the_pressure_limit() -> None:
    branch = known_line(points=16, first_gpa=30.0)  # at 75 GPa
    prediction = branch.predict(branch.next_turns_for_gpa(200.0))
    assert prediction.bound_gpa <= LIMITS.pressure_limit_gpa + 1e-3
    near = Branch(+1, Point(0.5, 78.0, 0.005), LIMITS, SETTINGS)
    assert near.next_turns_for_gpa(200.0) == 0.5, "a probe might end above the limit"


def test_a_step_takes_numbers_only() -> None:
    Point(0.1, np.float64(3.0), 0.1)
    with pytest.raises(TypeError, match="not a measurement"):
        Point(0.1, "3.0", 0.1)  # pyright: ignore[reportArgumentType]
