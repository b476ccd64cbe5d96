"""Where the screw goes next. Pure: the measured steps of a branch in, a turn out.

The next turn is chosen from what was measured on the way, never from a pressure that was not.
A branch (loading or unloading) begins inside the dead band of the reversal: until the
pressure has answered, it is crossed in small fixed steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dac_control.safety.limits import StepLimits
from plans.settings import StepSettings

__all__ = ["Branch", "Point", "steepest_slope"]


@dataclass(frozen=True)
class Point:
    """One measured step."""

    turns: float
    pressure_gpa: float
    sigma_gpa: float


@dataclass
class Branch:
    """One direction of a ramp and what was measured along it.

    Parameters
    ----------
    sign : int
        +1 loading, -1 unloading.
    start : Point
        The measured state from which the branch sets out.
    known_slope_gpa_per_turn : float
        Slope seen elsewhere (the loading branch, before unloading); 0 for none. A step is
        never chosen from a slope smaller than it, since the first answer after a dead band
        covers only a part of a step and looks too flat.
    """

    sign: int
    start: Point
    limits: StepLimits
    settings: StepSettings
    known_slope_gpa_per_turn: float = 0.0
    points: list[Point] = field(default_factory=list)
    last_step_turns: float = 0.0

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

    def _answers(self, point: Point) -> bool:
        change = (point.pressure_gpa - self.start.pressure_gpa) * self.sign
        return change > self._answer_gpa(point)

    def name_of(self, pressure_gpa: float, sigma_gpa: float) -> str:
        """What a reading that follows belongs to: ``load``, ``unload`` or ``dead_band``."""
        if self.engaged or self._answers(Point(self.here.turns, pressure_gpa, sigma_gpa)):
            return "load" if self.sign > 0 else "unload"
        return "dead_band"

    def _answer_gpa(self, point: Point) -> float:
        """Change that counts as an answer: clear of noise, and of creep of about 1 %."""
        noise = 5.0 * math.hypot(point.sigma_gpa, self.start.sigma_gpa)
        return max(noise, 0.1 * self.settings.tolerance_gpa, 0.01 * self.start.pressure_gpa)

    @property
    def dead_band_turns(self) -> float:
        """Turns made on this branch before the pressure answered."""
        index = self._engaged_at
        reached = self.points[: index + 1] if index is not None else self.points
        return abs(reached[-1].turns - self.start.turns) if reached else 0.0

    def slope_gpa_per_turn(self) -> float | None:
        """Steepest recent slope of the branch, or None before there is one."""
        index = self._engaged_at
        if index is None:
            return None
        recent = ([self.start, *self.points])[max(0, index) :][-4:]
        slopes = [_slope(a, b) for a, b in pairwise(recent)]
        steepest = max((s for s in slopes if math.isfinite(s)), default=0.0)
        steepest = max(steepest, self.known_slope_gpa_per_turn)
        return steepest if steepest > 0 else None

    def is_reached(self, target_gpa: float) -> bool:
        """True if the measured pressure is at the target or beyond it."""
        missing = (target_gpa - self.here.pressure_gpa) * self.sign
        return missing <= self.settings.tolerance_gpa

    def next_turns_for_gpa(self, target_gpa: float) -> float:
        """Absolute turn of the next step towards a pressure."""
        slope = self.slope_gpa_per_turn()
        if slope is None:
            return self._bounded(self.settings.probe_turns)
        missing = abs(target_gpa - self.here.pressure_gpa)
        return self._bounded(missing / slope)

    def next_turns_for_turns(self, target_turns: float) -> float:
        """Absolute turn of the next step towards a turn."""
        missing = (target_turns - self.here.turns) * self.sign
        # before the first answer the slope is unknown, and with it what a full step would do
        return self._bounded(missing if self.engaged else min(missing, self.settings.probe_turns))

    def predicted_gpa(self, turns: float) -> tuple[float, float]:
        """Window in which the pressure of the step to `turns` should lie."""
        slope = self.slope_gpa_per_turn() or self.known_slope_gpa_per_turn
        change = self.sign * slope * abs(turns - self.here.turns)
        low, high = sorted((self.here.pressure_gpa, self.here.pressure_gpa + change))
        margin = self.limits.max_step_gpa
        return low - margin, high + margin

    def _bounded(self, step_turns: float) -> float:
        """Cut a step to every limit and return where it ends."""
        step = min(step_turns, self.limits.max_step_turns)
        slope = self.slope_gpa_per_turn() or self.known_slope_gpa_per_turn
        room_gpa = self.limits.pressure_limit_gpa - self.here.pressure_gpa
        aim_gpa = self.settings.margin * self.limits.max_step_gpa
        if not slope and self.sign > 0 and room_gpa < aim_gpa:
            # nothing is known of the slope, and a probe might end above the limit
            step = 0.0
        if slope:
            if self.sign > 0:
                aim_gpa = min(aim_gpa, self.limits.pressure_limit_gpa - self.here.pressure_gpa)
            step = min(step, max(0.0, aim_gpa) / slope)
        if self.last_step_turns > 0:
            # the last step to a target may be tiny; growth is not counted from below a probe
            last = max(self.last_step_turns, self.settings.probe_turns)
            step = min(step, self.settings.growth * last)
        target = self.here.turns + self.sign * step
        return min(max(target, self.limits.min_turns), self.limits.max_turns)

    def add(self, point: Point) -> None:
        """Take in the measured end of a step."""
        self.last_step_turns = abs(point.turns - self.here.turns)
        self.points.append(point)


def _slope(a: Point, b: Point) -> float:
    turned = b.turns - a.turns
    return abs((b.pressure_gpa - a.pressure_gpa) / turned) if turned else math.nan


def steepest_slope(points: Sequence[Point]) -> float:
    """Steepest slope in GPa per turn between neighbours of a series of points."""
    slopes = [_slope(a, b) for a, b in pairwise(points)]
    return max((s for s in slopes if math.isfinite(s)), default=0.0)
