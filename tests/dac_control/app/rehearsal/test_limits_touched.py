"""Limits that bound the choice of a step, and the steps and exposures that they are found from."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from dac_control.app.rehearsal.limits_touched import limits_touched
from dac_control.app.rehearsal.tally import RehearsedStep, Said, Tally
from dac_control.errors import LimitError, RampHeld
from dac_control.safety.limits import StepLimits
from plans.settings import RampSettings
from plans.specimen import check_specimen_temperature

LIMITS = StepLimits(
    min_turns=0.0, max_turns=1.0, max_step_turns=0.1, max_step_gpa=4.0, pressure_limit_gpa=50.0
)
NOTHING = math.nan


def step(number: int, turns: float, pressure_gpa: float, **changed: Any) -> RehearsedStep:
    values: dict[str, Any] = {
        "number": number, "lab_time_s": 100.0 * number, "branch": "load", "target": 60.0,
        "turns": turns, "target_turns": turns, "gauge": "ruby", "pressure_gpa": pressure_gpa,
        "sigma_stat_gpa": 0.01, "sigma_sys_gpa": 0.1, "half_width_95_gpa": 0.2, "measured": True,
        "predicted_gpa": pressure_gpa, "bound_gpa": pressure_gpa + 0.1, "flags": (),
        "outcome": "settled", "drift_gpa_per_h": 0.0, "dwell_s": 300.0, "attempts": 1,
        "exposure_s": 1.0, "cell_temperature_k": 80.0, "truth": {},
    }  # fmt: skip
    return RehearsedStep(**{**values, **changed})


def touched(*steps: RehearsedStep, reason: str = "") -> dict[str, list[int]]:
    found = limits_touched(steps, LIMITS, RampSettings(), reason=reason)
    return {name: [touch.step for touch in touches] for name, touches in found.items()}


@pytest.mark.parametrize(
    ("last", "names"),
    [
        (step(2, 0.55, 33.0, bound_gpa=33.5), []),
        # the pressure stays well below, but no larger step was allowed
        (step(2, 0.55, 32.1, bound_gpa=33.99), ["max_step_gpa"]),
        (step(2, 0.55, 30.1, predicted_gpa=32.0, bound_gpa=34.0), []),  # a probe
        (step(2, 0.6, 30.1), ["max_step_turns"]),
        (step(2, 0.45, 29.0, bound_gpa=26.0), ["max_step_gpa"]),
        (step(2, 0.55, 34.5, bound_gpa=33.0), ["max_step_gpa"]),
        (step(2, 0.55, 31.0, gauge="diamond_edge", exposure_s=600.0), ["edge.longest_exposure_s"]),
    ],
)
def test_a_limit_counts_where_it_bound_a_step(last: RehearsedStep, names: list[str]) -> None:
    assert touched(step(1, 0.5, 30.0, target_turns=NOTHING), last) == {n: [2] for n in names}


def test_the_pressure_limit_counts_before_it_is_reached() -> None:
    near = step(8, 0.5, 47.0, target_turns=NOTHING)
    assert touched(near, step(9, 0.52, 48.4, bound_gpa=49.99)) == {"pressure_limit_gpa": [9]}
    # on the way down it bounds nothing
    assert touched(near, step(9, 0.48, 46.0, bound_gpa=45.0)) == {}


@pytest.mark.parametrize(
    ("here", "aim", "name"),
    [
        (step(9, 0.9999, 40.0, target_turns=NOTHING), "60 GPa", "max_turns"),
        (step(9, 0.5, 49.8), "60 GPa", "pressure_limit_gpa"),
        (step(9, 0.5, 30.0), "60 GPa", "max_step_gpa"),
        (step(9, 0.0001, 30.0), "20 GPa", "min_turns"),
        (step(9, 0.5, 30.0), "0.2 turns", "max_step_gpa"),
    ],
)
def test_the_limit_that_ends_a_ramp_is_named(here: RehearsedStep, aim: str, name: str) -> None:
    reason = f"The ramp holds: no further step towards {aim} is allowed by the limits (...)."
    assert touched(here, reason=reason)[name] == [9]


def too_warm() -> None:
    read: Any = SimpleNamespace(cell_temperature_k=81.0)
    cell: Any = SimpleNamespace(max_temperature_k=80.0, cryostat=SimpleNamespace(last=read))
    check_specimen_temperature(cell)


def test_what_the_temperature_held_is_touched_also_before_the_first_step() -> None:
    held = {"max_temperature_change_k": lambda: LIMITS.check_temperature(80.0, 86.0),
            "specimen.max_temperature_k": too_warm}  # fmt: skip
    for name, hold in held.items():
        with pytest.raises((LimitError, RampHeld)) as error:
            hold()
        for steps, at, touch in ([], -1, (0, 7.0)), ([step(4, 0.5, 30.0)], 1, (4, 400.0)):
            said = [Said(at, str(error.value))]
            found = limits_touched(steps, LIMITS, RampSettings(), said=said, ended_s=7.0)
            assert found == {name: [touch]}


def event(stream: str, **data: Any) -> tuple[str, dict[str, Any]]:
    return "event", {"descriptor": stream, "data": data}


def test_a_step_is_what_the_gauge_in_charge_says_and_every_exposure_counts() -> None:
    tally = Tally(truth=lambda: None)
    devices = {
        role: role for role in ("drive", "cryostat", "spectrometer", "ruby", "clock", "step")
    }
    further = {"diamond_edge": "diamond_edge", "diamond_edge_spectrometer": "raman",
               "methane_spectrometer": "raman"}  # fmt: skip
    tally("start", {"devices": devices | further})
    for stream in ("diamond_edge", "primary"):
        tally("descriptor", {"uid": stream, "name": stream, "data_keys": {}})
    tally(*event("diamond_edge", raman_exposure_s=30.0, raman_averages=2))
    taken = {"step_number": 3, "step_gauge": "diamond_edge", "step_pressure_gpa": 210.0,
             "step_pressure_sigma_stat_gpa": 1.0, "step_pressure_sigma_sys_gpa": 5.0,
             "step_attempts": 1, "ruby_pressure_gpa": NOTHING, "ruby_measured": False,
             "diamond_edge_flags": "", "clock_lab_time_s": 5.0, "drive_turns": 1.0,
             "spectrometer_exposure_s": 0.5, "spectrometer_averages": 1}  # fmt: skip
    tally(*event("primary", **taken))
    (found,) = tally.steps
    assert (found.measured, found.pressure_gpa, found.exposure_s) == (True, 210.0, 30.0)
    assert (found.sigma_stat_gpa, found.sigma_sys_gpa) == (1.0, 5.0)
    assert tally.exposures_s == 60.5
    refused = {"step_failure": "diamond_edge: no light"}
    tally(*event("diamond_edge", **refused))
    tally(*event("primary", **taken, **refused))
    tally.no_room = lambda: "no room"
    tally("stop", {"exit_status": "fail", "reason": "held"})
    assert tally.said == [(1, "diamond_edge: no light"), (1, "held"), (1, "no room")]
