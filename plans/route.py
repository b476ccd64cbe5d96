"""The way of a ramp: legs up and down, each with its targets. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from dac_control.errors import LimitError
from plans.settings import Targets

__all__ = ["Leg", "Repeat", "Route", "route_of"]


@dataclass(frozen=True, kw_only=True)
class Leg:
    """Targets in one direction of the screw."""

    sign: int
    """+1 loading, -1 unloading."""
    aims: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Route:
    """Legs, one after the other; two that follow each other go different ways."""

    unit: Literal["gpa", "turns"]
    legs: tuple[Leg, ...]
    shorter_by: str = ""
    """What a person can do to make it shorter, a clause for messages; empty where nothing is
    left."""

    @property
    def aims(self) -> list[float]:
        """All targets."""
        return [aim for leg in self.legs for aim in leg.aims]


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """The same pressure again and again, from both sides.

    Raises
    ------
    LimitError
        If the swing is none, there is no cycle, or the way leads below zero.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    pressure_gpa: float
    """Where every leg passes."""
    swing_gpa: float = 2.0
    """How far beyond it a leg goes before it comes back."""
    cycles: int = 2
    """How often it is reached from above and from below."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.pressure_gpa) and 0 < self.swing_gpa < self.pressure_gpa):
            raise LimitError(
                f"repeat.swing_gpa ({self.swing_gpa:g}) must lie above 0 and below "
                f"repeat.pressure_gpa ({self.pressure_gpa:g})."
            )
        if self.cycles < 1:
            raise LimitError(f"repeat.cycles must be at least 1, not {self.cycles}.")

    def to_dict(self) -> dict[str, Any]:
        """As the start document has it."""
        return {
            "unit": "gpa",
            "repeat": self.pressure_gpa,
            "swing": self.swing_gpa,
            "cycles": self.cycles,
        }


def route_of(targets: Targets | Repeat) -> Route:
    """Turn targets into legs."""
    if isinstance(targets, Repeat):
        fewer = "ask for fewer cycles" if targets.cycles > 1 else ""
        return Route(unit="gpa", legs=_cycles(targets), shorter_by=fewer)
    legs = [
        Leg(sign=sign, aims=aims)
        for sign, aims in ((+1, targets.load), (-1, targets.unload))
        if aims
    ]
    # in between they lie on the way to the next; see `plans.looks` on those that are passed
    less = "leave out targets at the ends of the way (passed ones count, too)"
    several = len(targets.load) + len(targets.unload) > 1
    return Route(unit=targets.unit, legs=tuple(legs), shorter_by=less if several else "")


def _cycles(repeat: Repeat) -> tuple[Leg, ...]:
    """Up through the pressure and beyond, down through it and beyond, and up to it at last."""
    here, swing = repeat.pressure_gpa, repeat.swing_gpa
    up = Leg(sign=+1, aims=(here, here + swing))
    down = Leg(sign=-1, aims=(here, here - swing))
    legs: Sequence[Leg] = [up, down] * repeat.cycles
    return (*legs, Leg(sign=+1, aims=(here,)))
