"""Plans as messages, without a RunEngine: what is asked for, and in which order."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bluesky.simulators import RunEngineSimulator
from bluesky.utils import Msg

from dac_control.errors import LimitError
from plans.close_and_seal import close_and_seal
from plans.control_run import control_run
from plans.gauge_settings import RubySettings
from plans.optics_settings import Closing
from plans.pressure_ramp import pressure_ramp
from plans.repeatability import repeatability
from plans.route import Repeat
from plans.settings import RampSettings, Targets
from plans.stubs import measure_dark, measure_ruby, turn_to
from plans.stubs.trigger_all import trigger_all
from simulators.twin import Twin


class Shutter:
    """A light source that notes what it is told."""

    name = "light"
    parent = None

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.told: list[bool] = []

    def set(self, value: bool) -> Any:
        from ophyd.status import Status

        self.told.append(value)
        self.twin.light_on = value
        status = Status(obj=self)
        status.set_finished()
        return status


def commands(messages: list[Msg], *names: str) -> list[str]:
    return [message.command for message in messages if message.command in names]


def test_a_ramp_out_of_bounds_yields_no_message_at_all(laboratory) -> None:
    plan = iter(pressure_ramp(laboratory.instruments, Targets.gpa([500])))
    with pytest.raises(LimitError):
        next(plan)


def test_a_ramp_clears_the_checkpoint_before_it_opens_and_sets_none(laboratory) -> None:
    plan = iter(pressure_ramp(laboratory.instruments, Targets.gpa([5])))
    first, second = next(plan), plan.send(None)
    assert (first.command, second.command) == ("clear_checkpoint", "open_run")
    assert second.kwargs["plan_name"] == "pressure_ramp"
    assert second.kwargs["devices"]["drive"] == "drive"
    assert second.kwargs["limits"]["pressure_limit_gpa"] == 60.0


ALLOWING = RampSettings(allow_unmeasured_steps=2)


@pytest.mark.parametrize(
    "make",
    [
        lambda i: pressure_ramp(i, Targets.gpa([5]), settings=ALLOWING),
        lambda i: repeatability(i, Repeat(pressure_gpa=5, swing_gpa=2), settings=ALLOWING),
        lambda i: control_run(i, Targets.gpa([5]), controls="a", contents="b", settings=ALLOWING),
        lambda i: close_and_seal(i, Closing(last_turns=0.5), settings=ALLOWING),
    ],
    ids=["pressure_ramp", "repeatability", "control_run", "close_and_seal"],
)
def test_whoever_allows_unmeasured_steps_has_it_in_the_start_document(laboratory, make) -> None:
    plan = iter(make(laboratory.instruments))
    next(plan)
    opening = plan.send(None)
    assert opening.command == "open_run" and opening.kwargs["allow_unmeasured_steps"] == 2


def test_a_reading_leaves_no_new_object_with_the_run_engine(laboratory) -> None:
    devices = [laboratory.instruments.clock_reading, laboratory.instruments.cryostat]
    triggered = {next(iter(trigger_all(devices))).obj for _ in range(3)}
    assert len(triggered) == 1, "it keeps every object that it has seen, for good"


def test_turn_to_sends_one_absolute_target_between_clearing_and_reading_back(laboratory) -> None:
    drive = laboratory.instruments.drive
    simulator = RunEngineSimulator()
    simulator.add_handler("set", lambda msg: drive.set(msg.args[0]).wait(10), drive.name)
    simulator.add_handler("trigger", lambda msg: drive.trigger().wait(10), drive.name)
    messages = simulator.simulate_plan(turn_to(laboratory.instruments, 0.02))
    assert [m.command for m in messages] == ["clear_checkpoint", "set", "wait", "trigger", "wait"]
    assert laboratory.screw.sent == [0.02]


def test_turn_to_raises_if_the_wait_was_skipped(laboratory) -> None:
    simulator = RunEngineSimulator()
    with pytest.raises(Exception, match="does not count"):
        simulator.simulate_plan(turn_to(laboratory.instruments, 0.02))
    assert not laboratory.screw.sent


def test_turn_to_refuses_a_step_that_is_too_large(laboratory) -> None:
    with pytest.raises(LimitError, match="max_step_turns"):
        laboratory.engine(turn_to(laboratory.instruments, 0.3))
    assert not laboratory.screw.sent


def test_the_light_is_open_for_the_exposure_only(laboratory) -> None:
    light = Shutter(laboratory.twin)
    instruments = replace(laboratory.instruments, light=light)
    order: list[str] = []

    def watch(msg: Msg) -> None:
        if msg.command == "set" and msg.obj is light:
            order.append("open" if msg.args[0] else "closed")
        if msg.command == "trigger":
            order.extend(msg.obj.name.split(", "))

    laboratory.engine.msg_hook = watch
    laboratory.engine(_in_a_run(measure_ruby(instruments, RubySettings(exposure_s=0.5))))
    assert order.index("open") < order.index("spectrometer") < order.index("closed")
    assert order.index("closed") < order.index("ruby")
    assert light.told == [True, False]


def test_the_light_is_closed_after_a_failed_exposure_too(laboratory) -> None:
    from dac_control.errors import LinkDown

    light = Shutter(laboratory.twin)
    instruments = replace(laboratory.instruments, light=light)
    laboratory.spectrometer.failures = [LinkDown("gone")] * 9
    settings = RubySettings(exposure_s=0.5, attempts=2)
    laboratory.engine(_in_a_run(measure_ruby(instruments, settings)))
    assert light.told == [True, False, True, False]


def test_a_dark_spectrum_is_taken_with_the_light_closed_and_used(laboratory) -> None:
    light = Shutter(laboratory.twin)
    instruments = replace(laboratory.instruments, light=light)
    laboratory.engine(_in_a_run(measure_dark(instruments, 0.5)))
    assert light.told == [False]
    assert len(laboratory.events("dark")) == 1
    laboratory.engine(_in_a_run(measure_ruby(instruments, RubySettings(exposure_s=0.5))))
    assert np.ndim(laboratory.instruments.spectrometer.as_spectrum().dark_counts) == 1


def test_a_dark_spectrum_without_a_light_source_is_refused(laboratory) -> None:
    with pytest.raises(LimitError, match="light source"):
        list(measure_dark(laboratory.instruments, 0.5))


def test_default_settings_are_those_of_the_docs() -> None:
    assert RampSettings().dwell.min_readings >= 3
    assert RampSettings().ruby.attempts > 1


def _in_a_run(plan: Any) -> Any:
    import bluesky.plan_stubs as bps

    yield from bps.open_run()
    yield from plan
    yield from bps.close_run()
