"""What is left out of a rehearsal is back after it."""

import gc
import os
import sys
import traceback
import typing
import uuid
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.utils
import event_model
import pytest
from bluesky.protocols import Readable
from bluesky.run_engine import RunEngine

from dac_control.app.rehearsal.lean import lean


def test_everything_is_put_back() -> None:
    event = event_model.DocumentNames.event
    before = (bluesky.utils.traceback, event_model.schema_validators[event])
    lookup = getattr(typing, "_get_protocol_attrs", None)
    thresholds = gc.get_threshold()
    drawn, commands = uuid.uuid4, (RunEngine._set, RunEngine._wait)
    with pytest.raises(ZeroDivisionError), lean():
        assert bluesky.utils.traceback is not before[0]
        raise ZeroDivisionError
    assert (bluesky.utils.traceback, event_model.schema_validators[event]) == before
    assert before[0] is traceback
    assert gc.get_threshold() == thresholds
    assert uuid.uuid4 is drawn and (RunEngine._set, RunEngine._wait) == commands
    assert getattr(typing, "_get_protocol_attrs", None) is lookup


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


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later Pythons look protocols up once")
def test_protocols_are_told_apart_as_before() -> None:
    class Nothing:
        pass

    with lean():
        assert not isinstance(Nothing(), Readable)
