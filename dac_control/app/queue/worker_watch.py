"""Whether the queue's worker lives: queueserver itself never notices a dead or a frozen one."""

import contextlib
import os
import signal
import threading
import time

from dac_control.app.guardian.keeper import Keeper
from dac_control.app.queue.place import Place
from dac_control.app.station_lock import StationLock
from dac_control.errors import ConfigurationError

__all__ = ["WorkerWatch"]

_DYING_S = 10.0
_LAST_WORDS_S = 1.0


class WorkerWatch:
    """Lets the keeper look from a thread of its own, and sees that a worker is dead.

    On a thread, because queueserver's manager may keep whoever asks it waiting, and the worker's
    guardian must never be kept.

    Parameters
    ----------
    place : Place
        The queue's files; the worker holds a lock there for as long as its process lives.
    keeper : Keeper
        Open.
    """

    def __init__(self, place: Place, keeper: Keeper) -> None:
        self._place = place
        self._keeper = keeper
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="keeper", daemon=True)
        self._thread.start()

    def what_became_of_it(self) -> str:
        """Say how the worker ended, as a clause; empty while it lives. A frozen one is killed."""
        complaint = self._keeper.complaint
        if complaint:
            self._kill()
        if not self._is_dead():
            return ""
        # what it said last may still be on its way
        self._thread.join(_LAST_WORDS_S)
        return f"froze ({complaint}) and was killed" if complaint else "died"

    def close(self) -> None:
        """Look no more; idempotent."""
        self._over.set()
        self._thread.join(_DYING_S)

    def _look(self) -> None:
        while not self._over.is_set() and not self._keeper.look():
            pass

    def _kill(self) -> None:
        """Kill it and wait for its end: its revival would move the screw."""
        pid = self._keeper.state.pid
        if pid is not None and not self._is_dead():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        until = time.monotonic() + _DYING_S
        while not self._is_dead() and time.monotonic() < until:
            time.sleep(0.02)

    def _is_dead(self) -> bool:
        """The operating system lets go of the worker's lock when its process ends."""
        try:
            StationLock(self._place.worker).release()
        except ConfigurationError:
            return False
        return True
