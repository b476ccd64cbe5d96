"""How spectra are taken for a gauge, checked when made. The run file maps onto these one to one."""

from dataclasses import dataclass
from typing import ClassVar

from dac_control.errors import LimitError
from plans.settings_table import SettingsTable

__all__ = [
    "REFERENCE",
    "EdgeSettings",
    "GaugeSettings",
    "RubySettings",
    "VibronSettings",
]

REFERENCE = "reference_ruby"
"""Name of the chip outside the pressure chamber among the gauges."""


@dataclass(frozen=True, kw_only=True)
class GaugeSettings(SettingsTable):
    """How a spectrum is taken for a gauge, and how often a bad one is taken again."""

    table: ClassVar[str] = "gauge"

    exposure_s: float = 0.2
    averages: int = 1
    longest_exposure_s: float = 10.0
    attempts: int = 3
    longer_by: float = 3.0
    """Factor by which the exposure grows after a weak spectrum, and shrinks after saturation."""
    signal_to_noise: float | None = None
    """Wanted of a reading, as the root of the photons that tell where its line is: the exposure of
    the next follows from the last. None leaves it as it is written."""

    def __post_init__(self) -> None:
        super().__post_init__()
        table = self.table
        if not 0 < self.exposure_s <= self.longest_exposure_s:
            raise LimitError(
                f"{table}.exposure_s ({self.exposure_s:g}) must lie above 0 and not above "
                f"{table}.longest_exposure_s ({self.longest_exposure_s:g})."
            )
        if self.averages < 1 or self.attempts < 1:
            raise LimitError(f"{table}.averages and {table}.attempts must be at least 1.")
        if self.longer_by <= 1:
            raise LimitError(f"{table}.longer_by must be above 1.")
        if self.signal_to_noise is not None and not self.signal_to_noise > 0:
            raise LimitError(
                f"{table}.signal_to_noise must be above 0, not {self.signal_to_noise}."
            )


@dataclass(frozen=True, kw_only=True)
class RubySettings(GaugeSettings):
    """How a ruby spectrum is taken."""

    table: ClassVar[str] = "ruby"


@dataclass(frozen=True, kw_only=True)
class EdgeSettings(GaugeSettings):
    """How the Raman edge of an anvil is taken: weak light, long exposures."""

    table: ClassVar[str] = "edge"

    exposure_s: float = 60.0
    longest_exposure_s: float = 600.0


@dataclass(frozen=True, kw_only=True)
class VibronSettings(GaugeSettings):
    """How the Raman line of a specimen is taken."""

    table: ClassVar[str] = "vibron"

    exposure_s: float = 60.0
    longest_exposure_s: float = 600.0
