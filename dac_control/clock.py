"""The laboratory clock: the only time that plans, rules and drifts may use.

Real (speed 1) at an instrument, accelerated in front of the simulated laboratory, virtual in a
rehearsal. It is injected; nothing below the application makes its own.
"""

import time
from typing import Protocol

__all__ = ["LabClock", "SteadyClock", "VirtualClock"]


class LabClock(Protocol):
    """What plans and devices may ask of time."""

    @property
    def speed(self) -> float:
        """Laboratory seconds that pass in one second on the wall."""
        ...

    def now(self) -> float:
        """Laboratory time in s since the clock was made; never runs backwards."""
        ...

    def wall_s(self, lab_s: float) -> float:
        """Seconds on the wall in which `lab_s` seconds of the laboratory pass."""
        ...


class SteadyClock:
    """A clock that runs at a constant factor of the machine's monotonic time.

    Parameters
    ----------
    speed : float
        Laboratory seconds per second on the wall; 1 at a real instrument.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"clock speed must be above 0, not {speed}")
        self._speed = float(speed)
        self._start = time.monotonic()

    @property
    def speed(self) -> float:
        """Laboratory seconds per second on the wall."""
        return self._speed

    def now(self) -> float:
        """Laboratory time in s since the clock was made."""
        return (time.monotonic() - self._start) * self._speed

    def wall_s(self, lab_s: float) -> float:
        """Seconds on the wall for `lab_s` laboratory seconds."""
        return lab_s / self._speed


class VirtualClock:
    """A clock that stands still until it is moved, with a wall clock that goes with it.

    It belongs to one thread at a time. What blocks in real life calls `sleep`: that takes no
    time, but runs ahead of the present until `take_ahead` is asked how far, by whoever then
    moves the present there.

    Parameters
    ----------
    epoch : float
        Seconds since 1970 at which its wall clock begins.
    """

    speed: float = 1.0
    """A virtual second counts as one on the wall."""

    def __init__(self, epoch: float = 0.0) -> None:
        self._epoch = epoch
        self._present_s = 0.0
        self._ahead_s = 0.0

    @property
    def present_s(self) -> float:
        """Laboratory time up to which everything has happened."""
        return self._present_s

    def now(self) -> float:
        """Laboratory time in s; inside a job that slept, the end of its sleep."""
        return self._present_s + self._ahead_s

    def wall_time(self) -> float:
        """Seconds since 1970, as `time.time` would give them."""
        return self._epoch + self.now()

    def wall_s(self, lab_s: float) -> float:
        """Seconds on the wall for `lab_s` laboratory seconds: the same."""
        return lab_s

    def advance(self, lab_s: float) -> None:
        """Move the present by `lab_s`, 0 or more."""
        if lab_s > 0:
            self._present_s += lab_s

    def sleep(self, lab_s: float) -> None:
        """Run ahead by `lab_s`, 0 or more; takes no time."""
        if lab_s > 0:
            self._ahead_s += lab_s

    def take_ahead(self) -> float:
        """Return how far the clock runs ahead of its present, and come back to it."""
        ahead_s, self._ahead_s = self._ahead_s, 0.0
        return ahead_s
