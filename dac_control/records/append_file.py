"""A file of JSON lines that grows: one synced line at a time, mended when it is opened.

A crash can tear only the last line, since a line is synced before the next one is begun.
"""

import logging
import os
import threading
from pathlib import Path

import orjson

from dac_control.errors import RecordError
from dac_control.records.disk import (
    O_BINARY,
    record_error,
    sync_descriptor,
    sync_folder,
    write_all,
)
from dac_control.records.file_lock import lock_descriptor
from dac_control.records.lines import dumps_line

__all__ = ["AppendFile"]

logger = logging.getLogger(__name__)


class AppendFile:
    """A file of JSON lines that only grows; a line is in it and synced, or `append` raised.

    A last line that a crash tore is cut off on opening, so that the next line does not grow onto
    it. Thread-safe; one process at a time may write.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    new : bool
        True if the file must not exist yet.
    what : str
        Its name in error messages.
    locked : bool
        Hold a lock on it while it is open, which ends with this process, however that ends.

    Raises
    ------
    RecordError
        If it cannot be opened, or another process has it locked.
    """

    def __init__(
        self, path: Path, *, new: bool = False, what: str = "the file", locked: bool = False
    ) -> None:
        self.path = path
        self._what = what
        self._lock = threading.Lock()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | O_BINARY | (os.O_EXCL if new else 0)
        try:
            created = new or not path.exists()
            self._descriptor = os.open(path, flags, 0o666)
            try:
                if locked:
                    _lock(self._descriptor, path, new=new)
                _sync_or_mend(self._descriptor, path, created=created)
            except BaseException:
                os.close(self._descriptor)
                raise
        except OSError as error:
            raise record_error(f"Opening {what}", path, error) from error

    @property
    def closed(self) -> bool:
        """True after `close`, or after a line that could neither be finished nor taken back."""
        return self._descriptor < 0

    def append(self, content: object) -> None:
        """Append one line by one write, and sync it.

        Raises
        ------
        RecordError
            If it could not be written and synced in full; what was written of it is taken back.
        """
        line = dumps_line(content)
        with self._lock:
            if self.closed:
                raise RecordError(
                    f"Writing {self._what} at {self.path} failed: it is closed; "
                    "open a new run before measuring on."
                )
            try:
                self._append(line)
            except OSError as error:
                raise record_error(f"Writing {self._what}", self.path, error) from error

    def _append(self, line: bytes) -> None:
        size = os.fstat(self._descriptor).st_size
        try:
            write_all(self._descriptor, line)
            sync_descriptor(self._descriptor)
        except OSError:
            try:
                os.ftruncate(self._descriptor, size)
            except OSError:
                # A later line would grow onto the torn one, so there must be none.
                self._close()
            raise

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if not self.closed:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def __enter__(self) -> "AppendFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lock(descriptor: int, path: Path, *, new: bool) -> None:
    try:
        lock_descriptor(descriptor)
    except OSError as error:
        if not new:
            raise RecordError(
                f"{path} cannot be locked: a live process is writing it, or its file system has "
                "no locks."
            ) from error
        # such a run cannot be told from a live one when its process is dead, and is left as it is
        logger.warning("%s cannot be locked: %s", path, error)


def _sync_or_mend(descriptor: int, path: Path, *, created: bool) -> None:
    """Sync the name of a new file; end an old one with a whole line."""
    if created:
        sync_folder(path.parent)
        return
    size = os.fstat(descriptor).st_size
    tail = _last_line(descriptor, size)
    if not tail or tail.endswith(b"\n"):
        return
    try:
        orjson.loads(tail)
    except orjson.JSONDecodeError:
        logger.warning("the last line of %s is torn; %d bytes were cut off", path, len(tail))
        os.ftruncate(descriptor, size - len(tail))
    else:
        write_all(descriptor, b"\n")
    sync_descriptor(descriptor)


def _last_line(descriptor: int, size: int) -> bytes:
    """Return the bytes after the last newline, or the last byte if that is a newline."""
    tail, block = b"", 65536
    while size > 0:
        start = max(0, size - block)
        os.lseek(descriptor, start, os.SEEK_SET)
        tail = os.read(descriptor, size - start) + tail
        size = start
        end = tail.rfind(b"\n")
        if end == len(tail) - 1:
            return b"\n"
        if end >= 0:
            return tail[end + 1 :]
    return tail
