"""Faults on the wire, scheduled by a test and done to the replies of any simulator.

The injector stands between a server and a simulator: it wraps the session factory, so the
simulator stays correct and the server stays simple.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from simulators.wire.reply import PollingSession, Reply, Session, SessionFactory

__all__ = ["Fault", "FaultInjector"]

_NUMBER = re.compile(rb"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
GARBAGE = b"\xff\x00\x9b?{]\xfe~"
"""Neither ASCII nor UTF-8, and without a terminator."""


class Fault(StrEnum):
    """What can happen to a reply.

    The instrument has carried out the request in every case except `LOST_REQUEST`.
    """

    DROP_CONNECTION = "drop_connection"
    """The connection closes instead of the reply."""
    SILENCE = "silence"
    """The reply never comes."""
    LATE = "late"
    """The reply comes `delay_s` seconds late; those behind it wait."""
    GARBAGE = "garbage"
    """Every byte but the terminator is rubbish."""
    HALF_REPLY = "half_reply"
    """The first half comes, and then nothing, or the end of the connection (`hang_up=True`)."""
    PREVIOUS_REPLY = "reply_for_another_query"
    """The reply before this one comes again instead."""
    DUPLICATE = "duplicate"
    """The reply comes twice, at once: a second one that is late is a `PREVIOUS_REPLY`."""
    NAN = "nan"
    """Every number in the reply reads ``NaN``; for line protocols."""
    FLIPPED_DIGIT = "flipped_digit"
    """One digit of the reply, by number `digit`, is one higher; for line protocols."""
    LOST_REQUEST = "lost_request"
    """The connection closes before the instrument has the request; needs a line protocol."""


@dataclass(frozen=True)
class _Scheduled:
    fault: Fault
    when: Callable[[bytes], bool]
    delay_s: float
    hang_up: bool
    digit: int


class FaultInjector:
    r"""Does scheduled faults to the replies of a simulator.

    Parameters
    ----------
    session_factory : Callable[[], Session]
        The simulator's; `session` is the factory to serve instead.
    terminators : bytes
        Bytes that end a request, ``b"\r\n"`` for line protocols. Empty for a binary protocol:
        a request is then everything since the last reply.
    """

    def __init__(self, session_factory: SessionFactory, terminators: bytes = b"\r\n") -> None:
        self._session_factory = session_factory
        self.terminators = terminators
        self._lock = threading.Lock()
        self._scheduled: list[_Scheduled] = []
        self._done: list[tuple[Fault, bytes]] = []

    def session(self) -> Session:
        """Open a session of the simulator with the faults in its way."""
        return _FaultySession(self._session_factory(), self)

    def next(
        self,
        kind: Fault | str,
        *,
        when: bytes | Callable[[bytes], bool] | None = None,
        delay_s: float = 0.5,
        hang_up: bool = False,
        digit: int = 0,
        count: int = 1,
    ) -> None:
        """Schedule a fault for the next `count` replies that match.

        Parameters
        ----------
        kind : Fault or str
            What to do.
        when : bytes or Callable[[bytes], bool], optional
            Bytes that the request contains, or a predicate on the request; any by default.
        delay_s : float
            Seconds on the wall, for `Fault.LATE`.
        hang_up : bool
            For `Fault.HALF_REPLY`: close the connection after the half.
        digit : int
            For `Fault.FLIPPED_DIGIT`: which one, from 0; counted round where there are fewer.
        count : int
            How many replies.

        Raises
        ------
        ValueError
            If `kind` is no fault.
        """
        scheduled = _Scheduled(Fault(kind), _predicate(when), delay_s, hang_up, digit)
        with self._lock:
            self._scheduled.extend([scheduled] * count)

    def clear(self) -> None:
        """Forget what has been scheduled and has not happened: the line is sound again."""
        with self._lock:
            self._scheduled.clear()

    @property
    def pending(self) -> int:
        """Number of scheduled faults that have not happened yet."""
        with self._lock:
            return len(self._scheduled)

    @property
    def done(self) -> list[tuple[Fault, bytes]]:
        """The faults that happened, each with its request, oldest first."""
        with self._lock:
            return list(self._done)

    def take(self, request: bytes, *, before: bool) -> _Scheduled | None:
        """Remove and return the first fault that matches; `before` asks for lost requests."""
        with self._lock:
            for index, scheduled in enumerate(self._scheduled):
                lost = scheduled.fault is Fault.LOST_REQUEST
                if lost == before and scheduled.when(request):
                    del self._scheduled[index]
                    self._done.append((scheduled.fault, request))
                    return scheduled
        return None


class _FaultySession:
    """A session whose replies pass the injector."""

    def __init__(self, inner: Session, injector: FaultInjector) -> None:
        self._inner = inner
        self._injector = injector
        self._request = bytearray()
        self._previous = Reply(b"")

    def feed(self, data: bytes) -> list[Reply]:
        """Feed the simulator byte by byte, so that each reply is matched with its request."""
        replies: list[Reply] = []
        for byte in data:
            self._request.append(byte)
            ends = byte in self._injector.terminators
            request = bytes(self._request)
            lost = ends and request.strip(self._injector.terminators) != b""
            if lost and self._injector.take(request, before=True) is not None:
                self._request.clear()
                return [*replies, Reply(b"", hang_up=True)]
            answers = self._inner.feed(bytes((byte,)))
            for answer in answers:
                replies.extend(self._pass(answer, request))
            if answers or ends:
                self._request.clear()
        return replies

    def poll(self) -> list[Reply]:
        """Pass on what the instrument says of its own accord, untouched."""
        return self._inner.poll() if isinstance(self._inner, PollingSession) else []

    def _pass(self, reply: Reply, request: bytes) -> list[Reply]:
        scheduled = self._injector.take(request, before=False)
        previous, self._previous = self._previous, reply
        return [reply] if scheduled is None else _spoil(scheduled, reply, previous)


def _predicate(when: bytes | Callable[[bytes], bool] | None) -> Callable[[bytes], bool]:
    if when is None:
        return lambda request: True
    if isinstance(when, bytes):
        return lambda request: when in request
    return when


def _spoil(scheduled: _Scheduled, reply: Reply, previous: Reply) -> list[Reply]:
    """What leaves instead of `reply`."""
    match scheduled.fault:
        case Fault.DROP_CONNECTION | Fault.LOST_REQUEST:
            return [Reply(b"", hang_up=True)]
        case Fault.SILENCE:
            return []
        case Fault.LATE:
            return [replace(reply, delay_wall_s=scheduled.delay_s)]
        case Fault.GARBAGE:
            return [replace(reply, payload=_garbage(reply.payload))]
        case Fault.NAN:
            return [replace(reply, payload=_NUMBER.sub(b"NaN", reply.payload))]
        case Fault.FLIPPED_DIGIT:
            return [replace(reply, payload=_flip(reply.payload, scheduled.digit))]
        case Fault.HALF_REPLY:
            half = reply.payload[: len(reply.payload) // 2]
            return [replace(reply, payload=half, hang_up=scheduled.hang_up)]
        case Fault.PREVIOUS_REPLY:
            return [replace(reply, payload=previous.payload)]
        case Fault.DUPLICATE:
            return [replace(reply, payload=2 * reply.payload)]


def _garbage(payload: bytes) -> bytes:
    body = payload.rstrip(b"\r\n")
    rubbish = (GARBAGE * (len(body) // len(GARBAGE) + 1))[: len(body)]
    return rubbish + payload[len(body) :]


def _flip(payload: bytes, number: int) -> bytes:
    places = [at for at, byte in enumerate(payload) if byte in b"0123456789"]
    if not places:
        return payload
    at = places[number % len(places)]
    return payload[:at] + b"%d" % ((payload[at] - ord("0") + 1) % 10) + payload[at + 1 :]
