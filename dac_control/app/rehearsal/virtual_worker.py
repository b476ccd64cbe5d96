"""The worker of a device in a rehearsal: its jobs and polls on the RunEngine's loop.

A job is carried out at once, where it is its turn, and its Future is done after the virtual time
for which it slept; a job in pieces waits on timers between them, so that a stop finds it on its
way. Off the loop's thread, that is before and after a run, jobs are done when `submit` returns,
and the clock has moved by what they took.
"""

import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from dac_control.app.rehearsal.virtual_loop import VirtualLoop
from dac_control.errors import DacError
from devices.worker import Pauses

__all__ = ["POLL_PERIOD_S", "VirtualWorker"]

T = TypeVar("T")

POLL_PERIOD_S = 120.0
"""Slower than real polling: nobody looks, and what settles does so in minutes."""


class _Job:
    """One entry of a worker's queue."""

    def __init__(
        self, future: "Future[Any]", *, whole: Callable[[], Any], in_pieces: bool = False
    ) -> None:
        self.future = future
        self.whole = whole
        self.in_pieces = in_pieces
        self.pieces: Pauses[Any] | None = None
        self.result: Any = None
        self.error: Exception | None = None

    def go_on(self) -> float | None:
        """Carry out what comes next; return the wait until the next piece, None at the end."""
        try:
            if not self.in_pieces:
                self.result = self.whole()
                return None
            pieces = self.pieces = self.whole() if self.pieces is None else self.pieces
            return next(pieces)
        except StopIteration as end:
            self.result = end.value
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the future
            self.error = error
        return None

    def tell(self) -> None:
        """Finish the future."""
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class VirtualWorker:
    """Does jobs one at a time, on the loop; see `devices.worker.Worker`.

    Parameters
    ----------
    loop : VirtualLoop
        The RunEngine's loop.
    name : str
        For messages.
    poll : callable, optional
        Called where no job came for `poll_period_s` of virtual time.
    """

    COMMAND = 0
    READ = 1

    def __init__(
        self,
        loop: VirtualLoop,
        name: str,
        poll: Callable[[], None] | None = None,
        poll_period_s: float = POLL_PERIOD_S,
    ) -> None:
        self._loop = loop
        self._clock = loop.clock
        self._name = name
        self._poll = poll
        self._period_s = poll_period_s
        self._waiting: list[tuple[int, int, _Job]] = []
        self._order = itertools.count()
        self._current: _Job | None = None
        self._over = False
        """Whether the current job only has to be told."""
        self._last_s = 0.0
        self._started = False
        self._closed = False
        self.poll_error: Exception | None = None

    def start(self) -> None:
        """Begin to poll; idempotent."""
        if not self._started and self._poll is not None:
            self._started = True
            # due by the clock as it is here: another thread may read it later, and it moves
            due_s = self._clock.now() + self._period_s
            self._loop.call_soon_threadsafe(self._loop.call_at, due_s, self._poll_if_idle)

    def submit(self, job: Callable[[], T], priority: int = READ) -> "Future[T]":
        """Queue a job; lower `priority` goes first."""
        return self._enqueue(_Job(Future(), whole=job), priority)

    def submit_steps(self, job: Callable[[], Pauses[T]], priority: int = READ) -> "Future[T]":
        """Queue a job that waits between its pieces."""
        return self._enqueue(_Job(Future(), whole=job, in_pieces=True), priority)

    def close(self, timeout_s: float = 5.0) -> None:
        """Let the job in progress end, fail those that wait."""
        self._closed = True
        job, self._current = self._current, None
        if job is not None:
            if not self._over:
                self._through(job)
            job.tell()
        while self._waiting:
            _, _, job = heapq.heappop(self._waiting)
            job.future.set_exception(DacError(f"{self._name} was closed."))

    def _enqueue(self, job: _Job, priority: int) -> "Future[Any]":
        if self._closed:
            job.future.set_exception(DacError(f"{self._name} is closed; connect it again."))
            return job.future
        self.start()
        if self._loop.is_here:
            self._queue_up(job, priority)
        elif self._loop.passes:
            self._loop.call_soon_threadsafe(self._queue_up, job, priority)
        else:
            self._through(job)
            job.tell()
        return job.future

    def _queue_up(self, job: _Job, priority: int) -> None:
        heapq.heappush(self._waiting, (priority, next(self._order), job))
        if self._current is None:
            self._begin_next()

    def _begin_next(self) -> None:
        if self._waiting and not self._closed:
            _, _, self._current = heapq.heappop(self._waiting)
            self._over = False
            self._go_on(self._current)

    def _go_on(self, job: _Job) -> None:
        """Carry out the next piece of the job, and set the timer for what follows."""
        if self._current is not job:
            return
        pause_s = job.go_on()
        self._over = pause_s is None
        after = self._end if self._over else self._go_on
        delay_s = self._clock.take_ahead() + (pause_s or 0.0)
        # also an end without delay comes later than its beginning: nobody waits for it yet
        if delay_s > 0:
            self._loop.call_later(delay_s, after, job)
        else:
            self._loop.call_soon(after, job)

    def _end(self, job: _Job) -> None:
        if self._current is not job:
            return
        self._current = None
        self._last_s = self._clock.now()
        job.tell()
        if self._current is None:
            self._begin_next()

    def _through(self, job: _Job) -> None:
        """Carry out the rest of a job here and now, moving the clock by what it takes."""
        pause_s: float | None = 0.0
        while pause_s is not None:
            pause_s = job.go_on()
            self._clock.advance(self._clock.take_ahead() + (pause_s or 0.0))

    def _poll_later(self, delay_s: float) -> None:
        self._loop.call_later(delay_s, self._poll_if_idle)

    def _poll_if_idle(self) -> None:
        if self._closed:
            return
        quiet_s = self._clock.now() - self._last_s
        if self._current is not None or quiet_s < self._period_s - 1e-6:
            self._poll_later(max(self._period_s - quiet_s, 1.0))
            return
        self._poll_once()
        self._last_s = self._clock.now()
        self._poll_later(self._period_s + self._clock.take_ahead())

    def _poll_once(self) -> None:
        if self._poll is None or self._closed:
            return
        try:
            self._poll()
        except Exception as error:  # noqa: BLE001 - a poll may not end the loop
            self.poll_error = error
        else:
            self.poll_error = None
