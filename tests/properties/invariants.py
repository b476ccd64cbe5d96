"""What must hold of all that a run left, whatever was asked and whatever broke."""

import math
import re
from itertools import pairwise
from typing import Any

from event_model import DocumentNames, schema_validators
from kinds_of_station import BUDGET_MJ
from told import Told

from dac_control.app.station import Station
from dac_control.safety.limits import StepLimits

__all__ = ["everything_holds"]


def everything_holds(told: Told, station: Station, table: dict[str, Any]) -> None:
    """Fail unless every invariant holds of a run file that was carried out."""
    stages = table.get("stages", [table])
    allowed = [int(stage.get("allow_unmeasured_steps", 0)) for stage in stages]
    _ended_as_it_says(told, stages)
    _moved_as_allowed(told, station.limits, table["plan"])
    _moved_only_upon_a_measurement(told, sum(allowed))
    _loaded_only_below_the_limit(told, station.limits)
    _stayed_within_the_budget_of_light(told)
    _left_no_light_on(told)
    _kept_the_specimen_cool(told, station.specimen.max_temperature_k)


def _ended_as_it_says(told: Told, stages: list[dict[str, Any]]) -> None:
    """Valid documents; every run has its stop, with a reason unless it succeeded."""
    for name, doc in told.documents:
        schema_validators[DocumentNames[name]].validate(doc)
    starts, stops = told.named("start"), told.named("stop")
    assert [doc["uid"] for doc in starts] == [doc["run_start"] for doc in stops]
    for stop in stops:
        reason = stop.get("reason", "")
        assert stop["exit_status"] == "success" or reason.strip()
        assert not re.search(r"(?<!\.)\.\.(?!\.)", reason), f"two full stops: {reason}"
        assert not re.search(r"Status\(|Error\(|object at 0x", reason), f"no sentence: {reason}"
    for start, stage in zip(starts, stages, strict=False):
        assert start["simulated"] is True
        assert start["plan_name"] == stage["plan"]
        assert start["allow_unmeasured_steps"] == stage.get("allow_unmeasured_steps", 0)


def _moved_as_allowed(told: Told, limits: StepLimits, plan: str) -> None:
    """Each intent is sent once at most, within limits, one way on each branch."""
    intents = told.intents
    targets = [intent["to_turns"] for intent in intents]
    # an intent that was refused or withdrawn was not sent; none was sent twice
    left = iter(targets)
    assert all(any(math.isclose(sent, each) for each in left) for sent in told.sent_turns)
    for intent in intents:
        assert limits.min_turns - 1e-9 <= intent["to_turns"] <= limits.max_turns + 1e-9
        assert abs(intent["to_turns"] - intent["from_turns"]) <= limits.max_step_turns + 1e-9
    for first, second in pairwise(targets):
        assert first != second, "a target was repeated"
    signs = [math.copysign(1.0, i["to_turns"] - i["from_turns"]) for i in intents]
    reversals = sum(a != b for a, b in pairwise(signs))
    assert reversals <= {"repeatability": 4, "full_experiment": 4, "close_and_seal": 0}.get(plan, 1)


def _moved_only_upon_a_measurement(told: Told, allowed: int) -> None:
    """Before each move a pressure, or a step without one where so many are allowed; else none."""
    steps = told.steps()
    measured_s = [s["clock_lab_time_s"] for s in steps if _pressure_is_known(s)]
    unmeasured_s = [
        s["clock_lab_time_s"]
        for s, after in pairwise([*steps, {}])
        if not (_pressure_is_known(s) or _is_taken_over(s, after))
    ]
    broken_s = [r["lab_time_s"] for r in told.moves if r["kind"] == "failed"]
    before_s = -math.inf
    for intent in told.intents:
        at_s = intent["lab_time_s"]
        gaps_s = [s for s in unmeasured_s if s < at_s]
        assert len(gaps_s) <= allowed, "a move after a failed measurement"
        assert not any(s < at_s for s in broken_s), "a move after a failed move"
        ended = any(before_s <= s <= at_s for s in measured_s + gaps_s)
        assert measured_s and ended, "a move without a measured pressure"
        before_s = at_s


def _is_taken_over(step: dict[str, Any], after: dict[str, Any]) -> bool:
    """Where one gauge was lost and another measured the same place."""
    return (
        after.get("step_gauge") not in (None, step.get("step_gauge"))
        and after["drive_turns"] == step["drive_turns"]
        and _pressure_is_known(after)
    )


def _pressure_is_known(step: dict[str, Any]) -> bool:
    """Of a step of a ramp by what it took for its pressure; plans without targets just look."""
    if step.get("step_outcome") in (None, "", "measured"):
        return bool(step["ruby_measured"])
    return math.isfinite(step["step_pressure_gpa"])


def _loaded_only_below_the_limit(told: Told, limits: StepLimits) -> None:
    """The screw goes no further where the pressure that it was last known at is above its limit."""
    known = [
        (step["clock_lab_time_s"], step["step_pressure_gpa"])
        for step in told.steps()
        if math.isfinite(step.get("step_pressure_gpa", math.nan))
    ]
    for intent in told.intents:
        if intent["to_turns"] > intent["from_turns"]:
            before_gpa = [gpa for at_s, gpa in known if at_s <= intent["lab_time_s"]]
            assert before_gpa and before_gpa[-1] <= limits.pressure_limit_gpa, "loaded beyond"


def _stayed_within_the_budget_of_light(told: Told) -> None:
    if told.account is None:
        return
    for (light, spot), dose in told.account.doses().items():
        for (limited, where), most_mj in BUDGET_MJ.items():
            if light == limited and where in ("*", spot):
                assert dose.energy_mj <= most_mj * (1 + 1e-6), dose


def _left_no_light_on(told: Told) -> None:
    """Each light is off when a run is over, and each of its openings has its end."""
    assert not told.left_on, "a light is on, or an opening has no end"


def _kept_the_specimen_cool(told: Told, limit_k: float | None) -> None:
    """Nothing is turned, lit or warmed above what the specimen stands, by the last reading."""
    if limit_k is None:
        return
    cell_k = -math.inf
    for each in told.happened:
        if each.what == "cell read":
            cell_k = each.value
        elif each.what == "setpoint":
            assert each.value <= limit_k, "a setpoint above what the specimen stands"
        else:
            assert cell_k <= limit_k, f"{each} while the cell is at {cell_k} K"
