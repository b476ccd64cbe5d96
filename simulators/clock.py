"""The clock of the simulated laboratory: laboratory seconds, accelerated by a stated factor."""

import math
import time
from typing import Protocol

__all__ = ["Clock", "SimulatedClock"]


class Clock(Protocol):
    """All that the twin and the wire simulators ask of time."""

    def now(self) -> float:
        """Laboratory time in s since the clock was made; never runs backwards."""
        ...


class SimulatedClock:
    """A clock that runs at a constant factor of the machine's monotonic time.

    It has no state that changes, so any number of threads may use one instance.

    Parameters
    ----------
    speed : float
        Laboratory seconds per second on the wall; finite and above 0.

    Raises
    ------
    ValueError
        If `speed` is not a finite number above 0.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not (math.isfinite(speed) and speed > 0):
            raise ValueError(
                f"The speed of the simulated clock must be a finite number above 0, not {speed}."
            )
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
        """Seconds on the wall in which `lab_s` seconds of the laboratory pass."""
        return lab_s / self._speed

    def __repr__(self) -> str:
        return f"<SimulatedClock at {self.now():.3f} lab s, speed {self._speed:g}>"
