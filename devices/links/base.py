"""What a link is: one exchange at a time with one instrument, told apart from every other.

A driver sees `Link` alone. A transport (VISA, serial) provides a `Channel`, which carries bytes;
`devices.links.exchange.LineLink` makes a link of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Channel", "Guard", "Link", "LinkSettings", "Token", "TokenSource"]


@dataclass(frozen=True, kw_only=True)
class LinkSettings:
    """How one kind of instrument wants to be spoken to; a driver module states its own."""

    read_termination: bytes = b"\n"
    r"""Ends a reply; a ``\r`` before it is dropped."""
    write_termination: bytes = b"\n"
    reply_timeout_s: float = 1.0
    open_timeout_s: float = 3.0
    silence_s: float = 0.0
    """Shortest silence in s after each exchange."""
    max_reply_bytes: int = 4096
    """A longer line is no reply of an instrument: the link is closed."""
    replies_identified: bool = False
    """True if every reply names its request, so that a late one cannot be mistaken for another."""
    first_back_off_s: float = 0.25
    longest_back_off_s: float = 10.0
    """Longest wait between two attempts to reconnect."""


@dataclass(frozen=True)
class Token:
    """A harmless query whose answer can be told from every other reply."""

    message: str
    is_answer: Callable[[str], bool]


TokenSource = Callable[[], Token]
"""Makes a fresh token, so that a late answer to the token before it is not taken for this one's."""


Guard = Callable[[], None]
"""Called when the line is free, just before sending; whatever it raises, nothing is sent."""


class Channel(Protocol):
    """Carries bytes to and from one instrument; used by one thread at a time."""

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        ...

    @property
    def reopening_forgets(self) -> bool:
        """True if closing and opening again drops late replies: a socket, not a serial line."""
        ...

    def open(self) -> None:
        """Open; raises `dac_control.errors.LinkDown` at once if nobody is there."""
        ...

    def close(self) -> None:
        """Close; idempotent, never raises."""
        ...

    def send(self, data: bytes) -> None:
        """Send all of `data`; raises `dac_control.errors.LinkDown` if the peer is gone."""
        ...

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, as soon as anything has; empty after `timeout_s` of nothing.

        Raises
        ------
        dac_control.errors.LinkDown
            As soon as the peer is known to have closed the connection.
        """
        ...


class Link(Protocol):
    """One instrument at the end of a line; safe to use from any number of threads."""

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether the transport is open now; a lost peer is noticed at the next exchange."""
        ...

    def open(self) -> None:
        """Open the transport now, whatever the back-off says; idempotent.

        Raises
        ------
        dac_control.errors.LinkDown
            If nobody answers at the address.
        """
        ...

    def close(self) -> None:
        """Close the transport after the exchange in progress; idempotent, never raises."""
        ...

    def use_token(self, source: TokenSource) -> None:
        """Say which query resynchronises the line after a reply was missed; no I/O."""
        ...

    def exchange(
        self,
        message: str,
        *,
        verify: Callable[[str], bool] | None = None,
        retry: bool = False,
        priority: bool = False,
        timeout_s: float | None = None,
        guard: Guard | None = None,
    ) -> str:
        """Send one message and return the line that answers it, without terminators.

        Parameters
        ----------
        message : str
            ASCII, without terminator.
        verify : Callable[[str], bool], optional
            Judges each line that comes: True if it answers, False if it is to be skipped (a late
            reply, an alert); raises `dac_control.errors.ProtocolError` if it is broken.
        retry : bool
            For queries only: try once more after a failure, when the line is in step again.
        priority : bool
            Go before every exchange that waits, and reconnect whatever the back-off says.
        timeout_s : float, optional
            Longest wait in s for the answer; the link's own by default.
        guard : Guard, optional
            A last word before sending: a stop that came in the meantime, for instance.

        Raises
        ------
        dac_control.errors.LinkDown, ReplyTimeout, ProtocolError
            With `retry`, if the second attempt failed too; without it, if nothing was sent.
        dac_control.errors.UncertainWrite
            Without `retry`, if the message may have been carried out.
        """
        ...
