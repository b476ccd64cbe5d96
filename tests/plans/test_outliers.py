import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import LimitError
from plans.outliers import Expected, OutlierSettings, Reading, judge_readings

EXPECTED = Expected(median_gpa=50.0, low_gpa=48.0, high_gpa=53.0)
SETTINGS = OutlierSettings()


def judge(*pressures: float, sigma: float = 0.05, expected: Expected | None = EXPECTED):
    readings = [Reading(pressure_gpa=p, sigma_gpa=sigma) for p in pressures]
    return judge_readings(readings, expected, SETTINGS)


def test_a_reading_inside_is_accepted() -> None:
    verdict = judge(51.0)
    assert (verdict.action, verdict.outcome, verdict.used) == ("accept", "expected", 0)


def test_the_interval_is_taken_on_its_own_side() -> None:
    assert judge(50.0 - 4.2).action == "remeasure"
    assert judge(50.0 + 4.2).action == "accept"


def test_an_uncertain_reading_is_given_its_own_error() -> None:
    assert judge(56.0, sigma=2.0).action == "accept"
    assert judge(56.0, sigma=0.02).action == "remeasure"


def test_an_outlier_is_replaced_and_kept() -> None:
    verdict = judge(61.0, 50.3)
    assert (verdict.action, verdict.outcome, verdict.used) == ("accept", "outlier_replaced", 1)
    assert verdict.contradicting == (0,)
    assert "61.00" in verdict.message


def test_a_jump_of_the_cell_is_believed_when_seen_twice() -> None:
    verdict = judge(61.0, 61.05)
    assert (verdict.action, verdict.outcome, verdict.used) == ("accept", "confirmed", 1)
    assert verdict.agreeing == (0,)


def test_readings_that_agree_with_nothing_end_without_a_pressure() -> None:
    assert judge(61.0, 70.0).action == "remeasure"
    verdict = judge(61.0, 70.0, 80.0)
    assert (verdict.action, verdict.used) == ("give_up", None)
    assert verdict.contradicting == (0, 1)


def test_a_third_reading_may_side_with_the_first() -> None:
    verdict = judge(61.0, 70.0, 61.02)
    assert (verdict.outcome, verdict.agreeing, verdict.contradicting) == ("confirmed", (0,), (1,))


def test_without_a_prediction_nothing_is_an_outlier() -> None:
    verdict = judge(61.0, expected=None)
    assert (verdict.action, verdict.outcome) == ("accept", "not_predicted")
    assert verdict.to_dict()["distances"] == [None]


WIDE = Expected(median_gpa=50.0, low_gpa=20.0, high_gpa=90.0)


@pytest.mark.parametrize("expected", [WIDE, None])
def test_two_readings_that_both_fit_and_contradict_each_other_are_not_believed(
    expected: Expected | None,
) -> None:
    verdict = judge(41.0, 49.0, expected=expected)
    assert (verdict.action, verdict.outcome, verdict.used) == ("remeasure", "unresolved", None)
    assert "49.00 GPa contradicts the reading of 41.00 GPa" in verdict.message
    said = "nothing was predicted" if expected is None else "expected: 20.00 to 90.00 GPa"
    assert f"({said})" in verdict.message
    # whichever of the two was the stray, two that agree outvote it
    for third, contradicted in ((41.02, (1,)), (48.97, (0,))):
        verdict = judge(41.0, 49.0, third, expected=expected)
        assert (verdict.outcome, verdict.used) == ("outlier_replaced", 2)
        assert verdict.contradicting == contradicted
    verdict = judge(41.0, 49.0, 45.0, expected=expected)
    assert (verdict.action, verdict.used) == ("give_up", None)
    assert "41.00, 49.00 GPa" in verdict.message


def test_noise_within_a_window_costs_no_further_reading() -> None:
    # four standard deviations of the difference apart: small against any step
    assert judge(50.0, 50.28, expected=WIDE).action == "accept"


def test_an_earlier_reading_outside_the_window_leaves_no_doubt_of_one_inside() -> None:
    assert judge(130.0, 150.0, 49.0, expected=WIDE).outcome == "outlier_replaced"


def test_a_certain_prediction_and_reading_have_no_slack() -> None:
    sharp = Expected(median_gpa=1.0, low_gpa=1.0, high_gpa=1.0)
    assert judge(1.0, sigma=0.0, expected=sharp).action == "accept"
    verdict = judge(1.1, sigma=0.0, expected=sharp)
    assert verdict.action == "remeasure"
    json.dumps(verdict.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reading(pressure_gpa=math.nan, sigma_gpa=0.1),
        lambda: Reading(pressure_gpa=1.0, sigma_gpa=-0.1),
        lambda: Expected(median_gpa=1.0, low_gpa=2.0, high_gpa=3.0),
        lambda: OutlierSettings(max_readings=1),
        lambda: OutlierSettings(outside_sigma=0.0),
        lambda: OutlierSettings(contradict_sigma=0.0),
        lambda: OutlierSettings(drift_allowance_gpa=-1.0),
        lambda: judge_readings([], EXPECTED, SETTINGS),
    ],
)
def test_impossible_input_is_refused(make) -> None:
    with pytest.raises(LimitError):
        make()


readings = st.builds(Reading, pressure_gpa=st.floats(-10, 600), sigma_gpa=st.floats(0, 50))


@given(st.lists(readings, min_size=1, max_size=5), st.booleans())
def test_the_value_is_never_an_average_and_every_reading_is_accounted_for(taken, known) -> None:
    verdict = judge_readings(taken, EXPECTED if known else None, SETTINGS)
    assert verdict.used in (None, len(taken) - 1)
    assert (verdict.used is not None) == (verdict.action == "accept")
    assert sorted(verdict.agreeing + verdict.contradicting) == list(range(len(taken) - 1))
    json.dumps(verdict.to_dict(), allow_nan=False)
    if verdict.action == "remeasure":
        assert len(taken) < SETTINGS.max_readings
