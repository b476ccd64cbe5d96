"""Where the screw goes next. Pure: the measured steps of a branch in, a turn out.

The next turn is the largest whose predicted pressure stays, with 99.9 %, within the step limit and
under the pressure limit, and not beyond what the target asks for. The prediction comes from the
load curve of the branch as measured so far; before there is one, from probes, or from the slope
of the other branch. Turns go one way on a branch, and no step is taken back.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dac_control.load_curve import LoadCurve, Mixture
from plans.branch_points import SAME_SLOPE, BranchPoints, chord, steepest_slope
from plans.step_ceiling import Ceiling
from plans.step_prediction import (
    NOISE_GROWTH,
    Point,
    StepPrediction,
    curve_of,
    from_curve,
    from_slope,
)

__all__ = ["Branch", "Point", "StepPrediction", "steepest_slope"]

Array = NDArray[np.float64]

BOUND = 0.999
"""Probability with which a step stays under its limits."""

OTHER_BRANCH = (1.25, 0.2)
"""Slope after a reversal against that before it: factor and sigma of its logarithm. Friction mu
of the thread makes it (1 + mu/2)/(1 - mu/2): 1.1 to 1.5 for 0.1 to 0.4, more in the cold."""

ONE_CHORD = (1.0, 0.15)
"""Slope of the next step against the last one, where the branch shows only that one."""

CLEAN_POINTS = 3
"""Points beyond the dead band from which on the curve of the branch is used."""

ROUGH_PART, DEBT_PART = 0.25, 0.05
"""Parts of the step limit that a step aims at where the bound of any step is beyond the limit; the
second where that is for what friction holds back, which every turn adds to."""

LEAST_PART = 0.02
"""Below this part of the limit a step is not worth its dwell, and the cell counts as too rough."""

FLATTEST = 0.3
"""Least slope that a step is expected to show, as a part of the remembered one."""

GRID = np.linspace(0.0, 1.0, 14)
GRID_FACTOR = 1.5
"""Steps are tried up to this much beyond the one whose mean would reach the limit."""


@dataclass
class Branch(BranchPoints):
    """One direction of a ramp: what was measured along it, and what comes next."""

    _curve: LoadCurve | None = field(default=None, repr=False)
    ceiling: Ceiling = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.ceiling = Ceiling(self.limits.max_step_gpa)

    def reversal(self) -> "Branch":
        """Branch that sets out from here the other way, with what this one has learned."""
        known = self.local_slope_gpa_per_turn()
        other = Branch(-self.sign, self.here, self.limits, self.settings, known)
        other.ceiling = self.ceiling.turned(OTHER_BRANCH[0] * known)
        return other

    @property
    def _next_noise_gpa(self) -> float:
        """Noise of the next reading, and what the curve leaves open of the last one's."""
        return math.hypot(NOISE_GROWTH, 0.5) * self.here.sigma_gpa

    @property
    def _noise_gpa(self) -> float:
        """Noise of the gauge at both ends of the next step, GPa (k = 1)."""
        return math.hypot(1.0, NOISE_GROWTH) * self.here.sigma_gpa

    def local_slope_gpa_per_turn(self) -> float:
        """Slope where the branch stands, for the branch that sets out from here; 0 for none."""
        clean = self.clean_points
        if len(clean) >= CLEAN_POINTS:
            here = self.here.turns
            reach = abs(clean[-1].turns - clean[-2].turns)
            change = self._fitted().mixture([here + reach], since=here - reach).mean()
            return max(0.0, float(change[0]) / (2.0 * reach))
        return max(self.known_slope_gpa_per_turn, steepest_slope(clean))

    def next_turns_for_gpa(self, target_gpa: float) -> float:
        """Absolute turn of the next step towards a pressure."""
        missing = max(0.0, (target_gpa - self.here.pressure_gpa) * self.sign)
        return self._placed(min(self._largest_turns(missing), self._most_turns()))

    def next_turns_for_turns(self, target_turns: float) -> float:
        """Absolute turn of the next step towards a turn."""
        missing = max(0.0, (target_turns - self.here.turns) * self.sign)
        return self._placed(min(self._largest_turns(math.inf), self._most_turns(), missing))

    def predict(self, turns: float) -> StepPrediction:
        """Predict what will be measured after a step to `turns`."""
        here = self.here.pressure_gpa
        step = np.array([(turns - self.here.turns) * self.sign])
        change = self._change(step)
        if change is None:
            reach, noise = self.limits.max_step_gpa, 3.0 * self.here.sigma_gpa
            ends = (here - self.sign * noise, here + self.sign * reach)
            middle = here + 0.5 * self.sign * reach
            return StepPrediction(middle, min(ends), max(ends), ends[1], "probe")
        near, median, far = (
            here + self.sign * float(change.quantile(p)[0]) for p in (0.025, 0.5, 0.975)
        )
        bound = here + self.sign * float(self._bound(step)[1][0])
        far = min(far, bound) if self.sign > 0 else max(far, bound)
        if not self.engaged:
            # still inside the dead band the pressure does not answer at all
            near = here - self.sign * 3.0 * self.here.sigma_gpa
        basis = "curve" if len(self.clean_points) >= CLEAN_POINTS else "slope"
        return StepPrediction(median, min(near, far), max(near, far), bound, basis)

    def predicted_gpa(self, turns: float) -> tuple[float, float]:
        """Window outside which a line is not believed: the 95 % one, wider by the step limit."""
        prediction, margin = self.predict(turns), self.limits.max_step_gpa
        return prediction.low_gpa - margin, prediction.high_gpa + margin

    def add(self, point: Point) -> None:
        """Take in the measured end of a step."""
        step = abs(point.turns - self.here.turns)
        slope = self._expected_slope()
        if step > 0.0 and slope > 0.0:
            risen = (point.pressure_gpa - self.here.pressure_gpa) * self.sign
            self.ceiling.learn(slope, step, risen, self._noise_gpa)
        self.largest_step_turns = max(self.largest_step_turns, step)
        self.points.append(point)
        self._curve = None

    def _expected_slope(self) -> float:
        """Slope that the next step is expected to show; 0 where nothing is expected."""
        if not self._on_curve:
            return self.known_slope_gpa_per_turn if self.engaged else 0.0
        unit = self.largest_step_turns
        change = from_curve(
            self._fitted(), self.here, self.sign, np.array([0.0, unit]), scatter=False
        )
        # points that stuck may flatten a curve altogether; the screw has not lost its pitch
        least = FLATTEST * self.ceiling.slope_gpa_per_turn
        return max(least, float(np.diff(change.mean())[0]) / unit)

    def _fitted(self) -> LoadCurve:
        if self._curve is None:
            self._curve = curve_of(self.clean_points, self.sign)
        return self._curve

    @property
    def _on_curve(self) -> bool:
        return len(self.clean_points) >= CLEAN_POINTS

    def _change(self, steps_turns: Array, *, scatter: bool = True) -> Mixture | None:
        """Change of the measured pressure after steps (q,); None while nothing is known."""
        if self._on_curve:
            curve = self._fitted()
            return from_curve(curve, self.here, self.sign, steps_turns, scatter=scatter)
        clean = self.clean_points
        if not self.known_slope_gpa_per_turn:
            return None
        slope, spread = self.known_slope_gpa_per_turn, OTHER_BRANCH
        if len(clean) == 2 and chord(*clean) > SAME_SLOPE * slope:
            slope, spread = chord(*clean), ONE_CHORD
        return from_slope(slope, *spread, self.here, steps_turns)

    def _bound(self, steps_turns: Array) -> tuple[Array, Array]:
        """Mean change, and the change that steps (q,) stay below with 99.9 %; shape (q,) each.

        The larger of two: curve and gauge may be wrong, and friction may let go.
        """
        change = self._change(steps_turns, scatter=False)
        assert change is not None, "nothing is known of the slope"
        mean = change.mean()
        bound = change.quantile(BOUND)
        if self._on_curve:
            at_rest = from_curve(self._fitted(), self.here, self.sign, np.zeros(1), scatter=False)
            ceiling = self.ceiling.quantile(
                BOUND,
                mean,
                steps_turns,
                here_gpa=self.here.pressure_gpa,
                begin_gpa=float(at_rest.mean()[0]),
                noise_gpa=self._next_noise_gpa,
            )
        else:
            # what is held back inside a dead band does not show
            bound = bound + self.ceiling.hidden_gpa()
            ceiling = mean + self.ceiling.width_gpa(BOUND, self._noise_gpa)
        bound = np.maximum(bound, ceiling)
        return mean, bound

    def _largest_turns(self, missing_gpa: float) -> float:
        """Largest step that stays under the limits and whose mean is not beyond `missing_gpa`."""
        allowed = self.limits.max_step_gpa
        if self.sign > 0:
            allowed = min(allowed, self.limits.pressure_limit_gpa - self.here.pressure_gpa)
        if allowed <= 0.0:
            return 0.0
        unit = self._most_turns()
        if unit <= 0.0:
            return 0.0
        change = self._change(np.array([unit]))
        if change is None:
            # a probe asserts no more than that it stays under the step limit
            return self.settings.probe_turns if allowed >= self.limits.max_step_gpa else 0.0
        steepness = max(float(change.mean()[0]) / unit, 1e-9)
        steps = GRID * min(unit, GRID_FACTOR * min(allowed, missing_gpa + allowed) / steepness)
        mean, bound = self._bound(steps)
        safe = _first_reach(steps, bound, allowed)
        # points that stuck flatten the curve, and what they hold back comes with the old slope
        steepest = max(steepness, self.ceiling.slope_gpa_per_turn)
        if safe < LEAST_PART * allowed / steepest and allowed >= self.limits.max_step_gpa:
            # so rough that nothing is certain: what a probe asserts is all there is to go on
            part = DEBT_PART if self.ceiling.debt_gpa > 0.5 * allowed else ROUGH_PART
            safe = min(self.settings.probe_turns, part * allowed / steepest)
            room = self.limits.pressure_limit_gpa - self.here.pressure_gpa
            if self.sign > 0 and float(np.interp(safe, steps, bound)) > room:
                return 0.0
        return min(safe, _first_reach(steps, mean - mean[0], missing_gpa))

    def _most_turns(self) -> float:
        """Largest step that the limits in turns allow, and the growth of steps."""
        most = self.limits.max_step_turns
        if self.largest_step_turns > 0.0:
            # a probe may always be made
            largest = max(self.largest_step_turns, self.settings.probe_turns)
            most = min(most, self.settings.growth * largest)
        end = self.limits.max_turns if self.sign > 0 else self.limits.min_turns
        return max(0.0, min(most, (end - self.here.turns) * self.sign))

    def _placed(self, step_turns: float) -> float:
        target = self.here.turns + self.sign * max(0.0, step_turns)
        return min(max(target, self.limits.min_turns), self.limits.max_turns)


def _first_reach(steps_turns: Array, change_gpa: Array, limit_gpa: float) -> float:
    """Step at which a change that begins at its first value first reaches the limit."""
    beyond = np.flatnonzero(change_gpa > limit_gpa)
    if beyond.size == 0:
        return float(steps_turns[-1])
    at = int(beyond[0])
    if at == 0:
        return 0.0
    part = (limit_gpa - change_gpa[at - 1]) / (change_gpa[at] - change_gpa[at - 1])
    return float(steps_turns[at - 1] + part * (steps_turns[at] - steps_turns[at - 1]))
