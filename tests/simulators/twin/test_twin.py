"""The twin as the instruments' simulators use it."""

import json
import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from simulators.clock import SimulatedClock
from simulators.twin import LoopState, Twin, TwinSettings

MakeTwin = Callable[..., Twin]


class HandClock(Protocol):
    def now(self) -> float: ...

    def wait(self, lab_s: float) -> None: ...


def turns_to(twin: Twin, pressure_gpa: float, step: float) -> float:
    """Turn in small steps until the equilibrium pressure has passed a value; return where."""
    sign = 1.0 if step > 0 else -1.0
    while sign * (twin.state()["equilibrium_gpa"] - pressure_gpa) < 0.0:
        twin.turn_to(twin.turns + step)
    return twin.turns


@pytest.mark.parametrize("seed", range(12))
def test_every_cell_stands_near_2_gpa_and_reaches_40_in_a_third_of_a_turn(
    make_twin: MakeTwin, seed: int
) -> None:
    twin = make_twin(seed)
    assert twin.turns == 0.0
    assert 1.4 < twin.state()["pressure_gpa"] < 2.6
    top = turns_to(twin, 40.0, 0.002)
    assert 0.22 < top < 0.40
    before = twin.state()["equilibrium_gpa"]
    edge = turns_to(twin, before - 1e-9, -0.002)
    assert 0.05 < top - edge < 0.2
    turns_to(twin, 0.01, -0.002)
    assert -0.2 < twin.turns < 0.0
    assert twin.torque_fraction < 1.0


def test_pressure_relaxes_after_a_turn_in_laboratory_time(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin()
    twin.turn_to(0.1)
    pressures = [twin.state()["pressure_gpa"]]
    for wait_s in (60.0, 600.0, 6000.0, 60_000.0):
        clock.wait(wait_s)
        pressures.append(twin.state()["pressure_gpa"])
    step = twin.state()["equilibrium_gpa"] - 2.0
    assert np.all(np.diff(pressures) > 0.0)
    assert 0.005 < (pressures[-1] - pressures[0]) / step < 0.05


def test_state_and_truth_and_certificates_are_json(make_twin: MakeTwin) -> None:
    twin = make_twin()
    twin.expose(0.0, 0.1)
    for document in (twin.state(), twin.truth(), twin.certificates(), twin.last_exposure()):
        assert json.loads(json.dumps(document)) == document


def test_r1_on_the_axis_is_r1_plus_the_error_of_the_axis(make_twin: MakeTwin) -> None:
    twin = make_twin()
    state, truth = twin.state(), twin.truth()
    error = state["r1_axis_nm"] - state["r1_nm"]
    assert error == pytest.approx(truth["axis_offset_nm"] + truth["axis_drift_nm"])
    # where the shift in nm is kept, the scale counts from a line nearer to that of 296 K
    moved = state["lambda0_nm"] - truth["lambda0_nm"]
    from_nm = state["lambda0_nm"] - truth["shift_kept_part"] * moved
    delta = (state["r1_nm"] - state["lambda0_nm"]) / from_nm
    cold = 1.0 + truth["cold_coefficient"] * (296.0 - state["ruby_k"]) / (296.0 - 4.5)
    pressure = truth["ruby_a_gpa"] * cold * delta * (1.0 + truth["ruby_c"] * delta)
    assert pressure == pytest.approx(state["pressure_gpa"], abs=1e-9)


def test_counts_are_useful_from_2_to_45_gpa(make_twin: MakeTwin) -> None:
    twin = make_twin()
    low = twin.expose(0.0, 0.5).astype(float)
    assert 10_000 < low.max() - np.median(low) < 30_000
    turns_to(twin, 45.0, 0.005)
    high = twin.expose(0.0, 2.0).astype(float)
    assert 4_000 < high.max() - np.median(high) < 60_000
    nm = np.polynomial.Polynomial(twin.wavelength_coefficients)(int(high.argmax()))
    assert nm == pytest.approx(twin.state()["r1_axis_nm"], abs=0.06)


def test_light_off_leaves_only_the_dark_and_cools_the_chip(make_twin: MakeTwin) -> None:
    twin = make_twin()
    warm = twin.state()["ruby_k"] - twin.state()["cell_k"]
    twin.light_on = False
    assert not twin.light_on
    counts = twin.expose(0.0, 1.0)
    assert counts.max() < 1700
    assert warm == pytest.approx(0.3, abs=0.01)
    assert twin.state()["ruby_k"] == twin.state()["cell_k"]
    last = twin.last_exposure()
    assert last is not None
    assert last["light_on"] is False


def test_an_exposure_in_the_past_sees_the_pressure_of_then(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin()
    clock.wait(100.0)
    before = twin.state()["r1_nm"]
    twin.turn_to(0.2)
    clock.wait(100.0)
    twin.expose(50.0, 1.0)
    then = twin.last_exposure()
    assert then is not None
    assert then["r1_nm"] == pytest.approx(before, abs=1e-6)
    assert then["turns"] == 0.0
    twin.expose(150.0, 1.0)
    later = twin.last_exposure()
    assert later is not None
    assert later["r1_nm"] > before + 5.0


def test_the_line_moves_during_an_exposure_and_the_mean_is_told(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin()
    twin.turn_to(0.1)
    twin.expose(0.0, 600.0)  # reaches into the future
    mean = twin.last_exposure()
    assert mean is not None
    times = np.linspace(0.0, 600.0, 61)
    positions = []
    for _ in times:
        positions.append(twin.state()["r1_nm"])
        clock.wait(10.0)
    assert np.ptp(positions) > 0.02
    expected = np.trapezoid(positions, times) / 600.0
    assert mean["r1_nm"] == pytest.approx(expected, abs=1e-4)
    assert mean["r1_axis_nm"] == pytest.approx(mean["r1_nm"], abs=0.05)


def test_an_exposure_across_a_turn_sees_both_sides(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    clock.wait(1.0)
    low = twin.state()["r1_axis_nm"]
    twin.turn_to(0.2)
    high = twin.state()["r1_axis_nm"]
    clock.wait(1.0)
    counts = twin.expose(0.0, 2.0).astype(float)
    nm = np.polynomial.Polynomial(twin.wavelength_coefficients)(np.arange(twin.pixels))
    for place in (low, high):
        assert counts[np.abs(nm - place) < 0.1].max() > np.median(counts) + 5000


def test_sensors_read_setpoint_truth_and_nothing(make_twin: MakeTwin) -> None:
    twin = make_twin()
    stage = [twin.sensor_k("A") for _ in range(200)]
    assert np.mean([k for k in stage if k is not None]) == pytest.approx(80.0, abs=5e-4)
    assert np.std([k for k in stage if k is not None]) == pytest.approx(0.001, rel=0.2)
    cell = twin.sensor_k("B")
    assert cell is not None
    error = twin.truth()["sensor_error_80k_k"]["B"]
    assert cell - twin.state()["cell_k"] == pytest.approx(error, abs=0.005)
    assert twin.sensor_k("C") is None
    assert twin.sensor_k("D") is None
    with pytest.raises(ValueError, match="inputs A to D"):
        twin.sensor_k("E")


def test_sensor_errors_over_twins_follow_the_certificate(clock: HandClock) -> None:
    z = []
    for seed in range(150):
        twin = Twin(seed, clock, TwinSettings(noise=False))
        reading = twin.sensor_k("B")
        assert reading is not None
        z.append((reading - twin.state()["cell_k"]) / twin.certificates()["temperature_sigma_k"])
    assert np.std(z) == pytest.approx(1.0, abs=0.2)


def test_the_loop_starts_closed_and_settled_on_the_stage(make_twin: MakeTwin) -> None:
    twin = make_twin(start_temperature_k=60.0)
    loop = twin.loop(1)
    assert isinstance(loop, LoopState)
    assert (loop.mode, loop.input, loop.range, loop.setpoint_k) == (1, "A", 3, 60.0)
    assert 20.0 < twin.heater_percent(1) < 80.0
    assert twin.loop(2).mode == 0
    assert not twin.ramping(1)


def test_a_ramp_of_the_setpoint_can_be_frozen_on_its_way(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin()
    twin.set_loop(1, ramp_on=True, ramp_k_per_min=6.0)
    twin.set_loop(1, setpoint_k=110.0)
    clock.wait(100.0)
    assert twin.ramping(1)
    assert twin.moving_setpoint_k(1) == pytest.approx(90.0)
    twin.set_loop(1, setpoint_k=twin.moving_setpoint_k(1))
    assert not twin.ramping(1)
    clock.wait(5000.0)
    assert twin.sensor_k("A") == pytest.approx(90.0, abs=0.05)
    assert twin.state()["cell_k"] > 90.0


def test_pressure_changes_a_little_with_temperature(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin()
    twin.turn_to(0.3)
    clock.wait(1e6)
    cold = twin.state()["pressure_gpa"]
    twin.set_loop(1, setpoint_k=280.0)
    clock.wait(40_000.0)
    assert 0.005 < twin.state()["pressure_gpa"] / cold - 1.0 < 0.05


def spectra_of(seed: int, clock: HandClock, *, busy: bool = False) -> list[np.ndarray]:
    twin = Twin(seed, clock)
    twin.turn_to(0.05)
    spectra = []
    for _ in range(2):
        if busy:
            twin.sensor_k("A")
            twin.sensor_k("B")
            twin.frame(0.01)
        spectra.append(twin.expose(clock.now(), 0.3))
    return spectra


def test_the_same_seed_gives_the_same_counts(clock: HandClock) -> None:
    first, second, other = (spectra_of(seed, clock) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], first[1])


def test_calls_of_one_subsystem_do_not_shift_another(clock: HandClock) -> None:
    np.testing.assert_array_equal(spectra_of(4, clock), spectra_of(4, clock, busy=True))


def test_a_clock_that_steps_back_changes_nothing(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin()
    clock.wait(100.0)
    before = twin.state()
    clock.wait(-50.0)
    assert twin.state() == before


def test_many_threads_at_once_end_in_a_consistent_state() -> None:
    twin = Twin(0, SimulatedClock(500.0))
    failures: list[BaseException] = []
    start = threading.Barrier(5)

    def repeat(action: Callable[[int], object]) -> None:
        try:
            start.wait(10.0)
            for index in range(40):
                action(index)
        except Exception as error:  # noqa: BLE001  (the test reports whatever happened)
            failures.append(error)

    actions: list[Callable[[int], object]] = [
        lambda i: twin.turn_to(0.002 * i),
        lambda i: twin.expose(twin.state()["lab_time_s"], 0.1),
        lambda i: twin.set_loop(1, setpoint_k=80.0 + i % 3),
        lambda i: (twin.sensor_k("A"), twin.heater_percent(1), twin.moving_setpoint_k(1)),
        lambda i: twin.frame(0.01),
    ]
    threads = [threading.Thread(target=repeat, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
    assert twin.turns == pytest.approx(0.078)
    assert twin.state()["equilibrium_gpa"] > 5.0


def test_impossible_calls_are_refused(make_twin: MakeTwin) -> None:
    twin = make_twin()
    with pytest.raises(ValueError, match="cannot be turned"):
        twin.turn_to(float("nan"))
    with pytest.raises(ValueError, match="cannot be exposed"):
        twin.expose(0.0, 0.0)
    with pytest.raises(ValueError, match="start temperature"):
        TwinSettings(start_temperature_k=0.0)
    with pytest.raises(ValueError, match="cannot be negative"):
        TwinSettings(light_mw=-1.0)
    with pytest.raises(TypeError):
        twin.set_loop(1, colour="blue")
    assert twin.last_exposure() is None


def test_without_systematics_the_papers_give_the_pressure(make_twin: MakeTwin) -> None:
    twin = make_twin(systematics=False, noise=False)
    paper, state = twin.certificates(), twin.state()
    shift = state["lambda0_nm"] - twin.truth()["lambda0_nm"]
    delta = state["r1_axis_nm"] / (paper["lambda0_nm"] + shift) - 1.0
    assert 1870.0 * delta * (1.0 + 5.63 * delta) == pytest.approx(state["pressure_gpa"], abs=1e-4)
