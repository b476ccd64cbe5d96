"""A lock with a stop lane: whoever asks with priority goes before everyone who waits."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["PriorityLock"]


class PriorityLock:
    """Mutual exclusion with two queues, each first come, first served.

    A priority request waits for the holder alone, never for those who queue normally. The lock
    is handed over from thread to thread, so a newcomer cannot slip in between. Not reentrant.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._urgent: deque[threading.Event] = deque()
        self._normal: deque[threading.Event] = deque()

    def acquire(self, *, priority: bool = False, timeout_s: float | None = None) -> bool:
        """Take the lock.

        Parameters
        ----------
        priority : bool
            Go before every normal request that waits.
        timeout_s : float, optional
            Longest wait in s; for ever by default.

        Returns
        -------
        bool
            False if the lock did not become free in time.
        """
        queue = self._urgent if priority else self._normal
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = threading.Event()
            queue.append(turn)
        try:
            if turn.wait(timeout_s):
                return True
        except BaseException:
            # Ctrl-C while waiting: a turn that nobody takes would block the link for ever.
            if self._withdraw(queue, turn):
                self.release()
            raise
        return self._withdraw(queue, turn)

    def release(self) -> None:
        """Give the lock to the next in line; raises RuntimeError if nobody holds it."""
        with self._mutex:
            if not self._held:
                raise RuntimeError("the lock is released, but nobody holds it")
            queue = self._urgent or self._normal
            if queue:
                queue.popleft().set()
            else:
                self._held = False

    @contextmanager
    def hold(self, *, priority: bool = False) -> Iterator[None]:
        """Hold the lock for the length of a `with` block."""
        self.acquire(priority=priority)
        try:
            yield
        finally:
            self.release()

    def _withdraw(self, queue: deque[threading.Event], turn: threading.Event) -> bool:
        """Leave the queue; True if the lock was handed over in the meantime."""
        with self._mutex:
            if turn.is_set():
                return True
            queue.remove(turn)
            return False
