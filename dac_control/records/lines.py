"""Lines of JSON: one made of anything that JSON has a word for, many read back after any crash.

A crash can tear only the last line of a file (`append_file`), so a damaged last line is dropped,
and a damaged line before it is reported, never skipped.
"""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import orjson

from dac_control.errors import RecordError
from dac_control.records.disk import record_error

__all__ = ["dumps_line", "iter_lines", "parse_lines"]

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
