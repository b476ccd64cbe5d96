"""Load curve and relaxation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.twin.cell import LoadCurve, Relaxation
from simulators.twin.settings import CellSettings

CURVE = LoadCurve(pmax_gpa=420.0, f0_kn=4.0, exponent=1.25)
SETTINGS = CellSettings()


def closed_form(step_gpa: float, elapsed_s: float, temperature_k: float) -> float:
    mobility = math.sqrt(temperature_k / 300.0)
    late = SETTINGS.relaxation_fraction * (
        SETTINGS.fast_weight * math.exp(-elapsed_s / SETTINGS.fast_s)
        + (1.0 - SETTINGS.fast_weight) * math.exp(-elapsed_s / SETTINGS.slow_s)
    )
    creep = SETTINGS.creep_per_decade * math.log10(1.0 + elapsed_s / SETTINGS.creep_t0_s)
    return step_gpa * (1.0 + mobility * (creep - late))


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(pressure=st.floats(0.0, 419.0))
def test_force_is_the_inverse_of_pressure(pressure: float) -> None:
    assert CURVE.pressure_gpa(CURVE.force_kn(pressure)) == pytest.approx(pressure, abs=1e-9)


def test_the_curve_rises_and_saturates() -> None:
    pressures = [CURVE.pressure_gpa(f) for f in np.linspace(0.0, 100.0, 500)]
    assert pressures[0] == 0.0
    assert np.all(np.diff(pressures) > 0.0)
    assert 400.0 < pressures[-1] < 420.0
    with pytest.raises(ValueError, match="never 420"):
        CURVE.force_kn(420.0)


@pytest.mark.parametrize("temperature_k", [5.0, 80.0, 300.0])
@pytest.mark.parametrize("elapsed_s", [1e-3, 1.0, 60.0, 600.0, 7200.0, 1e5, 1e6])
def test_one_step_follows_the_closed_form(elapsed_s: float, temperature_k: float) -> None:
    relaxation = Relaxation(SETTINGS)
    state = relaxation.step(relaxation.settled(0.0, 10.0), 3.0, temperature_k)
    pressure = relaxation.pressure_gpa(relaxation.at(state, elapsed_s))
    assert pressure == pytest.approx(10.0 + closed_form(3.0, elapsed_s, temperature_k), abs=2e-5)


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(jumps=st.lists(st.floats(0.0, 1e5), min_size=1, max_size=20))
def test_jumps_of_the_clock_add_up_exactly(jumps: list[float]) -> None:
    relaxation = Relaxation(SETTINGS)
    split = relaxation.step(relaxation.settled(0.0, 2.0), 5.0, 80.0)
    direct = relaxation.at(split, math.fsum(jumps))
    now = 0.0
    for jump in jumps:
        now += jump
        split = relaxation.at(split, now)
    expected = relaxation.pressure_gpa(direct)
    assert relaxation.pressure_gpa(split) == pytest.approx(expected, rel=1e-9)


def test_steps_superpose() -> None:
    relaxation = Relaxation(SETTINGS)
    state = relaxation.step(relaxation.settled(0.0, 2.0), 3.0, 80.0)
    state = relaxation.step(relaxation.at(state, 400.0), -1.0, 80.0)
    pressure = relaxation.pressure_gpa(relaxation.at(state, 1000.0))
    expected = 2.0 + closed_form(3.0, 1000.0, 80.0) + closed_form(-1.0, 600.0, 80.0)
    assert pressure == pytest.approx(expected, abs=2e-5)


def test_a_loading_step_only_rises_and_a_cold_one_moves_less() -> None:
    relaxation = Relaxation(SETTINGS)
    rises = []
    for temperature_k in (5.0, 300.0):
        state = relaxation.step(relaxation.settled(0.0, 10.0), 3.0, temperature_k)
        pressures = [
            relaxation.pressure_gpa(relaxation.at(state, t)) for t in np.geomspace(0.01, 1e7, 80)
        ]
        assert np.all(np.diff(pressures) > 0.0)
        rises.append(pressures[-1] - pressures[0])
    assert rises[0] == pytest.approx(rises[1] * math.sqrt(5.0 / 300.0), rel=1e-3)


def test_pressure_never_falls_below_zero() -> None:
    relaxation = Relaxation(SETTINGS)
    state = relaxation.step(relaxation.settled(0.0, 1.0), -1.0, 300.0)
    assert relaxation.pressure_gpa(relaxation.at(state, 1e7)) == 0.0
