"""A watch over time: grace, preconditions, edges, repetition, and what is missing."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.errors import RuleError
from dac_control.safety.rules import READY, Rule, Sample, Watch, ready_rule

STEP_S = 5.0


def told(
    watch: Watch, values: list[Any], *, name: str = "cell_temperature_k", step_s: float = STEP_S
) -> list[tuple[float, str]]:
    """Look at one reading step by step; None leaves it away. Returns time and kind of alarms."""
    found = []
    for number, value in enumerate(values):
        now_s = number * step_s
        readings = {} if value is None else {name: Sample(value, now_s)}
        found += [(now_s, alarm.kind) for alarm in watch.look(readings, now_s)]
    return found


def warm(**changed: Any) -> Rule:
    return Rule(**{"name": "warm", "condition": "cell_temperature_k > 80", **changed})


def test_it_is_told_after_the_grace_time_and_when_it_is_over() -> None:
    watch = Watch([warm(grace_s=10.0)])
    assert told(watch, [79, 81, 79, 81, 81, 81, 81, 79, 79]) == [
        (25.0, "raised"),
        (35.0, "resolved"),
    ]
    assert watch.raised == ()


def test_what_lasts_is_repeated_and_not_told_at_every_look() -> None:
    watch = Watch([warm(grace_s=0.0, repeat_s=60.0)])
    assert told(watch, [81.0] * 30) == [(0.0, "raised"), (60.0, "repeated"), (120.0, "repeated")]
    assert [rule.name for rule in watch.raised] == ["warm"]


def test_messages_hold_the_readings() -> None:
    rule = warm(grace_s=0.0, message="at {cell_temperature_k:.1f} K", ok_message="fine")
    watch = Watch([rule])
    (raised,) = watch.look({"cell_temperature_k": Sample(81.234, 0.0)}, 0.0)
    (over,) = watch.look({"cell_temperature_k": Sample(70.0, 1.0)}, 1.0)
    assert (raised.message, raised.time_s) == ("at 81.2 K", 0.0)
    assert (over.message, over.action) == ("fine", "notify")


@pytest.mark.parametrize("text", ["{cell}", "{turns.real}", "{turns!r}", "{turns:%Z}", "{", "{0}"])
def test_messages_with_anything_else_are_refused(text: str) -> None:
    with pytest.raises(RuleError):
        warm(message=text)


def test_was_cold_then_warm() -> None:
    rule = warm(
        grace_s=0.0,
        precondition="cell_temperature_k < 60",
        precondition_s=20.0,
        precondition_memory_s=15.0,
    )
    assert told(Watch([rule]), [90, 90, 50, 50, 90]) == []  # cold for too short
    cold = [50.0] * 6
    assert told(Watch([rule]), [*cold, 70, 90, 90]) == [(35.0, "raised")]
    assert told(Watch([rule]), [*cold, 70, 70, 70, 70, 90]) == []  # too long ago
    assert told(Watch([rule]), [*cold, 70, 90, 70, 90])[-1] == (40.0, "resolved")


def test_what_began_in_time_outlasts_the_memory_of_its_precondition() -> None:
    rule = warm(
        grace_s=60.0,
        precondition="cell_temperature_k < 60",
        precondition_s=0.0,
        precondition_memory_s=5.0,
    )
    assert told(Watch([rule]), [50.0, *[90.0] * 20]) == [(65.0, "raised")]


def test_a_value_that_never_comes_is_an_alarm_after_its_time() -> None:
    watch = Watch([warm(missing_action="hold")])
    found = []
    for now_s in range(0, 60, 5):
        found += watch.look({}, float(now_s))
    assert [(alarm.kind, alarm.time_s, alarm.action) for alarm in found] == [
        ("missing", 30.0, "hold")
    ]
    assert "cell_temperature_k has no value" in found[0].message
    (over,) = watch.look({"cell_temperature_k": Sample(4.0, 60.0)}, 60.0)
    assert (over.kind, over.missing) == ("resolved", True)


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (Sample(math.nan, 100.0), "was not measured"),
        (Sample(9999.0, 100.0), "reads 9999 K, which cannot be"),
        (Sample(-1.0, 100.0), "cannot be"),
        (Sample(4.0, 60.0), "is 40 s old"),
        (Sample(4.0, math.nan), "has no value"),
        (None, "has no value"),
    ],
)
def test_values_that_cannot_be_used_are_an_alarm(sample: Sample | None, said: str) -> None:
    watch = Watch([warm()])
    assert watch.look({"cell_temperature_k": Sample(4.0, 50.0)}, 50.0) == []
    readings = {} if sample is None else {"cell_temperature_k": sample}
    (alarm,) = watch.look(readings, 100.0)
    assert alarm.kind == "missing"
    assert said in alarm.message


def test_what_was_raised_stays_raised_while_nobody_can_tell() -> None:
    watch = Watch([warm(grace_s=0.0)])
    kinds = [kind for _, kind in told(watch, [81, None, None, 81, 70])]
    assert kinds == ["raised", "missing", "resolved", "resolved"]


def test_what_has_no_value_in_the_normal_course_is_no_alarm() -> None:
    rule = ready_rule("pressure_window", {})
    watch = Watch([rule])
    nan = math.nan
    for now_s, p, low, high in [
        (0.0, 5.0, nan, nan),
        (60.0, 6.0, 5.5, 6.5),
        (120.0, 7.0, 6.5, 7.5),
    ]:
        readings = {
            "pressure_gpa": Sample(p, now_s),
            "predicted_low_gpa": Sample(low, now_s),
            "predicted_high_gpa": Sample(high, now_s),
        }
        assert watch.look(readings, now_s) == []
    readings["pressure_gpa"] = Sample(9.0, 180.0)
    (alarm,) = watch.look(readings, 180.0)
    assert alarm.action == "hold"
    assert "9.00 GPa" in alarm.message


def test_rates_are_slopes_per_minute() -> None:
    rule = Rule(name="r", condition="rate(cell_temperature_k, 60) > 1.9", grace_s=0.0)
    assert told(Watch([rule]), [10 + 2 * n / 12 for n in range(20)]) == [(30.0, "raised")]
    slow = [10 + 1.8 * n / 12 for n in range(20)]
    assert told(Watch([rule]), slow) == []


@settings(max_examples=25)
@given(st.floats(-5, 5), st.integers(3, 2000), st.floats(1, 30))
def test_a_steady_slope_is_found_whatever_the_pace(
    per_min: float, count: int, step_s: float
) -> None:
    above = Rule(name="a", condition=f"rate(turns, 120) > {per_min - 0.01!r}", grace_s=0.0)
    below = Rule(name="b", condition=f"rate(turns, 120) > {per_min + 0.01!r}", grace_s=0.0)
    watch, told_of = Watch([above, below]), set()
    for number in range(min(count, int(300 / step_s))):
        now_s = number * step_s
        for alarm in watch.look({"turns": Sample(per_min * now_s / 60, now_s)}, now_s):
            told_of.add(alarm.rule.name)
    assert told_of == ({"a"} if (min(count, int(300 / step_s)) - 1) * step_s >= 60 else set())


def test_a_drop_over_one_reading_is_told_unless_the_screw_unloads() -> None:
    def look(turns_per_look: float) -> list[str]:
        watch, found = Watch([ready_rule("pressure_drop", {})]), []
        for number, pressure in enumerate([30, 30, 30, 30, 30, 30, 24, 24]):
            now_s = 60.0 * number
            readings = {
                "pressure_gpa": Sample(pressure, now_s),
                "turns": Sample(0.5 + turns_per_look * number, now_s),
            }
            found += [alarm.kind for alarm in watch.look(readings, now_s)]
        return found

    assert look(0.0) == ["raised", "resolved"]
    assert look(0.01) == ["raised", "resolved"]
    assert look(-0.01) == []


def test_a_drop_by_unloading_is_none_either_once_the_turn_is_long_ago() -> None:
    watch, found = Watch([ready_rule("pressure_drop", {})]), []
    for now_s in range(0, 1200, 5):
        # a step of the screw at 600 s, and the next reading but one only 6 min after it
        read_s = 0 if now_s < 300 else 300 if now_s < 605 else 605 if now_s < 1000 else 1000
        readings = {
            "pressure_gpa": Sample(30.0 if read_s < 600 else 26.0, read_s),
            "turns": Sample(0.5 if now_s < 600 else 0.485, now_s),
        }
        found += watch.look(readings, now_s)
    assert found == []


def test_a_hole_that_grows_while_the_load_rises() -> None:
    def look(um_per_h: float, turns_per_h: float) -> list[str]:
        watch, found = Watch([ready_rule("hole_growth", {})]), []
        for number in range(19):
            now_s = 600.0 * number
            hole = Sample(100 + um_per_h * now_s / 3600, now_s)
            turns = Sample(turns_per_h * now_s / 3600, now_s)
            found += [a.kind for a in watch.look({"hole_um": hole, "turns": turns}, now_s)]
        return found

    assert look(5.0, 0.1) == ["raised", *["repeated"] * 4]
    assert look(-5.0, 0.1) == []
    assert look(5.0, 0.0) == []


def test_a_heater_that_runs_away_is_switched_off() -> None:
    watch, found = Watch([ready_rule("heater_runaway", {})]), []
    for number in range(100):
        now_s = 5.0 * number
        readings = {
            "heater_percent": Sample(100.0, now_s),
            "stage_temperature_k": Sample(0.0, now_s),
        }
        found += watch.look(readings, now_s)
    assert [(alarm.action, alarm.time_s) for alarm in found] == [("heater_off", 120.0)]


@pytest.mark.parametrize("kind", sorted(READY))
def test_every_ready_made_rule_can_be_made(kind: str) -> None:
    rule = ready_rule(kind, {}, name="mine", grace_s=7.0)
    assert (rule.name, rule.grace_s) == ("mine", 7.0)
    assert rule.needs


def test_ready_made_rules_refuse_what_they_do_not_have() -> None:
    with pytest.raises(RuleError, match="pressure_window"):
        ready_rule("pressure_windo", {})
    with pytest.raises(RuleError, match="max_k"):
        ready_rule("cell_warms", {"max": 3})
    with pytest.raises(RuleError, match="never"):
        ready_rule("cell_warms", {"max_k": 3000})
    with pytest.raises(RuleError):
        ready_rule("cell_warms", {"max_k": math.inf})


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(RuleError, match="'warm'"):
        Watch([warm(), warm(grace_s=1.0)])


samples = st.none() | st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(samples, st.floats(-50, 400)), max_size=40))
def test_whatever_is_read_edges_come_in_pairs(looks: list[tuple[float | None, float]]) -> None:
    watch = Watch([warm(grace_s=3.0, repeat_s=20.0)])
    state = {False: "quiet", True: "quiet"}
    for value, now_s in looks:
        readings = {} if value is None else {"cell_temperature_k": Sample(value, now_s)}
        for alarm in watch.look(readings, now_s):
            if alarm.kind in ("raised", "missing"):
                assert state[alarm.missing] == "quiet"
                state[alarm.missing] = "told"
            else:
                assert state[alarm.missing] == "told"
            if alarm.kind == "resolved":
                state[alarm.missing] = "quiet"
