"""Carries bytes between one connection and one simulator session."""

import logging
import threading
import time
from collections import deque
from typing import Protocol

from simulators.wire.reply import Clock, PollingSession, Reply, Session

__all__ = ["Channel", "pump"]

logger = logging.getLogger(__name__)

POLL_S = 0.02
"""Longest wait for bytes: how fast a stop is noticed and an unasked message leaves."""


class Channel(Protocol):
    """One connection to a client; used by one thread."""

    def receive(self, timeout_s: float) -> bytes | None:
        """Return bytes, empty if none came in `timeout_s`, or None if the client is gone."""
        ...

    def send(self, data: bytes) -> None:
        """Send all of `data`; raises OSError if the client is gone."""
        ...

    def close(self) -> None:
        """Close the connection; idempotent, never raises."""
        ...


class _Outbox:
    """Replies in order, each held until it is due."""

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._waiting: deque[tuple[Reply, float]] = deque()

    def put(self, replies: list[Reply]) -> None:
        """Queue `replies`; a wall-clock delay starts to count here."""
        now_s = time.monotonic()
        self._waiting.extend((reply, now_s + reply.delay_wall_s) for reply in replies)

    def wait_s(self) -> float:
        """Seconds on the wall until the first reply is due; infinite if there is none."""
        if not self._waiting:
            return float("inf")
        reply, not_before_s = self._waiting[0]
        wait_s = not_before_s - time.monotonic()
        if self._clock is not None and reply.due_lab_s > 0:
            wait_s = max(wait_s, self._clock.wall_s(reply.due_lab_s - self._clock.now()))
        return max(0.0, wait_s)

    def take_due(self) -> Reply | None:
        """Remove and return the first reply if it is due."""
        return self._waiting.popleft()[0] if self.wait_s() <= 0 else None


def pump(
    channel: Channel, session: Session, clock: Clock | None, stopping: threading.Event
) -> None:
    """Serve `channel` until the client leaves, a fault hangs up, or `stopping` is set.

    Parameters
    ----------
    channel : Channel
        The connection; closed at the end.
    session : Session
        The simulator's side of it.
    clock : Clock or None
        Times the replies that carry `Reply.due_lab_s`; without one they leave at once.
    stopping : threading.Event
        Set by the server to end every connection.
    """
    outbox = _Outbox(clock)
    try:
        while not stopping.is_set():
            data = channel.receive(min(POLL_S, outbox.wait_s()))
            if data is None:
                return
            if data:
                outbox.put(session.feed(data))
            if isinstance(session, PollingSession):
                outbox.put(session.poll())
            while (reply := outbox.take_due()) is not None:
                if reply.payload:
                    channel.send(reply.payload)
                if reply.hang_up:
                    return
    except OSError as error:
        logger.debug("simulator client left: %s", error)
    finally:
        channel.close()
