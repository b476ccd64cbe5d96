"""What the guardian saw and did, on its way to the disk without delaying anything."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from dac_control.errors import RecordError
from dac_control.records.guardian_log import GuardianLog

__all__ = ["Chronicle"]

logger = logging.getLogger(__name__)


class Chronicle:
    """Writes entries from a thread of its own: a slow or full disk must not keep a drive turning.

    Entries wait until `begin` says that the log is ours to write.

    Parameters
    ----------
    log : GuardianLog
        The station's.
    run_uid : callable
        Uid of the run in progress, or None.
    """

    def __init__(self, log: GuardianLog, run_uid: Callable[[], str | None]) -> None:
        self._log = log
        self._run_uid = run_uid
        self._entries: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def note(self, what: str, **details: Any) -> None:
        """Take an entry; returns at once."""
        self._entries.put({"time": time.time(), "run": self._run_uid(), "what": what, **details})

    def begin(self) -> None:
        """Begin to write; idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="chronicle", daemon=True)
            self._thread.start()

    def finish(self, timeout_s: float = 5.0) -> None:
        """Write what was noted so far and end the thread; later entries need a new `begin`."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._entries.put(None)
            thread.join(timeout_s)

    def _run(self) -> None:
        while (entry := self._entries.get()) is not None:
            try:
                self._log.append(entry)
            except RecordError as error:
                logger.error("an entry of the guardian was lost: %s", error)
