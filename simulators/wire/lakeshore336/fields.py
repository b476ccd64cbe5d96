"""Fields of Lake Shore commands: how each is read, checked and written.

Formats follow chapter 6.6 of the Model 336 user's manual, where ``n`` is one character of a
number and ``nnnnnn`` six characters with a floating decimal point.
"""

import math
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "CommandError",
    "Field",
    "Integer",
    "Real",
    "Text",
    "Value",
    "ValueRefusedError",
    "input_letter",
    "percent",
    "six_digits",
]

Value = int | float | str
"""What a field of a command holds."""

INPUTS = "ABCD"


class CommandError(Exception):
    """The command is unknown or malformed: command error, bit 5 of the event register."""


class ValueRefusedError(Exception):
    """The command is known and its value is not allowed: execution error, bit 4."""


class Field(Protocol):
    """One comma-separated parameter."""

    @property
    def default(self) -> Value:
        """Factory default."""
        ...

    def read(self, text: str) -> Value:
        """Parse and check; raises ValueRefusedError."""
        ...

    def write(self, value: Value) -> str:
        """Format for a reply."""
        ...


@dataclass(frozen=True)
class Integer:
    """A whole number within inclusive bounds."""

    low: int
    high: int
    default: int = 0
    digits: int = 1

    def read(self, text: str) -> int:
        """Parse and check; raises ValueRefusedError."""
        number = read_number(text)
        if number != int(number) or not self.low <= number <= self.high:
            raise ValueRefusedError(text)
        return int(number)

    def write(self, value: Value) -> str:
        """Format with leading zeros."""
        return f"{int(value):0{self.digits}d}"


@dataclass(frozen=True)
class Real:
    """A number within inclusive bounds."""

    low: float
    high: float
    default: float = 0.0
    style: str = "six"
    """``six`` (±nnnnnn), ``five`` (±nnnnn) or a format specification such as ``+06.1f``."""

    def read(self, text: str) -> float:
        """Parse and check; raises ValueRefusedError."""
        number = read_number(text)
        if not self.low <= number <= self.high:
            raise ValueRefusedError(text)
        return number

    def write(self, value: Value) -> str:
        """Format in this field's style."""
        number = float(value)
        return six_digits(number) if self.style == "six" else format(number, self.style)


@dataclass(frozen=True)
class Text:
    """A string of bounded length, padded with blanks in replies as the instrument does."""

    length: int
    default: str = ""
    padded: bool = True

    def read(self, text: str) -> str:
        """Take the text without its quotes; what is too long is cut."""
        text = text.strip()
        if len(text) >= 2 and text[0] == text[-1] == '"':
            text = text[1:-1]
        return text.replace('"', "")[: self.length]

    def write(self, value: Value) -> str:
        """Format, padded to the length."""
        return str(value).ljust(self.length) if self.padded else str(value)


@dataclass(frozen=True)
class Letter:
    """A sensor input given as a letter, e.g. of a relay's alarm."""

    default: str = "A"

    def read(self, text: str) -> str:
        """Parse a letter or number; raises ValueRefusedError."""
        return input_letter(text)

    def write(self, value: Value) -> str:
        """Format as a letter."""
        return str(value)


def read_number(text: str) -> float:
    """Parse a finite decimal number as instruments do: no underscores, no words."""
    text = text.strip()
    if not text or not set(text) <= set("+-.0123456789eE"):
        raise ValueRefusedError(text)
    try:
        number = float(text)
    except ValueError as error:
        raise ValueRefusedError(text) from error
    if not math.isfinite(number):
        raise ValueRefusedError(text)
    return number


def six_digits(number: float) -> str:
    """Format as sign and six digits with a floating point, e.g. ``+004.200``."""
    size = min(abs(number), 999999.0)
    decimals = 3 if size < 999.9995 else 2 if size < 9999.995 else 1 if size < 99999.95 else 0
    digits = f"{size:0{7 if decimals else 6}.{decimals}f}"
    return ("-" if number < 0 and float(digits) > 0 else "+") + digits


def percent(number: float) -> str:
    """Format as ±nnn.n, e.g. ``+035.4``."""
    return f"{number:+06.1f}"


def input_letter(text: str) -> str:
    """Read which sensor input is meant, by letter or by number (``A`` is ``1``)."""
    text = text.strip().upper()
    if text in ("1", "2", "3", "4"):
        return INPUTS[int(text) - 1]
    if len(text) == 1 and text in INPUTS:
        return text
    raise ValueRefusedError(text)


def split_fields(text: str) -> list[str]:
    """Split at commas that are not inside double quotes; no fields if there is no text."""
    if not text.strip():
        return []
    return [field.strip() for field in split_outside_quotes(text, ",")]


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Split `text` at each `separator` that is not inside double quotes."""
    parts: list[str] = [""]
    quoted = False
    for character in text:
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts
