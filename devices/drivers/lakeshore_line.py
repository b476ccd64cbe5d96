"""Acknowledged exchanges with a Lake Shore temperature controller over a link."""

import functools
import itertools
import logging

from dac_control.errors import IdentityError, TransportError, UncertainWrite
from devices.drivers.lakeshore_ascii import (
    POWER_ON,
    Answer,
    answers,
    format_message,
    parse_answer,
    parse_integer,
)
from devices.drivers.roles import Identity
from devices.links import Link, Token
from devices.links.base import Guard

__all__ = ["AcknowledgedLine"]

logger = logging.getLogger(__name__)


class AcknowledgedLine:
    """Sends messages that end with ``*ESR?``, and reads back where an answer was lost.

    Parameters
    ----------
    link : Link
        The line to the instrument; its resynchronising token is set here.
    model : str
        Second field of ``*IDN?``, e.g. ``"MODEL336"``.
    expected_serial : str, optional
        Serial number that has to answer; any by default.
    """

    def __init__(self, link: Link, model: str, expected_serial: str | None = None) -> None:
        self._link = link
        self._model = model
        self._expected_serial = expected_serial
        self._identity: Identity | None = None
        self._repeats = itertools.cycle((1, 2, 3))
        self.power_cycled = False
        """True once the instrument was switched on again after `connect`; stays so."""
        link.use_token(self._token)

    @property
    def address(self) -> str:
        """Where the instrument is."""
        return self._link.address

    def connect(self) -> Identity:
        """Open the link and check who answers.

        Raises
        ------
        IdentityError
            If it is another instrument; the link is then closed.
        """
        self._link.open()
        try:
            identity = self._check_identity(self._link.exchange("*IDN?", retry=True))
        except IdentityError:
            self._link.close()
            raise
        first = self._identity is None
        self._identity = identity
        # Errors and a power-up before our time are not ours: the register is read to clear it.
        message = format_message()
        line = self._link.exchange(message, verify=functools.partial(answers, message), retry=True)
        if not first:
            self._note_power_cycle(parse_integer(line.strip()))
        return identity

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def query(self, *queries: str, priority: bool = False) -> tuple[str, ...]:
        """Ask all `queries` in one message; one reply each.

        Raises
        ------
        InstrumentError
            If the instrument refuses one of them.
        """
        message = format_message(*queries)
        line = self._link.exchange(
            message, verify=functools.partial(answers, message), retry=True, priority=priority
        )
        return self._understood(message, line).fields

    def command(
        self,
        command: str,
        queries: tuple[str, ...],
        *,
        priority: bool = False,
        guard: Guard | None = None,
    ) -> tuple[tuple[str, ...], UncertainWrite | None]:
        """Send a command once, and read back with `queries` in the same message.

        Returns
        -------
        tuple
            The replies to `queries`, and None; or, if the answer to the command was lost, the
            replies to `queries` asked once more, and the error.

        Raises
        ------
        InstrumentError
            If the instrument refuses.
        UncertainWrite
            If the answer was lost and nothing could be read back either.
        """
        message = format_message(command, *queries)
        verify = functools.partial(answers, message)
        try:
            line = self._link.exchange(message, verify=verify, priority=priority, guard=guard)
        except UncertainWrite as lost:
            logger.warning("%s", lost)
            try:
                return self.query(*queries, priority=priority), lost
            except TransportError as error:
                raise UncertainWrite(f"{lost} Reading back failed too: {error}") from lost
        return self._understood(message, line).fields, None

    def _understood(self, message: str, line: str) -> Answer:
        answer = parse_answer(message, line)
        self._note_power_cycle(answer.event_status)
        return answer

    def _note_power_cycle(self, event_status: int) -> None:
        if event_status & POWER_ON and not self.power_cycled:
            self.power_cycled = True
            logger.warning("%s was switched off and on; its loop may be off", self.address)

    def _check_identity(self, line: str) -> Identity:
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 4 or fields[:2] != ["LSCI", self._model]:
            raise IdentityError(
                f"The instrument at {self.address} says it is {line!r}; expected"
                f" LSCI,{self._model}. Correct the address or the driver in the station file."
            )
        vendor, model, serial, firmware = fields
        # The serial number of an option card follows after a stroke.
        if self._expected_serial not in (None, serial, serial.partition("/")[0]):
            raise IdentityError(
                f"The {model} at {self.address} has the serial number {serial}; the"
                f" station file names {self._expected_serial}. Correct one or the other."
            )
        return Identity(vendor=vendor, model=model, serial=serial, firmware=firmware)

    def _token(self) -> Token:
        """Ask who is there, one to three times in a line: told from the token before it."""
        count = next(self._repeats)

        def is_answer(line: str) -> bool:
            parts = line.split(";")
            if len(parts) != count or len(set(parts)) != 1 or parts[0].count(",") != 3:
                return False
            # The link is not closed here, for it waits for this very answer. Nothing else is sent
            # to the other instrument: each exchange asks the token first, until it is refused.
            if self._identity is not None and self._check_identity(parts[0]) != self._identity:
                raise IdentityError(
                    f"Another instrument answers at {self.address} than before: {parts[0]!r}"
                    f" instead of {self._identity}. Connect again if that is meant."
                )
            return True

        return Token(";".join(["*IDN?"] * count), is_answer)
