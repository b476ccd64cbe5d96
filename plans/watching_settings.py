"""Settings of plans that turn nothing and watch the cell, checked when made."""

from dataclasses import dataclass, field
from typing import ClassVar

from dac_control.errors import LimitError
from plans.gauge_settings import RubySettings
from plans.settings_table import SettingsTable

__all__ = ["HoldSettings", "TemperatureSettings"]


@dataclass(frozen=True, kw_only=True)
class TemperatureSettings(SettingsTable):
    """How the pressure is followed while the temperature moves."""

    table: ClassVar[str] = "temperature"

    every_k: float = 10.0
    """The pressure is measured whenever the cell's temperature has moved by this much."""
    look_every_s: float = 30.0
    """Laboratory time between looks at the sensors."""
    ruby: RubySettings = field(default_factory=RubySettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("every_k", "look_every_s"):
            if not getattr(self, name) > 0:
                raise LimitError(f"temperature.{name} must be above 0, not {getattr(self, name)}.")


@dataclass(frozen=True, kw_only=True)
class HoldSettings(SettingsTable):
    """How a cell is watched that nothing moves."""

    table: ClassVar[str] = "hold"

    every_s: float = 3600.0
    """Laboratory time from one reading to the next."""
    failures: int = 5
    """Readings of an instrument that may fail one after the other."""
    ruby: RubySettings = field(default_factory=RubySettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.every_s > 0:
            raise LimitError(f"hold.every_s must be above 0, not {self.every_s}.")
        if self.failures < 1:
            raise LimitError("hold.failures must be at least 1.")
