"""What a person is asked, about the screw above all, and what the answers mean; pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dac_control.errors import InstrumentError

__all__ = [
    "MOST_QUESTIONS",
    "Answer",
    "agrees",
    "ask_again",
    "confirmation_for",
    "parse_answer",
    "question_for",
    "yes_or_no",
]

MOST_QUESTIONS = 10
"""Times that the same question is put to somebody who gives no usable answer."""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")
_NOT_DONE = re.compile(r"(?:not\s*done|not\s*turned|no|n)\b[\s,;:]*(?P<rest>.*)", re.IGNORECASE)
_DONE = re.compile(r"(?:yes|y|done|ok)[\s.!]*", re.IGNORECASE)
_UNIT = re.compile(r"\s*(?:turns?|t)?\s*\.?\s*$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person said."""

    done: bool
    """False if the screw was not turned as asked."""
    turns: float | None
    """Where it stands; None where the person gave no number, which is allowed with "not done"."""


def question_for(start_turns: float, target_turns: float, *, clockwise_loads: bool = True) -> str:
    """Ask for a turn of the screw.

    Parameters
    ----------
    start_turns, target_turns : float
        Where the screw stands, and where it is to stand.
    clockwise_loads : bool
        Which way the key goes for more turns.
    """
    step = target_turns - start_turns
    way = "clockwise" if (step > 0) == clockwise_loads else "anticlockwise"
    return (
        f"Turn the screw by {step:+.4f} turns ({abs(step) * 360:.1f} degrees {way}) to "
        f'{target_turns:.4f} turns, then type where it stands, in turns, or "not done": '
    )


def parse_answer(text: str) -> Answer | None:
    """Read an answer.

    Parameters
    ----------
    text : str
        ``1.25``, ``1,25 turns``, ``not done``, or ``not done 1.20`` where it was turned by less.

    Returns
    -------
    Answer or None
        None if it is neither.
    """
    words = text.strip()
    refused = _NOT_DONE.fullmatch(words)
    if refused is None:
        turns = _number(words)
        return None if turns is None else Answer(done=True, turns=turns)
    rest = refused["rest"].strip()
    if not rest:
        return Answer(done=False, turns=None)
    turns = _number(rest)
    return None if turns is None else Answer(done=False, turns=turns)


def _number(text: str) -> float | None:
    match = _NUMBER.match(text)
    if match is None or _UNIT.fullmatch(text[match.end() :]) is None:
        return None
    return float(match[0].replace(",", "."))


def ask_again(text: str, reason: str, question: str) -> str:
    """Say what is wrong with an answer, and ask the same again."""
    return f"{text.strip()!r}: {reason} {question}"


def confirmation_for(text: str, turns: float, start_turns: float, target_turns: float) -> str:
    """Ask again where the screw stands, which is not where it was to be; of no further turn.

    Parameters
    ----------
    text : str
        What was typed.
    turns, start_turns, target_turns : float
        What that says, where the screw stood, and where it was to stand.
    """
    return (
        f"{text.strip()!r}: this is {turns - target_turns:+.4f} turns from the {target_turns:.4f} "
        f"that were asked for, and {turns - start_turns:+.4f} from the {start_turns:.4f} where it "
        "stood. Look at the screw, leave it as it is, and type again where it stands: "
    )


def agrees(text: str) -> bool | None:
    """Read a yes or a no: ``yes``, ``done``, ``ok``; ``no``, ``not done``; None for neither."""
    words = text.strip()
    if _DONE.fullmatch(words):
        return True
    refused = _NOT_DONE.fullmatch(words)
    return False if refused is not None and not refused["rest"].strip(" .!") else None


def yes_or_no(ask: Callable[[str], str], wish: str) -> bool:
    """Ask for something to be done until there is a yes or a no.

    Parameters
    ----------
    ask : callable
        Puts a question and returns the answer.
    wish : str
        ``Switch the lamp on``, without a stop.

    Raises
    ------
    InstrumentError
        After `MOST_QUESTIONS` answers that are neither.
    """
    first = f'{wish}, then type "yes", or "not done": '
    question = first
    for _ in range(MOST_QUESTIONS):
        text = ask(question)
        answer = agrees(text)
        if answer is not None:
            return answer
        question = ask_again(text, "this is neither yes nor no.", first)
    raise InstrumentError(f"there was no usable answer after {MOST_QUESTIONS} questions.")
