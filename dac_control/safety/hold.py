"""The hold flag: the one way to pause a ramp, and only between steps.

A RunEngine pause inside a move would replay or skip it, so plans look at this flag where a
step begins. Anyone may raise it: the shell, a rule of the guardian. Whoever wants the run ended
in hold, inside a step too, asks for that here as well: a signal handler, the guardian.
"""

import threading

__all__ = ["HoldFlag"]


class HoldFlag:
    """A thread-safe flag with the reason for which it was raised."""

    def __init__(self) -> None:
        # re-entrant: a signal handler may come while the main thread is in here
        self._lock = threading.RLock()
        self._end_asked = threading.Event()
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

    def ask_to_end(self, reason: str) -> None:
        """Ask that the run in progress ends in hold now; returns at once."""
        self.note_interruption(reason)
        self._end_asked.set()

    def wake_waiter(self) -> None:
        """Let `wait_until_end_is_asked` return without a reason."""
        self._end_asked.set()

    def wait_until_end_is_asked(self) -> None:
        """Wait for the next `ask_to_end`; for the one who can end a run."""
        self._end_asked.wait()
        self._end_asked.clear()

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

    def release(self, only: str | None = None) -> None:
        """Let the ramp go on; with `only`, if it is held for a reason that begins so."""
        with self._lock:
            if only is None or (self._reason or "").startswith(only):
                self._reason = None
