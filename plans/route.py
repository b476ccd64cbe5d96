"""The way of a ramp: legs up and down, each with its targets. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal

from dac_control.errors import LimitError
from dac_control.safety.limits import StepLimits
from plans.branch_points import least_answer_gpa
from plans.settings import StepSettings, Targets
from plans.settings_table import SettingsTable

__all__ = ["Leg", "Repeat", "Route", "check_swing", "check_tolerance", "route_of"]


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
class Repeat(SettingsTable):
    """The same pressure again and again, from both sides.

    Raises
    ------
    LimitError
        If the swing is none, there is no cycle, or the way leads below zero.
    """

    table: ClassVar[str] = "repeat"

    pressure_gpa: float
    """Where every leg passes."""
    swing_gpa: float = 2.0
    """How far beyond it a leg goes before it comes back."""
    cycles: int = 2
    """How often it is reached from above and from below."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.swing_gpa < self.pressure_gpa:
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


def check_tolerance(route: Route, tolerance_gpa: float, limits: StepLimits) -> None:
    """Raise `LimitError` for a tolerance with which what nobody reached counts as reached.

    Further away than one step, another step would have come nearer. From half the distance of two
    targets on, one reading may count for both, and the second of them, on the way back, without a
    move. A load target within the tolerance of 0 is reached by a cell that nobody closed.
    """
    if tolerance_gpa > limits.max_step_gpa:
        raise LimitError(
            f"step.tolerance_gpa ({tolerance_gpa:g}) is more than a step may change, "
            f"limits.max_step_gpa ({limits.max_step_gpa:g}): a target would count as reached from "
            "where another step leads nearer. Write a smaller one.",
            key="step.tolerance_gpa",
        )
    if route.unit != "gpa":
        return
    # a tolerance that nobody wrote has no line
    key = "step.tolerance_gpa" if tolerance_gpa != StepSettings.tolerance_gpa else "targets"
    first = route.legs[0]
    if first.sign > 0 and first.aims[0] <= tolerance_gpa:
        raise LimitError(
            f"a load target of {first.aims[0]:g} GPa counts as reached without any pressure, since "
            f"step.tolerance_gpa is {tolerance_gpa:g}. Write a smaller one, or a higher target.",
            key=key,
        )
    for one, other in pairwise(route.aims):
        if 2.0 * tolerance_gpa >= abs(other - one):
            raise LimitError(
                f"step.tolerance_gpa ({tolerance_gpa:g}) must lie below half the distance of two "
                f"targets that follow each other, {one:g} and {other:g} GPa: one reading could "
                f"count for both. Write one below {0.5 * abs(other - one):.3g}, or targets further "
                "apart.",
                key=key,
            )


def check_swing(repeat: Repeat, tolerance_gpa: float) -> None:
    """Raise `LimitError` for legs that could be over without a move, or inside the dead band.

    A leg may end a tolerance short of its end, and the next takes the pressure as reached a
    tolerance before it: what it surely moves is the rest of the swing. The pressure has to answer
    to that, or the approach is none, since a dead band is where it does not.
    """
    here, swing = repeat.pressure_gpa, repeat.swing_gpa
    answer_gpa = least_answer_gpa(tolerance_gpa, here + swing)
    least_gpa = 2.0 * tolerance_gpa + answer_gpa
    if swing > least_gpa:
        return
    raise LimitError(
        f"repeat.swing_gpa ({swing:g}) must be more than {least_gpa:.3g} GPa: a leg may end one "
        f"step.tolerance_gpa ({tolerance_gpa:g}) short of its end, the next counts {here:g} GPa as "
        "reached one tolerance before it, and in between the pressure has to answer to the screw, "
        f"by {answer_gpa:.3g} GPa. Ask for a larger swing, or for a smaller tolerance.",
        key="repeat.swing_gpa",
    )


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
