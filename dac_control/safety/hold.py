"""The hold flag: the one way to pause a ramp, and only between steps.

A RunEngine pause inside a move would replay or skip it, so plans look at this flag where a
step begins. Anyone may raise it: the shell, a signal handler, later the guardian.
"""

import threading

__all__ = ["HoldFlag"]


class HoldFlag:
    """A thread-safe flag with the reason for which it was raised."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._interruption: str | None = None

    @property
    def reason(self) -> str | None:
        """Why the next step waits; None where nothing holds."""
        with self._lock:
            return self._reason

    @property
    def raised(self) -> bool:
        """True while the next step must wait."""
        return self.reason is not None

    def hold(self, reason: str = "asked for by the operator") -> None:
        """Let the step in progress end and begin no other; the first reason stays."""
        with self._lock:
            if self._reason is None:
                self._reason = reason

    def note_interruption(self, reason: str) -> None:
        """Remember why the run in progress is being ended."""
        with self._lock:
            self._interruption = reason

    @property
    def interrupted(self) -> bool:
        """True while the run in progress is being ended."""
        with self._lock:
            return self._interruption is not None

    def take_interruption(self) -> str | None:
        """Return that reason, once."""
        with self._lock:
            reason, self._interruption = self._interruption, None
            return reason

    def release(self) -> None:
        """Let the ramp go on."""
        with self._lock:
            self._reason = None
