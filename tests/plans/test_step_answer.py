"""A step that says that the cell fails ends the ramp."""

import pytest

from dac_control.errors import RampHeld
from dac_control.safety.limits import StepLimits
from plans.branch_points import BranchPoints
from plans.settings import StepSettings
from plans.step_answer import check_answer
from plans.step_choice import Branch
from plans.step_prediction import Point

LIMITS = StepLimits(
    min_turns=-0.2, max_turns=2.0, max_step_turns=0.05, max_step_gpa=6.0, pressure_limit_gpa=80.0
)
SETTINGS = StepSettings(probe_turns=0.01, tolerance_gpa=0.4, max_dead_band_turns=0.1)


def branch(*pressures_gpa: float) -> BranchPoints:
    start, *points = (Point(0.01 * n, gpa, 0.01) for n, gpa in enumerate(pressures_gpa))
    return BranchPoints(+1, start, LIMITS, SETTINGS, points=list(points))


@pytest.mark.parametrize(
    ("before", "there", "word"),
    [
        ((76.0, 79.0), Point(0.02, 80.5, 0.01), "above the limit"),
        ((40.0, 44.0), Point(0.02, 51.0, 0.01), "more than max_step_gpa"),
        ((40.0,), Point(0.11, 40.0, 0.01), "since the branch began"),
        ((40.0, 44.0), Point(0.12, 44.0, 0.01), "since the pressure last answered"),
        # by less than half a step limit each time, and by more in all
        ((40.0, 44.0, 42.0), Point(0.03, 40.5, 0.01), "the gasket may have failed"),
    ],
)
def test_what_no_sound_cell_does_ends_the_ramp(
    before: tuple[float, ...], there: Point, word: str
) -> None:
    with pytest.raises(RampHeld, match=word):
        check_answer(branch(*before), there)


def test_what_a_sound_cell_does_goes_on() -> None:
    check_answer(branch(40.0, 44.0), Point(0.02, 47.0, 0.01))
    check_answer(branch(40.0, 44.0), Point(0.02, 43.0, 0.01))


@pytest.mark.parametrize("sound_steps", [0, 1, 3, 8])
@pytest.mark.parametrize("probe_turns", [0.003, 0.01, 0.05])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_screw_that_no_longer_follows_its_drive_is_left_alone_within_a_bound(
    sound_steps: int, probe_turns: float, sign: int
) -> None:
    """By the drive's count: no more than `max_dead_band_turns` and one step since it slipped."""
    settings = StepSettings(probe_turns=probe_turns, tolerance_gpa=0.4)
    start = Point(1.0, 40.0, 0.01)
    branch = Branch(sign, start, LIMITS, settings)
    slipped_at = start
    target_gpa = 40.0 + sign * 39.0
    with pytest.raises(RampHeld, match="has not answered"):
        for number in range(1000):
            turns = branch.next_turns_for_gpa(target_gpa)
            if number < sound_steps:
                # the screw follows, 40 GPa per turn
                slipped_at = Point(turns, 40.0 + 40.0 * (turns - 1.0), 0.01)
            there = Point(turns, slipped_at.pressure_gpa, 0.01)
            lost_turns = abs(turns - slipped_at.turns)
            assert lost_turns <= settings.max_dead_band_turns + LIMITS.max_step_turns
            check_answer(branch, there)
            branch.add(there)
    assert lost_turns > settings.max_dead_band_turns - LIMITS.max_step_turns
