"""What Lake Shore's temperature controllers say and mean; pure.

Source: Lake Shore Model 336 User's Manual, chapter 6 (computer interface). The instrument is
silent about errors, so every message ends with ``*ESR?``: its answer tells whether the
instrument understood and did all of it, and acknowledges commands that have no reply.
"""

import re
from dataclasses import dataclass

from dac_control.errors import InstrumentError, ProtocolError

__all__ = [
    "EVENT_STATUS_QUERY",
    "INPUTS",
    "POWER_ON",
    "Answer",
    "answers",
    "format_message",
    "input_name",
    "parse_answer",
    "parse_codes",
    "parse_integer",
    "parse_number",
    "parse_pair",
    "sensor_faults",
]

EVENT_STATUS_QUERY = "*ESR?"
POWER_ON = 128
"""Bit of the event status: the instrument was switched on since the register was last read."""

INPUTS = "ABCD"

ERROR_BITS = {
    4: "query error: a reply was lost or asked for too late",
    16: "execution error: a value is out of range, or the setting does not allow the command",
    32: "command error: the command is unknown or malformed",
}
SENSOR_BITS = {
    1: "invalid reading",
    16: "temperature under range",
    32: "temperature over range",
    64: "sensor reading is zero",
    128: "sensor over range",
}
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+")
STATUS = re.compile(r"\d{1,3}")


@dataclass(frozen=True)
class Answer:
    """The replies to one message."""

    fields: tuple[str, ...]
    """One per query of the message, in order, without that to ``*ESR?``."""
    event_status: int


def format_message(*parts: str) -> str:
    """Join commands and queries to one message that is acknowledged."""
    return ";".join((*parts, EVENT_STATUS_QUERY))


def answers(message: str, line: str) -> bool:
    """Whether `line` has the shape of the answer to `message`; for `Link.exchange`.

    Raises
    ------
    ProtocolError
        If it has not. A line that reports an error instead of replies is an answer.
    """
    fields = line.split(";")
    wanted = message.count("?")
    status = STATUS.fullmatch(fields[-1].strip())
    if status is not None and (len(fields) == wanted or _errors(int(status[0]))):
        return True
    raise ProtocolError(
        f"The temperature controller answered {line!r} to {message!r}: {len(fields)} reply"
        f" field(s) instead of {wanted}, the last of them the event status."
    )


def parse_answer(message: str, line: str) -> Answer:
    """Split the answer to `message` and check the event status.

    Raises
    ------
    InstrumentError
        If the instrument did not understand or carry out a part of `message`.
    ProtocolError
        If `line` is not an answer to `message`.
    """
    answers(message, line)
    *fields, status = (field.strip() for field in line.split(";"))
    code = int(status)
    if errors := _errors(code):
        raise InstrumentError(
            f"The temperature controller refused {message!r}: {'; '.join(errors)} (*ESR? = {code})."
        )
    return Answer(tuple(fields), code)


def parse_number(text: str) -> float:
    """Parse a decimal number such as ``+012.500``; raises ProtocolError if it is none."""
    if NUMBER.fullmatch(text) is None:
        raise ProtocolError(f"The temperature controller sent {text!r} where a number was due.")
    return float(text)


def parse_integer(text: str) -> int:
    """Parse a whole number such as ``003``; raises ProtocolError if it is none."""
    if not (text.isascii() and text.isdigit()):
        raise ProtocolError(f"The temperature controller sent {text!r} where a code was due.")
    return int(text)


def parse_codes(text: str) -> tuple[int, ...]:
    """Parse two or more codes such as ``1,2,0``; raises ProtocolError if they are none."""
    codes = tuple(parse_integer(code) for code in text.split(","))
    if len(codes) < 2:
        raise ProtocolError(f"The temperature controller sent {text!r} where codes were due.")
    return codes


def parse_pair(text: str) -> tuple[int, float]:
    """Parse the answer to ``RAMP?``, such as ``1,+010.5``: whether it is on, and the rate."""
    code, comma, number = text.partition(",")
    if not comma:
        raise ProtocolError(f"The temperature controller sent {text!r} where two values were due.")
    return parse_integer(code), parse_number(number)


def input_name(number: int) -> str:
    """Name the input with a number as in OUTMODE: 1 to 4 are A to D, 5 to 8 are D2 to D5.

    Raises
    ------
    ProtocolError
        If there is no such input; 0 is none, and has an empty name.
    """
    names = ("", *INPUTS, "D2", "D3", "D4", "D5")
    if not 0 <= number < len(names):
        raise ProtocolError(f"The temperature controller named an input {number}; it has 8.")
    return names[number]


def sensor_faults(status: int) -> str:
    """Put an answer to ``RDGST?`` into words; empty if the reading is good."""
    known = [text for bit, text in SENSOR_BITS.items() if status & bit]
    unknown = status & ~sum(SENSOR_BITS)
    return ", ".join(known + ([f"unknown status {unknown}"] if unknown else []))


def _errors(event_status: int) -> list[str]:
    return [text for bit, text in ERROR_BITS.items() if event_status & bit]
