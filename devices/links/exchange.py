"""A link over any byte channel: one exchange at a time, resynchronised and reconnected."""

import logging
from dataclasses import dataclass

from dac_control.errors import LinkDown, TransportError, UncertainWrite
from devices.links.base import Channel, Guard, LinkSettings, TokenSource
from devices.links.framing import encode
from devices.links.line import Line, Verify
from devices.links.lock import PriorityLock
from devices.links.pacing import BackOff

__all__ = ["LineLink"]

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 5.0
"""Longest wait for the exchange in progress when a link is closed."""
TOKEN_PATIENCE = 2
"""Times the reply timeout: the answer to a token may queue behind a reply that is late already."""


@dataclass
class _Attempt:
    """One attempt at an exchange."""

    data: bytes
    verify: Verify
    timeout_s: float
    sent: bool = False
    """Whether any of `data` may have left."""


class LineLink:
    """Exchanges lines with one instrument over `channel`; implements `devices.links.base.Link`.

    After a failed exchange the line is out of step: the missing reply may still come and would
    be taken for the answer to another query. So a socket is closed at once, and before the next
    message on a new or a serial connection the driver's token, if there is one, is asked until
    its own answer comes. A peer that has closed the connection is noticed before sending; the
    next exchange reconnects, not before the back-off allows it.

    Parameters
    ----------
    channel : Channel
        The transport; not opened here.
    settings : LinkSettings, optional
        Terminators, timeouts, pacing and limits.
    """

    def __init__(self, channel: Channel, settings: LinkSettings | None = None) -> None:
        self.settings = settings or LinkSettings()
        self._line = Line(channel, self.settings)
        self._lock = PriorityLock()
        self._back_off = BackOff(self.settings.first_back_off_s, self.settings.longest_back_off_s)
        self._token_source: TokenSource | None = None
        self._wanted = False
        self._failures = 0
        self._down_because = ""

    def __repr__(self) -> str:
        """Name the address and the state."""
        state = "open" if self.is_open else "closed"
        return f"<{type(self).__name__} {self.address} {state}>"

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        return self._line.address

    @property
    def is_open(self) -> bool:
        """Whether the transport is open now."""
        return self._line.is_open

    def open(self) -> None:
        """Open the transport now; see `devices.links.base.Link.open`."""
        with self._lock.hold():
            self._wanted = True
            if not self.is_open:
                self._connect()

    def close(self) -> None:
        """Close the transport; see `devices.links.base.Link.close`."""
        self._wanted = False
        if not self._lock.acquire(priority=True, timeout_s=CLOSE_TIMEOUT_S):
            # The exchange in progress closes the line when it ends: it is the one who may.
            logger.warning("%s hangs; it is closed when its exchange ends", self.address)
            return
        try:
            self._line.close()
            self._failures = 0
        finally:
            self._lock.release()

    def use_token(self, source: TokenSource) -> None:
        """Say which query resynchronises the line; see `devices.links.base.Link.use_token`."""
        self._token_source = source

    def exchange(
        self,
        message: str,
        *,
        verify: Verify | None = None,
        retry: bool = False,
        priority: bool = False,
        timeout_s: float | None = None,
        guard: Guard | None = None,
    ) -> str:
        """Send one message and return its answer; see `devices.links.base.Link.exchange`."""
        data = encode(message, self.settings)
        timeout_s = self.settings.reply_timeout_s if timeout_s is None else timeout_s
        attempts_left = 2 if retry else 1
        while True:
            attempt = _Attempt(data, verify or _accept, timeout_s)
            attempts_left -= 1
            try:
                # The lock is free between two attempts: a stop need not wait for the second.
                with self._lock.hold(priority=priority):
                    return self._carry_out(attempt, priority, guard)
            except TransportError as error:
                if attempt.sent and not retry:
                    raise UncertainWrite(
                        f"It is not known whether {self.address} has carried out {message!r}:"
                        f" {error} Read the instrument before anything else is sent."
                    ) from error
                if not (attempt.sent and attempts_left):
                    raise
                logger.info("%s: asking %r again: %s", self.address, message, error)

    def _carry_out(self, attempt: _Attempt, priority: bool, guard: Guard | None) -> str:
        """Get the line ready, ask once, and leave the line as it has to be."""
        try:
            self._prepare(priority)
            if guard is not None:
                guard()
            return self._ask(attempt)
        finally:
            if not self._wanted:
                self._line.close()

    def _prepare(self, priority: bool) -> None:
        """Have an open line that is in step and empty."""
        if not self._wanted:
            raise LinkDown(f"The link to {self.address} is closed; connect the instrument first.")
        if self.is_open:
            self._line.drop_stale()
        if not self.is_open:
            self._reconnect(priority)
        elif self._failures:
            logger.info("%s: resynchronising", self.address)
            self._line.send_terminator()
            self._ask_token()

    def _reconnect(self, priority: bool) -> None:
        wait_s = self._back_off.remaining_s
        if wait_s > 0 and not priority:
            raise LinkDown(
                f"{self._down_because} The next attempt to connect is due in {wait_s:.1f} s."
            )
        self._connect()
        self._ask_token()

    def _connect(self) -> None:
        """Open the line; a serial one is read until it is silent."""
        try:
            self._line.open()
            if not self._line.channel.reopening_forgets:
                self._line.settle()
        except LinkDown as error:
            self._line.close()
            self._back_off.failed()
            self._down_because = str(error)
            raise
        self._back_off.succeeded()
        logger.info("%s: connected", self.address)

    def _ask_token(self) -> None:
        """Ask the driver's token, so that every older reply has gone by."""
        if self._token_source is not None:
            token = self._token_source()
            data = encode(token.message, self.settings)
            timeout_s = TOKEN_PATIENCE * self.settings.reply_timeout_s
            self._ask(_Attempt(data, token.is_answer, timeout_s))

    def _ask(self, attempt: _Attempt) -> str:
        attempt.sent = True
        try:
            reply = self._line.ask(attempt.data, attempt.verify, attempt.timeout_s)
        except BaseException as error:
            # Ctrl-C included: the reply is still on its way, so the line is out of step.
            self._failures += 1
            # With identified replies one late reply does no harm, and the connection is kept: an
            # instrument that serves one client may refuse us while it holds the old socket.
            harmless = self.settings.replies_identified and self._failures == 1
            forgets = self._line.channel.reopening_forgets and not harmless
            if isinstance(error, LinkDown) or forgets:
                self._line.close()
            raise
        self._failures = 0
        return reply


def _accept(line: str) -> bool:
    """Take any line for the answer."""
    return True
