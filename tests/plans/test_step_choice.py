"""The choice of the next turn against cells of many shapes: it never breaks a bound."""

import math

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dac_control.safety.limits import StepLimits
from plans.settings import StepSettings
from plans.step_choice import Branch, Point, steepest_slope

LIMITS = StepLimits(
    min_turns=-0.2, max_turns=2.0, max_step_turns=0.05, max_step_gpa=6.0, pressure_limit_gpa=80.0
)
SETTINGS = StepSettings(probe_turns=0.01, tolerance_gpa=0.4)


def saturating(turns: float, scale: float, exponent: float) -> float:
    x = max(0.0, turns + 0.05) / scale
    return 200.0 * x**exponent / (1 + x**exponent)


def climb(cell, branch: Branch, target: float, most: int = 400) -> list[Point]:
    while not branch.is_reached(target):
        turns = branch.next_turns_for_gpa(target)
        assert abs(turns - branch.here.turns) <= LIMITS.max_step_turns + 1e-12
        assert (turns - branch.here.turns) * branch.sign > 0
        branch.add(Point(turns, cell(turns), 0.005))
        assert len(branch.points) < most
    return branch.points


@settings(max_examples=200, deadline=None)
@given(st.floats(0.5, 2.0), st.floats(1.0, 1.5), st.floats(5.0, 60.0))
def test_loading_reaches_the_target_within_every_bound(
    scale: float, exponent: float, target: float
) -> None:
    def cell(turns: float) -> float:
        return saturating(turns, scale, exponent)

    start = Point(0.0, cell(0.0), 0.005)
    assume(start.pressure_gpa < target - 1 and cell(LIMITS.max_turns) > target)
    points = climb(cell, Branch(+1, start, LIMITS, SETTINGS), target)
    changes = [
        b.pressure_gpa - a.pressure_gpa for a, b in zip([start, *points], points, strict=False)
    ]
    assert max(changes) <= LIMITS.max_step_gpa
    assert points[-1].pressure_gpa >= target - SETTINGS.tolerance_gpa
    assert points[-1].pressure_gpa <= target + LIMITS.max_step_gpa


@settings(max_examples=200, deadline=None)
@given(st.floats(0.0, 0.2), st.floats(0.5, 1.5))
def test_unloading_crosses_the_dead_band_in_probe_steps(dead_band: float, scale: float) -> None:
    top_turns = 0.4
    top = saturating(top_turns, scale, 1.2)
    assume(10.0 < top < 75.0)

    def cell(turns: float) -> float:
        return saturating(min(top_turns, turns + dead_band), scale, 1.2)

    load_slope = (top - saturating(top_turns - 0.02, scale, 1.2)) / 0.02
    branch = Branch(-1, Point(top_turns, top, 0.005), LIMITS, SETTINGS, 1.2 * load_slope)
    target = top - 8.0
    assume(target > cell(LIMITS.min_turns) + 1.0)
    points = climb(cell, branch, target)
    inside = [p for p in points if p.turns > top_turns - dead_band + 1e-9]
    for first, second in zip([branch.start, *inside], inside, strict=False):
        assert abs(second.turns - first.turns) <= SETTINGS.probe_turns + 1e-12
    assert branch.dead_band_turns >= dead_band - 1e-9
    changes = [
        abs(b.pressure_gpa - a.pressure_gpa)
        for a, b in zip([branch.start, *points], points, strict=False)
    ]
    assert max(changes) <= LIMITS.max_step_gpa


@given(st.floats(0.001, 1.5))
def test_targets_in_turns_are_reached_exactly(target: float) -> None:
    branch = Branch(+1, Point(0.0, 2.0, 0.005), LIMITS, SETTINGS)
    for _ in range(1000):
        if target - branch.here.turns <= 1e-9:
            break
        turns = branch.next_turns_for_turns(target)
        assert branch.here.turns < turns <= target + 1e-12
        branch.add(Point(turns, 2.0 + 20 * turns, 0.005))
    assert math.isclose(branch.here.turns, target, abs_tol=1e-9)


def test_creep_alone_is_no_answer_of_the_pressure() -> None:
    branch = Branch(-1, Point(0.3, 40.0, 0.005), LIMITS, SETTINGS)
    branch.add(Point(0.29, 39.8, 0.005))
    assert not branch.engaged
    branch.add(Point(0.28, 38.0, 0.005))
    assert branch.engaged


def test_no_step_aims_beyond_the_pressure_limit() -> None:
    branch = Branch(+1, Point(0.5, 78.0, 0.005), LIMITS, SETTINGS)
    branch.add(Point(0.51, 79.5, 0.005))
    turns = branch.next_turns_for_gpa(200.0)
    slope = branch.slope_gpa_per_turn()
    assert slope is not None
    assert branch.here.pressure_gpa + slope * (turns - branch.here.turns) <= 80.0 + 1e-9


def test_the_steepest_slope_of_a_series() -> None:
    points = [Point(0, 0, 0.1), Point(0.1, 5, 0.1), Point(0.2, 15, 0.1)]
    assert math.isclose(steepest_slope(points), 100.0)
    assert steepest_slope(points[:1]) == 0.0
