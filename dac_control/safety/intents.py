"""Moves as the journal tells them, and whether the drive agrees.

Every move of the screw leaves two records: the intent before it is sent, and its end. From
them and one reading of the drive this module decides whether the position is known. Pure:
it reads no file and asks no instrument.

Records are plain dictionaries, one JSON line each, told apart by ``kind``:

``intent``      about to move: ``id, from_turns, to_turns``
``done``        the target of intent ``id`` was read back: ``turns``
``failed``      intent ``id`` ended elsewhere: ``turns`` (None if unread), ``reason``, and
                ``doubtful`` where the drive itself says that steps may have been lost
``declared``    a person said where the screw stands: ``turns, reason``
``first_seen``  the drive was met for the first time: ``turns``
``reconciled``  an open intent was closed by what the drive says: ``id, turns``
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LastMove", "Verdict", "end_of_open_intent", "last_move", "reconcile"]

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class LastMove:
    """What the journal knows of the screw."""

    turns: float | None = None
    """Last position that was read back or declared; None if there is none."""
    open_intent: Record | None = None
    """An intent without an end: its session died, or the end could not be read."""
    doubt: str = ""
    """Why the position is in doubt since the last declaration; empty if it is not."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the drive may move, and what was found."""

    known: bool
    message: str
    record: dict[str, Any] | None = None
    """What to append to the journal to close an open question; None for nothing."""


def last_move(records: Iterable[Record]) -> LastMove:
    """Fold the journal into its last state; unknown kinds are passed over."""
    turns: float | None = None
    open_intent: Record | None = None
    doubt = ""
    for record in records:
        kind = record.get("kind")
        if kind == "intent":
            open_intent = record
        elif kind in ("done", "reconciled", "declared", "first_seen"):
            turns, open_intent = float(record["turns"]), None
            doubt = "" if kind == "declared" else doubt
        elif kind == "failed" and record.get("doubtful"):
            doubt = str(record.get("reason", "a move failed"))
        elif kind == "failed" and record.get("turns") is not None:
            turns, open_intent = float(record["turns"]), None
    return LastMove(turns=turns, open_intent=open_intent, doubt=doubt)


def reconcile(
    records: Iterable[Record], turns: float, referenced: bool, tolerance_turns: float
) -> Verdict:
    """Compare the journal with what the drive says.

    Parameters
    ----------
    records : iterable of dict
        The journal, oldest first.
    turns : float
        Position that the drive reports.
    referenced : bool
        False if the drive says that it lost its reference, as after a power-up.
    tolerance_turns : float
        Largest difference that still counts as agreement.

    Returns
    -------
    Verdict
        `known` only where the drive is referenced and the journal agrees with it. An open
        intent is closed where the drive stands on the way from its start to its target.
    """
    state = last_move(records)
    if not referenced:
        return Verdict(known=False, message=_lost_reference(state, turns))
    if not math.isfinite(turns):
        return Verdict(known=False, message=f"the drive reports a position of {turns}")
    if state.doubt:
        return Verdict(known=False, message=f"steps may have been lost: {state.doubt}")
    if state.open_intent is not None:
        return _close_open_intent(state.open_intent, turns, tolerance_turns)
    if state.turns is None:
        return Verdict(
            known=True,
            message=f"first contact: the drive stands at {turns:.5f} turns",
            record={"kind": "first_seen", "turns": turns},
        )
    if abs(turns - state.turns) <= tolerance_turns:
        return Verdict(known=True, message=f"drive and journal agree on {turns:.5f} turns")
    return Verdict(
        known=False,
        message=(
            f"the drive says {turns:.5f} turns, the journal says {state.turns:.5f}: "
            "something moved the screw, or counted it, without this journal"
        ),
    )


def _lost_reference(state: LastMove, turns: float) -> str:
    where = "none is journalled" if state.turns is None else f"the journal says {state.turns:.5f}"
    return (
        f"the drive lost its reference (power-up?); it reports {turns:.5f} turns, "
        f"of the last position {where}"
    )


def _close_open_intent(intent: Record, turns: float, tolerance_turns: float) -> Verdict:
    start, target = float(intent["from_turns"]), float(intent["to_turns"])
    low, high = min(start, target) - tolerance_turns, max(start, target) + tolerance_turns
    if low <= turns <= high:
        return Verdict(
            known=True,
            message=(
                f"a move from {start:.5f} to {target:.5f} turns was cut short; "
                f"the drive stands at {turns:.5f} turns"
            ),
            record={"kind": "reconciled", "id": intent.get("id"), "turns": turns},
        )
    return Verdict(
        known=False,
        message=(
            f"a move from {start:.5f} to {target:.5f} turns was cut short and the drive "
            f"says {turns:.5f} turns, which is not between them"
        ),
    )


def end_of_open_intent(
    records: Iterable[Record], turns: float | None, reason: str, *, referenced: bool = True
) -> dict[str, Any] | None:
    """Return the record that ends the open intent of a journal whose session is dead.

    Parameters
    ----------
    records : iterable of dict
        The journal, oldest first.
    turns : float or None
        Where the drive was read after it was stopped; None if it could not be read, or moved.
    reason : str
        Why the move ended.
    referenced : bool
        False if the drive says that steps may have been lost.

    Returns
    -------
    dict or None
        None if every intent has its end. Without a position the intent stays open for whoever
        can read the drive next, see `reconcile`.
    """
    intent = last_move(records).open_intent
    if intent is None:
        return None
    record = {"kind": "failed", "id": intent.get("id"), "turns": turns, "reason": reason}
    if not referenced:
        return {**record, "turns": None, "doubtful": True}
    return record
