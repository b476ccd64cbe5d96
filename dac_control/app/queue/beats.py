"""Beats of a queue's worker: a file that is touched as long as its RunEngine's loop turns."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from dac_control.app.station_lock import station_holder

__all__ = ["FROZEN_S", "BeatWatch", "Beats"]

BEAT_EVERY_S = 1.0
FROZEN_S = 10.0
"""A worker whose file is older than this is frozen."""
_LATE_S = 2.0
"""A gap between two looks beyond which whoever looks was kept from it."""


class Beats:
    """Touches the file from a thread, whenever the loop has turned.

    Parameters
    ----------
    path : Path
        The file; it holds the number of this process.
    loop : AbstractEventLoop
        Of the RunEngine.
    """

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._path, self._loop = path, loop
        path.write_text(str(os.getpid()), encoding="ascii")
        threading.Thread(target=self._beat, name="beats", daemon=True).start()

    def _beat(self) -> None:
        while True:
            turned = threading.Event()
            try:
                self._loop.call_soon_threadsafe(turned.set)
            except RuntimeError:
                return  # the loop is closed: this process ends
            turned.wait()
            with contextlib.suppress(OSError):
                os.utime(self._path)
            time.sleep(BEAT_EVERY_S)


class BeatWatch:
    """Sees by the file that a worker is frozen; look regularly.

    Parameters
    ----------
    path : Path
        The file of its beats, beside its lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: int | None = None
        self._changed_s = self._looked_s = time.monotonic()

    def frozen(self) -> bool:
        """Whether no beat came for `FROZEN_S`, while this process was there to see it."""
        now_s = time.monotonic()
        if now_s - self._looked_s > _LATE_S:
            self._changed_s += now_s - self._looked_s
        self._looked_s = now_s
        try:
            seen = self._path.stat().st_mtime_ns
        except OSError:
            seen = None
        if seen is None or seen != self._seen:
            self._seen, self._changed_s = seen, now_s
        return now_s - self._changed_s > FROZEN_S and self._pid() is not None

    def kill(self) -> None:
        """Kill the worker: its revival would move the screw."""
        pid = self._pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _pid(self) -> int | None:
        """Number of the worker; None unless its lock names the same process."""
        try:
            pid = int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        holder = station_holder(self._path.parent)
        return pid if holder.startswith(f"process {pid} ") else None
