"""Files of JSON lines: written one synced line at a time, read back after any crash.

A crash can tear only the last line, since a line is synced before the next one is begun; so a
damaged last line is dropped, and a damaged line before it is reported, never skipped.
"""

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np
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

__all__ = ["AppendFile", "dumps_line", "iter_lines", "parse_lines"]

logger = logging.getLogger(__name__)

# The second is slow, and takes the arrays that the first refuses, e.g. of foreign byte order.
_OPTIONS = (orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE, orjson.OPT_APPEND_NEWLINE)


def dumps_line(content: object) -> bytes:
    """Serialise `content` to one line of JSON, newline included.

    NaN and the infinities become ``null``: JSON has no word for them. numpy arrays and scalars,
    sets and paths become what JSON has.

    Raises
    ------
    RecordError
        If something in `content` has no JSON form.
    """
    refusal: TypeError | None = None
    for options in _OPTIONS:
        try:
            return orjson.dumps(content, default=_plain, option=options)
        except TypeError as error:
            refusal = error
    raise RecordError(
        f"A record cannot be written as JSON ({refusal}); put only numbers, text, lists, "
        "arrays and mappings with text keys into it."
    ) from refusal


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def iter_lines(path: Path, size: int | None = None) -> Iterator[tuple[int, Any]]:
    """Yield (line number from 1, content) of every whole line; drop a torn last line.

    Parameters
    ----------
    path : Path
        The file.
    size : int, optional
        Bytes to read; the rest is ignored (a live file grows meanwhile).

    Raises
    ------
    RecordError
        If the file cannot be read, or a line before the last is damaged.
    """
    try:
        with path.open("rb") as file:
            yield from parse_lines(_bounded(file, size), path)
    except OSError as error:
        raise record_error("Reading the file", path, error) from error


def parse_lines(lines: Iterable[bytes], path: Path, first: int = 1) -> Iterator[tuple[int, Any]]:
    """Yield what `iter_lines` yields, of lines that were read already.

    Parameters
    ----------
    lines : iterable of bytes
        The lines.
    path : Path
        Where they are from, for messages.
    first : int
        Number of the first one.

    Raises
    ------
    RecordError
        If a line before the last is damaged.
    """
    damaged: int | None = None
    for number, line in enumerate(lines, start=first):
        if damaged is not None:
            raise RecordError(
                f"Line {damaged} of {path} is damaged; compare the file with its manifest "
                "and restore it from a copy."
            )
        try:
            content = orjson.loads(line)
        except orjson.JSONDecodeError:
            damaged = number
            continue
        yield number, content
    if damaged is not None:
        logger.warning("line %d, the last of %s, is torn and was dropped", damaged, path)


def _bounded(file: Any, size: int | None) -> Iterator[bytes]:
    left = size
    while left is None or left > 0:
        line = file.readline() if left is None else file.readline(left)
        if not line:
            return
        if left is not None:
            left -= len(line)
        yield line


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
