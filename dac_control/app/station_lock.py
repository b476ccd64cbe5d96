"""One process at a station at a time: a lock that the operating system lets go with it."""

import contextlib
import getpass
import os
import platform
import time
from pathlib import Path

from dac_control.errors import ConfigurationError
from dac_control.records.file_lock import lock_descriptor

__all__ = ["StationLock", "station_holder"]


class StationLock:
    """Holds a station's state folder for this process.

    Parameters
    ----------
    folder : Path
        The state folder; the lock is the file ``lock`` in it, which stays when released.

    Raises
    ------
    ConfigurationError
        If another process holds it; the message names that process.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "lock"
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            lock_descriptor(self._descriptor)
        except OSError:
            holder = self._path.read_text(encoding="utf-8", errors="replace").strip()
            os.close(self._descriptor)
            raise ConfigurationError(
                f"This station is in use by {holder or 'another process'}; end that one first. "
                f"(The lock is {self._path}.)"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, _myself())

    def release(self) -> None:
        """Let go; idempotent."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def station_holder(folder: Path) -> str:
    """Who took the station last and has not let go; empty for nobody. Takes no lock itself."""
    try:
        return (folder / "lock").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _myself() -> bytes:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return f"process {os.getpid()} of {user} on {platform.node()} since {since}".encode()
