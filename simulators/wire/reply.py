"""What a wire simulator hands to whoever serves it: bytes, and when they may leave.

A simulator is pure: bytes in, replies out. Time enters through the clock that it was given,
and leaves through `Reply.due_lab_s`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["Clock", "PollingSession", "Reply", "Session", "SessionFactory"]


@dataclass(frozen=True)
class Reply:
    """One message from an instrument to its host.

    Replies of a session leave in order: one that is not yet due holds back those behind it,
    as on a serial line.
    """

    payload: bytes
    due_lab_s: float = 0.0
    """Laboratory time in s at which it may leave; 0 means at once."""
    delay_wall_s: float = 0.0
    """Further seconds on the wall to wait; only faults use it."""
    hang_up: bool = False
    """True if the server closes the connection after the payload; only faults use it."""


class Session(Protocol):
    """One connection to an instrument, with a receive buffer of its own."""

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes as they arrive, in pieces of any size; return what they provoke."""
        ...


@runtime_checkable
class PollingSession(Protocol):
    """A session that may also speak without being asked; servers poll it some 50 times a second."""

    def feed(self, data: bytes) -> list[Reply]:
        """See `Session.feed`."""
        ...

    def poll(self) -> list[Reply]:
        """Return what the instrument wants to say of its own accord."""
        ...


SessionFactory = Callable[[], Session]


class Clock(Protocol):
    """The part of the laboratory clock that simulators and servers need."""

    def now(self) -> float:
        """Laboratory time in s; never runs backwards."""
        ...

    def wall_s(self, lab_s: float) -> float:
        """Seconds on the wall in which `lab_s` seconds of the laboratory pass."""
        ...
