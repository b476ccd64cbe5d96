"""One thread per instrument: jobs in order of urgency, and a poll when nothing is asked.

All instrument I/O of a device happens here, never on the RunEngine's thread.
"""

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

from dac_control.errors import DacError

__all__ = ["Pauses", "Worker"]

logger = logging.getLogger(__name__)
T = TypeVar("T")

Pauses = Generator[float, None, T]
"""A long job in pieces: it yields the seconds on the wall that it waits between them."""

_Job = tuple[int, int, Callable[[], Any] | None, "Future[Any] | None"]


class Worker:
    """Runs jobs one at a time on a thread of its own.

    Parameters
    ----------
    name : str
        Name of the thread, for logs and for tests that look for leftovers.
    poll : callable, optional
        Called about every `poll_period_s` while no job waits. What it raises is kept in
        `poll_error` and logged once per failure, not per attempt.
    poll_period_s : float
        Wall-clock seconds between polls.
    """

    COMMAND = 0
    READ = 1

    def __init__(
        self, name: str, poll: Callable[[], None] | None = None, poll_period_s: float = 0.5
    ) -> None:
        self._name = name
        self._poll = poll
        self._period_s = poll_period_s
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.poll_error: Exception | None = None

    def start(self) -> None:
        """Start the thread; idempotent."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def submit(self, job: Callable[[], T], priority: int = READ) -> "Future[T]":
        """Queue a job; lower `priority` goes first. The future carries its result or error."""
        future: Future[T] = Future()
        self.start()
        with self._lock:
            if not self._closed:
                self._jobs.put((priority, next(self._order), job, future))
                return future
        future.set_exception(DacError(f"{self._name} is closed; connect it again."))
        return future

    def submit_steps(self, job: Callable[[], Pauses[T]], priority: int = READ) -> "Future[T]":
        """Queue a job that waits between its pieces; no other comes in between."""
        return self.submit(lambda: _to_the_end(job()), priority)

    def close(self, timeout_s: float = 5.0) -> None:
        """Let the job in progress end, fail those that wait, and join the thread."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._jobs.put((-1, next(self._order), None, None))
        if thread is None:
            self._fail_waiting()
        elif thread is not threading.current_thread():
            thread.join(timeout_s)
            if thread.is_alive():
                logger.warning("%s did not end within %s s", self._name, timeout_s)

    def _run(self) -> None:
        while True:
            try:
                _, _, job, future = self._jobs.get(timeout=self._period_s)
            except queue.Empty:
                self._poll_once()
                continue
            if job is None or future is None:
                self._fail_waiting()
                return
            self._execute(job, future)

    def _execute(self, job: Callable[[], Any], future: "Future[Any]") -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the future
            future.set_exception(error)
        else:
            future.set_result(result)

    def _poll_once(self) -> None:
        if self._poll is None:
            return
        try:
            self._poll()
        except Exception as error:  # noqa: BLE001 - a poll may not end the thread
            if self.poll_error is None:
                logger.warning("%s: %s", self._name, error)
            self.poll_error = error
        else:
            if self.poll_error is not None:
                logger.warning("%s answers again", self._name)
            self.poll_error = None

    def _fail_waiting(self) -> None:
        while not self._jobs.empty():
            _, _, _, future = self._jobs.get_nowait()
            if future is not None and future.set_running_or_notify_cancel():
                future.set_exception(DacError(f"{self._name} was closed."))


def _to_the_end(pieces: Pauses[T]) -> T:
    """Carry out a job in pieces, waiting where it says so."""
    while True:
        try:
            pause_s = next(pieces)
        except StopIteration as end:
            return end.value
        time.sleep(pause_s)
