"""The worker thread: order, survival, and jobs that never wait for ever."""

import threading
import time

import pytest

from dac_control.errors import DacError
from devices.worker import Worker


@pytest.fixture
def worker():
    made = Worker("test-worker", poll_period_s=0.01)
    yield made
    made.close()


def test_commands_overtake_readings(worker: Worker) -> None:
    gate, order = threading.Event(), []
    first = worker.submit(lambda: gate.wait(5))
    futures = [worker.submit(lambda n=n: order.append(n), Worker.READ) for n in (1, 2)]
    futures.append(worker.submit(lambda: order.append(0), Worker.COMMAND))
    gate.set()
    for future in [first, *futures]:
        future.result(5)
    assert order == [0, 1, 2]


def test_an_error_belongs_to_its_job_and_the_thread_lives_on(worker: Worker) -> None:
    with pytest.raises(ZeroDivisionError):
        worker.submit(lambda: 1 / 0).result(5)
    assert worker.submit(lambda: 7).result(5) == 7


@pytest.mark.parametrize("error", [DacError("silent"), ValueError("unforeseen")])
def test_a_failing_poll_is_kept_and_the_thread_lives_on(error: Exception) -> None:
    def poll() -> None:
        raise error

    worker = Worker("test-worker", poll, poll_period_s=0.001)
    worker.start()
    deadline = time.monotonic() + 5
    while worker.poll_error is None and time.monotonic() < deadline:
        time.sleep(0.002)
    assert worker.poll_error is error
    assert worker.submit(lambda: 7).result(5) == 7
    worker.close()


def test_close_fails_what_waits_and_refuses_what_comes(worker: Worker) -> None:
    gate = threading.Event()
    worker.submit(lambda: gate.wait(5))
    waiting = worker.submit(lambda: 1, Worker.READ)
    threading.Timer(0.05, gate.set).start()
    worker.close()
    with pytest.raises(DacError, match="closed"):
        waiting.result(5)
    with pytest.raises(DacError, match="closed"):
        worker.submit(lambda: 1).result(5)


def test_close_before_start_fails_nothing_and_leaves_no_thread() -> None:
    worker = Worker("never-started")
    worker.close()
    with pytest.raises(DacError):
        worker.submit(lambda: 1).result(1)
    assert "never-started" not in {thread.name for thread in threading.enumerate()}
