"""What devices need of time beside the laboratory clock, as one thing to inject.

In real time: threads, and a Status whose timeout a thread keeps. In a rehearsal everything
happens on the RunEngine's loop, since threads and timed statuses break its determinism.
"""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from devices.statuses import StatusFactory, threaded_status
from devices.stop_lane import StopLane
from devices.worker import Pauses, Worker

__all__ = ["REAL_TIME", "MakeStopLane", "MakeWorker", "StopLaneLike", "Timing", "WorkerLike"]

T = TypeVar("T")


class WorkerLike(Protocol):
    """Does one job at a time, off the RunEngine's messages; see `devices.worker.Worker`."""

    poll_error: Exception | None

    @property
    def COMMAND(self) -> int:  # noqa: N802 - a constant of the class
        """Priority of what was asked for by name."""
        ...

    @property
    def READ(self) -> int:  # noqa: N802 - a constant of the class
        """Priority of readings."""
        ...

    def start(self) -> None:
        """Begin to poll; idempotent."""
        ...

    def submit(self, job: Callable[[], T], priority: int = 1) -> "Future[T]":
        """Queue a job; lower `priority` goes first."""
        ...

    def submit_steps(self, job: Callable[[], Pauses[T]], priority: int = 1) -> "Future[T]":
        """Queue a job that waits between its pieces."""
        ...

    def close(self, timeout_s: float = 5.0) -> None:
        """Let the job in progress end, fail those that wait."""
        ...


class StopLaneLike(Protocol):
    """Brings an instrument to hold, past its worker; see `devices.stop_lane.StopLane`."""

    @property
    def asked(self) -> int:
        """Number of the last request."""
        ...

    @property
    def confirmed(self) -> bool:
        """True if every request was confirmed."""
        ...

    def request(self) -> None:
        """Ask for a stop; returns at once."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait until every request is confirmed; False if that takes longer."""
        ...

    def close(self, timeout_s: float = 3.0) -> None:
        """Give a stop that is under way some time, then end."""
        ...


MakeWorker = Callable[[str, Callable[[], None] | None, float], WorkerLike]
"""Name, what to poll (None for nothing), seconds on the wall between polls."""
MakeStopLane = Callable[[str, Callable[[], bool]], StopLaneLike]
"""Name, and the attempt to stop; True once it was confirmed."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How devices wait, poll and tell the time of day."""

    statuses: StatusFactory = threaded_status
    make_worker: MakeWorker = Worker
    make_stop_lane: MakeStopLane = StopLane
    wall_time: Callable[[], float] = time.time
    """Seconds since 1970, for time stamps."""
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    """Names a move in the journal."""
    poll_period_s: float = 0.5
    """Seconds on the wall between readings that nobody asked for."""
    read_period_s: float = 0.02
    """Seconds on the wall between readings of a drive that moves."""


REAL_TIME = Timing()
