"""The rival: the fastest ramp of one turn for all steps that keeps the same limits in every cell.

It turns the very twins of the campaign, dwells as long as the campaign's ramps did, and reads the
pressure with their statistical noise. It needs no RunEngine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dac_control.app.rehearsal.twin_settings import fitted_to
from ramp_campaign.figures import median_or_nan
from ramp_campaign.ramp import COLUMNS, Job, twin_settings
from simulators.twin import Twin

__all__ = ["Conditions", "conditions_of", "fastest_fixed_turns"]

_PRECISION = 1.02
"""Ratio at which the search for the largest step ends."""
_MOST_STEPS = 5000
_FEW = 5
_BACK_PART = 0.8
"""Of the top, where the way back ends."""


@dataclass(frozen=True)
class Conditions:
    """How the ramps of a stratum dwelt and read."""

    dwell_s: float
    at_gpa: NDArray[np.float64]
    sigma_gpa: NDArray[np.float64]
    """Statistical uncertainty at `at_gpa`."""

    def noise_gpa(self, pressure_gpa: float) -> float:
        """Noise of the gauge at a pressure."""
        return float(np.interp(pressure_gpa, self.at_gpa, self.sigma_gpa))


def conditions_of(steps: NDArray[np.float64]) -> Conditions:
    """Medians of measured steps, shape (steps, columns), in ten classes of pressure."""
    pressure = steps[:, COLUMNS.index("pressure_gpa")]
    sigma = steps[:, COLUMNS.index("sigma_stat_gpa")]
    edges = np.quantile(pressure, np.linspace(0.0, 1.0, 11))
    classes = [(pressure >= low) & (pressure <= high) for low, high in pairwise(edges)]
    # of a handful of steps, a class may have none
    classes = [each for each in classes if each.any()]
    return Conditions(
        dwell_s=median_or_nan(steps[:, COLUMNS.index("dwell_s")]),
        at_gpa=np.array([np.median(pressure[each]) for each in classes]),
        sigma_gpa=np.array([np.median(sigma[each]) for each in classes]),
    )


class _Clock:
    def __init__(self) -> None:
        self.lab_s = 0.0

    def now(self) -> float:
        return self.lab_s


def fastest_fixed_turns(
    jobs: Sequence[Job],
    parts: Sequence[float],
    conditions: Conditions,
    top_gpa: float,
    *,
    back: bool,
) -> tuple[float, list[int]]:
    """Largest turn that keeps the step limit in all ramps, and the steps that each then takes.

    Parameters
    ----------
    jobs : sequence of Job
        Of one stratum.
    parts : sequence of float
        Of each, what its gauge reads as a part of the true pressure: limits hold for readings.
    conditions : Conditions
    top_gpa : float
        Where loading ends.
    back : bool
        True if the limit holds on the way back as well, where friction makes cells steeper.
    """
    ramps = list(zip(jobs, parts, strict=True))
    most_turns = jobs[0].stratum.station.limits.max_step_turns

    def keeps(job: Job, part: float, turn: float) -> bool:
        return _ramp(job, part, conditions, turn, top_gpa, back) is not None

    # the few ramps that failed last decide; all others are only asked at the end
    strict = ramps[:_FEW]
    while True:
        low, high = 2e-4, most_turns
        while high / low > _PRECISION:
            middle = math.sqrt(low * high)
            broken = next((ramp for ramp in strict if not keeps(*ramp, middle)), None)
            low, high = (middle, high) if broken is None else (low, middle)
            if broken is not None:
                strict = [broken, *(ramp for ramp in strict if ramp is not broken)]
        found = [ramp for ramp in ramps if ramp not in strict and not keeps(*ramp, low)]
        if not found:
            break
        strict = [*found, *strict]
    steps = (_ramp(job, part, conditions, low, top_gpa, False) for job, part in ramps)
    return low, [each for each in steps if each is not None]


def _ramp(
    job: Job, part: float, conditions: Conditions, turn: float, top_gpa: float, back: bool
) -> int | None:
    """Steps to the top; None where one of them, or one of the way back, breaks the limit."""
    limit_gpa = job.stratum.station.limits.max_step_gpa
    clock, rng = _Clock(), np.random.default_rng([job.seed, 0xF1DE])
    settings = fitted_to(job.stratum.station, twin_settings(job), job.seed)
    twin = Twin(job.seed, clock, settings)

    def read() -> float:
        clock.lab_s += conditions.dwell_s
        pressure = part * twin.pressure_gpa()
        return pressure + conditions.noise_gpa(pressure) * float(rng.standard_normal())

    here, begin, up = read(), twin.turns, 0
    for step in range(1, _MOST_STEPS):
        twin.turn_to(begin + (step if not up else 2 * up - step) * turn)
        there = read()
        if abs(there - here) > limit_gpa:
            return None
        here = there
        if not up and here >= top_gpa:
            up = step
            if not back:
                return up
        if up and here <= _BACK_PART * top_gpa:
            return up
    return None
