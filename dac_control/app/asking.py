"""Questions to the person at the terminal."""

import sys
import threading

from dac_control.errors import InstrumentError

__all__ = ["ask_at_terminal"]

_ONE_AT_A_TIME = threading.Lock()
"""Screw, stage and lamp may have a person each, and the terminal is one."""


def ask_at_terminal(question: str) -> str:
    """Put a question where the session runs and wait for the answer.

    Raises
    ------
    InstrumentError
        If nobody is there: the input is no terminal, or it was closed.
    """
    if not sys.stdin.isatty():
        raise InstrumentError(
            "A person has to answer, and this session has no terminal; start it from one, or use a "
            "motor on the screw."
        )
    try:
        with _ONE_AT_A_TIME:
            return input(question)
    except EOFError:
        raise InstrumentError("The terminal was closed before the question was answered.") from None
