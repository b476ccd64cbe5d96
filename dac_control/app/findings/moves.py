"""Moves of the screw against the steps that were recorded after them.

A step is recorded when its pressure was taken. A move whose dwell was cut short, because the light
was used up or somebody ended the run, has left no step: only the journal tells of it, or what was
read while the pressure settled.
"""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dac_control.app.findings.text import number
from dac_control.app.readings import Steps
from dac_control.errors import RecordError
from dac_control.records import IntentLog, Run
from dac_control.records.gauge_series import device_of
from dac_control.records.summary import plain

__all__ = ["Move", "Moves", "read_moves"]

logger = logging.getLogger(__name__)

JOURNAL_NAME: Final = "intents.jsonl"
"""The copy of the station's journal of moves in a run folder."""

# Nearer than this a screw that failed to move has stayed where it was.
_STAYED_TURNS: Final = 1e-4


@dataclass(frozen=True, kw_only=True)
class Move:
    """One move of the screw."""

    from_turns: float
    """NaN where only the readings after it tell of the move."""
    to_turns: float
    """Where it was sent."""
    stands_turns: float
    """Where it was read back; NaN where that is not known."""
    time_s: float
    """When it set out, s since the epoch."""

    @property
    def words(self) -> str:
        """Where the screw stands after it."""
        if math.isnan(self.stands_turns):
            return f"sent to {number(self.to_turns, 4)} turns, not read back"
        return f"the screw stands at {number(self.stands_turns, 4)} turns"


@dataclass(frozen=True, kw_only=True)
class Moves:
    """The moves of a run, and those after which no step was recorded."""

    journalled: bool
    """True where the run folder has the journal; else only readings tell of moves."""
    count: int
    unmeasured: tuple[Move, ...]
    """Moves after which no pressure was taken as that of a step, oldest first."""

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        return {
            "journalled": self.journalled,
            "count": self.count,
            "without_a_step": [plain(vars(move)) for move in self.unmeasured],
        }


def read_moves(run: Run, steps: Steps) -> Moves:
    """Read the moves of a run and look for those without a step of their own."""
    path = run.folder / JOURNAL_NAME
    if path.is_file():
        try:
            moves = list(_journalled(IntentLog(path).read()))
        except RecordError as error:
            logger.warning("the moves of %s cannot be read: %s", run.folder.name, error)
        else:
            ends = [*(move.time_s for move in moves), math.inf]
            alone = (
                move
                for move, end in zip(moves, ends[1:], strict=True)
                # in virtual time a move sets out at the very instant of the step before it
                if not np.any((steps.time > move.time_s) & (steps.time <= end))
            )
            return Moves(journalled=True, count=len(moves), unmeasured=tuple(alone))
    alone = tuple(_read_after(run, steps))
    turned = int(np.count_nonzero(np.abs(np.diff(steps.turns)) > _STAYED_TURNS))
    return Moves(journalled=False, count=turned + len(alone), unmeasured=alone)


def _journalled(records: Sequence[Mapping[str, Any]]) -> Iterator[Move]:
    ends = {r.get("id"): r for r in records if r.get("kind") in ("done", "failed", "reconciled")}
    for record in records:
        if record.get("kind") != "intent":
            continue
        found = ends.get(record.get("id"), {}).get("turns")
        start, stands = float(record["from_turns"]), math.nan if found is None else float(found)
        if abs(stands - start) > _STAYED_TURNS or math.isnan(stands):
            yield Move(
                from_turns=start,
                to_turns=float(record["to_turns"]),
                stands_turns=stands,
                time_s=float(record["time"]),
            )


def _read_after(run: Run, steps: Steps) -> Iterator[Move]:
    """Moves of which readings while settling tell, and no step."""
    device = device_of(run, "step")
    known = set(steps.step.tolist())
    for stream in run.streams:
        table = run.table(stream)
        numbers, targets = table.get(f"{device}_number"), table.get(f"{device}_target_turns")
        if stream == "primary" or numbers is None or targets is None:
            continue
        for row, (step, target) in enumerate(zip(numbers, targets, strict=True)):
            if step is None or target is None or not math.isfinite(target) or step in known:
                continue
            known.add(step)
            yield Move(
                from_turns=math.nan,
                to_turns=float(target),
                stands_turns=math.nan,
                time_s=float(table["time"][row]),
            )
