"""Lines of the Lake Shore 336: framing, pacing, and what one command consists of."""

import re
from collections.abc import Callable
from typing import Protocol

from simulators.wire.lakeshore336.fields import CommandError
from simulators.wire.reply import Reply

__all__ = ["LineSession", "parse"]

QUIET_S = 0.05
"""Wall-clock silence that the manual asks for between a reply and the next message."""
LONGEST_LINE = 1024
"""Characters in the receive buffer; a longer line is lost."""

_COMMAND = re.compile(r"(\*?[A-Z]+)(\?)?\s*(.*)", re.DOTALL)
_GLUED_INPUT = re.compile(r"[A-D](,.*)?", re.DOTALL)


def parse(part: str, known: Callable[[str], bool]) -> tuple[str, bool, str]:
    """Split one command into its name, whether it is a query, and its parameters.

    The blank after the name is optional, so ``INNAMEA,x`` is ``INNAME A,x``.

    Parameters
    ----------
    part : str
        One command, stripped.
    known : Callable[[str], bool]
        Whether a name is a command.

    Raises
    ------
    CommandError
        If it does not begin like a command.
    """
    head = re.match(r"\*?[A-Za-z]+", part)
    match = _COMMAND.fullmatch(head[0].upper() + part[head.end() :]) if head else None
    if match is None:
        raise CommandError(part)
    name, mark, text = match[1], match[2], match[3].strip()
    glued = name[-1] + text
    if mark is None and not known(name) and known(name[:-1]) and _GLUED_INPUT.fullmatch(glued):
        return name[:-1], False, glued
    return name, mark is not None, text


class Instrument(Protocol):
    """What a session needs of its instrument."""

    pacing_violations: int
    wall: Callable[[], float]

    def execute(self, line: str) -> str | None:
        """Carry out one line and return the joined replies, None if there are none."""
        ...

    def note_lost_line(self) -> None:
        """Register a line that was too long for the receive buffer."""
        ...


class LineSession:
    """One connection to the instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._buffer = bytearray()
        self._too_long = False
        self._replied_at_s = float("-inf")

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes; each LF or CR ends a line, empty lines mean nothing."""
        replies: list[Reply] = []
        for byte in data:
            if byte in b"\r\n":
                replies.extend(self._end_of_line())
                continue
            if not self._buffer:
                self._check_pace()
            if len(self._buffer) < LONGEST_LINE:
                self._buffer.append(byte)
            else:
                self._too_long = True
        return replies

    def _check_pace(self) -> None:
        if self._instrument.wall() - self._replied_at_s < QUIET_S:
            self._instrument.pacing_violations += 1

    def _end_of_line(self) -> list[Reply]:
        line, self._buffer = self._buffer.decode("ascii", errors="replace"), bytearray()
        if self._too_long:
            self._too_long = False
            self._instrument.note_lost_line()
            return []
        if not line.strip():
            return []
        answer = self._instrument.execute(line)
        if answer is None:
            return []
        self._replied_at_s = self._instrument.wall()
        return [Reply(answer.encode("ascii", errors="replace") + b"\r\n")]
