"""Settings of a ramp, checked when made. The run file maps onto these one to one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

from dac_control.errors import LimitError
from plans.gauge_settings import (
    REFERENCE,
    EdgeSettings,
    GaugeSettings,
    RubySettings,
    VibronSettings,
)
from plans.outliers import OutlierSettings
from plans.settings_table import SettingsTable

__all__ = [
    "DwellSettings",
    "HandOverSettings",
    "RampSettings",
    "StepSettings",
    "Targets",
]


@dataclass(frozen=True, kw_only=True)
class Targets(SettingsTable):
    """Where a ramp goes: upwards first, then downwards.

    Raises
    ------
    LimitError
        If loading targets do not strictly increase or unloading targets strictly decrease.
    """

    table: ClassVar[str] = "targets"

    unit: Literal["gpa", "turns"]
    load: tuple[float, ...] = ()
    unload: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unit not in ("gpa", "turns"):
            raise LimitError(f"targets are in 'gpa' or 'turns', not in {self.unit!r}.")
        if not self.load and not self.unload:
            raise LimitError("a ramp needs at least one target, in load or in unload.")
        for name, sign in (("load", 1), ("unload", -1)):
            values: tuple[float, ...] = getattr(self, name)
            for first, second in pairwise(values):
                if (second - first) * sign <= 0:
                    verb = "increase" if sign > 0 else "decrease"
                    raise LimitError(
                        f"{name} targets must strictly {verb}, but {second:g} follows {first:g}: "
                        "a reversal loads the cell along another branch."
                    )
        if self.load and self.unload and self.unload[0] >= self.load[-1]:
            raise LimitError(
                f"the first unload target ({self.unload[0]:g}) must lie below the last load "
                f"target ({self.load[-1]:g})."
            )

    def to_dict(self) -> dict[str, object]:
        """As the start document has it."""
        return {"unit": self.unit, "load": list(self.load), "unload": list(self.unload)}

    @classmethod
    def gpa(cls, load: Sequence[float] = (), unload: Sequence[float] = ()) -> "Targets":
        """Targets as measured pressures in GPa."""
        return cls(unit="gpa", load=tuple(load), unload=tuple(unload))

    @classmethod
    def turns(cls, load: Sequence[float] = (), unload: Sequence[float] = ()) -> "Targets":
        """Targets as absolute turns of the screw."""
        return cls(unit="turns", load=tuple(load), unload=tuple(unload))


@dataclass(frozen=True, kw_only=True)
class DwellSettings(SettingsTable):
    """When a step counts as settled; all times in laboratory seconds.

    Settled means: over the last `window_s`, or two, four ... times as much, the upper 95 % bound of
    the absolute slope of the measured pressure lies below `drift_limit_gpa_per_h`; the 5 % hold for
    all looks of a dwell together (`plans.settling`).
    """

    table: ClassVar[str] = "dwell"

    drift_limit_gpa_per_h: float = 0.2
    window_s: float = 600.0
    interval_s: float = 60.0
    min_dwell_s: float = 300.0
    max_dwell_s: float = 7200.0
    min_readings: int = 6
    late_part: float = 0.05
    """By this part of `interval_s` a reading may come late, so by this part the window reaches back
    further; 0 on a clock that never is, as a rehearsal's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("drift_limit_gpa_per_h", "window_s", "interval_s", "max_dwell_s"):
            if not getattr(self, name) > 0:
                raise LimitError(f"dwell.{name} must be above 0, not {getattr(self, name)}.")
        if self.min_dwell_s > self.max_dwell_s:
            raise LimitError(
                f"dwell.min_dwell_s ({self.min_dwell_s:g}) is longer than "
                f"dwell.max_dwell_s ({self.max_dwell_s:g})."
            )
        if self.window_s > self.max_dwell_s:
            raise LimitError(
                f"dwell.window_s ({self.window_s:g}) is longer than "
                f"dwell.max_dwell_s ({self.max_dwell_s:g})."
            )
        if self.interval_s * (self.min_readings - 1) > self.window_s:
            raise LimitError(
                f"dwell.window_s ({self.window_s:g}) has no room for dwell.min_readings "
                f"({self.min_readings}) at dwell.interval_s ({self.interval_s:g})."
            )
        if self.min_readings < 3:
            raise LimitError("dwell.min_readings must be at least 3: a slope has an error.")
        if not 0.0 <= self.late_part < 1.0:
            raise LimitError(f"dwell.late_part must be from 0 to below 1, not {self.late_part}.")


@dataclass(frozen=True, kw_only=True)
class StepSettings(SettingsTable):
    """How a ramp chooses the next turn of the screw on the way to a target."""

    table: ClassVar[str] = "step"

    probe_turns: float = 0.01
    """First step of a branch, and each step across the dead band of a reversal."""
    tolerance_gpa: float = 0.3
    """A target counts as reached from this far before it; beyond it nothing is corrected."""
    max_dead_band_turns: float = 0.5
    """More turns than this without an answer of the pressure end the ramp."""
    growth: float = 2.0
    """A step is at most this much larger than the one before it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("probe_turns", "tolerance_gpa", "max_dead_band_turns"):
            if not getattr(self, name) > 0:
                raise LimitError(f"step.{name} must be above 0, not {getattr(self, name)}.")
        if not self.growth > 1:
            raise LimitError(f"step.growth must be above 1, not {self.growth}.")


@dataclass(frozen=True, kw_only=True)
class HandOverSettings(SettingsTable):
    """What a hand-over from one gauge to the next rests on."""

    table: ClassVar[str] = "handover"

    fewest_pairs: int = 3
    """Steps at which both gauges must have been measured."""
    last_pairs: int = 6
    """Only so many of the last ones count: where an edge begins to show it is no edge yet."""
    scatter_gpa: float = 0.3
    scatter_part: float = 0.02
    """How far two gauges differ from step to step beyond their noise, as a sum of squares: chip and
    anvil are different places, and published points scatter about their scale by some 2 %.
    Conventions of this package; state what is known of the cell."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 3 <= self.fewest_pairs <= self.last_pairs:
            raise LimitError(
                f"handover.fewest_pairs ({self.fewest_pairs}) must be 3 or more, and not above "
                f"handover.last_pairs ({self.last_pairs}): two pairs always agree on something."
            )
        for name in ("scatter_gpa", "scatter_part"):
            if not getattr(self, name) >= 0:
                raise LimitError(f"handover.{name} must be 0 or more, not {getattr(self, name)}.")

    def scatter_at_gpa(self, pressure_gpa: float) -> float:
        """Standard uncertainty of a pair beyond its noise, in GPa."""
        return math.hypot(self.scatter_gpa, self.scatter_part * pressure_gpa)


@dataclass(frozen=True, kw_only=True)
class RampSettings:
    """All settings of a pressure ramp."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    dwell: DwellSettings = field(default_factory=DwellSettings)
    ruby: RubySettings = field(default_factory=RubySettings)
    edge: EdgeSettings = field(default_factory=EdgeSettings)
    vibron: VibronSettings = field(default_factory=VibronSettings)
    step: StepSettings = field(default_factory=StepSettings)
    outliers: OutlierSettings = field(default_factory=OutlierSettings)
    handover: HandOverSettings = field(default_factory=HandOverSettings)
    gauge: str = "ruby"
    """The gauge whose pressure the ramp acts on, at first."""
    then: tuple[str, ...] = ()
    """Gauges that take over from it, one after the other, each across an overlap."""
    also: tuple[str, ...] = ()
    """Gauges that are measured at every step too."""
    allow_unmeasured_steps: int = 0
    """How many steps of the run may stay without a pressure before it holds."""

    def __post_init__(self) -> None:
        if len(set(self.sequence)) < len(self.sequence):
            raise LimitError(f"a gauge takes over once only, not as in {list(self.sequence)}.")
        if self.allow_unmeasured_steps < 0:
            raise LimitError("allow_unmeasured_steps must be 0 or more.")

    @property
    def sequence(self) -> tuple[str, ...]:
        """The gauges in the order in which they are in charge."""
        return (self.gauge, *self.then)

    @property
    def all_gauges(self) -> tuple[str, ...]:
        """The gauges in charge and those beside them."""
        return tuple(dict.fromkeys((*self.sequence, *self.also)))

    def of_gauge(self, name: str) -> GaugeSettings:
        """How spectra are taken for a gauge."""
        if name == "diamond_edge":
            return self.edge
        return self.ruby if name in ("ruby", REFERENCE) else self.vibron
