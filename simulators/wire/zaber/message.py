"""Messages of the Zaber ASCII protocol: framing, checksum, reading and writing.

After the "Zaber ASCII Protocol Manual" for firmware 7, sections on the message format.
"""

import re
from dataclasses import dataclass

__all__ = ["Framer", "Request", "checksum", "parse", "with_checksum"]

LONGEST_MESSAGE = 256
"""Bytes in the receive buffer; a longer message is lost."""
BACKSPACE, DELETE = 0x08, 0x7F

_CHECKSUM = re.compile(rb":([0-9A-Fa-f]{2})\Z")


@dataclass(frozen=True)
class Request:
    """One message from the host."""

    device: int
    """0 is everybody."""
    axis: int
    """0 is the device or all of its axes."""
    message_id: int | None
    silent: bool
    """True if the host asked for no reply, with ``--`` as the message id."""
    checksummed: bool
    words: tuple[str, ...]
    """The command; empty asks for the status."""


class Framer:
    """Cuts a stream of bytes into messages; noise before the ``/`` is lost."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._spoiled = False

    def feed(self, byte: int) -> bytes | None:
        """Take one byte; return a message without its terminator when it is complete."""
        if byte in b"\r\n":
            message, spoiled = bytes(self._buffer), self._spoiled
            self._buffer.clear()
            self._spoiled = False
            start = message.find(b"/")
            return None if spoiled or start < 0 else message[start:]
        if byte == BACKSPACE:
            del self._buffer[-1:]
        elif byte == DELETE:
            self._buffer.clear()
        elif not 0x20 <= byte < 0x7F or len(self._buffer) >= LONGEST_MESSAGE:
            self._spoiled = True
        else:
            self._buffer.append(byte)
        return None


def checksum(body: bytes) -> int:
    """Longitudinal redundancy check: the negated sum of the bytes after the first character."""
    return -sum(body) & 0xFF


def with_checksum(message: str) -> str:
    """Append ``:XX`` to a message that begins with its type character."""
    return f"{message}:{checksum(message[1:].encode('ascii')):02X}"


def parse(message: bytes) -> Request | None:
    """Read a message; None if its checksum is wrong, which devices answer with silence.

    Up to three leading numbers are device, axis and message id; each may be left out from the
    right, and all of them address everybody.
    """
    match = _CHECKSUM.search(message)
    if match is not None:
        message = message[: match.start()]
        if checksum(message[1:]) != int(match[1], 16):
            return None
    words = message[1:].decode("ascii").split()
    numbers: list[int] = []
    while words and len(numbers) < 3 and words[0].isdecimal():
        numbers.append(int(words.pop(0)))
    silent = len(numbers) == 2 and words[:1] == ["--"]
    device, axis, message_id = [*numbers, None, None, None][:3]
    return Request(
        device=device or 0,
        axis=axis or 0,
        message_id=message_id,
        silent=silent,
        checksummed=match is not None,
        words=tuple(words[1:] if silent else words),
    )
