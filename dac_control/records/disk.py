"""Bytes that are on the disk when a call returns, and clear words when they are not.

Everything here exists because a run must be readable after the process, or the power, was cut:
data are synced, and a replaced file is the old one or the new one.
"""

import errno
import os
import time
from pathlib import Path

from dac_control.errors import RecordError

__all__ = [
    "O_BINARY",
    "probe_writable",
    "record_error",
    "replace_file",
    "sync_descriptor",
    "sync_folder",
    "write_all",
]

# Windows would turn "\n" into "\r\n" without this; it does not exist elsewhere.
O_BINARY = getattr(os, "O_BINARY", 0)
# Windows refuses to replace a file while a virus scanner or indexer has it open; they let go soon.
_REPLACE_PATIENCE_S = 1.0
_REPLACE_PAUSE_S = 0.02

_ADVICE = {
    errno.ENOSPC: "free some space on that disk or choose another folder",
    errno.EDQUOT: "free some of your quota or choose another folder",
    errno.EACCES: "get the right to write there or choose another folder",
    errno.EPERM: "get the right to write there or choose another folder",
    errno.EROFS: "choose a folder on a disk that can be written",
    errno.ENOENT: "check that the path is spelled right and its disk is mounted",
    errno.ENOTDIR: "choose a path whose parents are all folders",
    errno.EEXIST: "move that file away or choose another folder",
    errno.EIO: "replace or reconnect that disk before measuring on",
}


def record_error(doing: str, path: Path, error: OSError) -> RecordError:
    """Turn an operating-system error into one sentence: what, which path, why, what to do.

    Parameters
    ----------
    doing : str
        What failed, as the subject of the sentence, e.g. ``"The journal"``.
    path : Path
        The path it failed at.
    error : OSError
        The failure as Python raised it.

    Returns
    -------
    RecordError
        Not raised; the caller does that with ``from error``.
    """
    reason = error.strerror or str(error) or type(error).__name__
    advice = _ADVICE.get(error.errno or 0, "check that disk and that path")
    return RecordError(f"{doing} at {path} failed: {reason}; {advice}.")


def sync_descriptor(descriptor: int) -> None:
    """Force a file's data to the disk; `os.fdatasync` where it exists, else `os.fsync`."""
    # Neither Windows nor macOS has fdatasync, which spares the write of the timestamps.
    getattr(os, "fdatasync", os.fsync)(descriptor)


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to the disk, so that a new file survives a power cut."""
    if os.name == "nt":  # a folder cannot be opened there, and NTFS journals its names itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: one `os.write`, and more only after a short write."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def replace_file(path: Path, data: bytes) -> None:
    """Give `path` the content `data`, synced; a reader sees the old file or the new one.

    Raises
    ------
    RecordError
        If it cannot be written; the old file is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_BINARY, 0o666)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise record_error("Writing the file", path, error) from error


def _replace(source: Path, target: Path) -> None:
    deadline = time.monotonic() + _REPLACE_PATIENCE_S
    while True:
        try:
            os.replace(source, target)
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(_REPLACE_PAUSE_S)
        else:
            return


def probe_writable(folder: Path) -> None:
    """Create `folder` if need be, then write, sync and remove a file in it.

    Raises
    ------
    RecordError
        If any of this fails: one sentence for the person who wants to start a run.
    """
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_BINARY, 0o666)
        try:
            write_all(descriptor, b"dac-control\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise record_error("Writing into the folder", folder, error) from error
