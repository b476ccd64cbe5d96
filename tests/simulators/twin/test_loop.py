"""One output of the controller: setpoint, ramp, modes."""

from dataclasses import replace

import pytest

from simulators.twin.loop import Loop, LoopState

CLOSED = LoopState(mode=1, range=3, setpoint_k=80.0, ramp_on=True, ramp_k_per_min=6.0)


def test_a_ramped_setpoint_moves_at_its_rate_and_stops_at_its_target() -> None:
    loop = Loop(CLOSED)
    loop.change(replace(CLOSED, setpoint_k=83.0))
    assert loop.ramping
    loop.accept(80.0, 80.0, 10.0)
    assert loop.moving_k == pytest.approx(81.0)
    loop.accept(80.0, 80.0, 1000.0)
    assert loop.moving_k == 83.0
    assert not loop.ramping


@pytest.mark.parametrize("changes", [{"ramp_on": False}, {"ramp_k_per_min": 0.0}])
def test_without_a_rate_the_setpoint_is_a_step(changes: dict) -> None:
    loop = Loop(CLOSED)
    loop.change(replace(CLOSED, setpoint_k=70.0, **changes))
    assert loop.moving_k == 70.0


def test_a_target_set_to_where_the_ramp_has_come_freezes_it() -> None:
    loop = Loop(CLOSED)
    loop.change(replace(CLOSED, setpoint_k=90.0))
    loop.accept(80.0, 80.0, 20.0)
    loop.change(replace(loop.state, setpoint_k=loop.moving_k))
    loop.accept(80.0, 80.0, 1000.0)
    assert loop.moving_k == pytest.approx(82.0)
    assert not loop.ramping


def test_proportional_and_integral_act_as_the_manual_says() -> None:
    loop = Loop(replace(CLOSED, p=10.0, i=20.0), integral_percent=30.0)
    # 1 K below for 5 s: 10 % from P, 10 %/K times 5 s over 50 s from I
    output, slope = loop.respond(79.0, 79.0, 5.0)
    assert output == pytest.approx(30.0 + 10.0 + 1.0)
    assert slope == pytest.approx(-11.0)


def test_derivative_brakes_a_rise_of_the_reading() -> None:
    loop = Loop(replace(CLOSED, p=10.0, i=20.0, d=100.0), integral_percent=50.0)
    calm, _ = loop.respond(80.0, 80.0, 10.0)
    rising, _ = loop.respond(80.0, 79.5, 10.0)
    assert calm - rising == pytest.approx(10.0 * 12.5 * 0.05)


def test_a_saturated_loop_does_not_integrate_further() -> None:
    loop = Loop(CLOSED, integral_percent=40.0)
    loop.accept(60.0, 60.0, 100.0)
    assert loop.output_percent == 100.0
    assert loop.integral_percent == 40.0


def test_switched_off_gives_nothing_and_forgets_its_integral() -> None:
    loop = Loop(CLOSED, integral_percent=40.0)
    assert loop.output_percent == 40.0
    loop.change(replace(CLOSED, range=0))
    assert (loop.output_percent, loop.integral_percent) == (0.0, 0.0)
    assert loop.respond(10.0, 10.0, 1.0) == (0.0, 0.0)


def test_open_loop_gives_the_manual_output() -> None:
    loop = Loop(replace(CLOSED, mode=3, manual_percent=25.0))
    assert loop.respond(10.0, 10.0, 1.0) == (25.0, 0.0)


@pytest.mark.parametrize(
    "changes", [{"mode": 7}, {"input": "E"}, {"range": 4}, {"setpoint_k": float("nan")}]
)
def test_what_no_controller_could_hold_is_refused(changes: dict) -> None:
    with pytest.raises(ValueError, match=r"loop"):
        replace(CLOSED, **changes)
