"""A simulated Ocean HDX spectrometer that speaks the Ocean Binary Protocol.

Pure: bytes in, replies out; whoever serves it waits until a reply is due. A spectrum is due
when its exposure ends, which starts as the request arrives, or when the one before it ended.
"""

import threading

from simulators.wire.obp import Fault, Flag, Message, Parser, ParserFault, encode
from simulators.wire.ocean_unit import HDX_PRODUCT_ID, Light, OceanUnit, RefusedError
from simulators.wire.reply import Clock, Reply

__all__ = ["Light", "OceanSession", "OceanSimulator"]

RESET = 0x000_000_00
"""Type of the message that puts the settings of power-up back."""


class OceanSimulator:
    """The instrument: one detector, shared by all connections.

    Parameters
    ----------
    light : Light
        What the detector sees.
    clock : Clock
        Laboratory clock; exposures take laboratory seconds.
    serial : str
        Serial number that the unit reports.
    product_id : int
        USB product id, by which clients recognise the model.
    device_name : str
        Model name that the unit reports.
    """

    def __init__(
        self,
        light: Light,
        clock: Clock,
        serial: str = "HDX00336",
        *,
        product_id: int = HDX_PRODUCT_ID,
        device_name: str = "HDX",
    ) -> None:
        self._unit = OceanUnit(light, clock, serial, product_id, device_name)
        self._lock = threading.Lock()
        self.power_ups = 0

    def power_cycle(self) -> None:
        """Switch off and on: settings are those of power-up, and every connection is lost."""
        with self._lock:
            self._unit.commands[RESET](b"")
            self.power_ups += 1

    def session(self) -> "OceanSession":
        """Return the parser of a new connection."""
        return OceanSession(self)

    def answer(self, item: Message | ParserFault) -> Reply | None:
        """Obey one request and return the reply, if the protocol wants one.

        A query is always answered, and a refusal of one or of an unknown type always sent: a
        client that waits for an answer has no other way to learn. A command is acknowledged
        or refused only where its flags ask for it.
        """
        if isinstance(item, ParserFault):
            return _refusal(item.message, item.fault)
        wants_word = bool(item.flags & Flag.ACK_REQUESTED)
        with self._lock:
            if item.type in self._unit.queries:
                return self._ask(item, wants_word)
            if item.type in self._unit.commands:
                return self._command(item, wants_word)
        return _refusal(item, Fault.UNKNOWN_TYPE)

    def _ask(self, request: Message, wants_word: bool) -> Reply | None:
        try:
            answer = self._unit.queries[request.type](request.data)
        except RefusedError as refused:
            return _refusal(request, refused.fault)
        if answer is None:
            return None
        data, due_lab_s = answer
        flags = Flag.RESPONSE | Flag.ACK if wants_word else Flag.RESPONSE
        return Reply(_respond(request, flags, data=data), due_lab_s)

    def _command(self, request: Message, wants_word: bool) -> Reply | None:
        try:
            self._unit.commands[request.type](request.data)
        except RefusedError as refused:
            return _refusal(request, refused.fault) if wants_word else None
        return Reply(_respond(request, Flag.RESPONSE | Flag.ACK)) if wants_word else None


class OceanSession:
    """One connection to the instrument, with its receive buffer."""

    def __init__(self, simulator: OceanSimulator) -> None:
        self._simulator = simulator
        self._parser = Parser()
        self._power_ups = simulator.power_ups

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes from the client and return the replies to what is complete."""
        if self._power_ups != self._simulator.power_ups:
            return [Reply(b"", hang_up=True)]
        replies = (self._simulator.answer(item) for item in self._parser.feed(data))
        return [reply for reply in replies if reply is not None]


def _respond(request: Message, flags: Flag, *, data: bytes = b"", error: int = 0) -> bytes:
    return encode(
        Message(
            type=request.type,
            data=data,
            flags=flags,
            error=error,
            regarding=request.regarding,
            checksum_type=1 if request.checksum_type == 1 else 0,
        )
    )


def _refusal(request: Message, fault: Fault) -> Reply:
    return Reply(_respond(request, Flag.RESPONSE | Flag.NACK, error=fault))
