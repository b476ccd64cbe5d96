"""What is left out of a rehearsal is back after it."""

import gc
import os
import traceback
import uuid
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.utils
import event_model
import pytest
from bluesky.protocols import Readable
from bluesky.run_engine import RunEngine
from ophyd import Component as Cpt
from ophyd import Device, Kind

from dac_control.app.rehearsal.lean import lean
from devices.signals import CachedSignal


def test_everything_is_put_back() -> None:
    event = event_model.DocumentNames.event
    before = (bluesky.utils.traceback, event_model.schema_validators[event])
    lookup = type(Readable).__instancecheck__
    told = (CachedSignal.update, Device._get_components_of_kind)
    thresholds = gc.get_threshold()
    drawn, commands = uuid.uuid4, (RunEngine._set, RunEngine._wait)
    with pytest.raises(ZeroDivisionError), lean():
        assert bluesky.utils.traceback is not before[0]
        raise ZeroDivisionError
    assert (bluesky.utils.traceback, event_model.schema_validators[event]) == before
    assert before[0] is traceback
    assert gc.get_threshold() == thresholds
    assert uuid.uuid4 is drawn and (RunEngine._set, RunEngine._wait) == commands
    assert type(Readable).__instancecheck__ is lookup
    assert (CachedSignal.update, Device._get_components_of_kind) == told


def test_a_plan_that_is_not_iterated_is_still_warned_of() -> None:
    with lean(), pytest.warns(RuntimeWarning, match="never iterated"):
        bps.sleep(1.0)


def test_the_first_event_of_a_stream_is_validated() -> None:
    with lean():
        validator: Any = event_model.schema_validators[event_model.DocumentNames.event]
        with pytest.raises(Exception, match="required"):
            validator.validate({"descriptor": "a"})


def test_names_are_drawn_without_asking_the_system() -> None:
    with lean(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "urandom", lambda _: pytest.fail("the system was asked"))
        drawn = {uuid.uuid4() for _ in range(1000)}
    assert len(drawn) == 1000 and {each.version for each in drawn} == {4}


def test_protocols_are_told_apart_as_before() -> None:
    class Nothing:
        pass

    with lean():
        for _ in range(2):
            assert not isinstance(Nothing(), Readable)
            assert isinstance(Pair(name="pair"), Readable)


class Pair(Device):
    shown = Cpt(CachedSignal, units="mm")
    setting = Cpt(CachedSignal, units="mm", kind=Kind.config)
    hidden = Cpt(CachedSignal, units="mm", kind=Kind.omitted)


def test_a_device_is_read_as_before() -> None:
    pair = Pair(name="pair")
    with lean():
        for number, signal in enumerate((pair.shown, pair.setting, pair.hidden)):
            signal.update(number, timestamp=10.0 + number)
        assert pair.read() == {"pair_shown": {"value": 0, "timestamp": 10.0}}
        assert pair.read_configuration() == {"pair_setting": {"value": 1, "timestamp": 11.0}}
        pair.hidden.kind = Kind.normal
        assert [*pair.read()] == [*pair.describe()] == ["pair_shown", "pair_hidden"]


def test_who_subscribed_to_a_signal_is_told() -> None:
    signal = CachedSignal(name="signal", units="mm")
    told: list[Any] = []
    signal.subscribe(lambda **about: told.append((about["value"], about["timestamp"])), run=False)
    with lean():
        signal.update(1.5, timestamp=3.0)
    assert told == [(1.5, 3.0)]
