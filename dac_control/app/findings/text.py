"""Numbers, times and names as a reader expects them."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["NOTHING", "duration", "listed", "number", "plain", "sentence", "utc", "with_sigma"]

NOTHING = "–"
MINUS = "−"


def number(value: object, digits: int = 2) -> str:
    """Format a number with fixed digits; a dash for what is not a finite number."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return NOTHING
    return f"{value:.{digits}f}".replace("-", MINUS)


def listed(numbers: Iterable[float]) -> str:
    """List whole numbers in rising order, three or more neighbours as a span: 2, 4 to 9."""
    spans: list[list[int]] = []
    for value in numbers:
        if spans and spans[-1][-1] == int(value) - 1:
            spans[-1].append(int(value))
        else:
            spans.append([int(value)])
    return ", ".join(
        f"{span[0]} to {span[-1]}" if len(span) > 2 else ", ".join(map(str, span)) for span in spans
    )


def with_sigma(value: float, sigma: float) -> tuple[str, str]:
    """Format a value and its uncertainty to two significant digits of the uncertainty."""
    if not (math.isfinite(value) and math.isfinite(sigma) and sigma > 0):
        return number(value, 3), number(sigma, 3)
    digits = min(max(0, 1 - math.floor(math.log10(sigma))), 6)
    return number(value, digits), number(sigma, digits)


def duration(seconds: object) -> str:
    """Format a time span for people: 42 s, 12 min, 7.5 h."""
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return NOTHING
    if abs(seconds) < 120:
        return f"{number(seconds, 0)} s"
    if abs(seconds) < 2 * 3600:
        return f"{number(seconds / 60, 0)} min"
    return f"{number(seconds / 3600, 1)} h"


def sentence(words: str) -> str:
    """Begin with a capital letter and leave the rest as it is: GPa stays GPa."""
    return words[:1].upper() + words[1:]


def utc(seconds: object) -> str:
    """Format seconds since the epoch as ISO 8601 in UTC, the same on every machine."""
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return NOTHING
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plain(value: Any) -> str:
    """Format any value of a document in one line."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}".replace("-", MINUS) if math.isfinite(value) else NOTHING
    if isinstance(value, Mapping):
        parts = [f"{_words(key)} {plain(item)}" for key, item in value.items()]
        return ", ".join(parts) or NOTHING
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value) or NOTHING
    return str(value)


def _words(key: object) -> str:
    return str(key).replace("_", " ")
