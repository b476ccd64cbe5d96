"""The laboratory clock: the only time that plans, rules and drifts may use.

Real (speed 1) at an instrument, accelerated in front of the simulated laboratory. It is
injected; nothing below the application makes its own.
"""

import time
from typing import Protocol

__all__ = ["LabClock", "SteadyClock"]


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
