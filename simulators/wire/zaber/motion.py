"""Trapezoidal motion of a stepper as a closed function of time."""

import math
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Trajectory", "plan_move", "plan_stop"]


@dataclass(frozen=True)
class _Segment:
    """Motion at constant acceleration."""

    start_s: float
    duration_s: float
    position: float
    velocity: float
    acceleration: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    def at(self, time_s: float) -> tuple[float, float]:
        elapsed_s = min(max(time_s - self.start_s, 0.0), self.duration_s)
        return (
            self.position + (self.velocity + 0.5 * self.acceleration * elapsed_s) * elapsed_s,
            self.velocity + self.acceleration * elapsed_s,
        )


@dataclass(frozen=True)
class Trajectory:
    """A planned motion, in microsteps and seconds of the laboratory."""

    segments: tuple[_Segment, ...]
    end_position: int
    end_s: float

    def at(self, time_s: float) -> tuple[float, float]:
        """Position and velocity at a time."""
        if time_s >= self.end_s:
            return float(self.end_position), 0.0
        for segment in self.segments:
            if time_s < segment.end_s:
                return segment.at(time_s)
        return float(self.end_position), 0.0

    def monotone_path(self, start_s: float, end_s: float) -> list[float]:
        """Positions to pass between two times, such that the way between any two is monotone."""
        corners = [s.end_s for s in self.segments if start_s < s.end_s < end_s]
        return [self.at(time_s)[0] for time_s in (*corners, end_s)]


class _Planner:
    """Strings segments together."""

    def __init__(self, start_s: float, position: float, velocity: float) -> None:
        self.segments: list[_Segment] = []
        self.time_s = start_s
        self.position = position
        self.velocity = velocity

    def add(self, duration_s: float, acceleration: float) -> None:
        """Append a segment; one without duration is left out."""
        if duration_s <= 0:
            return
        segment = _Segment(self.time_s, duration_s, self.position, self.velocity, acceleration)
        self.segments.append(segment)
        self.position, self.velocity = segment.at(segment.end_s)
        self.time_s = segment.end_s

    def reach(self, velocity: float, acceleration: float) -> None:
        """Change to `velocity` at `acceleration` (above 0, without sign)."""
        change = velocity - self.velocity
        if change:
            self.add(abs(change) / acceleration, math.copysign(acceleration, change))
            self.velocity = velocity

    def done(self, end_position: int) -> Trajectory:
        """Close the plan."""
        return Trajectory(tuple(self.segments), end_position, self.time_s)


def plan_stop(start_s: float, position: float, velocity: float, acceleration: float) -> Trajectory:
    """Plan to decelerate to a standstill."""
    planner = _Planner(start_s, position, velocity)
    planner.reach(0.0, acceleration)
    return planner.done(round(planner.position))


def plan_move(
    start_s: float,
    position: float,
    velocity: float,
    target: int,
    speed: float,
    acceleration: float,
) -> Trajectory:
    """Plan the quickest move to `target` within `speed` and `acceleration`.

    Parameters
    ----------
    start_s : float
        Laboratory time in s.
    position, velocity : float
        Where the motor is, in microsteps, and how it moves, in microsteps/s.
    target : int
        Where to end, in microsteps.
    speed, acceleration : float
        Limits, above 0, in microsteps/s and microsteps/s^2.
    """
    planner = _Planner(start_s, position, velocity)
    standstill = position + velocity * abs(velocity) / (2 * acceleration)
    if velocity * (target - standstill) < 0:
        # Moving away from the target, or too fast to stop before it: stop first.
        planner.reach(0.0, acceleration)
    sign = math.copysign(1.0, target - planner.position)
    # Decelerate to the limit if it was lowered under way.
    if abs(planner.velocity) > speed:
        planner.reach(sign * speed, acceleration)
    distance = abs(target - planner.position)
    peak = min(speed, math.sqrt(acceleration * distance + planner.velocity**2 / 2))
    braking = peak**2 / (2 * acceleration)
    planner.reach(sign * peak, acceleration)
    cruise = abs(target - planner.position) - braking
    if peak > 0:
        planner.add(cruise / peak, 0.0)
    planner.reach(0.0, acceleration)
    return planner.done(target)


def subdivide(start: float, path: list[float], longest: float) -> list[float]:
    """Put points into a path so that no step is longer than `longest`."""
    points: list[float] = []
    for before, after in pairwise([start, *path]):
        count = max(1, math.ceil(abs(after - before) / longest))
        points += [before + (after - before) * k / count for k in range(1, count + 1)]
    return points
