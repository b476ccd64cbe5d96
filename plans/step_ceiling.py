"""The most that a step can bring when friction lets go. Pure.

A pressure that stops answering is not a curve that has become flat: static friction holds a force
back, and it comes off in one jump later. A curve fitted through such points flattens, asks for
larger turns, and the jump then breaks every limit. So the slope is forgotten slowly, what the
screw asked for and the pressure did not answer is kept as a debt, and a step is taken to bring
its own share and the whole debt at once. On top comes the roughness of the steps so far, to either
side of what was expected: a cell that sticks now and then will slip further than it has yet.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

__all__ = ["Ceiling"]

Array = NDArray[np.float64]

SLOPE_KEPT = 0.96
"""Part of a slope that is remembered after a step of the full limit. A curve that saturates loses
1 to 3 % of its slope in a step, and the scale of an edge that falls behind the true one as much
again; what falls faster than this is taken for friction first."""

DEBT_DRAIN = 0.06
"""Part of what the pressure does answer by which a debt is forgiven: curves soften without one."""

LARGE_DEBT = 0.4
ANSWERED = 0.7
LARGE_DEBT_DRAIN = 0.3
"""A debt above 40 % of the step limit is forgiven faster while the pressure answers at least 70 %
of what is asked: a thread that follows the screw is not holding that much."""

OWED = 0.1
DWELLS_HELD = 6
DWELL_KEEPS = 0.85
"""A thread rarely holds through more than six dwells of vibration and creep; a curve that saturates
faster than `SLOPE_KEPT` allows, and a scale that falls behind the true one, owe for ever. From
then on 15 % of a debt above 10 % of the step limit is forgiven with each, and 5 % of the slope by
which it was reckoned."""

YIELD_GPA = 50.0
SLOPE_STEP, LATER_SLOPE_STEP = 0.2, 0.05
"""How much steeper the curve may be from one step to the next without a warning: a gasket that
begins to flow hands its part of the force to the sample, 10 to 20 % of it. It flows at about the
pressure that it was indented with, 10 to 40 GPa; above 50 GPa it has done so. Conventions."""

PRIOR_STEPS = 4.0
PRIOR_PART = 0.02
"""Before any step of the branch: a roughness of 2 % of the step limit (k = 1), worth four steps.
Conventions of this package; the steps replace them."""

EXCESS_OF_ROUGHNESS = 1.0
"""Excess over the ceiling (k = 1) as a part of the roughness about the expectation, before the
steps tell: most of a rough answer is a debt or its repayment, and the ceiling counts those."""

HIDDEN_PART, MOST_HIDDEN = 2.5, 0.35
"""What may be held back unseen at the end of a dead band, in units of the cell's roughness, and at
most as a part of the step limit: a dead band has to be crossed."""

MEMORY = 0.98
"""Weight of what was learned one step earlier."""


@dataclass
class Ceiling:
    """What a branch has shown of slope, debt and roughness; changes are in the screw's direction.

    Parameters
    ----------
    scale_gpa : float
        The step limit.
    """

    scale_gpa: float
    slope_gpa_per_turn: float = 0.0
    debt_gpa: float = 0.0
    steps: float = 0.0
    rough_gpa2: float = 0.0
    excess_gpa2: float = 0.0
    dwells_owing: int = 0

    def learn(
        self, slope_gpa_per_turn: float, step_turns: float, change_gpa: float, noise_gpa: float
    ) -> None:
        """Take in a measured step, the slope that the curve expected, and the gauge's noise."""
        rough = (change_gpa - slope_gpa_per_turn * step_turns) ** 2
        self.slope_gpa_per_turn = self._remembered(slope_gpa_per_turn, step_turns)
        share = self.slope_gpa_per_turn * step_turns
        missing = self.debt_gpa + share - change_gpa
        excess = max(0.0, -missing) ** 2
        self.steps = MEMORY * self.steps + 1.0
        self.rough_gpa2 = MEMORY * self.rough_gpa2 + max(0.0, rough - noise_gpa**2)
        # half of symmetric errors lie below the ceiling, where debts hide them
        self.excess_gpa2 = MEMORY * self.excess_gpa2 + max(0.0, 2.0 * excess - noise_gpa**2)
        large = self.debt_gpa > LARGE_DEBT * self.scale_gpa and change_gpa > ANSWERED * share
        drain = LARGE_DEBT_DRAIN if large else DEBT_DRAIN
        debt = missing - drain * min(max(change_gpa, 0.0), share)
        # what the gauge cannot see is no debt
        self.debt_gpa = min(debt, self.scale_gpa) if debt > noise_gpa else 0.0
        self._wait(slope_gpa_per_turn)

    def _wait(self, slope_gpa_per_turn: float) -> None:
        """Let a dwell pass under a debt."""
        owing = self.debt_gpa > OWED * self.scale_gpa
        self.dwells_owing = self.dwells_owing + 1 if owing else 0
        if self.dwells_owing > DWELLS_HELD:
            self.debt_gpa *= DWELL_KEEPS
            self.slope_gpa_per_turn = max(slope_gpa_per_turn, 0.95 * self.slope_gpa_per_turn)

    def _remembered(self, slope_gpa_per_turn: float, step_turns: float) -> float:
        """Slope after a step: it falls slowly, rises in steps, and a small turn changes little."""
        before = self.slope_gpa_per_turn
        if before <= 0.0:
            return slope_gpa_per_turn
        size = min(1.0, before * step_turns / self.scale_gpa)
        least, most = before * SLOPE_KEPT**size, before * (1.0 + SLOPE_STEP) ** (2.0 * size)
        return min(max(slope_gpa_per_turn, least), most)

    def width_gpa(self, probability: float, noise_gpa: float) -> float:
        """How far a step may go beyond its share and the debt with `probability`, GPa."""
        freedom = PRIOR_STEPS + self.steps
        rough = (PRIOR_STEPS * (PRIOR_PART * self.scale_gpa) ** 2 + self.rough_gpa2) / freedom
        prior = PRIOR_STEPS * EXCESS_OF_ROUGHNESS**2 * rough
        variance = (prior + self.excess_gpa2) / freedom + noise_gpa**2
        return math.sqrt(variance) * float(stdtrit(freedom, probability))

    def hidden_gpa(self) -> float:
        """What a dead band may hide: debts, and what a rough cell holds back, GPa."""
        if self.steps <= 0.0:
            return self.debt_gpa
        rough = HIDDEN_PART * math.sqrt(self.rough_gpa2 / self.steps)
        return self.debt_gpa + min(rough, MOST_HIDDEN * self.scale_gpa)

    def quantile(
        self,
        probability: float,
        mean_gpa: Array,
        steps_turns: Array,
        *,
        here_gpa: float,
        begin_gpa: float,
        noise_gpa: float,
    ) -> Array:
        """Change that steps (q,) stay below with `probability`, GPa, shape (q,).

        The steps set out from `here_gpa`. `mean_gpa` is what the curve expects of them, and
        `begin_gpa` of none at all (the last reading's noise comes back); `noise_gpa` is the part
        of the gauge's noise that nobody can know beforehand.
        """
        slope_step = SLOPE_STEP if here_gpa < YIELD_GPA else LATER_SLOPE_STEP
        steeper = (1.0 + slope_step) * (mean_gpa - begin_gpa)
        kept = self.slope_gpa_per_turn * steps_turns
        width = self.width_gpa(probability, noise_gpa)
        # a reading that is low by noise looks like a debt: one of the two comes back, not both
        back = max(begin_gpa, self.debt_gpa) if begin_gpa > 0.0 else begin_gpa + self.debt_gpa
        return back + np.maximum(steeper, kept) + width

    def turned(self, slope_gpa_per_turn: float) -> "Ceiling":
        """Return that of the other branch: the roughness goes with the cell, the debt does not."""
        return Ceiling(
            self.scale_gpa,
            slope_gpa_per_turn,
            steps=self.steps,
            rough_gpa2=self.rough_gpa2,
            excess_gpa2=self.excess_gpa2,
        )
