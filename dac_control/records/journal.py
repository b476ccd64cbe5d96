"""The journal of a run: ``documents.jsonl``, one event-model document a line, synced.

It is the record of truth. A line is ``["event", {...}]``; it is written by one write and synced
before the RunEngine goes on, so a finished event survives ``kill -9`` and a power cut.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dac_control.errors import RecordError
from dac_control.records.append_file import AppendFile
from dac_control.records.lines import iter_lines

__all__ = ["JOURNAL_NAME", "Journal", "as_documents", "iter_documents"]

JOURNAL_NAME = "documents.jsonl"


class Journal:
    """Writer of one run's journal.

    Parameters
    ----------
    folder : Path
        The run folder; it must not hold a journal yet.

    Raises
    ------
    RecordError
        If the journal exists or cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        # locked, so that anybody can tell a live run from one whose process is dead
        self._file = AppendFile(folder / JOURNAL_NAME, new=True, what="the journal", locked=True)

    @property
    def path(self) -> Path:
        """Where the journal is."""
        return self._file.path

    def write(self, name: str, document: Mapping[str, Any]) -> None:
        """Append a document; it is on the disk when this returns.

        Raises
        ------
        RecordError
            If it is not; this must end the run.
        """
        self._file.append([name, document])

    def close(self) -> None:
        """Close the journal; idempotent."""
        self._file.close()


def iter_documents(folder: Path, size: int | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the (name, document) pairs of a run folder as they were journalled.

    Values that were NaN are None here; `dac_control.records.open_run` turns them back.

    Parameters
    ----------
    folder : Path
        A run folder, of a finished, live or killed run.
    size : int, optional
        Bytes of the journal to read.

    Raises
    ------
    RecordError
        If there is no journal, or a line before the last is damaged.
    """
    path = folder / JOURNAL_NAME
    yield from as_documents(iter_lines(path, size), path)


def as_documents(
    lines: Iterable[tuple[int, Any]], path: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the documents that numbered lines of the journal at `path` are; see above."""
    for number, content in lines:
        match content:
            case [str() as name, dict() as document]:
                yield name, document
            case _:
                raise RecordError(
                    f"Line {number} of {path} is not a document; restore the file from a copy."
                )
