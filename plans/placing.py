"""How finely a screw can be placed, and how well it is known where it stands. Pure."""

import math
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Placing"]

_SLACK: Final = 1e-6
"""Of a division: what rounding takes off a whole number of them."""


@dataclass(frozen=True, kw_only=True)
class Placing:
    """What a drive does of what it is asked, in turns of the screw."""

    grid_turns: float = 0.0
    """Smallest step: one of the motor, or a division of the key's scale."""
    beyond_turns: float = 0.0
    """How far beyond what was asked a move may end and still count as done."""
    sigma_turns: float = 0.0
    """Standard uncertainty of where the screw stands."""

    @classmethod
    def of(cls, drive: Any) -> "Placing":
        """What a drive device says of itself; a reading is rounded to a step."""
        grid = float(drive.resolution_turns)
        return cls(
            grid_turns=grid,
            beyond_turns=float(drive.tolerance_turns),
            sigma_turns=grid / math.sqrt(12.0),
        )

    def step(self, here_turns: float, safe_turns: float, wanted_turns: float) -> float:
        """Length of the next step: of what is wanted the nearest place, of what is safe the last.

        Parameters
        ----------
        here_turns : float
            Where the screw stands, in the direction of the step.
        safe_turns, wanted_turns : float
            Longest step that the bounds allow, and the one that leads to the target; from 0.
        """
        if not self.grid_turns:
            return min(safe_turns, wanted_turns)
        grid = self.grid_turns
        last = math.floor((here_turns + safe_turns) / grid + _SLACK) * grid - here_turns
        if math.isinf(wanted_turns):
            return max(0.0, last)
        nearest = round((here_turns + wanted_turns) / grid) * grid - here_turns
        return max(0.0, min(last, nearest))

    def is_there(self, missing_turns: float) -> bool:
        """True if what is missing is less than the drive can do."""
        return missing_turns <= max(0.5 * self.grid_turns * (1.0 + _SLACK), self.beyond_turns)
