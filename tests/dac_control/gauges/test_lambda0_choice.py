"""Which lambda0 of a chip counts, and on which axis it stands."""

import dataclasses
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.gauges import Lambda0
from dac_control.gauges.lambda0_choice import on_axis, on_own_axis, to_use

TODAY = datetime.date(2026, 11, 29)


def lambda0(days_ago: int, temperature_k: float = 296.0, value_nm: float = 694.25, axis: str = ""):
    return Lambda0(
        value_nm=value_nm,
        sigma_nm=0.004,
        chip="chip 3",
        date=TODAY - datetime.timedelta(days=days_ago),
        temperature_k=temperature_k,
        axis=axis,
    )


def test_the_newest_at_each_temperature_is_used_and_the_cold_one_kept() -> None:
    old, cold, new = lambda0(40), lambda0(20, 80.0, 693.37), lambda0(2, 299.0, 694.27)
    assert to_use([new, old, cold], TODAY) == (cold, new)


def test_what_is_too_old_goes_unless_everything_is() -> None:
    old, cold = lambda0(40), lambda0(20, 80.0, 693.37)
    assert to_use([old, cold], TODAY, 30.0) == (cold,)
    assert to_use([old, cold], TODAY, 10.0) == (old, cold)
    undated = dataclasses.replace(cold, date=None)
    assert to_use([old, undated], TODAY, 50.0) == (old,)


def test_of_two_of_one_day_the_later_said_counts() -> None:
    stated, measured = lambda0(0, value_nm=694.2), lambda0(0, value_nm=694.3)
    assert to_use([stated, measured], TODAY) == (measured,)


@given(
    offset_nm=st.floats(-0.5, 0.5),
    slope_nm=st.floats(-0.2, 0.2),
    value_nm=st.floats(686.0, 700.0),
)
def test_there_and_back_is_where_it_was(
    axis_calibration: Any, offset_nm: float, slope_nm: float, value_nm: float
) -> None:
    axis = axis_calibration(offset_nm, datetime.datetime.now(tz=datetime.UTC), slope_nm)
    moved = on_axis(lambda0(1, value_nm=value_nm), axis)
    assert moved.value_nm == pytest.approx(float(axis.apply(value_nm)), abs=1e-12)
    assert moved.axis == axis.describe()
    assert on_own_axis(moved, axis).value_nm == pytest.approx(value_nm, abs=1e-9)


def test_one_that_stands_on_lamp_lines_already_is_left_alone(axis_calibration: Any) -> None:
    axis = axis_calibration(0.1, datetime.datetime.now(tz=datetime.UTC))
    measured = lambda0(1, axis="neon, yesterday")
    assert on_axis(measured, axis) is measured
    assert on_axis(lambda0(1), None) == lambda0(1)
