"""Silence between exchanges, and patience between attempts to reconnect."""

import time
from collections.abc import Callable

__all__ = ["BackOff", "Pacer"]


class Pacer:
    """Keeps a line silent for a while after each exchange.

    Parameters
    ----------
    silence_s : float
        Shortest time in s between the end of one exchange and the begin of the next.
    now, sleep
        Monotonic time in s and a wait in s; the machine's by default.
    """

    def __init__(
        self,
        silence_s: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._silence_s = silence_s
        self._now = now
        self._sleep = sleep
        self._free_at_s = float("-inf")

    def wait(self) -> None:
        """Wait until the line has been silent for long enough."""
        # A sleep may end early by the grain of the clock, hence the loop.
        while (remaining_s := self._free_at_s - self._now()) > 0:
            self._sleep(remaining_s)

    def spoken(self) -> None:
        """Note that the line was in use until now."""
        self._free_at_s = self._now() + self._silence_s


class BackOff:
    """Says when the next attempt to reconnect is due: the wait doubles, up to a bound.

    Parameters
    ----------
    first_s, longest_s : float
        Wait in s after the first failure, and the longest wait.
    now
        Monotonic time in s; the machine's by default.
    """

    def __init__(
        self, first_s: float, longest_s: float, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._now = now
        self._wait_s = 0.0
        self._not_before_s = float("-inf")

    @property
    def remaining_s(self) -> float:
        """Time in s until the next attempt is due; 0 if it is."""
        return max(0.0, self._not_before_s - self._now())

    def failed(self) -> None:
        """Note a failed attempt."""
        self._wait_s = min(max(2 * self._wait_s, self._first_s), self._longest_s)
        self._not_before_s = self._now() + self._wait_s

    def succeeded(self) -> None:
        """Note a successful attempt."""
        self._wait_s = 0.0
        self._not_before_s = float("-inf")
