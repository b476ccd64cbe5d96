"""Read a TOML file into a model; an error names file, line and key."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, PrivateAttr, ValidationError

from dac_control.app.tables import Strict
from dac_control.errors import ConfigurationError, LimitError

__all__ = [
    "FromFile",
    "NumbersOnly",
    "line_of",
    "load_toml",
    "parse_toml",
    "plain_toml",
    "read_text",
]

ModelT = TypeVar("ModelT", bound=BaseModel)
Location = tuple[str | int, ...]

_TABLE = re.compile(r"^\s*\[(?!\[)\s*([^\]]+?)\s*\]\s*(?:#.*)?$")
_TABLE_OF_SEVERAL = re.compile(r"^\s*\[\[\s*([^\]]+?)\s*\]\]\s*(?:#.*)?$")
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=""")


def _numbers_only(table: Any) -> Any:
    """Refuse text and booleans, which pydantic would take for numbers in a dataclass."""
    for key, value in table.items() if isinstance(table, dict) else ():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, (bool, str)) and key != "unit":
                raise ValueError(f"{key} holds {item!r}, which is no number")
    return table


NumbersOnly = BeforeValidator(_numbers_only)


def load_toml(path: Path, model: type[ModelT]) -> ModelT:
    """Read and validate a TOML file.

    Raises
    ------
    ConfigurationError
        One line per mistake, ``file:line: key: what is wrong (got what)``.
    """
    return parse_toml(read_text(path), model, path)


def read_text(path: Path) -> str:
    """Read a text file; a `ConfigurationError` says why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows editors put a mark in front
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is no UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}.") from error


def parse_toml(text: str, model: type[ModelT], path: Path) -> ModelT:
    """Validate TOML text; `path` is only for messages.

    No number of any file may be infinite or none at all: a limit that limits nothing is left out,
    and a wait without an end is a mistake.
    """
    data = plain_toml(text, path)
    if endless := list(_endless(data)):
        raise ConfigurationError(
            "\n".join(
                f"{path}:{line_of(text, key)}: {key}: this must be a finite number (got {value})"
                for key, value in endless
            )
        )
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = _line_numbers(text)
        raise ConfigurationError(
            "\n".join(_explain(path, lines, item) for item in error.errors())
        ) from None


def plain_toml(text: str, path: Path) -> dict[str, Any]:
    """Parse TOML text without a model; a `ConfigurationError` names the line of a mistake."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _AT_LINE.search(str(error))
        line = where.group(1) if where else "1"
        raise ConfigurationError(f"{path}:{line}: {_AT_LINE.sub('', str(error))}.") from None


def _endless(found: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number below `key` that is not finite, with its dotted key."""
    if isinstance(found, float) and not math.isfinite(found):
        yield key, found
    parts = found.items() if isinstance(found, dict) else ()
    parts = enumerate(found) if isinstance(found, list) else parts
    for name, part in parts:
        yield from _endless(part, f"{key}.{name}" if key else str(name))


def line_of(text: str, dotted: str) -> int:
    """Line on which a key is defined, or the nearest table around it; 1 where there is none."""
    keys, lines = _split(dotted), _line_numbers(text)
    return next((lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in lines), 1)


class FromFile(Strict):
    """A whole file that knows where its keys stand, or a table of one that could be a file."""

    _origin: tuple[Path, str, str] | None = PrivateAttr(default=None)
    """File, its text, and what comes before the keys of a table."""

    def where(self, key: str) -> str:
        """Say where a key stands: file, line and key, as far as there is a file."""
        if self._origin is None:
            return key
        path, text, before = self._origin
        return f"{path}:{line_of(text, before + key)}: {before}{key}"

    def read_from(self, path: Path, text: str, before: str = "") -> None:
        """Remember the file, so that `where` can name lines of it.

        Parameters
        ----------
        path : Path
        text : str
            As it was read.
        before : str
            Of a table, what comes before its keys: ``stages.2.``.
        """
        self._origin = (path, text, before)


def _explain(path: Path, lines: dict[tuple[str, ...], int], item: object) -> str:
    assert isinstance(item, dict)  # pydantic's ErrorDetails
    cause = item.get("ctx", {}).get("error")
    # a mistake that a whole table shows may stand at one key of it
    inside = _split(cause.key) if isinstance(cause, LimitError) and cause.key else ()
    keys = _as_written((*item["loc"], *inside), lines)
    line = next((lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in lines), 1)
    name = ".".join(keys) or "the file"
    if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        what = "this key is not known here; is it spelled right?"
    elif item["type"] in ("missing", "missing_keyword_only_argument", "missing_argument"):
        what = "this key is missing"
    else:
        what = str(item["msg"]).removeprefix("Value error, ")
    value = item.get("input")
    shown = "" if isinstance(value, dict) or "missing" in item["type"] else f" (got {value!r})"
    return f"{path}:{line}: {name}: {what}{shown}"


def _as_written(location: Location, lines: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """Return the keys as the file has them: one table may stand for a list of one."""
    keys: tuple[str, ...] = ()
    for at, part in enumerate(location, start=1):
        inside = isinstance(part, int) and at < len(location)
        if _is_union_tag(str(part)) or (inside and (*keys, str(part)) not in lines):
            continue
        keys = (*keys, str(part))
    return keys


def _is_union_tag(part: str) -> bool:
    """True for the names that pydantic puts into a location for a member of a union."""
    return part.startswith("tag:") or part.startswith("function-")


def _line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """Line on which each table and key is defined; inline tables count as their key."""
    lines: dict[tuple[str, ...], int] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE_OF_SEVERAL.match(line):
            several = _in_the_last(_split(header.group(1)), counts)
            lines.setdefault(several, number)
            table = (*several, str(counts[several]))
            counts[several] += 1
            lines[table] = number
        elif header := _TABLE.match(line):
            table = _in_the_last(_split(header.group(1)), counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _split(key.group(1)), number)
    return lines


def _in_the_last(keys: tuple[str, ...], counts: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the keys with the number of the table that they lie in, where it is one of several."""
    found: tuple[str, ...] = ()
    for part in keys[:-1]:
        found = (*found, part)
        if counts[found]:
            found = (*found, str(counts[found] - 1))
    return (*found, keys[-1])


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
