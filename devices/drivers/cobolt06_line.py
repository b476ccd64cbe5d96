"""Verified exchanges with a Cobolt laser over a link."""

import functools
import itertools
import logging

from dac_control.errors import InstrumentError, UncertainWrite
from devices.drivers.cobolt06_ascii import answers_ok, answers_with, is_refusal, refuse
from devices.links import Link, Token
from devices.links.base import Guard

__all__ = ["CoboltLine"]

logger = logging.getLogger(__name__)


class CoboltLine:
    """Asks and tells, one line at a time.

    A reply does not name its command, so each is held against the shape that is due, and after a
    lost one the line is read until the answer to a token comes: the serial number and the model
    by turns, of which neither can be taken for the other or for any value. What this cannot
    reveal: a laser that answers the wrong query with a value of the right shape, while no reply
    was ever missed. Drivers therefore ask so that neighbours have different shapes.

    Parameters
    ----------
    link : Link
        The line to the laser; its resynchronising token is set here.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._known = {"glm?": "", "gsn?": ""}
        self._tokens = itertools.cycle(self._known)
        link.use_token(self._token)

    @property
    def address(self) -> str:
        """Where the laser is."""
        return self._link.address

    def open(self) -> None:
        """Open the link; who was there before is forgotten."""
        self._known = dict.fromkeys(self._known, "")
        self._link.open()

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def remember(self, *, model: str, serial: str) -> None:
        """Say who is there, for tokens: another laser in its place is then noticed."""
        self._known = {"glm?": model, "gsn?": serial}

    def ask(self, query: str, shape: str, *, priority: bool = False) -> str:
        """Ask, and once more after a failure; return the reply.

        Parameters
        ----------
        query : str
            Ends with a question mark.
        shape : str
            What is due; see `devices.drivers.cobolt06_ascii.answers_with`.
        priority : bool
            Go before everything that waits.

        Raises
        ------
        InstrumentError
            If the laser does not know the query.
        """
        verify = functools.partial(answers_with, shape, query)
        line = self._link.exchange(query, verify=verify, retry=True, priority=priority)
        refuse(self.address, query, line)
        return line.strip()

    def ask_if_known(self, query: str, shape: str) -> str | None:
        """As `ask`, and None from a laser that does not know the query."""
        try:
            return self.ask(query, shape)
        except InstrumentError:
            return None

    def tell(
        self, command: str, *, priority: bool = False, guard: Guard | None = None
    ) -> UncertainWrite | None:
        """Send a command once.

        Returns
        -------
        UncertainWrite or None
            The error, if the answer was lost: the caller reads back what became of it.

        Raises
        ------
        InstrumentError
            If the laser refuses.
        """
        verify = functools.partial(answers_ok, command)
        try:
            line = self._link.exchange(command, verify=verify, priority=priority, guard=guard)
        except UncertainWrite as lost:
            logger.warning("%s", lost)
            return lost
        refuse(self.address, command, line)
        return None

    def _token(self) -> Token:
        query = next(self._tokens)
        known = self._known[query]

        def is_answer(line: str) -> bool:
            text = line.strip()
            if known:
                return text == known
            # not yet introduced: a model has strokes, a serial number is a long row of digits
            looks_right = "-06-" in text if query == "glm?" else text.isdigit() and len(text) > 3
            return looks_right and not is_refusal(text)

        return Token(query, is_answer)
