"""What the next step of a branch will bring, by all that was measured along it. Pure.

From the load curve of the branch; before there is one, from probes, or from the slope of the other
branch; and never less than what comes when friction lets go.
"""

import math
from collections.abc import Sequence
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

__all__ = ["OTHER_BRANCH", "BranchOutlook"]

Array = NDArray[np.float64]

BOUND = 0.999
"""Probability with which a step stays under its limits."""

OTHER_BRANCH = (1.25, 0.2)
"""Slope after a reversal against that before it: factor and sigma of its logarithm. Friction mu
of the thread makes it (1 + mu/2)/(1 - mu/2): 1.1 to 1.5 for 0.1 to 0.4, more in the cold."""

ONE_CHORD = (1.0, 0.15)
"""Slope of the next step against the last one, where the branch shows only that one."""

CLEAN_POINTS, CLEAN_RANGE = 3, 20.0
"""Points beyond the dead band from which on the curve of the branch is used, and their range in
errors of a step: coarser ones do not tell a curve from a line."""

FLATTEST = 0.3
"""Least slope that a step is expected to show, as a part of the remembered one."""


@dataclass
class BranchOutlook(BranchPoints):
    """One direction of a ramp: what was measured along it, and what that says of the next step."""

    _curve: LoadCurve | None = field(default=None, repr=False)
    ceiling: Ceiling = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.ceiling = Ceiling(self.limits.max_step_gpa)

    @property
    def _next_noise_gpa(self) -> float:
        """Noise of the next reading, and what the curve leaves open of the last one's."""
        gauge = math.hypot(NOISE_GROWTH, 0.5) * self.here.sigma_gpa
        return math.hypot(gauge, self._placing_gpa)

    @property
    def _noise_gpa(self) -> float:
        """Noise of gauge and placing at both ends of the next step, GPa (k = 1)."""
        gauge = math.hypot(1.0, NOISE_GROWTH) * self.here.sigma_gpa
        return math.hypot(gauge, self._placing_gpa)

    @property
    def _placing_gpa(self) -> float:
        """What the uncertainty of where the screw stands makes of a step, GPa (k = 1)."""
        clean = self.clean_points
        seen = chord(clean[0], clean[-1]) if len(clean) > 1 else self.known_slope_gpa_per_turn
        slope = max(seen, self.ceiling.slope_gpa_per_turn)
        return math.sqrt(2.0) * self.placing.sigma_turns * slope

    def local_slope_gpa_per_turn(self) -> float:
        """Slope where the branch stands, for the branch that sets out from here; 0 for none."""
        clean = self.clean_points
        if self._on_curve:
            here = self.here.turns
            reach = abs(clean[-1].turns - clean[-2].turns)
            change = self._fitted().mixture([here + reach], since=here - reach).mean()
            return max(0.0, float(change[0]) / (2.0 * reach))
        return max(self.known_slope_gpa_per_turn, steepest_slope(clean))

    def predict(self, turns: float) -> StepPrediction:
        """Predict what will be measured after a step to `turns`."""
        here = self.here.pressure_gpa
        step = np.array([(turns - self.here.turns) * self.sign])
        beyond = self.placing.beyond_turns
        change = self._change(step + np.array([-beyond, 0.0, beyond]))
        if change is None:
            reach, noise = self.limits.max_step_gpa, 3.0 * self.here.sigma_gpa
            ends = (here - self.sign * noise, here + self.sign * reach)
            middle = here + 0.5 * self.sign * reach
            return StepPrediction(middle, min(ends), max(ends), ends[1], "probe")
        near, median, far = (
            here + self.sign * float(change.rows(at).quantile(p)[0])
            for at, p in enumerate((0.025, 0.5, 0.975))
        )
        bound = here + self.sign * float(self._bound(step)[1][0])
        far = min(far, bound) if self.sign > 0 else max(far, bound)
        if not self.engaged:
            # still inside the dead band the pressure does not answer at all
            near = here - self.sign * 3.0 * self.here.sigma_gpa
        basis = "curve" if self._on_curve else "slope"
        return StepPrediction(median, min(near, far), max(near, far), bound, basis)

    def believed_gpa(self, prediction: StepPrediction) -> tuple[float, float]:
        """Window outside which a line is not believed: the 95 % one, wider by the step limit."""
        margin = self.limits.max_step_gpa
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
            self._curve = curve_of(self.clean_points, self.sign, self.placing.sigma_turns)
        return self._curve

    @property
    def _on_curve(self) -> bool:
        clean = self.clean_points
        if len(clean) < CLEAN_POINTS:
            return False
        return _range(clean) >= CLEAN_RANGE * math.sqrt(2.0) * self.placing.sigma_turns

    def _change(self, steps_turns: Array, *, scatter: bool = True) -> Mixture | None:
        """Change of the measured pressure after steps (q,); None while nothing is known."""
        if self._on_curve:
            curve = self._fitted()
            return from_curve(curve, self.here, self.sign, steps_turns, scatter=scatter)
        clean = self.clean_points
        slope, spread = self.known_slope_gpa_per_turn, OTHER_BRANCH
        if len(clean) >= (2 if slope else CLEAN_POINTS):
            seen = chord(clean[0], clean[-1])
            if seen > SAME_SLOPE * slope:
                placed = math.sqrt(2.0) * self.placing.sigma_turns / _range(clean)
                slope, spread = seen, (ONE_CHORD[0], math.hypot(ONE_CHORD[1], placed))
        if not slope:
            return None
        return from_slope(slope, *spread, self.here, steps_turns, self.placing.sigma_turns)

    def _bound(self, steps_turns: Array) -> tuple[Array, Array]:
        """Mean change, and the change that steps (q,) stay below with 99.9 %; shape (q,) each.

        The larger of two: curve and gauge may be wrong, and friction may let go. Both for a move
        that ends as far beyond as it may.
        """
        count, beyond = steps_turns.size, steps_turns + self.placing.beyond_turns
        # as asked, as far beyond as it may end, and none at all: the curve is asked once
        whole = self._change(np.concatenate([steps_turns, beyond, [0.0]]), scatter=False)
        assert whole is not None, "nothing is known of the slope"
        mean, begin_gpa = np.split(whole.mean(), [2 * count])
        mean, mean_beyond = np.split(mean, 2)
        bound = whole.rows(slice(count, 2 * count)).quantile(BOUND)
        if self._on_curve:
            ceiling = self.ceiling.quantile(
                BOUND,
                mean_beyond,
                beyond,
                here_gpa=self.here.pressure_gpa,
                begin_gpa=float(begin_gpa[0]),
                noise_gpa=self._next_noise_gpa,
            )
        else:
            # what is held back inside a dead band does not show
            bound = bound + self.ceiling.hidden_gpa()
            ceiling = mean_beyond + self.ceiling.width_gpa(BOUND, self._noise_gpa)
        return mean, np.maximum(bound, ceiling)


def _range(points: Sequence[Point]) -> float:
    return abs(points[-1].turns - points[0].turns)
