"""Commands of the Lake Shore 336 that only store and return what they are given.

One table: each command has its keys (which input, output, relay ... it is about) and its fields.
Ranges and formats follow chapter 6.6 of the Model 336 user's manual.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from simulators.wire.lakeshore336.fields import (
    CommandError,
    Field,
    Integer,
    Letter,
    Real,
    Text,
    Value,
    input_letter,
    split_fields,
)

__all__ = ["STORED", "Settings", "Stored"]

Key = tuple[int | str, ...]

WIDE = 999999.0
"""Bound of values that are in the units of a sensor."""


@dataclass(frozen=True)
class Stored:
    """A command whose parameters are kept and returned by its query."""

    fields: tuple[Field, ...]
    inputs: bool = False
    """The first key is a sensor input."""
    numbers: tuple[tuple[int, int], ...] = ()
    """Bounds of the further, numeric keys."""
    volatile: bool = False
    """Not kept over a power cycle."""

    @property
    def key_count(self) -> int:
        """How many leading parameters say what is addressed."""
        return int(self.inputs) + len(self.numbers)

    def keys(self) -> Iterator[Key]:
        """All things that the command can be about."""
        axes: list[Sequence[int | str]] = ["ABCD"] if self.inputs else []
        axes += [range(low, high + 1) for low, high in self.numbers]
        return iter(product(*axes))

    def read_key(self, texts: list[str]) -> Key:
        """Parse the leading parameters; raises CommandError or ValueRefusedError."""
        if len(texts) < self.key_count:
            raise CommandError("too few parameters")
        key: list[int | str] = [input_letter(texts[0])] if self.inputs else []
        rest = texts[int(self.inputs) : self.key_count]
        key += [
            Integer(low, high).read(text)
            for text, (low, high) in zip(rest, self.numbers, strict=True)
        ]
        return tuple(key)


ON_OFF = Integer(0, 1)
OUTPUT = ((1, 4),)
HEATER = ((1, 2),)
VOLTAGE_OUTPUT = ((3, 4),)

STORED: dict[str, Stored] = {
    "ALARM": Stored(
        (
            ON_OFF,
            Real(-WIDE, WIDE, 1000.0),
            Real(-WIDE, WIDE, 0.0),
            Real(0, WIDE, 0.0),
            ON_OFF,
            Integer(0, 1, 1),
            Integer(0, 1, 1),
        ),
        inputs=True,
    ),
    "ANALOG": Stored(
        (
            Integer(0, 8, 1),
            Integer(1, 3, 1),
            Real(-WIDE, WIDE, 1000.0),
            Real(-WIDE, WIDE, 0.0),
            ON_OFF,
        ),
        numbers=VOLTAGE_OUTPUT,
    ),
    "BRIGT": Stored((Integer(1, 32, 28, digits=2),)),
    "DIOCUR": Stored((ON_OFF,), inputs=True),
    "DISPFLD": Stored((Integer(0, 8, 1), Integer(1, 6, 1)), numbers=((1, 8),)),
    "DISPLAY": Stored((Integer(0, 10, 5), Integer(0, 2, 0), Integer(1, 4, 1))),
    "FILTER": Stored(
        (ON_OFF, Integer(2, 64, 8, digits=2), Integer(1, 10, 10, digits=2)), inputs=True
    ),
    "HTRSET": Stored(
        (Integer(1, 2, 1), Integer(0, 4, 2), Real(0, 2, 0.0, "+.3f"), Integer(1, 2, 2)),
        numbers=HEATER,
    ),
    "IEEE": Stored((Integer(1, 30, 12, digits=2),)),
    "INCRV": Stored((Integer(0, 59, 0, digits=2),), inputs=True),
    "INNAME": Stored((Text(15),), inputs=True),
    "INTSEL": Stored((Integer(0, 2, 1),)),
    "INTYPE": Stored(
        (Integer(0, 5, 3), Integer(0, 1, 1), Integer(0, 8, 0), Integer(0, 1, 1), Integer(1, 3, 1)),
        inputs=True,
    ),
    "LEDS": Stored((Integer(0, 1, 1),)),
    "LOCK": Stored((ON_OFF, Integer(0, 999, 123, digits=3))),
    "MODE": Stored((Integer(0, 2, 0),), volatile=True),
    "NET": Stored(
        (
            ON_OFF,
            ON_OFF,
            Text(15, "127.0.0.1", padded=False),
            Text(15, "255.0.0.0", padded=False),
            Text(15, "0.0.0.0", padded=False),
            Text(15, "0.0.0.0", padded=False),
            Text(15, "0.0.0.0", padded=False),
            Text(15, "LSCI-336"),
            Text(64, padded=False),
            Text(32, "simulated"),
        )
    ),
    "OPSTE": Stored((Integer(0, 255, 0, digits=3),)),
    "RELAY": Stored((Integer(0, 2, 0), Letter(), Integer(0, 2, 2)), numbers=((1, 2),)),
    "TLIMIT": Stored((Real(0, 9999, 0.0),), inputs=True),
    "WARMUP": Stored((ON_OFF, Real(0, 100, 100.0, "+06.1f")), numbers=VOLTAGE_OUTPUT),
    "WEBLOG": Stored((Text(15, "user", padded=False), Text(15, "password", padded=False))),
    "ZONE": Stored(
        (
            Real(0, 9999, 0.0),
            Real(0.1, 1000, 50.0, "+07.1f"),
            Real(0.1, 1000, 20.0, "+07.1f"),
            Real(0, 200, 0.0, "+06.1f"),
            Real(0, 100, 0.0, "+07.2f"),
            Integer(0, 3, 0),
            Integer(0, 8, 0),
            Real(0, 100, 0.1, "+06.1f"),
        ),
        numbers=(*OUTPUT, (1, 10)),
    ),
    "*ESE": Stored((Integer(0, 255, 0, digits=3),), volatile=True),
    "*SRE": Stored((Integer(0, 255, 0, digits=3),), volatile=True),
}


class Settings:
    """The memory behind `STORED`."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, Key], tuple[Value, ...]] = {}
        self.reset()

    def reset(self, *, volatile_only: bool = False) -> None:
        """Return to the factory defaults, or only lose what a power cycle loses."""
        for name, stored in STORED.items():
            if volatile_only and not stored.volatile:
                continue
            for key in stored.keys():
                self._values[name, key] = tuple(field.default for field in stored.fields)

    def get(self, name: str, *key: int | str) -> tuple[Value, ...]:
        """Return the values of one command for one input, output ..."""
        return self._values[name, key]

    def set(self, name: str, *key: int | str, values: tuple[Value, ...]) -> None:
        """Replace the values of one command, unchecked."""
        self._values[name, key] = values

    def query(self, name: str, text: str) -> str:
        """Answer ``NAME? text``; raises CommandError or ValueRefusedError."""
        stored = STORED[name]
        texts = split_fields(text)
        if len(texts) != stored.key_count:
            raise CommandError(f"{name}? takes {stored.key_count} parameters")
        values = self._values[name, stored.read_key(texts)]
        return ",".join(
            field.write(value) for field, value in zip(stored.fields, values, strict=True)
        )

    def command(self, name: str, text: str) -> Key:
        """Carry out ``NAME text`` and return what it was about.

        A parameter that is left empty, or left out at the end, keeps its value. Raises
        CommandError or ValueRefusedError, and then nothing has changed.
        """
        stored = STORED[name]
        texts = split_fields(text)
        key = stored.read_key(texts)
        news = texts[stored.key_count :]
        if not news or len(news) > len(stored.fields):
            raise CommandError(f"{name} takes {len(stored.fields)} values")
        values = list(self._values[name, key])
        for index, new in enumerate(news):
            if new:
                values[index] = stored.fields[index].read(new)
        self._values[name, key] = tuple(values)
        return key
