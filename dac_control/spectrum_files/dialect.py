"""How numbers stand in a line: what divides the columns, and what the decimals."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

__all__ = ["COMMENTS", "Dialect", "detect", "is_comment", "one_comma_for_both", "two_marks"]

COMMENTS: Final = ("#", "%", "//", "!")

_SAMPLE_LINES: Final = 100
_NOT_A_NUMBER: Final = frozenset(("nan", "-nan", "+nan", "1.#qnan", "1.#ind", "-1.#ind"))
_NUMERIC_START: Final = re.compile(r"[\s\"';,]*[-+]?[.,]?\d")
_FORTRAN: Final = re.compile(r"^([-+]?[\d.]+)[dD]([-+]?\d+)$")
_NAN: Final = float("nan")
_BETWEEN_FIELDS: Final = "\n"
"""In no line of a text."""


@dataclass(frozen=True)
class Dialect:
    """One way to write a table of numbers."""

    delimiter: Literal["\t", ";", ",", " "]
    """A blank stands for any run of blanks and tabs."""
    decimal: Literal[".", ","]

    def numbers(self, line: str) -> list[float] | None:
        """Numbers of a line, empty leading and trailing fields left out; None if it has text."""
        fields = self.fields(line)
        convert = self._convert
        try:
            return [convert(field) for field in fields] or None
        except ValueError:
            return None

    def fields(self, line: str) -> list[str]:
        """Fields of a line without quotes and blanks around them, outer empty ones left out."""
        if self.delimiter == " ":
            return line.replace('"', " ").split()
        if '"' in line:
            line = _without_quotes(line, self.delimiter)
            fields = [field.strip() for field in line.split(_BETWEEN_FIELDS)]
        else:
            fields = [field.strip() for field in line.split(self.delimiter)]
        while fields and not fields[-1]:
            fields.pop()
        while fields and not fields[0]:
            del fields[0]
        return fields

    @property
    def _convert(self) -> Callable[[str], float]:
        return _decimal_point if self.decimal == "." else _decimal_comma


# the last only where there are quotes around its numbers
_DIALECTS: Final = (
    Dialect("\t", "."),
    Dialect(";", "."),
    Dialect(",", "."),
    Dialect(" ", "."),
    Dialect("\t", ","),
    Dialect(";", ","),
    Dialect(" ", ","),
    Dialect(",", ","),
)


def is_comment(line: str) -> bool:
    """True for a line that a program marked as no data."""
    return line.lstrip().startswith(COMMENTS)


def detect(lines: Sequence[str]) -> Dialect | None:
    """Find the dialect in which most lines are rows of two numbers or more.

    One column of numbers counts where no dialect finds two; None without any numbers.
    """
    sample = _sample(lines)
    best, best_rank = None, (0, 0)
    quoted = any('"' in line for line in sample)
    for dialect in _DIALECTS if quoted else _DIALECTS[:-1]:
        widths = Counter(len(row) for line in sample if (row := dialect.numbers(line)) is not None)
        if not widths:
            continue
        wide = sum(count for width, count in widths.items() if width > 1)
        rank = (wide, sum(widths.values()))
        if dialect == Dialect(",", ".") and _is_decimal_comma(sample):
            rank = (0, 0)
        if rank > best_rank:
            best, best_rank = dialect, rank
    return best


def one_comma_for_both(lines: Sequence[str], dialect: Dialect) -> str:
    """Return a line of a table that has commas as decimal signs and between its columns.

    So are "685,0293,114,0" and "685,0293,114" where 685,0293 rises from line to line and neither
    685 nor 0293 does; empty for any other table.
    """
    if dialect != Dialect(",", "."):
        return ""
    rows = [dialect.fields(line) for line in _sample(lines)]
    width = Counter(map(len, rows)).most_common(1)[0][0]
    rows = [row for row in rows if len(row) == width]
    if width < 3 or any("." in field for row in rows for field in row):
        return ""
    try:
        parts = [[int(row[place]) for row in rows] for place in (0, 1)]
        joined = [float(f"{row[0]}.{row[1]}") for row in rows]
    except ValueError:
        return ""
    return ",".join(rows[0]) if _in_order(joined) and not any(map(_in_order, parts)) else ""


def two_marks(lines: Sequence[str], dialect: Dialect) -> str:
    """Return a line in which one number has a point and another a comma; empty without any.

    In "697.3167;2,740" one of the two parts thousands, and nothing in the file need say which.
    """
    either = replace(dialect, decimal=",")
    for line in lines:
        if "." not in line or "," not in line or (dialect.delimiter == "," and '"' not in line):
            continue
        fields = either.fields(line)
        marks = {mark for mark in ".," if any(mark in field for field in fields)}
        if len(marks) > 1 and not is_comment(line) and either.numbers(line) is not None:
            return line.strip()
    return ""


def _without_quotes(line: str, delimiter: str) -> str:
    """Put a sign of its own between the fields of a line; what is in quotes is no delimiter."""
    pieces = line.split('"')
    around_all = len(pieces) == 3 and not (pieces[0] + pieces[2]).strip()
    if around_all or len(pieces) % 2 == 0:
        return "".join(pieces).replace(delimiter, _BETWEEN_FIELDS)
    pieces[::2] = [piece.replace(delimiter, _BETWEEN_FIELDS) for piece in pieces[::2]]
    return "".join(pieces)


def _in_order(values: Sequence[float]) -> bool:
    steps = [b - a for a, b in pairwise(values)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _sample(lines: Sequence[str]) -> Sequence[str]:
    """Lines that begin like numbers, evenly out of the whole file."""
    numeric = [line for line in lines if _NUMERIC_START.match(line)]
    return numeric[:: max(1, len(numeric) // _SAMPLE_LINES)]


def _is_decimal_comma(sample: Sequence[str]) -> bool:
    """True for "541,25" as one number: two whole numbers whose first is no axis."""
    rows = [line.strip().rstrip(",").split(",") for line in sample]
    if not rows or any(len(row) != 2 or "." in row[0] + row[1] for row in rows):
        return False
    try:
        first = [int(row[0]) for row in rows]
    except ValueError:
        return False
    return not _in_order(first)


def _decimal_point(field: str) -> float:
    if "_" in field:  # Python's own notation, nobody else's
        raise ValueError(field)
    try:
        return float(field)
    except ValueError:
        if field.lower() in _NOT_A_NUMBER:
            return _NAN
        fortran = _FORTRAN.match(field)
        if fortran is None:
            raise
        return float(f"{fortran[1]}e{fortran[2]}")


def _decimal_comma(field: str) -> float:
    if "." in field and "," in field:
        raise ValueError(field)
    return _decimal_point(field.replace(",", ".", 1))
