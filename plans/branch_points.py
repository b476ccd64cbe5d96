"""The measured points of one direction of a ramp, and where its dead band ends. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dac_control.safety.limits import StepLimits
from plans.placing import Placing
from plans.settings import StepSettings
from plans.step_prediction import Point

__all__ = [
    "SAME_SLOPE",
    "BranchPoints",
    "chord",
    "least_answer_gpa",
    "steepest_slope",
]

_ANSWER_TOLERANCES, _ANSWER_PART = 0.1, 0.01
"""What counts as an answer of the pressure: these parts of the tolerance and of the pressure (it
creeps by about as much)."""

SAME_SLOPE = 0.7
"""A first step that is flatter than the next by more than this began inside the dead band."""


@dataclass
class BranchPoints:
    """What was measured along one direction of a ramp."""

    sign: int
    """+1 loading, -1 unloading."""
    start: Point
    """The measured state from which the branch sets out."""
    limits: StepLimits
    settings: StepSettings
    known_slope_gpa_per_turn: float = 0.0
    """Slope of the other branch where this one begins (`local_slope_gpa_per_turn`); 0 for none."""
    placing: Placing = field(default_factory=Placing)
    """What the drive does of what it is asked."""
    points: list[Point] = field(default_factory=list)
    largest_step_turns: float = 0.0

    @property
    def here(self) -> Point:
        """The last measured state."""
        return self.points[-1] if self.points else self.start

    @property
    def engaged(self) -> bool:
        """True once the pressure has answered: the dead band lies behind."""
        return self._engaged_at is not None

    @property
    def _engaged_at(self) -> int | None:
        found = (index for index, point in enumerate(self.points) if self._answers(point))
        return next(found, None)

    def _answers(self, point: Point, since: Point | None = None) -> bool:
        since = since or self.start
        change = (point.pressure_gpa - since.pressure_gpa) * self.sign
        return change > self._answer_gpa(point, since)

    def turns_without_answer(self, there: Point) -> float:
        """Turns made up to `there` since the pressure last stood clear of all before."""
        answered = self.start
        for point in (*self.points, there):
            if self._answers(point, answered):
                answered = point
        return abs(there.turns - answered.turns)

    def fallen_gpa(self, there: Point) -> float:
        """By how much `there` lies behind the furthest that the branch has been; never below 0."""
        furthest = max(self.sign * point.pressure_gpa for point in (self.start, *self.points))
        return max(0.0, furthest - self.sign * there.pressure_gpa)

    def name_of(self, pressure_gpa: float, sigma_gpa: float) -> str:
        """What a reading that follows belongs to: ``load``, ``unload`` or ``dead_band``."""
        if self.engaged or self._answers(Point(self.here.turns, pressure_gpa, sigma_gpa)):
            return "load" if self.sign > 0 else "unload"
        return "dead_band"

    def _answer_gpa(self, point: Point, since: Point) -> float:
        """Change that counts as an answer: clear of noise, and of creep."""
        noise = 5.0 * math.hypot(point.sigma_gpa, since.sigma_gpa)
        return max(noise, least_answer_gpa(self.settings.tolerance_gpa, since.pressure_gpa))

    @property
    def dead_band_turns(self) -> float:
        """Turns made on this branch before the pressure answered."""
        index = self._engaged_at
        reached = self.points[: index + 1] if index is not None else self.points
        return abs(reached[-1].turns - self.start.turns) if reached else 0.0

    @property
    def clean_points(self) -> list[Point]:
        """Points between which the dead band has no part, in the order of the steps."""
        index = self._engaged_at
        if index is None:
            return []
        clean = self.points[index:]
        before = ([self.start, *self.points])[index]
        if len(clean) > 1 and chord(before, clean[0]) > SAME_SLOPE * chord(clean[0], clean[1]):
            return [before, *clean]
        return clean

    def is_reached(self, target_gpa: float) -> bool:
        """True if the measured pressure is at the target or beyond it."""
        missing = (target_gpa - self.here.pressure_gpa) * self.sign
        return missing <= self.settings.tolerance_gpa


def least_answer_gpa(tolerance_gpa: float, pressure_gpa: float) -> float:
    """Change that counts as an answer of the pressure where it is known without noise, in GPa."""
    return max(_ANSWER_TOLERANCES * tolerance_gpa, _ANSWER_PART * pressure_gpa)


def chord(a: Point, b: Point) -> float:
    """Slope between two points in GPa per turn, never below 0; not a number at one place."""
    turned = b.turns - a.turns
    return abs((b.pressure_gpa - a.pressure_gpa) / turned) if turned else math.nan


def steepest_slope(points: Sequence[Point]) -> float:
    """Steepest slope in GPa per turn between neighbours of a series of points."""
    slopes = [chord(a, b) for a, b in pairwise(points)]
    return max((s for s in slopes if math.isfinite(s)), default=0.0)
