"""Virtual time: timers in their order, no waiting on the wall, no time without a plan."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import bluesky.plan_stubs as bps
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.app.engine import make_engine, stop_engine
from dac_control.app.rehearsal.virtual_loop import VirtualLoop
from dac_control.clock import VirtualClock
from dac_control.safety.hold import HoldFlag

DAY_S = 86_400.0


@pytest.fixture
def engine() -> Iterator[Any]:
    engine = make_engine(HoldFlag(), loop=VirtualLoop(VirtualClock()))
    engine.preprocessors.append(engine.loop.letting_time_pass)
    yield engine
    stop_engine(engine)


def run_alone(loop: VirtualLoop, coroutine: Any) -> Any:
    loop.passes = True
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


@given(delays_s=st.lists(st.floats(0, 30 * DAY_S), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_timers_go_off_in_order_and_on_time(delays_s: list[float]) -> None:
    loop = VirtualLoop(VirtualClock())
    rang: list[tuple[int, float]] = []

    async def wait_for_all() -> None:
        for number, delay_s in enumerate(delays_s):
            loop.call_later(delay_s, lambda n=number: rang.append((n, loop.time())))
        await asyncio.sleep(max(delays_s) + 1.0)

    began = time.monotonic()
    run_alone(loop, wait_for_all())
    assert time.monotonic() - began < 1.0
    assert [delays_s[n] for n, _ in rang] == sorted(delays_s)
    for number, at_s in rang:
        assert at_s == pytest.approx(delays_s[number], abs=1e-6)


def test_a_day_of_sleeping_takes_no_time(engine: Any) -> None:
    clock = engine.loop.clock
    began = time.monotonic()

    def plan() -> Any:
        for _ in range(100):
            yield from bps.sleep(DAY_S / 100)

    engine(plan())
    assert clock.now() == pytest.approx(DAY_S)
    assert time.monotonic() - began < 2.0


def test_no_time_passes_without_a_plan_whatever_timers_wait(engine: Any) -> None:
    loop, rang = engine.loop, threading.Event()
    loop.call_soon_threadsafe(loop.call_later, 1.0, rang.set)
    assert not rang.wait(0.05) and loop.clock.now() == 0.0
    engine([])
    engine(bps.sleep(2.0))
    assert rang.is_set()
    after_s = loop.clock.now()
    loop.call_soon_threadsafe(loop.call_later, 1.0, rang.clear)
    time.sleep(0.05)
    assert rang.is_set() and loop.clock.now() == after_s


def test_an_idle_loop_does_not_spin(engine: Any) -> None:
    loop = engine.loop
    engine(bps.sleep(1.0))
    loop.call_soon_threadsafe(loop.call_later, 1.0, lambda: None)
    turns, select = [], loop._selector.select
    loop._selector.select = lambda timeout=None: (turns.append(timeout), select(timeout))[1]
    loop.call_soon_threadsafe(lambda: None)
    time.sleep(0.1)
    assert len(turns) < 10


def test_another_thread_is_heard_while_time_passes(engine: Any) -> None:
    heard = threading.Event()

    def plan() -> Any:
        engine.loop.call_soon_threadsafe(heard.set)
        for _ in range(1000):
            yield from bps.sleep(1.0)
            if heard.is_set():
                return

    engine(plan())
    assert heard.is_set()
