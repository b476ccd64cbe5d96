"""What has been, so that an exposure that began in the past sees the pressure of then."""

import bisect
from dataclasses import dataclass

from simulators.twin.cell import CellState
from simulators.twin.condition import Condition

__all__ = ["History", "Snapshot"]

LONGEST = 4096
"""Snapshots kept at least; at 100 calls a second that is 40 s on the wall."""

SHORTEST_GAP_S = 0.02
"""Laboratory time between snapshots while the screw stands still."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The state from which everything until the next snapshot follows."""

    cell: CellState
    turns: float
    stage_k: float
    cell_k: float
    felt_k: float
    """Temperature as far as the pressure has followed it."""
    peak_gpa: float
    """Highest pressure so far."""
    wear: float
    """How near the cell is to its end, 0 to 1."""
    condition: Condition

    @property
    def lab_s(self) -> float:
        """Laboratory time of the snapshot."""
        return self.cell.lab_s


class History:
    """Snapshots in order of time, the oldest dropped."""

    def __init__(self, first: Snapshot) -> None:
        self._snapshots = [first]
        self._times_s = [first.lab_s]

    def add(self, snapshot: Snapshot) -> None:
        """Append a snapshot that is not older than the last."""
        last = self._snapshots[-1]
        still = snapshot.turns == last.turns and snapshot.condition is last.condition
        if still and snapshot.lab_s - last.lab_s < SHORTEST_GAP_S:
            return
        self._snapshots.append(snapshot)
        self._times_s.append(snapshot.lab_s)
        if len(self._times_s) > 2 * LONGEST:
            del self._snapshots[:LONGEST]
            del self._times_s[:LONGEST]

    def before(self, lab_s: float) -> tuple[Snapshot, Snapshot | None]:
        """Return the last snapshot at or before `lab_s` (else the oldest), and the next one."""
        place = max(bisect.bisect_right(self._times_s, lab_s) - 1, 0)
        following = self._snapshots[place + 1] if place + 1 < len(self._snapshots) else None
        return self._snapshots[place], following
