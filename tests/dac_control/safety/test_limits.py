from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import LimitError
from dac_control.safety.limits import StepLimits

GOOD = StepLimits(
    min_turns=0.0, max_turns=2.0, max_step_turns=0.1, max_step_gpa=5.0, pressure_limit_gpa=100.0
)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"min_turns": 3.0}, "min_turns"),
        ({"max_step_turns": 5.0}, "max_step_turns"),
        ({"max_step_gpa": 200.0}, "max_step_gpa"),
        ({"pressure_limit_gpa": -1.0}, "pressure_limit_gpa"),
        ({"max_step_gpa": float("nan")}, "max_step_gpa"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(change: dict, word: str) -> None:
    with pytest.raises(LimitError, match=word):
        replace(GOOD, **change)


@given(st.floats())
def test_only_turns_inside_the_limits_pass(turns: float) -> None:
    if 0.0 <= turns <= 2.0:
        GOOD.check_turns(turns)
    else:
        with pytest.raises(LimitError, match="nothing was moved"):
            GOOD.check_turns(turns)


@given(st.floats())
def test_only_pressures_below_the_limit_may_be_aimed_at(pressure: float) -> None:
    if 0.0 <= pressure <= 100.0:
        GOOD.check_target_gpa(pressure)
    else:
        with pytest.raises(LimitError, match="nothing was moved"):
            GOOD.check_target_gpa(pressure)


def test_a_step_of_exactly_the_largest_size_is_allowed() -> None:
    GOOD.check_step_turns(0.1, 0.2)
    with pytest.raises(LimitError, match="max_step_turns"):
        GOOD.check_step_turns(0.1, 0.21)
