"""One question at a time to a person, from a thread of its own, so that a stop need not wait."""

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from dac_control.errors import InstrumentError, NotAsked

__all__ = ["Ask", "AskedPerson", "Put", "Withdrawn", "wanted_anyway"]

logger = logging.getLogger(__name__)
T = TypeVar("T")

LETTING_GO_S = 1.0
"""Time on the wall that the next question gives one that was taken back to leave its person."""
Put = Callable[[str], str]
"""Puts a question of a conversation and returns the answer."""
Ask = Callable[[str, Callable[[], bool]], str]
"""Puts a question to a person and returns the answer; blocks, and may raise.

Its second argument says whether the question is still wanted. Once it is not, whoever can tells
the person and raises `Withdrawn`; whoever cannot returns the answer, which counts for nothing.
Raises `NotAsked` only where nobody can have seen the question: after anything else that it raises
somebody may have begun to do what was asked for."""


class Withdrawn(Exception):
    """The question was taken back, and an answer would count for nothing."""


def wanted_anyway() -> None:
    """Stand-in for callers that have no reason to refuse at the last moment."""


class AskedPerson:
    """A person who is asked about one thing, one question after the other.

    An answer that comes after `withdraw` is not taken. What this cannot reveal: a person who types
    what was asked for without having looked.

    Parameters
    ----------
    ask : Ask
        Of the shell, the command line or a test.
    about : str
        What is asked about, for messages: ``the screw``.
    """

    def __init__(self, ask: Ask, about: str) -> None:
        self._ask = ask
        self._about = about
        self.lock = threading.RLock()
        """Held while an answer is taken; what the answer changes is changed under it."""
        self._is_over = threading.Condition(self.lock)
        self._number = 0
        self._pending: int | None = None
        self._talking = False
        """True until the last word of a conversation, taken back or not."""

    @property
    def is_asked(self) -> bool:
        """True while a question is open."""
        return self._pending is not None

    def put(
        self,
        converse: Callable[[Put], T],
        take: Callable[[T | None], None],
        check_wanted: Callable[[], None] = wanted_anyway,
        *,
        not_put: Callable[[str], None],
    ) -> None:
        """Begin a conversation; returns once its first question is being put.

        Parameters
        ----------
        converse : callable
            Asks until there is a usable answer, and returns what it means; on a thread of its own.
        take : callable
            Gets that, under `lock`; None where the answer was lost. Not called after a stop.
        check_wanted : callable
            Called last; whatever it raises, nothing is asked.
        not_put : callable
            Called instead of `take` where nobody can have seen a question, with the reason, a
            sentence.

        Raises
        ------
        InstrumentError
            If an earlier question is still before somebody.
        """
        with self.lock:
            if self._pending is None:
                self._is_over.wait_for(lambda: not self._talking, LETTING_GO_S)
            if self._talking:
                raise InstrumentError(
                    f"A question about {self._about} is still open; answer it before the next "
                    "one is asked."
                )
            check_wanted()
            self._number += 1
            self._pending = self._number
            self._talking = True
            threading.Thread(
                target=self._converse,
                args=(self._number, converse, take, not_put),
                name=f"question-about-{self._about.replace(' ', '-')}",
                daemon=True,
            ).start()

    def withdraw(self) -> bool:
        """Take the open question back; False if there is none."""
        with self.lock:
            was_open, self._pending = self.is_asked, None
        return was_open

    def _converse(
        self,
        number: int,
        converse: Callable[[Put], Any],
        take: Callable[[Any], None],
        not_put: Callable[[str], None],
    ) -> None:
        seen, why_not_put = False, ""

        def wanted() -> bool:
            return self._pending == number

        def put(question: str) -> str:
            nonlocal seen
            answer = self._ask(question, wanted)
            seen = True
            if not wanted():
                logger.warning(
                    "an answer about %s came after a stop and was not taken", self._about
                )
                raise Withdrawn
            return answer

        try:
            found = converse(put)
        except Withdrawn:
            found = None
        except NotAsked as error:
            logger.error("nobody could be asked about %s: %s", self._about, error)
            # of a second question: somebody has seen the first, and may have done what it asked for
            found, why_not_put = None, "" if seen else str(error)
        except Exception as error:  # noqa: BLE001 - whatever kept the answer away, there is none
            logger.error("there is no answer about %s: %s", self._about, error)
            found = None
        with self.lock:
            self._talking = False
            self._is_over.notify_all()
            if not wanted():
                return
            self._pending = None
            not_put(why_not_put) if why_not_put else take(found)
