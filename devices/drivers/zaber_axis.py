"""Verified exchanges with one axis of a Zaber controller over a link."""

import functools
import itertools

from dac_control.errors import InstrumentError, ProtocolError
from devices.drivers.zaber_ascii import REJECT_REASONS, Reply, format_request, parse_reply
from devices.links import Link
from devices.links.base import Guard

__all__ = ["ZaberAxis"]


class ZaberAxis:
    """Sends requests with message ids and checksums, and takes only the replies to them.

    Alerts (``!``), information (``#``), replies with another id and broken lines are skipped:
    the reply that was asked for may still be behind them. Replies without a checksum are taken
    only as long as the controller has never sent one with (its setting ``comm.checksum``).

    Parameters
    ----------
    link : Link
        The line to the controller.
    device, axis : int
        Address of the controller on its line, and number of the axis.
    """

    def __init__(self, link: Link, device: int, axis: int) -> None:
        self._link = link
        self._device = device
        self._axis = axis
        self._message_ids = itertools.cycle(range(100))
        self._checksums_seen = False

    @property
    def address(self) -> str:
        """Where the controller is."""
        return self._link.address

    def open(self) -> None:
        """Open the link."""
        self._checksums_seen = False
        self._link.open()

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def request(
        self,
        command: str,
        *,
        whole_device: bool = False,
        retry: bool = False,
        priority: bool = False,
        guard: Guard | None = None,
    ) -> Reply:
        """Send `command` and return the reply; see `devices.links.base.Link.exchange`.

        Raises
        ------
        InstrumentError
            If the controller rejects it.
        """
        axis = 0 if whole_device else self._axis
        message_id = next(self._message_ids)
        verify = functools.partial(self._is_mine, axis, message_id)
        line = self._link.exchange(
            format_request(self._device, axis, message_id, command),
            verify=verify,
            retry=retry,
            priority=priority,
            guard=guard,
        )
        reply = parse_reply(line)
        if not reply.accepted:
            reason = REJECT_REASONS.get(reply.data, "unknown reason")
            raise InstrumentError(
                f"The drive at {self.address} rejected {command!r}: {reply.data} ({reason})."
            )
        return reply

    def get(self, setting: str, *, whole_device: bool = False, priority: bool = False) -> str:
        """Ask for a setting."""
        return self.request(
            f"get {setting}", whole_device=whole_device, retry=True, priority=priority
        ).data

    def get_integer(self, setting: str) -> int:
        """Ask for a setting that is a whole number.

        Raises
        ------
        ProtocolError
            If it is none.
        """
        return self.integer(self.get(setting), setting)

    def integer(self, data: str, what: str) -> int:
        """Parse the data of a reply as a whole number; raises ProtocolError if it is none."""
        try:
            return int(data)
        except ValueError as error:
            raise ProtocolError(
                f"The drive at {self.address} sent {data!r} where {what} was due."
            ) from error

    def _is_mine(self, axis: int, message_id: int, line: str) -> bool:
        try:
            reply = parse_reply(line)
        except ProtocolError:
            return False
        if reply.checked:
            self._checksums_seen = True
        elif self._checksums_seen:
            return False
        return (reply.device, reply.axis, reply.message_id) == (self._device, axis, message_id)
