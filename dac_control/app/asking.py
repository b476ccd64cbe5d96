"""Questions to the person at the terminal."""

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from dac_control.errors import InstrumentError, NotAsked

__all__ = ["ask_at_terminal", "can_ask", "drawn_around"]

_ONE_AT_A_TIME = threading.Lock()
"""Screw, stage and lamp may have a person each, and the terminal is one."""
drawn_around: set[Callable[[], AbstractContextManager[None]]] = set()
"""Entered while a question is open: whatever redraws the terminal would write over the answer."""


def can_ask() -> bool:
    """True where the session runs in a terminal, so that somebody may be there to answer."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False


def ask_at_terminal(question: str) -> str:
    """Put a question where the session runs and wait for the answer.

    Raises
    ------
    NotAsked
        If nobody can be there: the input is no terminal.
    InstrumentError
        If it was closed before there was an answer.
    """
    if not can_ask():
        raise NotAsked(
            "A person has to answer, and this session has no terminal; start it from one."
        )
    try:
        with _ONE_AT_A_TIME, ExitStack() as still:
            for stand_still in tuple(drawn_around):
                still.enter_context(stand_still())
            return input(question)
    except EOFError:
        raise InstrumentError("The terminal was closed before the question was answered.") from None
