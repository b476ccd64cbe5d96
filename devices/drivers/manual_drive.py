"""A screw that a person turns with a key: the driver asks, the person turns and says where it is.

To everything above it this is a drive like any other: one absolute target, journalled before the
question is put, and the position that was read is what counts. What differs is said here: a
person takes as long as a person takes, and never quite hits the target, so the station file gives
this drive a patience of hours and a tolerance of a division of its scale.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dac_control.errors import MoveFailed, PositionUnknown
from dac_control.safety.intents import last_move
from devices.drivers.asked_person import Ask, AskedPerson, Put, wanted_anyway
from devices.drivers.manual_answers import (
    MOST_QUESTIONS,
    Answer,
    ask_again,
    confirmation_for,
    parse_answer,
    question_for,
)
from devices.drivers.roles import DriveReading, Identity

__all__ = ["Ask", "ManualDrive", "remembered_turns"]

NOT_DONE, STOPPED, NO_ANSWER, ELSEWHERE = "not_done", "stopped", "no_answer", "elsewhere"
NOT_ASKED = "not_asked"
_FAULTS = {
    NOT_DONE: "the person at the screw did not turn it as asked",
    STOPPED: "a stop came while the screw was in a person's hands",
    NO_ANSWER: "nobody said where the screw stands",
    ELSEWHERE: "what the person at the screw typed, and typed again when asked",
}


def remembered_turns(records: Iterable[Mapping[str, Any]]) -> float | None:
    """Where the journal says that a hand-turned screw stands.

    Returns
    -------
    float or None
        None where a person has to look: nothing is journalled yet, a question was never answered
        (the screw may have been turned), or the position is in doubt.
    """
    state = last_move(records)
    if state.open_intent is not None or state.doubt:
        return None
    return state.turns


class ManualDrive:
    """A person with a key; implements `devices.drivers.roles.ScrewDriver`.

    Each question is put from a thread of its own, so a stop need not wait for the answer; it takes
    the question back, and an answer that comes later is not taken for the end of any move. What
    this cannot reveal: a person who types what was asked for without having looked.

    Parameters
    ----------
    ask : Ask
        Of the shell, the command line or a test.
    min_turns, max_turns : float
        Limits of the station; an answer beyond them is asked for again.
    divisions : int
        Marks of the key's scale on one turn: 72 of them are 5 degrees each.
    remembered : callable, optional
        Where the journal says the screw stands, or None; see `remembered_turns`. Asked at
        `connect`, since a screw in nobody's hands does not move.
    clockwise_loads : bool
        Which way the key goes for more turns.
    tolerance_turns : float, optional
        How far from the target a person may end, half a division if not given. An answer further
        away is asked for again; the same answer twice is believed, and fails the move.
    """

    waits_for_a_person = True
    """A move lasts as long as somebody takes: no time-out of seconds may end it."""

    def __init__(
        self,
        ask: Ask,
        *,
        min_turns: float,
        max_turns: float,
        divisions: int = 72,
        remembered: Callable[[], float | None] = lambda: None,
        clockwise_loads: bool = True,
        tolerance_turns: float | None = None,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self._person = AskedPerson(ask, "the screw")
        self._limits = (min_turns, max_turns)
        self._divisions = divisions
        self._remembered = remembered
        self._clockwise_loads = clockwise_loads
        self._tolerance_turns = 0.5 / divisions if tolerance_turns is None else tolerance_turns
        self._wall_time = wall_time
        self._turns = math.nan
        self._known = False
        self._flags: tuple[str, ...] = ()
        self._why_not_asked = ""
        self._connected = False

    @property
    def address(self) -> str:
        """Who turns the screw."""
        return "manual"

    @property
    def resolution_turns(self) -> float:
        """One division of the key's scale in turns."""
        return 1.0 / self._divisions

    def connect(self) -> Identity:
        """Look up where the screw stands; asks nobody."""
        with self._person.lock:
            if not self._connected:
                turns = self._remembered()
                self._known = turns is not None and math.isfinite(turns)
                self._turns = turns if turns is not None else math.nan
                self._connected = True
        return Identity(
            vendor="by hand", model="key", serial="none", firmware=f"1/{self._divisions} turn"
        )

    def concerns(self) -> list[str]:
        """A person needs no settings."""
        return []

    def close(self) -> None:
        """Take back a question that nobody answered."""
        self.stop()
        with self._person.lock:
            self._connected = False

    def read(self) -> DriveReading:
        """Where the screw stands by the last answer; moving while a question is open."""
        with self._person.lock:
            return DriveReading(
                turns=self._turns,
                moving=self._person.is_asked,
                position_known=self._known,
                flags=self._flags,
                time=self._wall_time(),
            )

    def start_move(self, turns: float, check_wanted: Callable[[], None] = wanted_anyway) -> None:
        """Ask for the screw to be turned to `turns`; returns once the question is being put.

        Raises
        ------
        PositionUnknown
            If nobody has said where the screw stands.
        InstrumentError
            If an earlier question is still before somebody.
        """
        with self._person.lock:
            if not self._known:
                raise PositionUnknown(
                    "Nobody has said where the screw stands; look at it and declare it with "
                    "`dac-control drive declare STATION --turns X --reason TEXT`."
                )
            start_turns = self._turns
            self._person.put(
                lambda ask: self._usable_answer(ask, start_turns, turns),
                self._take,
                check_wanted,
                not_put=self._take_as_it_was,
            )
            self._flags = ()

    def fault_text(self, flags: tuple[str, ...]) -> str:
        """Put into words why a move failed; empty if it did not."""
        not_asked = f"nobody could be asked to turn the screw ({self._why_not_asked.rstrip('.')})"
        faults = {**_FAULTS, NOT_ASKED: not_asked}
        return ", ".join(faults[flag] for flag in flags if flag in faults)

    def stop(self) -> None:
        """Take the question back. Where the screw stands is then unknown: a hand was on it."""
        with self._person.lock:
            if self._person.withdraw():
                self._known, self._flags = False, (STOPPED,)

    def declare(self, turns: float) -> None:
        """Take a person's word for where the screw stands."""
        with self._person.lock:
            self._turns, self._known, self._flags = turns, True, ()

    def _take(self, answer: tuple[float, str] | None) -> None:
        """Believe an answer; the caller holds the lock."""
        if answer is None:
            self._known, self._flags = False, (NO_ANSWER,)
            return
        self._turns, flag = answer
        self._known, self._flags = True, (flag,) if flag else ()

    def _take_as_it_was(self, why: str) -> None:
        """Nobody saw the question, so the screw is where it was; the caller holds the lock."""
        self._flags, self._why_not_asked = (NOT_ASKED,), why

    def _usable_answer(
        self, ask: Put, start_turns: float, target_turns: float
    ) -> tuple[float, str]:
        """Where the screw stands, and what went otherwise than asked."""
        first = question_for(start_turns, target_turns, clockwise_loads=self._clockwise_loads)
        question, doubted = first, None
        for _ in range(MOST_QUESTIONS):
            text = ask(question)
            answer = parse_answer(text)
            if answer is None:
                question = ask_again(text, "this is no number of turns.", first)
                continue
            turns = start_turns if answer.turns is None else answer.turns
            if not self._within_limits(turns):
                question = ask_again(text, self._beyond_limits(), first)
                doubted = None
                continue
            off = not self._is_expected(answer, turns, start_turns, target_turns)
            if not off or turns == doubted:
                return turns, ("" if not off else ELSEWHERE) if answer.done else NOT_DONE
            doubted = turns
            question = confirmation_for(text, turns, start_turns, target_turns)
        raise MoveFailed(f"there was no usable answer after {MOST_QUESTIONS} questions.")

    def _within_limits(self, turns: float) -> bool:
        low, high = self._limits
        return low - self.resolution_turns <= turns <= high + self.resolution_turns

    def _beyond_limits(self) -> str:
        low, high = self._limits
        return (
            f"the screw may stand between {low:g} and {high:g} turns; if it really stands "
            "elsewhere, stop the run and declare it."
        )

    def _is_expected(
        self, answer: Answer, turns: float, start_turns: float, target_turns: float
    ) -> bool:
        """At the target; of a turn that was not done, anywhere on the way to it."""
        low, high = (target_turns, target_turns) if answer.done else (start_turns, target_turns)
        low, high = min(low, high), max(low, high)
        return low - self._tolerance_turns <= turns <= high + self._tolerance_turns
