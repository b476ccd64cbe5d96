"""Where a screw can be placed: the nearest division of what is wanted, the last safe one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.safety.limits import StepLimits
from plans.placing import Placing
from plans.settings import StepSettings
from plans.step_choice import Branch, Point

LIMITS = StepLimits(
    min_turns=-0.2, max_turns=2.0, max_step_turns=0.05, max_step_gpa=4.0, pressure_limit_gpa=60.0
)
GPA_PER_TURN = 250.0


@pytest.mark.parametrize(
    ("safe", "wanted", "expected"),
    [
        (0.029, math.inf, 0.02),  # the last division that is safe
        (0.029, 0.006, 0.01),  # the nearest one to what is wanted
        (0.029, 0.004, 0.0),
        (0.009, 0.008, 0.0),  # the nearest is not safe
        (0.01, 0.01, 0.01),
    ],
)
def test_steps_are_whole_divisions(safe: float, wanted: float, expected: float) -> None:
    assert Placing(grid_turns=0.01).step(0.07, safe, wanted) == pytest.approx(expected)


@given(here=st.floats(-1.0, 1.0), safe=st.floats(0.0, 0.2), wanted=st.floats(0.0, 0.2))
def test_no_step_is_longer_than_is_safe(here: float, safe: float, wanted: float) -> None:
    step = Placing(grid_turns=1.0 / 72.0).step(here, safe, wanted)
    assert 0.0 <= step <= safe + 1e-7


@pytest.mark.parametrize(("divisions", "reaches"), [(72, False), (500, True), (720, True)])
def test_hand_that_ends_beside_its_mark_keeps_the_step_limit(divisions: int, reaches: bool) -> None:
    rng = np.random.default_rng(3)
    half = 0.5 / divisions
    placing = Placing(grid_turns=2 * half, beyond_turns=half, sigma_turns=half / math.sqrt(3.0))
    settings = StepSettings(probe_turns=2 * half, tolerance_gpa=0.4)
    branch = Branch(+1, Point(0.0, 2.0, 0.01), LIMITS, settings, placing=placing)
    while not branch.is_reached(30.0):
        turns, before_gpa = branch.next_turns_for_gpa(30.0), branch.here.pressure_gpa
        if turns == branch.here.turns:
            break
        prediction = branch.predict(turns)
        ended = turns + half * rng.uniform(-1.0, 1.0)
        branch.add(Point(turns, 2.0 + GPA_PER_TURN * ended, 0.01))
        # that a probe stays under the limit is what its author asserts
        if prediction.basis != "probe":
            assert branch.here.pressure_gpa - before_gpa <= LIMITS.max_step_gpa
            assert branch.here.pressure_gpa < prediction.bound_gpa
    # a division of 72 is 3.5 GPa here: none is safe where it may end half of one beyond
    assert branch.is_reached(30.0) == reaches
