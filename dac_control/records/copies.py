"""Copies of a station's own logs that go into a run's folder when the run is over."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from dac_control.records.disk import replace_file

__all__ = ["Copies", "put_copies"]

Copies: TypeAlias = Mapping[str, Callable[[str], bytes | None]]
"""Files by name: given the run's uid, the callable returns what they hold when the run ends, or
None for no file."""


def put_copies(folder: Path, uid: str, copies: Copies) -> None:
    """Write every copy into the folder of run `uid`, whatever becomes of the one before.

    Raises
    ------
    RecordError
        The first failure, after all were tried.
    """
    with ExitStack() as putting:
        for name, content in reversed(list(copies.items())):
            putting.callback(_put, folder / name, content, uid)


def _put(path: Path, content: Callable[[str], bytes | None], uid: str) -> None:
    data = content(uid)
    if data is not None:
        replace_file(path, data)
