"""Workers, stops and statuses of a rehearsal behave as the threaded ones, in virtual time."""

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import pytest
from ophyd import Device

from dac_control.app.rehearsal.virtual_loop import VirtualLoop
from dac_control.app.rehearsal.virtual_timing import seeded_ids, virtual_timing
from dac_control.clock import VirtualClock
from dac_control.errors import DacError, ReplyTimeout


class Bench:
    """A loop in its own hands: `during` lets a coroutine run on it while time passes."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        self.timing = virtual_timing(self.loop, seeded_ids(0))

    def during(self, act: Callable[[], Any], seconds_s: float = 3600.0) -> None:
        async def wait() -> None:
            act()
            await asyncio.sleep(seconds_s)

        self.loop.passes = True
        self.loop.run_until_complete(wait())


@pytest.fixture
def bench() -> Any:
    bench = Bench()
    yield bench
    bench.loop.close()


def test_a_job_ends_after_what_it_slept(bench: Any) -> None:
    worker, ended = bench.timing.make_worker("w", None, 1.0), []

    def job() -> str:
        bench.clock.sleep(2.5)
        return f"at {bench.clock.now()}"

    def act() -> None:
        future = worker.submit(job)
        assert not future.done()
        future.add_done_callback(lambda f: ended.append((f.result(), bench.clock.now())))

    bench.during(act)
    assert ended == [("at 2.5", 2.5)]


def test_jobs_come_one_at_a_time_by_urgency(bench: Any) -> None:
    worker, order = bench.timing.make_worker("w", None, 1.0), []

    def job(name: str) -> Callable[[], None]:
        def act() -> None:
            order.append((name, bench.clock.now()))
            bench.clock.sleep(1.0)

        return act

    def act() -> None:
        worker.submit(job("first"))
        worker.submit(job("reading"), worker.READ)
        worker.submit(job("command"), worker.COMMAND)

    bench.during(act)
    assert order == [("first", 0.0), ("command", 1.0), ("reading", 2.0)]


def test_an_error_reaches_the_future_and_the_next_job_runs(bench: Any) -> None:
    worker, futures = bench.timing.make_worker("w", None, 1.0), []

    def fail() -> None:
        raise DacError("no")

    bench.during(lambda: futures.extend([worker.submit(fail), worker.submit(lambda: 3)]))
    assert isinstance(futures[0].exception(0), DacError) and futures[1].result(0) == 3


def test_a_stop_finds_a_job_in_pieces_on_its_way(bench: Any) -> None:
    worker, seen, stopped = bench.timing.make_worker("w", None, 1.0), [], []
    lane = bench.timing.make_stop_lane("stop", lambda: stopped.append(bench.clock.now()) or True)

    def move() -> Generator[float, None, str]:
        while not stopped:
            seen.append(bench.clock.now())
            yield 2.0
        return "stopped"

    futures = []

    def act() -> None:
        futures.append(worker.submit_steps(move))
        bench.loop.call_later(5.0, lane.request)

    bench.during(act)
    assert seen == [0.0, 2.0, 4.0] and stopped == [5.0]
    assert futures[0].result(0) == "stopped" and lane.asked == 1 and lane.confirmed


def test_a_stop_is_repeated_until_it_is_confirmed(bench: Any) -> None:
    tries: list[float] = []

    def attempt() -> bool:
        tries.append(bench.clock.now())
        if len(tries) < 3:
            raise DacError("the link is down")
        return len(tries) > 4

    lane = bench.timing.make_stop_lane("stop", attempt)
    bench.during(lane.request)
    assert len(tries) == 5 and lane.confirmed


def test_an_idle_worker_polls_and_a_busy_one_does_not(bench: Any) -> None:
    polls: list[float] = []

    def poll() -> None:
        polls.append(bench.clock.now())
        if len(polls) == 2:
            raise DacError("gone")

    worker = bench.timing.make_worker("w", poll, 60.0)

    def act() -> None:
        worker.submit(lambda: None)
        bench.loop.call_later(90.0, lambda: worker.submit(lambda: bench.clock.sleep(100.0)))

    bench.during(act, 400.0)
    assert polls == [60.0, 250.0, 310.0, 370.0]
    assert worker.poll_error is None


def test_off_the_loop_a_job_is_done_at_once_and_moves_the_clock(bench: Any) -> None:
    worker = bench.timing.make_worker("w", None, 1.0)
    assert worker.submit(lambda: bench.clock.sleep(3.0) or 7).result(0) == 7
    assert bench.clock.now() == 3.0

    def pieces() -> Generator[float, None, int]:
        yield 2.0
        yield 4.0
        return 1

    assert worker.submit_steps(pieces).result(0) == 1
    assert bench.clock.now() == 9.0


def test_closing_lets_the_job_in_progress_end_and_fails_the_others(bench: Any) -> None:
    worker, futures = bench.timing.make_worker("w", None, 1.0), []

    def pieces() -> Generator[float, None, str]:
        for _ in range(5000):
            yield 1.0
        return "there"

    bench.during(
        lambda: futures.extend([worker.submit_steps(pieces), worker.submit(lambda: 1)]), 10.0
    )
    worker.close()
    assert futures[0].result(0) == "there"
    assert "closed" in str(futures[1].exception(0))
    assert "closed" in str(worker.submit(lambda: 1).exception(0))


def test_a_status_times_out_in_virtual_time_only(bench: Any) -> None:
    device, statuses = Device(name="thing"), []

    def act() -> None:
        statuses.extend(bench.timing.statuses(device, wait_s) for wait_s in (100.0, 100.0))
        bench.loop.call_later(99.0, statuses[0].set_finished)

    bench.during(act)
    assert statuses[0].success
    error = statuses[1].exception(0)
    assert isinstance(error, ReplyTimeout) and "thing" in str(error)
