"""Questions to the person at the terminal."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from dac_control.app.keyboard import begin_anew, is_typed
from dac_control.errors import InstrumentError, NotAsked
from devices.drivers.asked_person import Withdrawn

__all__ = ["ask_at_terminal", "drawn_around", "why_unanswered"]

_LOOK_S = 0.1
"""How often it is looked whether a question still counts."""
_ONE_AT_A_TIME = threading.Lock()
"""Screw, stage and lamp may have a person each, and the terminal is one."""
_TAKEN_BACK = "\nThis question was taken back: answer it no more, and leave everything as it is.\n"
drawn_around: set[Callable[[], AbstractContextManager[None]]] = set()
"""Entered while a question is open: whatever redraws the terminal would write over the answer."""


def why_unanswered() -> str:
    """Why nobody can answer a question here, a clause; empty in a terminal."""
    try:
        if sys.stdin is not None and sys.stdin.isatty():
            return ""
    except ValueError:  # closed
        pass
    return "this session has no terminal"


def ask_at_terminal(question: str, wanted: Callable[[], bool]) -> str:
    """Put a question where the session runs and wait for the answer.

    A question that is taken back says so, and leaves the terminal to whoever is next. What was
    typed before a question was put answers an older one, and is forgotten.

    Parameters
    ----------
    question : str
    wanted : callable
        False once the question was taken back.

    Raises
    ------
    NotAsked
        If nobody can have seen it: the input is no terminal, or the output is gone.
    Withdrawn
        If it was taken back.
    InstrumentError
        If the terminal was closed before there was an answer.
    """
    if why := why_unanswered():
        raise NotAsked(f"A person has to answer, and {why}; start it from one.")
    with _the_terminal(wanted), ExitStack() as still:
        for stand_still in tuple(drawn_around):
            still.enter_context(stand_still())
        begin_anew()
        try:
            _say(question)
        except (OSError, ValueError) as error:
            raise NotAsked(
                f"A person has to answer, and the question could not be shown: {error}."
            ) from None
        while not is_typed(within_s=_LOOK_S):
            if not wanted():
                begin_anew()
                with suppress(OSError, ValueError):
                    _say(_TAKEN_BACK)
                raise Withdrawn
        answer = sys.stdin.readline()
    if not answer:
        raise InstrumentError("The terminal was closed before the question was answered.")
    return answer.rstrip("\r\n")


@contextmanager
def _the_terminal(wanted: Callable[[], bool]) -> Iterator[None]:
    """Wait until no other question stands there; raise `Withdrawn` if it is not wanted by then."""
    while not _ONE_AT_A_TIME.acquire(timeout=_LOOK_S):
        if not wanted():
            raise Withdrawn
    try:
        if not wanted():
            raise Withdrawn
        yield
    finally:
        _ONE_AT_A_TIME.release()


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
