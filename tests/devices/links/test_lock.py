"""The stop lane: no two at once, priority first, nobody forgotten."""

import threading
import time

import pytest

from devices.links import PriorityLock


def wait_until(condition, deadline_s: float = 5.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.001)


def waiting(lock: PriorityLock) -> int:
    return len(lock._urgent) + len(lock._normal)


def test_priority_goes_before_all_who_wait():
    lock = PriorityLock()
    order: list[str] = []

    def take(name: str, priority: bool) -> None:
        with lock.hold(priority=priority):
            order.append(name)

    assert lock.acquire()
    threads = []
    for name, priority in [
        ("a", False),
        ("b", False),
        ("stop", True),
        ("c", False),
        ("hold", True),
    ]:
        thread = threading.Thread(target=take, args=(name, priority))
        thread.start()
        threads.append(thread)
        wait_until(lambda: waiting(lock) == len(threads))
    lock.release()
    for thread in threads:
        thread.join()
    assert order == ["stop", "hold", "a", "b", "c"]
    assert lock.acquire(timeout_s=0)


def test_under_contention_one_at_a_time_and_priority_first():
    lock = PriorityLock()
    inside = 0
    overlaps = 0
    overtaken: list[int] = []
    taken = 0

    def normal() -> None:
        nonlocal inside, overlaps, taken
        for _ in range(100):
            with lock.hold():
                inside += 1
                overlaps += inside != 1
                time.sleep(0.0001)
                taken += 1
                inside -= 1

    def urgent() -> None:
        nonlocal inside, overlaps
        for _ in range(30):
            before = taken
            with lock.hold(priority=True):
                inside += 1
                overlaps += inside != 1
                overtaken.append(taken - before)
                inside -= 1
            time.sleep(0.001)

    threads = [threading.Thread(target=normal) for _ in range(6)]
    threads.append(threading.Thread(target=urgent))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == 0
    assert taken == 600
    # The one in progress, and what got through before the request was in the queue.
    assert sorted(overtaken)[len(overtaken) // 2] <= 1


def test_a_wait_that_times_out_leaves_the_queue():
    lock = PriorityLock()
    assert lock.acquire()
    assert not lock.acquire(timeout_s=0.01)
    assert not lock.acquire(priority=True, timeout_s=0.01)
    assert waiting(lock) == 0
    lock.release()
    assert lock.acquire(timeout_s=0)


def test_release_without_hold_is_an_error():
    with pytest.raises(RuntimeError, match="nobody holds it"):
        PriorityLock().release()


def test_interrupted_wait_passes_its_turn_on(monkeypatch):
    lock = PriorityLock()
    assert lock.acquire()

    class InterruptedEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            lock.release()  # the turn comes at the very moment of the interruption
            raise KeyboardInterrupt

    monkeypatch.setattr("devices.links.lock.threading.Event", InterruptedEvent)
    with pytest.raises(KeyboardInterrupt):
        lock.acquire()
    monkeypatch.undo()
    assert lock.acquire(timeout_s=0)
