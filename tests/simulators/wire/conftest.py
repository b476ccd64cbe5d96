from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest


class ManualClock:
    """A laboratory clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def wall_s(self, lab_s: float) -> float:
        return 0.0


@dataclass(frozen=True)
class FakeLoop:
    mode: int = 1
    input: str = "A"
    setpoint_k: float = 80.0
    ramp_on: bool = False
    ramp_k_per_min: float = 1.0
    p: float = 50.0
    i: float = 20.0
    d: float = 0.0
    range: int = 3
    manual_percent: float = 0.0


class FakeThermostat:
    """Temperatures are what a test says; a ramp stands still half-way."""

    def __init__(self) -> None:
        self.kelvin: dict[str, float] = {"A": 80.0, "B": 80.5}
        self.loops = {1: FakeLoop(), **{n: FakeLoop(mode=0, range=0) for n in (2, 3, 4)}}
        self.moving = {n: loop.setpoint_k for n, loop in self.loops.items()}

    def sensor_k(self, channel: str) -> float | None:
        return self.kelvin.get(channel)

    def loop(self, output: int) -> FakeLoop:
        return self.loops[output]

    def set_loop(self, output: int, **changes: Any) -> None:
        before = self.loops[output]
        self.loops[output] = loop = replace(before, **changes)
        ramps = loop.ramp_on and loop.ramp_k_per_min > 0
        if "setpoint_k" in changes:
            ahead = 0.5 * (before.setpoint_k + loop.setpoint_k)
            self.moving[output] = ahead if ramps else loop.setpoint_k

    def moving_setpoint_k(self, output: int) -> float:
        return self.moving[output]

    def heater_percent(self, output: int) -> float:
        return 35.4 if self.loops[output].range else 0.0

    def ramping(self, output: int) -> bool:
        return self.moving[output] != self.loops[output].setpoint_k


class FakeScrew:
    """Torque grows with the turns and reaches the motor's at 2 turns."""

    def __init__(self) -> None:
        self.turns = 0.0
        self.path: list[float] = []

    @property
    def torque_fraction(self) -> float:
        return max(0.0, self.turns / 2.0)

    def turn_to(self, turns: float) -> None:
        self.turns = turns
        self.path.append(turns)


@pytest.fixture(scope="session")
def fakes() -> SimpleNamespace:
    """The classes themselves, for tests that need fresh ones (hypothesis) or many."""
    return SimpleNamespace(Clock=ManualClock, Thermostat=FakeThermostat, Screw=FakeScrew)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def thermostat() -> FakeThermostat:
    return FakeThermostat()


@pytest.fixture
def screw() -> FakeScrew:
    return FakeScrew()
