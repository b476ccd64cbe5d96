"""The clock of the simulated laboratory."""

import threading
import time

import pytest

from simulators.clock import SimulatedClock


def test_it_runs_at_its_speed() -> None:
    clock = SimulatedClock(150.0)
    wall, lab = time.monotonic(), clock.now()
    deadline = wall + 2.0
    while clock.now() - lab < 3.0:
        assert time.monotonic() < deadline, "the clock stands still"
    elapsed_lab = clock.now() - lab
    elapsed_wall = time.monotonic() - wall
    assert elapsed_lab <= elapsed_wall * 150.0
    assert clock.speed == 150.0
    assert clock.wall_s(300.0) == pytest.approx(2.0)


def test_it_begins_near_zero_and_never_runs_backwards_in_any_thread() -> None:
    clock = SimulatedClock(1000.0)
    assert 0.0 <= clock.now() < 10_000.0
    sorted_in_every_thread = []

    def read() -> None:
        times = [clock.now() for _ in range(2000)]
        sorted_in_every_thread.append(times == sorted(times))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert sorted_in_every_thread == [True] * 4


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed of the simulated clock"):
        SimulatedClock(speed)


def test_it_shows_its_speed() -> None:
    assert "speed 20" in repr(SimulatedClock(20.0))
