"""Silence and back-off on a clock of our own."""

import pytest

from devices.links.pacing import BackOff, Pacer


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def test_pacer_waits_for_the_rest_of_the_silence():
    clock = Clock()
    pacer = Pacer(0.05, now=clock.now, sleep=clock.sleep)
    pacer.wait()
    assert clock.slept == []
    pacer.spoken()
    clock.now_s += 0.02
    pacer.wait()
    assert sum(clock.slept) == pytest.approx(0.03)
    pacer.spoken()
    clock.now_s += 1.0
    pacer.wait()
    assert sum(clock.slept) == pytest.approx(0.03)


def test_pacer_without_silence_never_waits():
    clock = Clock()
    pacer = Pacer(0.0, now=clock.now, sleep=clock.sleep)
    pacer.spoken()
    pacer.wait()
    assert clock.slept == []


def test_back_off_doubles_up_to_its_bound_and_starts_over():
    clock = Clock()
    back_off = BackOff(0.25, 1.5, now=clock.now)
    assert back_off.remaining_s == 0
    waits = []
    for _ in range(5):
        back_off.failed()
        waits.append(back_off.remaining_s)
    assert waits == pytest.approx([0.25, 0.5, 1.0, 1.5, 1.5])
    clock.now_s += 1.0
    assert back_off.remaining_s == pytest.approx(0.5)
    back_off.succeeded()
    assert back_off.remaining_s == 0
    back_off.failed()
    assert back_off.remaining_s == pytest.approx(0.25)
