"""A person knows: one file in the station's state folder, whose change says so."""

import os
from pathlib import Path

from dac_control.errors import RecordError

__all__ = ["ACKNOWLEDGED_NAME", "acknowledge", "acknowledged_at"]

ACKNOWLEDGED_NAME = "acknowledged"


def acknowledge(state: Path) -> None:
    """Say that somebody knows of all that is open now; from any process.

    Raises
    ------
    RecordError
        If the file cannot be written.
    """
    path = state / ACKNOWLEDGED_NAME
    try:
        path.touch()
        os.utime(path)
    except OSError as error:
        raise RecordError(f"{path} cannot be written: {error.strerror}.") from error


def acknowledged_at(path: Path | None) -> int:
    """When that was last said, in ns of the file system's clock; 0 for never."""
    if path is None:
        return 0
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
