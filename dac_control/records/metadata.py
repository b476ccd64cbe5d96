"""Metadata that outlive a program: scan number, operator, specimen.

bluesky's own `PersistentDict` needs a package that nothing installs and spreads one dictionary
over many files; here it is one JSON file that is replaced as a whole.
"""

import copy
import threading
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import orjson

from dac_control.errors import RecordError
from dac_control.records.disk import record_error, replace_file
from dac_control.records.lines import dumps_line

__all__ = ["RunMetadata"]


class RunMetadata(MutableMapping[str, Any]):
    """A dictionary for `RunEngine.md`, on the disk after every change.

    A change *inside* a value (``md["versions"]["x"] = 1``) reaches the disk with the next
    assignment to the mapping itself, e.g. that of the scan number when the next run begins.

    Parameters
    ----------
    path : Path
        The JSON file; made by the first change. One program at a time may use it.

    Raises
    ------
    RecordError
        If the file exists and is not a JSON object. It is never reset: a scan number that starts
        again from 1 would make two runs look like one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._content = _load(path)

    def __getitem__(self, key: str) -> Any:
        return self._content[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise RecordError(f"Run metadata have text keys; {key!r} is none, so give it a name.")
        with self._lock:
            self._save({**self._content, key: value})

    def __delitem__(self, key: str) -> None:
        with self._lock:
            content = dict(self._content)
            del content[key]
            self._save(content)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._content))

    def __len__(self) -> int:
        return len(self._content)

    def __repr__(self) -> str:
        return f"RunMetadata({str(self.path)!r}, {self._content!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        # The RunEngine deep-copies its metadata into each start document; a copy that wrote to
        # the same file would be a second owner of it.
        return copy.deepcopy(self._content, memo)

    def _save(self, content: dict[str, Any]) -> None:
        """Write `content`, and only then make it ours: memory never runs ahead of the disk."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise record_error("Making the folder of run metadata", self.path, error) from error
        line = dumps_line(content)
        replace_file(self.path, orjson.dumps(orjson.loads(line), option=orjson.OPT_INDENT_2))
        self._content = content


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise record_error("Reading run metadata", path, error) from error
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(content, dict):
        raise _damaged(path, "it holds no JSON object")
    return content


def _damaged(path: Path, why: str) -> RecordError:
    return RecordError(
        f"The run metadata in {path} are damaged ({why}); restore the file from a copy, or write "
        '{"scan_id": N} into it, with N the number of the last run.'
    )
