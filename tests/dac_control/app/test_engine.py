"""Signals and pauses end a run in hold; a killed table leaves no thread behind."""

import os
import signal
import threading
import time

import bluesky.plan_stubs as bps
import pytest

from dac_control.app.engine import make_engine, run_to_the_end
from dac_control.safety.hold import HoldFlag
from plans.held_run import held_run


@pytest.fixture
def engine():
    hold = HoldFlag()
    made = make_engine(hold)
    yield made, hold
    made.loop.call_soon_threadsafe(made.loop.stop)
    made._th.join(5)
    made.loop.close()


@pytest.mark.skipif(os.name == "nt", reason="os.kill with these signals is POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_closes_the_run_with_its_name(laboratory, name: str) -> None:
    made, instruments = laboratory.engine, laboratory.instruments
    documents: list[tuple[str, dict]] = []

    def send(kind: str, doc: dict) -> None:
        documents.append((kind, doc))
        if kind == "start":
            number = getattr(signal, name)
            threading.Timer(0.2, lambda: os.kill(os.getpid(), number)).start()

    began = time.monotonic()
    run_to_the_end(made, held_run(bps.sleep(60), {"plan_name": "long"}, instruments, ()), send)
    assert time.monotonic() - began < 10
    stop = documents[-1][1]
    assert stop["exit_status"] == "abort"
    assert ("Ctrl-C" if name == "SIGINT" else name) in stop["reason"]
    assert made.state == "idle"


def test_the_previous_handlers_come_back(engine) -> None:
    made, _ = engine
    before = signal.getsignal(signal.SIGINT)
    run_to_the_end(made, iter([]), None)
    assert signal.getsignal(signal.SIGINT) is before
    assert "signals" not in {thread.name for thread in threading.enumerate()}


def test_a_plan_with_a_checkpoint_that_pauses_is_aborted_when_nobody_is_there(engine) -> None:
    made, _ = engine

    def plan():
        yield from bps.checkpoint()
        yield from bps.sleep(0.01)
        yield from bps.pause()

    run_to_the_end(made, plan(), None)
    assert made.state == "idle"
