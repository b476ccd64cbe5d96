"""A channel that speaks in lines: framing, pacing, and finding the line that answers."""

import logging
import time
from collections.abc import Callable

from dac_control.errors import LinkDown, ProtocolError, ReplyTimeout
from devices.links.base import Channel, LinkSettings
from devices.links.framing import LineBuffer, decode
from devices.links.pacing import Pacer

__all__ = ["Line", "Verify"]

logger = logging.getLogger(__name__)

SETTLE_S = 0.1
"""Silence in s after which a freshly opened serial line is taken to be empty."""

Verify = Callable[[str], bool]


class Line:
    """Sends a message and waits for the line that answers it; used by one thread at a time.

    Parameters
    ----------
    channel : Channel
        The transport; not opened here.
    settings : LinkSettings
        Terminators, timeouts, pacing and limits.
    """

    def __init__(self, channel: Channel, settings: LinkSettings) -> None:
        self.channel = channel
        self.is_open = False
        self._settings = settings
        self._pacer = Pacer(settings.silence_s)
        self._buffer = LineBuffer(settings.read_termination, settings.max_reply_bytes)

    @property
    def address(self) -> str:
        """Where the instrument is."""
        return self.channel.address

    def open(self) -> None:
        """Open the channel; raises LinkDown if nobody is there."""
        self._buffer.clear()
        self.channel.open()
        self.is_open = True

    def close(self) -> None:
        """Close the channel and forget what had come; idempotent."""
        self.is_open = False
        self._buffer.clear()
        self.channel.close()

    def drop_stale(self) -> None:
        """Discard what came unasked, and close if the peer has closed the connection."""
        deadline_s = time.monotonic() + SETTLE_S
        stale = self._buffer.clear()
        try:
            while (data := self.channel.receive(0.0)) and time.monotonic() < deadline_s:
                stale += data
        except LinkDown as error:
            logger.info("%s", error)
            self.close()
        if stale:
            logger.debug("%s: discarded %r", self.address, stale)

    def settle(self) -> None:
        """End a half command that somebody left on the line, and read until it is silent."""
        self.send_terminator()
        deadline_s = time.monotonic() + 10 * SETTLE_S
        while self.channel.receive(SETTLE_S) and time.monotonic() < deadline_s:
            pass

    def send_terminator(self) -> None:
        """End a message of which the instrument may have got a part."""
        self._pacer.wait()
        try:
            self.channel.send(self._settings.write_termination)
        finally:
            self._pacer.spoken()

    def ask(self, data: bytes, verify: Verify, timeout_s: float) -> str:
        """Send `data` and return the line that `verify` accepts.

        Raises
        ------
        LinkDown, ReplyTimeout, ProtocolError
            Nothing is cleaned up: the reply may still be on its way.
        """
        self._pacer.wait()
        start_s = time.monotonic()
        try:
            self.channel.send(data)
            logger.debug("%s > %r", self.address, data)
            reply = self._await(verify, start_s + timeout_s)
        finally:
            self._pacer.spoken()
        logger.debug("%s took %.1f ms", self.address, 1e3 * (time.monotonic() - start_s))
        return reply

    def _await(self, verify: Verify, deadline_s: float) -> str:
        """Read lines until `verify` accepts one."""
        skipped = 0
        last = b""
        while (line := self._next(deadline_s)) is not None:
            logger.debug("%s < %r", self.address, line)
            text = decode(line)
            # An undecodable line can only be skipped where replies say whose they are.
            if text is None and not self._settings.replies_identified:
                raise ProtocolError(f"{self.address} answered {line!r}, which is not ASCII text.")
            if text is not None and verify(text):
                return text
            skipped, last = skipped + 1, line
        if skipped:
            raise ProtocolError(
                f"{self.address} sent {skipped} line(s), none of them an answer to what was"
                f" asked; the last was {last!r}."
            )
        rest = self._buffer.pending
        raise ReplyTimeout(
            f"{self.address} did not answer in time"
            + (f"; only the beginning of a reply came: {rest!r}." if rest else ".")
        )

    def _next(self, deadline_s: float) -> bytes | None:
        """Return the next line that is not empty, or None at the deadline."""
        while True:
            while (line := self._buffer.take()) is not None:
                if line:
                    return line
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0:
                return None
            self._buffer.put(self.channel.receive(remaining_s))
