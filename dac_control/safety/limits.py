"""Hard limits of a station, and the checks that stand before every move. Pure."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

from dac_control.errors import LimitError

__all__ = ["StepLimits"]


@dataclass(frozen=True, kw_only=True)
class StepLimits:
    """How far a ramp may go, and how far in one step.

    Raises
    ------
    LimitError
        When made with limits that contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    min_turns: float
    max_turns: float
    max_step_turns: float
    """Largest turn of the screw in one step."""
    max_step_gpa: float
    """Largest change of the measured pressure in one step."""
    pressure_limit_gpa: float
    max_temperature_change_k: float = 5.0
    """By which the cell's temperature may have changed since a run began that turns the screw.
    Parts of a cell contract differently: a pressure that follows the temperature is no answer to
    the screw. A regulated stage keeps within 1 K; without helium it is gone in minutes."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not math.isfinite(value):
                raise LimitError(f"limit {name} must be a finite number, not {value}.")
        if self.min_turns >= self.max_turns:
            raise LimitError(
                f"min_turns ({self.min_turns}) must lie below max_turns ({self.max_turns})."
            )
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                raise LimitError(f"limit {name} must be above 0, not {getattr(self, name)}.")
        if self.max_step_turns > self.max_turns - self.min_turns:
            raise LimitError(
                f"max_step_turns ({self.max_step_turns}) is larger than the whole range "
                f"from min_turns ({self.min_turns}) to max_turns ({self.max_turns})."
            )
        if self.max_step_gpa > self.pressure_limit_gpa:
            raise LimitError(
                f"max_step_gpa ({self.max_step_gpa}) is larger than pressure_limit_gpa "
                f"({self.pressure_limit_gpa})."
            )

    def check_temperature(self, began_k: float, now_k: float) -> None:
        """Raise `LimitError` if the cell is no longer as it was when the run began."""
        if not abs(now_k - began_k) <= self.max_temperature_change_k:
            raise LimitError(
                f"the cell is at {now_k:.2f} K and was at {began_k:.2f} K when the run began, "
                f"more than limits.max_temperature_change_k ({self.max_temperature_change_k:g} "
                "K). Look at cooling and heater, let the temperature settle, and take the run up "
                "with `dac-control resume`; or raise that limit in the station file."
            )

    def check_turns(self, turns: float) -> None:
        """Raise `LimitError` unless `turns` is a place where the screw may stand."""
        if not (math.isfinite(turns) and self.min_turns <= turns <= self.max_turns):
            raise LimitError(
                f"A target of {turns} turns is outside the drive's limits, "
                f"{self.min_turns} to {self.max_turns} turns; nothing was moved. "
                "Ask for another target, or change min_turns or max_turns in the station file."
            )

    def check_step_turns(self, start_turns: float, turns: float) -> None:
        """Raise `LimitError` if a step is larger than one step may be."""
        self.check_turns(turns)
        # a billionth of a turn of slack, so that 0.1 + 0.02 is a step of 0.02
        if abs(turns - start_turns) > self.max_step_turns + 1e-9:
            raise LimitError(
                f"A step from {start_turns:.5f} to {turns:.5f} turns is larger than "
                f"max_step_turns ({self.max_step_turns}); nothing was moved."
            )

    def check_target_gpa(self, pressure_gpa: float) -> None:
        """Raise `LimitError` if a pressure may not be aimed at."""
        if not (math.isfinite(pressure_gpa) and 0 <= pressure_gpa <= self.pressure_limit_gpa):
            raise LimitError(
                f"A target of {pressure_gpa} GPa is outside 0 to pressure_limit_gpa "
                f"({self.pressure_limit_gpa} GPa); nothing was moved. "
                "Lower the target, or raise the limit in the station file if the anvils allow it."
            )

    def check_targets(self, unit: str, targets: Sequence[float]) -> None:
        """Raise `LimitError` for the first target that is out of bounds."""
        check = self.check_target_gpa if unit == "gpa" else self.check_turns
        for target in targets:
            check(target)


_POSITIVE = ("max_step_turns", "max_step_gpa", "pressure_limit_gpa", "max_temperature_change_k")
