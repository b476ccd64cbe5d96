"""What a branch says of a pressure that does not answer, and of one that falls."""

import pytest

from dac_control.safety.limits import StepLimits
from plans.branch_points import BranchPoints, steepest_slope
from plans.settings import StepSettings
from plans.step_prediction import Point

LIMITS = StepLimits(
    min_turns=-0.2, max_turns=2.0, max_step_turns=0.05, max_step_gpa=6.0, pressure_limit_gpa=80.0
)


def branch(sign: int, *pressures_gpa: float) -> BranchPoints:
    """A branch from 0.5 turns in steps of 0.01."""
    start, *points = (
        Point(0.5 + sign * 0.01 * step, pressure, 0.01)
        for step, pressure in enumerate(pressures_gpa)
    )
    settings = StepSettings(probe_turns=0.01, tolerance_gpa=0.4)
    return BranchPoints(sign, start, LIMITS, settings, points=list(points))


@pytest.mark.parametrize("sign", [+1, -1])
def test_turns_count_from_the_last_answer(sign: int) -> None:
    answering = branch(sign, 20.0, 20.0 + sign, 20.0 + 2 * sign)
    there = Point(0.5 + sign * 0.03, 20.0 + 3 * sign, 0.01)
    assert answering.turns_without_answer(there) == 0.0
    stuck = Point(0.5 + sign * 0.09, 20.0 + 2 * sign, 0.01)
    assert answering.turns_without_answer(stuck) == pytest.approx(0.07)
    silent = branch(sign, 20.0, 20.0, 20.0)
    assert silent.turns_without_answer(Point(0.5 + sign * 0.03, 20.0, 0.01)) == pytest.approx(0.03)


def test_a_slow_rise_is_an_answer_in_the_end() -> None:
    # each step is within the noise of the last, and all together are not
    slow = branch(+1, *(20.0 + 0.06 * step for step in range(30)))
    assert slow.turns_without_answer(Point(0.8, 21.8, 0.01)) <= 0.05


@pytest.mark.parametrize("sign", [+1, -1])
def test_a_fall_counts_from_the_furthest_and_not_from_the_last(sign: int) -> None:
    falling = branch(sign, *(40.0 + sign * each for each in (0.0, 4.0, 3.0, 2.0)))
    there = Point(0.5 + sign * 0.04, 40.0 + sign * 0.5, 0.01)
    assert falling.fallen_gpa(there) == pytest.approx(3.5)
    assert falling.fallen_gpa(Point(0.54, 40.0 + sign * 9.0, 0.01)) == 0.0


def test_the_steepest_slope_of_a_series() -> None:
    points = [Point(0, 0, 0.1), Point(0.1, 5, 0.1), Point(0.2, 15, 0.1)]
    assert steepest_slope(points) == pytest.approx(100.0)
    assert steepest_slope(points[:1]) == 0.0
