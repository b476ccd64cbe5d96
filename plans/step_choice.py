"""Where the screw goes next. Pure: the measured steps of a branch in, a turn out.

The next turn is the largest whose predicted pressure stays, with 99.9 %, within the step limit and
under the pressure limit, and not beyond what the target asks for. Turns go one way on a branch,
and no step is taken back.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plans.branch_outlook import OTHER_BRANCH, BranchOutlook
from plans.step_prediction import Point, StepPrediction

__all__ = ["Branch", "Point", "StepPrediction"]

Array = NDArray[np.float64]

ROUGH_PART, DEBT_PART = 0.25, 0.05
"""Parts of the step limit that a step aims at where the bound of any step is beyond the limit; the
second where that is for what friction holds back, which every turn adds to."""

LEAST_PART = 0.02
"""Below this part of the limit a step is not worth its dwell, and the cell counts as too rough."""

GRID = np.linspace(0.0, 1.0, 14)
GRID_FACTOR = 1.5
"""Steps are tried up to this much beyond the one whose mean would reach the limit."""


@dataclass
class Branch(BranchOutlook):
    """One direction of a ramp: what was measured along it, and what comes next."""

    def reversal(self) -> "Branch":
        """Branch that sets out from here the other way, with what this one has learned."""
        known = self.local_slope_gpa_per_turn()
        other = Branch(
            -self.sign, self.here, self.limits, self.settings, known, placing=self.placing
        )
        other.ceiling = self.ceiling.turned(OTHER_BRANCH[0] * known)
        return other

    def next_turns_for_gpa(self, target_gpa: float) -> float:
        """Absolute turn of the next step towards a pressure."""
        safe, wanted = self._step_turns(self._missing_gpa(target_gpa))
        return self._placed(safe, wanted)

    def next_turns_for_turns(self, target_turns: float) -> float:
        """Absolute turn of the next step towards a turn."""
        missing = max(0.0, (target_turns - self.here.turns) * self.sign)
        safe, _ = self._step_turns(math.inf)
        return self._placed(safe, missing)

    def is_reached(self, target_gpa: float) -> bool:
        """True if the measured pressure is at the target, or as near as the screw can be placed."""
        if super().is_reached(target_gpa):
            return True
        half = 0.5 * self.placing.grid_turns
        change = self._change(np.array([0.0, half])) if half > 0.0 else None
        if change is None:
            return False
        here, there = change.mean()
        return bool(there - here > self._missing_gpa(target_gpa))

    def _missing_gpa(self, target_gpa: float) -> float:
        return max(0.0, (target_gpa - self.here.pressure_gpa) * self.sign)

    def _step_turns(self, missing_gpa: float) -> tuple[float, float]:
        """Longest step that stays under the limits, and the one whose mean brings `missing_gpa`."""
        allowed, unit = self.limits.max_step_gpa, self._most_turns()
        if self.sign > 0:
            allowed = min(allowed, self.limits.pressure_limit_gpa - self.here.pressure_gpa)
        if allowed <= 0.0 or unit <= 0.0:
            return 0.0, math.inf
        change = self._change(np.array([unit]))
        if change is None:
            # a probe asserts no more than that it stays under the step limit
            probe = self.settings.probe_turns if allowed >= self.limits.max_step_gpa else 0.0
            return min(probe, unit), math.inf
        steepness = max(float(change.mean()[0]) / unit, 1e-9)
        steps = GRID * min(unit, GRID_FACTOR * min(allowed, missing_gpa + allowed) / steepness)
        mean, bound = self._bound(steps)
        safe = _first_reach(steps, bound, allowed)
        wanted = _first_reach(steps, mean - mean[0], missing_gpa, beyond=math.inf)
        # points that stuck flatten the curve, and what they hold back comes with the old slope
        steepest = max(steepness, self.ceiling.slope_gpa_per_turn)
        least = LEAST_PART * self.limits.max_step_gpa / steepest
        if safe < min(least, wanted):
            safe = self._least_turns(allowed, steepest)
            room = self.limits.pressure_limit_gpa - self.here.pressure_gpa
            if self.sign > 0 and float(np.interp(safe, steps, bound)) > room:
                safe = 0.0
        return min(safe, unit), wanted

    def _least_turns(self, allowed_gpa: float, steepest_gpa_per_turn: float) -> float:
        """Step where none is worth its dwell by the bound: what a probe asserts, or none at all.

        So rough that nothing is certain, all there is to go on is a probe. Towards the pressure
        limit nothing is asserted, and small turns there would only load what sticks.
        """
        if allowed_gpa < self.limits.max_step_gpa:
            return 0.0
        part = DEBT_PART if self.ceiling.debt_gpa > 0.5 * allowed_gpa else ROUGH_PART
        return min(self.settings.probe_turns, part * allowed_gpa / steepest_gpa_per_turn)

    def _most_turns(self) -> float:
        """Largest step that the limits in turns allow, and the growth of steps."""
        most = self.limits.max_step_turns
        if self.largest_step_turns > 0.0:
            # a probe may always be made
            largest = max(self.largest_step_turns, self.settings.probe_turns)
            most = min(most, self.settings.growth * largest)
        end = self.limits.max_turns if self.sign > 0 else self.limits.min_turns
        return max(0.0, min(most, (end - self.here.turns) * self.sign))

    def _placed(self, safe_turns: float, wanted_turns: float) -> float:
        here = self.here.turns
        step = self.placing.step(self.sign * here, safe_turns, wanted_turns)
        return min(max(here + self.sign * step, self.limits.min_turns), self.limits.max_turns)


def _first_reach(
    steps_turns: Array, change_gpa: Array, limit_gpa: float, beyond: float | None = None
) -> float:
    """Step at which a change that begins at its first value first reaches the limit.

    `beyond` where none does, by default the last of them.
    """
    above = np.flatnonzero(change_gpa > limit_gpa)
    if above.size == 0:
        return float(steps_turns[-1]) if beyond is None else beyond
    at = int(above[0])
    if at == 0:
        return 0.0
    part = (limit_gpa - change_gpa[at - 1]) / (change_gpa[at] - change_gpa[at - 1])
    return float(steps_turns[at - 1] + part * (steps_turns[at] - steps_turns[at - 1]))
