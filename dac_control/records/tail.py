"""A run that is being recorded, read as it grows: every document once, and only what is new."""

from pathlib import Path
from typing import Any

from dac_control.records.disk import record_error
from dac_control.records.events import Events
from dac_control.records.journal import JOURNAL_NAME, as_documents
from dac_control.records.lines import parse_lines

__all__ = ["RunTail"]


class RunTail:
    """Reader of a growing journal.

    Parameters
    ----------
    folder : Path
        The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_NAME
        self._offset = 0
        self._lines = 0
        self._described = Events()

    def read(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the documents that came since the last call, as `Run.documents` yields them.

        A line without its end is left for the next call.

        Raises
        ------
        RecordError
            If the journal cannot be read, or is damaged before its last line.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                block = file.read()
        except OSError as error:
            raise record_error("Reading the journal", self._path, error) from error
        block = block[: block.rfind(b"\n") + 1]
        lines = block.split(b"\n")[:-1]
        numbered = parse_lines(lines, self._path, self._lines + 1)
        found = [self._restored(*each) for each in as_documents(numbered, self._path)]
        self._offset += len(block)
        self._lines += len(lines)
        return found

    def _restored(self, name: str, doc: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if name == "event":
            return name, self._described.restored(doc)
        if name == "descriptor":
            self._described.take(name, doc)
        return name, doc
