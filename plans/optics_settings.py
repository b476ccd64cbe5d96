"""Parameters of plans that look at several places; the run file maps onto them one to one."""

from dataclasses import dataclass
from typing import ClassVar

from dac_control.errors import LimitError
from plans.settings_table import SettingsTable

__all__ = ["Closing", "ReflectanceSettings"]


@dataclass(frozen=True, kw_only=True)
class ReflectanceSettings(SettingsTable):
    """How light of a lamp is taken from sample and gasket, or through the cell."""

    table: ClassVar[str] = "reflectance"

    exposure_s: float = 0.5
    averages: int = 10
    attempts: int = 3
    """How often a saturated reading is taken again, each time with a third of the exposure."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.exposure_s > 0:
            raise LimitError(
                f"the exposure_s of a lamp's light must be above 0, not {self.exposure_s}."
            )
        if self.averages < 1 or self.attempts < 1:
            raise LimitError("averages and attempts of a lamp's light must be at least 1.")


@dataclass(frozen=True, kw_only=True)
class Closing(SettingsTable):
    """How far, and in which steps, a cell is closed, and when it counts as sealed."""

    table: ClassVar[str] = "closing"

    last_turns: float
    """Absolute turns beyond which nobody goes on: the cell did not seal."""
    step_turns: float = 0.01
    rise_gpa: float = 0.5
    """The pressure has to rise by this much, and by three of its own sigma, as the screw turns."""
    watch_s: float = 600.0
    """Laboratory time for which the closed cell then has to keep its pressure."""
    leak_gpa: float = 0.3
    """Fall of the pressure in that time that is no leak, beside three sigma of the readings."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("step_turns", "rise_gpa", "watch_s", "leak_gpa"):
            if not getattr(self, name) > 0:
                raise LimitError(f"closing.{name} must be above 0, not {getattr(self, name)}.")
