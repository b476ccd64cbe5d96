"""The way of a ramp, and the plans that only differ in it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, LimitError
from plans.control_run import control_run
from plans.gauge_settings import RubySettings
from plans.repeatability import repeatability
from plans.route import Repeat, route_of
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets

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


def test_the_same_pressure_from_both_sides(laboratory) -> None:
    repeat = Repeat(pressure_gpa=7.0, swing_gpa=2.0, cycles=1)
    laboratory.engine(repeatability(laboratory.instruments, repeat, settings=QUICK))
    assert laboratory.stop_doc()["exit_status"] == "success"
    steps = [event["data"] for event in laboratory.events("primary")]
    at_it = [step for step in steps if step["step_target"] == 7.0]
    assert {step["step_branch"] for step in at_it} >= {"load", "unload"}
    assert abs(steps[-1]["ruby_pressure_gpa"] - 7.0) < 2.0


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
