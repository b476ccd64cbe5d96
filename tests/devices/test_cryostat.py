"""The cryostat device: settling by time inside a tolerance, and stop means hold."""

import time

import pytest

from dac_control.errors import InstrumentError, LimitError


def wait_until(condition, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.01)


def test_a_setpoint_is_reached_when_the_cell_has_stayed_there(laboratory) -> None:
    cryostat = laboratory.instruments.cryostat
    status = cryostat.set(81.0)
    assert not status.done
    assert status.exception(30) is None
    assert cryostat.stage_temperature_k.get() == pytest.approx(81.0, abs=0.5)


def test_a_setpoint_may_take_as_long_as_its_way_and_then_says_where_it_has_come_to(
    laboratory,
) -> None:
    cryostat = laboratory.instruments.cryostat
    cryostat._rate_k_per_min, cryostat._late_by_s = 30.0, 60.0
    laboratory.twin.set_loop(1, range=0)  # nothing warms it
    began_s = laboratory.clock.now()
    error = cryostat.set(200.0).exception(10)
    assert laboratory.clock.now() - began_s >= 60.0 * 120.0 / 30.0 + 60.0, "120 K, and a minute"
    assert isinstance(error, InstrumentError)
    assert "did not settle at 200 K within 0.1 h: the stage is at" in str(error)
    assert not cryostat.settling


@pytest.mark.parametrize("kelvin", [0.0, -4.0, 900.0, float("nan")])
def test_a_temperature_that_makes_no_sense_changes_nothing(laboratory, kelvin: float) -> None:
    before = laboratory.twin.loop(1).setpoint_k
    with pytest.raises(LimitError, match="Nothing was changed"):
        laboratory.instruments.cryostat.set(kelvin)
    assert laboratory.twin.loop(1).setpoint_k == before


def test_stop_freezes_the_setpoint_and_keeps_the_loop_on(laboratory) -> None:
    cryostat = laboratory.instruments.cryostat
    status = cryostat.set(200.0)
    wait_until(lambda: laboratory.twin.moving_setpoint_k(1) > 80.5)
    cryostat.stop(success=True)
    assert isinstance(status.exception(10), InstrumentError)
    wait_until(lambda: not laboratory.twin.ramping(1))
    loop = laboratory.twin.loop(1)
    assert loop.setpoint_k < 200.0 and loop.range > 0 and loop.mode == 1


def test_stop_without_a_change_under_way_sends_nothing(laboratory, monkeypatch) -> None:
    called: list[int] = []
    monkeypatch.setattr(laboratory.cryostat, "hold", lambda: called.append(1))
    laboratory.instruments.cryostat.stop()
    laboratory.instruments.cryostat._worker.submit(lambda: None).result(5)
    assert not called


def test_a_newer_setpoint_ends_the_wait_for_the_older(laboratory) -> None:
    cryostat = laboratory.instruments.cryostat
    first = cryostat.set(200.0)
    wait_until(lambda: laboratory.twin.loop(1).setpoint_k == 200.0)
    second = cryostat.set(150.0)
    assert "changed again" in str(first.exception(5))
    cryostat.stop()
    assert second.exception(10) is not None


def test_a_power_up_in_mid_session_fails_every_reading_and_is_still_published(laboratory) -> None:
    cryostat = laboratory.instruments.cryostat
    laboratory.cryostat.power_cycled = True
    before = cryostat.stage_temperature_k.timestamp
    for _ in range(2):
        error = cryostat.trigger().exception(10)
        assert isinstance(error, InstrumentError) and "switched off and on" in str(error)
    assert cryostat.stage_temperature_k.timestamp > before
