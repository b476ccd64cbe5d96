"""The way of a ramp, and the plans that only differ in it."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.app.findings.approaches import approaches_in
from dac_control.app.readings import read_steps
from dac_control.errors import ConfigurationError, LimitError
from dac_control.records import open_run
from dac_control.safety.limits import StepLimits
from plans.branch_points import BranchPoints
from plans.control_run import control_run
from plans.gauge_settings import RubySettings
from plans.repeatability import repeatability
from plans.route import Repeat, check_swing, check_tolerance, route_of
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets
from plans.step_prediction import Point

QUICK = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=3.0,
        window_s=120,
        interval_s=20,
        min_dwell_s=60,
        max_dwell_s=400,
        min_readings=4,
    ),
    ruby=RubySettings(exposure_s=0.5, attempts=2, longest_exposure_s=4.0),
    step=StepSettings(probe_turns=0.01, tolerance_gpa=0.5),
)

LIMITS = StepLimits(
    min_turns=-1.0, max_turns=1.0, max_step_turns=0.1, max_step_gpa=1.0, pressure_limit_gpa=900.0
)


def test_targets_become_a_leg_up_and_a_leg_down() -> None:
    route = route_of(Targets.gpa([5, 9], [7]))
    assert [(leg.sign, leg.aims) for leg in route.legs] == [(+1, (5, 9)), (-1, (7,))]
    assert [leg.sign for leg in route_of(Targets.gpa([], [7])).legs] == [-1]


@given(
    pressure=st.floats(1.0, 400.0),
    part=st.floats(0.01, 0.9),
    cycles=st.integers(1, 5),
)
def test_every_cycle_passes_the_pressure_from_both_sides(
    pressure: float, part: float, cycles: int
) -> None:
    route = route_of(Repeat(pressure_gpa=pressure, swing_gpa=part * pressure, cycles=cycles))
    assert all(a.sign == -b.sign for a, b in pairwise(route.legs))
    assert all(leg.aims[0] == pressure for leg in route.legs)
    assert sum(leg.sign > 0 for leg in route.legs) == cycles + 1
    assert min(route.aims) > 0.0


@pytest.mark.parametrize("changes", [{"swing_gpa": 0.0}, {"swing_gpa": 9.0}, {"cycles": 0}])
def test_what_is_no_repetition_is_refused(changes: dict) -> None:
    with pytest.raises(LimitError):
        Repeat(**{"pressure_gpa": 8.0, "swing_gpa": 2.0, **changes})


@pytest.mark.parametrize(
    ("pressure", "swing", "tolerance", "said"),
    [
        (3.0, 1.0, 0.5, "repeat.swing_gpa (1) must be more than 1.05 GPa: a leg may end one step."),
        (200.0, 2.0, 0.3, "answer to the screw, by 2.02 GPa."),  # creep alone is as much
    ],
)
def test_a_swing_that_the_tolerance_swallows_is_refused(
    pressure: float, swing: float, tolerance: float, said: str
) -> None:
    with pytest.raises(LimitError, match=re.escape(said)):
        check_swing(Repeat(pressure_gpa=pressure, swing_gpa=swing), tolerance)


@given(st.floats(1.0, 300.0), st.floats(0.01, 0.99), st.floats(0.01, 5.0))
def test_every_leg_of_a_swing_that_is_taken_moves(
    here: float, part: float, tolerance: float
) -> None:
    repeat = Repeat(pressure_gpa=here, swing_gpa=part * here, cycles=1)
    try:
        check_swing(repeat, tolerance)
    except LimitError:
        return
    first, *later = route_of(repeat).legs
    settings = StepSettings(tolerance_gpa=tolerance)
    ended = first.aims[-1] - first.sign * tolerance  # as short of its end as a leg may be over
    for leg in later:
        branch = BranchPoints(leg.sign, Point(0.0, ended, 0.0), LIMITS, settings)
        assert not branch.is_reached(here)
        branch.points.append(Point(leg.sign * 0.1, here - leg.sign * tolerance, 0.0))
        assert branch.engaged
        ended = leg.aims[-1] - leg.sign * tolerance


@pytest.mark.parametrize(
    ("targets", "tolerance", "said"),
    [
        (Targets.gpa([40]), 100.0, "more than a step may change, limits.max_step_gpa (4)"),
        (Targets.turns([0.1]), 4.1, "Write a smaller one."),
        (Targets.gpa([0.5, 9]), 0.5, "a load target of 0.5 GPa counts as reached without any"),
        (Targets.gpa([5, 6, 9]), 0.5, "5 and 6 GPa: one reading could count for both. Write one"),
        (Targets.gpa([5, 9], [8.5]), 0.3, "9 and 8.5 GPa: one reading could count for both."),
        (Targets.gpa([40]), 4.0, ""),
        (Targets.gpa([5, 6, 9], [8, 0.1]), 0.49, ""),
        (Targets.turns([0.1, 0.2]), 0.3, ""),
    ],
)
def test_a_tolerance_may_not_reach_what_nobody_did(
    targets: Targets, tolerance: float, said: str
) -> None:
    limits = replace(LIMITS, max_step_gpa=4.0)
    if not said:
        check_tolerance(route_of(targets), tolerance, limits)
        return
    with pytest.raises(LimitError, match=re.escape(said)) as refused:
        check_tolerance(route_of(targets), tolerance, limits)
    assert refused.value.key == ("targets" if tolerance == 0.3 else "step.tolerance_gpa")


def test_the_same_pressure_from_both_sides(laboratory) -> None:
    repeat = Repeat(pressure_gpa=4.0, swing_gpa=1.5, cycles=1)
    laboratory.engine(repeatability(laboratory.instruments, repeat, settings=QUICK))
    assert laboratory.stop_doc()["exit_status"] == "success"
    steps = read_steps(open_run(laboratory.recorder.folder))
    found = approaches_in(steps, 4.0, QUICK.step.tolerance_gpa)
    assert [each.branch for each in found] == ["load", "unload", "load"], steps.pressure_gpa


def test_a_control_run_says_what_it_controls(laboratory) -> None:
    targets = Targets.gpa([4])
    with pytest.raises(ConfigurationError, match="uid of the run"):
        laboratory.engine(
            control_run(laboratory.instruments, targets, controls="", contents="empty")
        )
    assert not laboratory.documents
    laboratory.engine(
        control_run(
            laboratory.instruments, targets, controls="abc", contents="alumina", settings=QUICK
        )
    )
    start = laboratory.documents[0][1]
    assert (start["plan_name"], start["controls"], start["contents"]) == (
        "control_run",
        "abc",
        "alumina",
    )
