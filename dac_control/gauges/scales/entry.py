"""One ``[[scale]]`` entry of a user's file: typed access to its keys, errors that name them."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError

__all__ = ["Entry", "entries_of"]

_HEADER: Final = re.compile(r"^\s*\[\[\s*scale\s*\]\]", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The keys of one scale, and where they stand."""

    path: Path
    position: int
    """Counted from 1."""
    values: dict[str, Any]
    lines: dict[str, int]
    """Line of each key; "" is that of the header."""

    def error(self, key: str, what: str) -> ConfigurationError:
        """Make the error of a key; `what` goes on after its name."""
        name = self.values.get("name")
        label = f"scale {self.position}" + (f" ('{name}')" if isinstance(name, str) else "")
        line = self.lines.get(key, self.lines.get("", 1))
        return ConfigurationError(f"{self.path}:{line}: {label}: {key} {what}.")

    def only(self, allowed: frozenset[str]) -> None:
        """Refuse keys that nobody reads."""
        for key in self.values:
            if key not in allowed:
                raise self.error(
                    key, f"is not known here; the keys are {', '.join(sorted(allowed))}"
                )

    def has(self, key: str) -> bool:
        """True where the key is given."""
        return key in self.values

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not blank, or the default."""
        value = self.values.get(key, default)
        if value is None:
            raise self.error(key, "is missing")
        if not isinstance(value, str) or (not value.strip() and value is not default):
            raise self.error(key, f"must be a text, not {value!r}")
        return value.strip()

    def table(self, key: str) -> dict[str, Any]:
        """Inline table."""
        value = self._given(key)
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table such as {{ A = 1904.0 }}, not {value!r}")
        return value

    def number_of(self, key: str, value: Any) -> float:
        """Finite number; TOML's true and nan are none."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(key, f"must be a number, not {value!r}")
        if not math.isfinite(value):
            raise self.error(key, f"must be a finite number, not {value}")
        return float(value)

    def number(self, key: str) -> float:
        """Finite number of a key."""
        return self.number_of(key, self._given(key))

    def numbers(self, key: str) -> NDArray[np.float64]:
        """Finite numbers of a key, shape (n,)."""
        value = self._given(key)
        if not isinstance(value, list):
            raise self.error(key, f"must be a list of numbers, not {value!r}")
        return np.array([self.number_of(key, item) for item in value], dtype=np.float64)

    def pair(self, key: str) -> tuple[float, float]:
        """Two finite numbers, the lower first."""
        numbers = self.numbers(key)
        if numbers.size != 2 or not numbers[0] < numbers[1]:
            raise self.error(key, "must be two numbers, the lower first")
        return float(numbers[0]), float(numbers[1])

    def _given(self, key: str) -> Any:
        if key not in self.values:
            raise self.error(key, "is missing")
        return self.values[key]


def entries_of(path: Path, text: str, data: dict[str, Any]) -> Iterator[Entry]:
    """Go through the scales of a file.

    Raises
    ------
    ConfigurationError
        The file holds no ``[[scale]]``, or something else beside.
    """
    given = data.get("scale")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise ConfigurationError(f"{path}: holds no [[scale]]; each scale starts with that line.")
    others = [key for key in data if key != "scale"]
    if others:
        raise ConfigurationError(
            f"{path}: '{others[0]}' stands outside of any [[scale]]; move it below one."
        )
    starts = [match.start() for match in _HEADER.finditer(text)]
    for number, values in enumerate(given, start=1):
        lines: dict[str, int] = {}
        if len(starts) == len(given):
            end = starts[number] if number < len(given) else len(text)
            lines = _lines(text, starts[number - 1], end, values)
        yield Entry(path=path, position=number, values=values, lines=lines)


def _lines(text: str, start: int, end: int, keys: dict[str, Any]) -> dict[str, int]:
    header = text[start:end].lstrip("\n")
    first = text[:end].count("\n") - header.count("\n") + 1
    lines = {"": first}
    for offset, line in enumerate(header.split("\n")):
        word = re.match(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*[=.]""", line)
        if word and word.group(1) in keys:
            lines.setdefault(word.group(1), first + offset)
    return lines
