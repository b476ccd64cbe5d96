"""A clock that stands still until a test moves it, and a twin on it."""

from collections.abc import Callable

import pytest

from simulators.twin import Twin, TwinSettings


class HandClock:
    def __init__(self) -> None:
        self.lab_s = 0.0

    def now(self) -> float:
        return self.lab_s

    def wait(self, lab_s: float) -> None:
        self.lab_s += lab_s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make_twin(clock: HandClock) -> Callable[..., Twin]:
    def make(seed: int = 1, **switches: object) -> Twin:
        return Twin(seed, clock, TwinSettings(**switches))  # type: ignore[arg-type]

    return make
