"""Text to bytes and bytes to lines, with limits; pure."""

from dac_control.errors import ProtocolError
from devices.links.base import LinkSettings

__all__ = ["LineBuffer", "decode", "encode"]


class LineBuffer:
    r"""Cuts a stream of bytes into lines.

    Parameters
    ----------
    termination : bytes
        Ends a line; a ``\r`` before it is dropped.
    max_bytes : int
        Longest line, terminator not counted.
    """

    def __init__(self, termination: bytes, max_bytes: int) -> None:
        self._termination = termination
        self._max_bytes = max_bytes
        self._data = bytearray()

    @property
    def pending(self) -> bytes:
        """What has come since the last complete line was taken."""
        return bytes(self._data)

    def put(self, data: bytes) -> None:
        """Append received bytes."""
        self._data += data

    def take(self) -> bytes | None:
        """Remove and return the first complete line, or None if there is none yet.

        Raises
        ------
        ProtocolError
            If a line is longer than the limit; the buffer is then empty.
        """
        end = self._data.find(self._termination)
        if max(end, len(self._data) if end < 0 else 0) > self._max_bytes:
            start = bytes(self._data[:40])
            self._data.clear()
            raise ProtocolError(
                f"A reply of more than {self._max_bytes} bytes came, beginning with {start!r};"
                " this is not the instrument that was expected."
            )
        if end < 0:
            return None
        line = bytes(self._data[:end])
        del self._data[: end + len(self._termination)]
        return line.rstrip(b"\r")

    def clear(self) -> bytes:
        """Discard and return everything."""
        data = bytes(self._data)
        self._data.clear()
        return data


def encode(message: str, settings: LinkSettings) -> bytes:
    """Turn a message into bytes with its terminator.

    Raises
    ------
    ValueError
        If `message` is not printable ASCII: a terminator in it would be a second command.
    """
    if not (message.isascii() and message.isprintable()):
        raise ValueError(f"a message to an instrument must be printable ASCII, not {message!r}")
    return message.encode("ascii") + settings.write_termination


def decode(line: bytes) -> str | None:
    """Turn a line into text, or None if it is not printable ASCII."""
    text = line.decode("ascii", errors="replace")
    return text if text.isascii() and text.isprintable() else None
