"""Motor steps to turns of the screw, and the limits of the station; pure."""

import math
from dataclasses import dataclass

from dac_control.errors import ConfigurationError, LimitError

__all__ = ["ScrewGearing"]


@dataclass(frozen=True, kw_only=True)
class ScrewGearing:
    """How a stepper motor turns the screw, and how far it may.

    Parameters
    ----------
    steps_per_rev : int
        Full steps of the motor per revolution.
    microsteps : int
        Microsteps per full step.
    gear_ratio : float
        Turns of the motor per turn of the screw; negative if they turn opposite ways.
    min_turns, max_turns : float
        Soft limits of the station in turns of the screw.
    largest_count : int
        The drive counts microsteps up to this, either way.

    Raises
    ------
    ConfigurationError
        If limits or gearing make no sense.
    """

    steps_per_rev: int
    microsteps: int
    gear_ratio: float
    min_turns: float
    max_turns: float
    largest_count: int

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        per_turn = self.microsteps_per_turn
        if not (math.isfinite(per_turn) and per_turn):
            raise ConfigurationError(
                f"The drive's gearing makes no sense: {self.steps_per_rev} steps per revolution,"
                f" {self.microsteps} microsteps, gear ratio {self.gear_ratio:g}; none of them may"
                " be 0."
            )
        low, high = self.min_turns, self.max_turns
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ConfigurationError(
                f"The limits of the drive are {low:g} and {high:g} turns; the first has to be the"
                " lower."
            )

    @property
    def microsteps_per_turn(self) -> float:
        """Microsteps per turn of the screw."""
        return self.steps_per_rev * self.microsteps * self.gear_ratio

    @property
    def resolution_turns(self) -> float:
        """One microstep in turns of the screw."""
        return 1 / abs(self.microsteps_per_turn)

    def to_turns(self, count: int) -> float:
        """Microsteps to turns."""
        return count / self.microsteps_per_turn

    def to_microsteps(self, turns: float) -> int:
        """Turns to the nearest microstep."""
        return round(turns * self.microsteps_per_turn)

    def target(self, turns: float) -> int:
        """Turns to microsteps, if the screw may stand there.

        Raises
        ------
        LimitError
            If `turns` is outside the soft limits, or more than the drive can count.
        """
        if not self.min_turns <= turns <= self.max_turns:
            raise LimitError(
                f"{turns:g} turns is outside the limits of the drive, {self.min_turns:g} to"
                f" {self.max_turns:g} turns; nothing was sent."
            )
        count = self.to_microsteps(turns)
        if abs(count) > self.largest_count:
            raise LimitError(
                f"{turns:g} turns is {count} microsteps, more than the drive can count"
                f" ({self.largest_count}); nothing was sent."
            )
        return count
