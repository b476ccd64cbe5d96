"""What became of the ramps of a campaign: coverage, bounds, steps and moves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramp_campaign.campaign import key_of
from ramp_campaign.figures import Proportion, clustered, median_or_nan
from ramp_campaign.ramp import COLUMNS
from ramp_campaign.strata import Stratum

__all__ = [
    "Bounds",
    "Ramp",
    "beyond_limit",
    "bounds_of",
    "coverage",
    "ramps_of",
    "standard_coverage",
]

Array = NDArray[np.float64]
Result = dict[str, Any]


@dataclass(frozen=True)
class Ramp:
    """The steps of one result as an array, shape (steps, columns)."""

    result: Result
    steps: Array

    def column(self, name: str) -> Array:
        """One quantity of all steps."""
        return self.steps[:, COLUMNS.index(name)]

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Where there is a pressure, shape (steps,)."""
        return np.isfinite(self.column("pressure_gpa"))

    @property
    def unmeasured(self) -> int:
        """Steps without a pressure, those that left no event included."""
        return int(np.sum(~self.measured)) + self.moves_without_event

    @property
    def moves_without_event(self) -> int:
        """Moves after which nothing was recorded; the first step of a ramp needs no move."""
        return max(0, int(self.result["moves"]) - max(0, len(self.steps) - 1))

    def steps_to(self, top_gpa: float) -> float:
        """Steps until a pressure was read; infinite for a ramp that never got there."""
        there = np.flatnonzero(np.nan_to_num(self.column("pressure_gpa")) >= top_gpa)
        return float(there[0]) if there.size else math.inf

    @property
    def part_read(self) -> float:
        """Median of what the gauge read as a part of the true pressure; 1 if it read nothing."""
        part = median_or_nan(self.column("pressure_gpa") / self.column("true_gpa"))
        return part if math.isfinite(part) else 1.0


def ramps_of(results: Sequence[Result], stratum: Stratum, family: str) -> list[Ramp]:
    """The ramps of one cell of the campaign, by seed."""
    mine = [each for each in results if key_of(each)[:2] == (stratum.name, family)]
    return [
        Ramp(each, np.array(each["steps"], float).reshape(-1, len(COLUMNS)))
        for each in sorted(mine, key=lambda each: each["seed"])
    ]


def coverage(ramps: Sequence[Ramp]) -> Proportion:
    """Part of the measured steps whose stated interval of 95 % covers the truth."""
    hits, sizes = [], []
    for ramp in ramps:
        error = np.abs(ramp.column("pressure_gpa") - ramp.column("true_gpa"))[ramp.measured]
        hits.append(int(np.sum(error <= ramp.column("half_width_95_gpa")[ramp.measured])))
        sizes.append(int(error.size))
    return clustered(hits, sizes)


def standard_coverage(ramps: Sequence[Ramp]) -> Proportion:
    """The same of 1.96 standard uncertainties."""
    hits, sizes = [], []
    for ramp in ramps:
        error = np.abs(ramp.column("pressure_gpa") - ramp.column("true_gpa"))[ramp.measured]
        sigma = np.hypot(ramp.column("sigma_stat_gpa"), ramp.column("sigma_sys_gpa"))
        hits.append(int(np.sum(error <= 1.96 * sigma[ramp.measured])))
        sizes.append(int(error.size))
    return clustered(hits, sizes)


@dataclass(frozen=True)
class Bounds:
    """Steps of many ramps against the bounds that were stated before each."""

    steps: int
    beyond: int
    median_part: float
    """Bound above the beginning of the step, as a part of the step limit."""


def bounds_of(ramps: Sequence[Ramp], limit_gpa: float) -> Bounds:
    """Steps on loading, where each has a bound above where it begins."""
    steps, beyond, parts = 0, 0, [np.empty(0)]
    for ramp in ramps:
        pressure, bound = ramp.column("pressure_gpa"), ramp.column("bound_gpa")
        both = np.isfinite(pressure[1:]) & np.isfinite(bound[1:]) & np.isfinite(pressure[:-1])
        steps += int(both.sum())
        beyond += int(np.sum(pressure[1:][both] > bound[1:][both]))
        parts.append((bound[1:] - pressure[:-1])[both] / limit_gpa)
    return Bounds(steps, beyond, median_or_nan(np.concatenate(parts)))


def beyond_limit(ramps: Sequence[Ramp], limit_gpa: float) -> tuple[int, int]:
    """Steps that changed the pressure by more than the step limit, and all that have a change."""
    changes = [np.abs(np.diff(ramp.column("pressure_gpa"))) for ramp in ramps]
    change = np.concatenate([np.empty(0), *changes])
    return int(np.sum(change > limit_gpa)), int(np.isfinite(change).sum())
