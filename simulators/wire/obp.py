"""The Ocean Binary Protocol as messages: bytes to `Message` and back, nothing else.

Layout, flags and error numbers are those of the vendor's data sheets (Ventana Data Sheet
891-00000-200-05-201305, pages 9 to 12; STS Data Sheet 030-00000-003-05): a header of 44 bytes,
an optional payload, 16 bytes of checksum and a footer of 4; all integers are little-endian.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

__all__ = ["Fault", "Flag", "Message", "Parser", "ParserFault", "encode"]

START = b"\xc1\xc0"
FOOTER = b"\xc5\xc4\xc3\xc2"
VERSION = 0x1100
"""The version spoken here; the data sheets list 0x1000 as its forerunner, laid out alike."""
ACCEPTED_VERSIONS = (0x1000, 0x1100)
MAX_MESSAGE_BYTES = 65536
"""A request longer than this is refused; the longest a client has reason to send is under 1 kB."""

_HEADER = struct.Struct("<2sHHHII6sBB16sI")
_TRAILER_BYTES = 20
_IMMEDIATE_BYTES = 16


class Flag(IntFlag):
    """Bits of the flags field."""

    NONE = 0
    RESPONSE = 1
    ACK = 2
    ACK_REQUESTED = 4
    NACK = 8
    EXCEPTION = 16


class Fault(IntEnum):
    """Error numbers of a refusal (NACK)."""

    UNSUPPORTED_PROTOCOL = 1
    UNKNOWN_TYPE = 2
    BAD_CHECKSUM = 3
    TOO_LARGE = 4
    WRONG_LENGTH = 5
    INVALID_DATA = 6
    NOT_READY = 7
    UNKNOWN_CHECKSUM_TYPE = 8
    NOTHING_THERE = 12


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, request or answer."""

    type: int
    data: bytes = b""
    flags: Flag = Flag.NONE
    error: int = 0
    regarding: int = 0
    """Set by the host; the answer carries the same value."""
    checksum_type: int = 0
    """0 none, 1 MD5 over header and payload."""
    version: int = VERSION


@dataclass(frozen=True)
class ParserFault:
    """A well-framed request that must be refused, and why."""

    message: Message
    fault: Fault


def encode(message: Message) -> bytes:
    """Return the bytes of `message`; up to 16 bytes of data travel inside the header."""
    immediate = message.data if len(message.data) <= _IMMEDIATE_BYTES else b""
    payload = b"" if immediate else message.data
    head = _HEADER.pack(
        START,
        message.version,
        message.flags,
        message.error,
        message.type,
        message.regarding,
        b"",
        message.checksum_type,
        len(immediate),
        immediate,
        len(payload) + _TRAILER_BYTES,
    )
    body = head + payload
    checksum = hashlib.md5(body).digest() if message.checksum_type == 1 else bytes(16)
    return body + checksum + FOOTER


class Parser:
    """Cuts a stream of bytes into messages, finding its feet again after garbage.

    Bytes before a start mark are dropped; a frame whose footer is not where its header puts it
    was no frame, so the search goes on right behind its start mark and loses nothing after it.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message | ParserFault]:
        """Take what arrived and return the messages that are complete by now."""
        self._buffer += data
        found: list[Message | ParserFault] = []
        while (item := self._next()) is not None:
            found.append(item)
        return found

    def _next(self) -> Message | ParserFault | None:
        while self._seek_start() and len(self._buffer) >= _HEADER.size:
            fields = _HEADER.unpack_from(self._buffer)
            remaining = fields[10]
            if remaining < _TRAILER_BYTES or fields[8] > _IMMEDIATE_BYTES:
                del self._buffer[: len(START)]
                continue
            total = _HEADER.size + remaining
            if total > MAX_MESSAGE_BYTES:
                del self._buffer[: len(START)]
                return ParserFault(_message(fields, b""), Fault.TOO_LARGE)
            if len(self._buffer) < total:
                if not self._skip_to_whole_frame():
                    return None
                continue
            frame = bytes(self._buffer[:total])
            if not frame.endswith(FOOTER):
                del self._buffer[: len(START)]
                continue
            del self._buffer[:total]
            return _checked(fields, frame)
        return None

    def _skip_to_whole_frame(self) -> bool:
        """Drop an unfinished frame if a whole one stands behind it; False if none does.

        A start mark inside garbage announces a length that never comes; without this a client
        that goes on talking would wait for ever.
        """
        at = self._buffer.find(START, len(START))
        while at >= 0 and len(self._buffer) - at >= _HEADER.size + _TRAILER_BYTES:
            end = at + _HEADER.size + _HEADER.unpack_from(self._buffer, at)[10]
            if at + _HEADER.size < end and self._buffer[at:end].endswith(FOOTER):
                del self._buffer[:at]
                return True
            at = self._buffer.find(START, at + len(START))
        return False

    def _seek_start(self) -> bool:
        """Drop bytes up to the next start mark; False if none is in the buffer."""
        at = self._buffer.find(START)
        if at >= 0:
            del self._buffer[:at]
            return True
        # The first half of a mark may be the last byte that arrived.
        keep = 1 if self._buffer.endswith(START[:1]) else 0
        del self._buffer[: len(self._buffer) - keep]
        return False


def _message(fields: tuple[Any, ...], payload: bytes) -> Message:
    immediate = fields[9][: fields[8]]
    return Message(
        version=fields[1],
        flags=Flag(fields[2]),
        error=fields[3],
        type=fields[4],
        regarding=fields[5],
        checksum_type=fields[7],
        data=immediate or payload,
    )


def _checked(fields: tuple[Any, ...], frame: bytes) -> Message | ParserFault:
    body, checksum = frame[:-_TRAILER_BYTES], frame[-_TRAILER_BYTES : -len(FOOTER)]
    payload = body[_HEADER.size :]
    message = _message(fields, payload)
    if message.version not in ACCEPTED_VERSIONS:
        return ParserFault(message, Fault.UNSUPPORTED_PROTOCOL)
    if message.checksum_type not in (0, 1):
        return ParserFault(message, Fault.UNKNOWN_CHECKSUM_TYPE)
    if message.checksum_type == 1 and hashlib.md5(body).digest() != checksum:
        return ParserFault(message, Fault.BAD_CHECKSUM)
    if fields[8] and payload:
        return ParserFault(message, Fault.WRONG_LENGTH)
    return message
