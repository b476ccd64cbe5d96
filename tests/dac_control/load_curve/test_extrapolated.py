"""An extrapolated pressure has no way to become a measured one."""

import dataclasses
import json

import numpy as np
import pytest

from dac_control.load_curve import Extrapolated, Interpolated, LoadCurveError, fit_load_curve
from plans.step_choice import Point

TURNS = np.linspace(0.1, 1.0, 8)


@pytest.fixture
def far():
    curve = fit_load_curve(TURNS, 40 * TURNS, np.full(8, 0.1), branch="load")
    found = curve.predict(1.8)
    assert isinstance(found, Extrapolated)
    return found


def test_it_shares_nothing_with_a_measurement(far):
    assert Extrapolated.__mro__ == (Extrapolated, object)
    assert Interpolated.__mro__ == (Interpolated, object)
    fields = {field.name for field in dataclasses.fields(Extrapolated)}
    # names under which pressures are stored or taken from a gauge
    assert not fields & {"pressure_gpa", "sigma_stat_gpa", "sigma_sys_gpa", "measured", "ok"}
    assert far.fraction == pytest.approx(0.8 / 0.9)


@pytest.mark.parametrize("conversion", [float, int, round, lambda value: value + 0.0, json.dumps])
def test_it_converts_to_no_number(far, conversion):
    with pytest.raises(TypeError):
        conversion(far)


def test_it_cannot_be_put_into_an_array_of_pressures(far):
    with pytest.raises(TypeError):
        np.asarray([1.0, far], dtype=float)


def test_the_fit_takes_it_for_no_point(far):
    with pytest.raises(LoadCurveError, match="not a measurement"):
        fit_load_curve([0.1, 0.2, 1.8], [4.0, 8.0, far], [0.1, 0.1, 0.1], branch="load")


def test_a_ramp_takes_it_for_no_step(far):
    with pytest.raises(TypeError, match="not a measurement"):
        Point(1.8, far, 0.1)


def test_it_cannot_be_changed(far):
    with pytest.raises(dataclasses.FrozenInstanceError):
        far.fraction = 0.0
