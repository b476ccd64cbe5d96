"""A file of JSON records that only grows, kept across runs and programs.

The common mechanism of what devices write down before they act: the journal of moves and the
ledger of light.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dac_control.errors import RecordError
from dac_control.records.append_file import AppendFile
from dac_control.records.disk import record_error
from dac_control.records.lines import dumps_line, iter_lines

__all__ = ["JsonLog"]


class JsonLog:
    """An append-only file of JSON records.

    Nothing is kept open between calls, so there is nothing to close, and several programs may use
    the file one after the other.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made by the first `append`.
    """

    what = "the log"
    """Name of the file in error messages."""
    entry = "a record"
    """Name of one record in error messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one record; it is on the disk when this returns.

        Raises
        ------
        RecordError
            If it is not; then the deed that it announces must not be done.
        """
        with self._lock:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise record_error(f"Making the folder of {self.what}", self.path, error) from error
            with AppendFile(self.path, what=self.what) as file:
                file.append(dict(record))

    def read(self) -> list[dict[str, Any]]:
        """Return all records, oldest first; a torn last line is dropped.

        Raises
        ------
        RecordError
            If the file cannot be read, or a line before the last is damaged.
        """
        if not self.path.exists():
            return []
        records: list[dict[str, Any]] = []
        for number, content in iter_lines(self.path):
            if not isinstance(content, dict):
                raise RecordError(
                    f"Line {number} of {self.path} is not {self.entry}; restore the file from a "
                    "copy."
                )
            records.append(content)
        return records

    def lines_of_run(self, uid: str) -> bytes:
        """Return the records whose ``"run"`` is `uid`, as JSON lines.

        Raises
        ------
        RecordError
            As `read`.
        """
        return b"".join(dumps_line(record) for record in self.read() if record.get("run") == uid)
