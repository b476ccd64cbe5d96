"""How often a run reached one pressure, from which side, and how far these readings agree.

What the screw did counts, not what the plan was called: an approach is the last measured step of a
leg that aimed at the pressure, moved, and lies on its branch, since inside the dead band of a
reversal the pressure is that of the leg before.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.app.findings.text import number, with_sigma
from dac_control.app.readings import Steps

__all__ = ["Approach", "approaches_in", "approaches_words", "from_both_sides"]


_STILL_TURNS: Final = 1e-4
"""What an encoder may read differently where the screw stands; ramps take a hundred times as much
for a first step."""


@dataclass(frozen=True, kw_only=True)
class Approach:
    """The pressure as one leg reached it."""

    step: int
    branch: str
    """``load``: from below; ``unload``: from above."""
    pressure_gpa: float
    sigma_stat_gpa: float


def approaches_in(
    steps: Steps, target_gpa: float, tolerance_gpa: float, grid_turns: float = 0.0
) -> list[Approach]:
    """Return the approaches of a pressure that ended within the tolerance of the run.

    Parameters
    ----------
    steps : Steps
    target_gpa, tolerance_gpa : float
    grid_turns : float
        Smallest step of the drive: less than half of it is no move.
    """
    ways = _ways(steps.turns, max(0.5 * grid_turns, _STILL_TURNS))
    found: list[Approach] = []
    legs = groupby(range(steps.count), key=lambda row: (ways[row], steps.target[row]))
    for (way, target), rows in legs:
        branch = "load" if way > 0.0 else "unload"
        good = [row for row in rows if steps.measured[row] and steps.branch[row] == branch]
        if way == 0.0 or target != target_gpa or not good:
            continue
        last = good[-1]
        if abs(steps.pressure_gpa[last] - target_gpa) <= tolerance_gpa:
            found.append(
                Approach(
                    step=int(steps.step[last]),
                    branch=branch,
                    pressure_gpa=float(steps.pressure_gpa[last]),
                    sigma_stat_gpa=float(steps.sigma_stat_gpa[last]),
                )
            )
    return found


def _ways(turns: NDArray[np.float64], still_turns: float) -> list[float]:
    """Which way the screw last went at each step, +1 or -1; 0 before it went anywhere.

    A step where it stands already belongs to the leg before.
    """
    ways: list[float] = []
    way, at = 0.0, math.nan
    for here in turns.tolist():
        if math.isnan(at):
            at = here
        elif abs(here - at) > still_turns:
            way, at = math.copysign(1.0, here - at), here
        ways.append(way)
    return ways


def from_both_sides(approaches: Sequence[Approach]) -> bool:
    """Whether the pressure was reached loading and unloading."""
    return {each.branch for each in approaches} == {"load", "unload"}


def approaches_words(found: Sequence[Approach], targets: Mapping[str, float], within: float) -> str:
    """Say how often a pressure was reached, and how far its readings lie apart."""
    below = [each for each in found if each.branch == "load"]
    above = [each for each in found if each.branch == "unload"]
    text = (
        f"Of the {targets['cycles'] + 1:g} approaches from below and {targets['cycles']:g} from "
        f"above that the run asks for, {len(below)} and {len(above)} were measured within "
        f"{number(within)} GPa of {targets['repeat']:g} GPa"
    )
    if not from_both_sides(found):
        return f"{text}: it was not reached from both sides, and nothing is said of repeatability."
    low, high = (pick(found, key=lambda each: each.pressure_gpa) for pick in (min, max))
    sides = abs(_mean(above) - _mean(below))
    return (
        f"{text}. The lowest and the highest, {_value(low)} and {_value(high)} GPa, differ by "
        f"{_in_sigma(low, high)}; the means from above and from below by {number(sides, 3)} GPa."
    )


def _mean(approaches: Sequence[Approach]) -> float:
    return float(np.mean([each.pressure_gpa for each in approaches]))


def _value(approach: Approach) -> str:
    value, sigma = with_sigma(approach.pressure_gpa, approach.sigma_stat_gpa)
    return f"{value} ± {sigma} (step {approach.step})"


def _in_sigma(low: Approach, high: Approach) -> str:
    apart_gpa = high.pressure_gpa - low.pressure_gpa
    sigma = math.hypot(low.sigma_stat_gpa, high.sigma_stat_gpa)
    if not sigma > 0.0:
        return f"{number(apart_gpa, 3)} GPa, and their uncertainty is not known"
    times = number(apart_gpa / sigma, 1)
    return f"{number(apart_gpa, 3)} GPa, {times} times the statistical uncertainty of that"
