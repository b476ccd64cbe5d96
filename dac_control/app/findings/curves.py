"""The load curves of a run: one for each leg of the screw, every form beside the chosen one.

A leg is one gauge's as well: the systematics of two have nothing in common, and their offset would
be taken for a slope, as `plans.in_charge` says of the curve that a ramp steers by.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.app.findings.evolution import gauge_words
from dac_control.app.readings import Steps
from dac_control.load_curve import FormFit, LoadCurve, LoadCurveError, fit_load_curve
from dac_control.load_curve.forms import FORMS

__all__ = [
    "BEYOND",
    "Curves",
    "DeadBand",
    "Hysteresis",
    "LegCurve",
    "fit_curves",
    "left_out",
    "parameter_count",
    "stated_turns",
]

Array = NDArray[np.float64]

FEWEST_POINTS = 3
"""Residuals of fewer points would be 0 by construction."""

BEYOND = 0.3
"""How far beyond the last measured turn curves are shown, as a part of the measured range."""

BRANCH_WORDS = {"load": "loading", "unload": "unloading"}


@dataclass(frozen=True)
class LegCurve:
    """The curve of one leg: neighbouring steps on one branch, measured by one gauge."""

    leg: int
    """From 1, in the order of the run, loading and unloading alike."""
    rows: NDArray[np.intp]
    """Rows of the steps it rests on, in the order of the curve's points."""
    curve: LoadCurve
    gauge: str
    """Whose pressures these are."""
    words: str
    """Its name for people; with the gauge where the run has legs of several."""

    @property
    def branch(self) -> str:
        """``load`` or ``unload``."""
        return self.curve.branch

    @property
    def reach_turns(self) -> tuple[float, float]:
        """Turns that it is drawn over: the measured ones, and `BEYOND` onwards in its direction."""
        first, last = float(self.curve.turns[0]), float(self.curve.turns[-1])
        beyond = (last - first) * BEYOND
        return (first, last + beyond) if self.branch == "load" else (first - beyond, last)


@dataclass(frozen=True, kw_only=True)
class DeadBand:
    """Turns after a reversal in which the pressure did not answer."""

    first_step: int
    """The last step before the reversal."""
    last_step: int
    """The last step that the plan called dead band; the answer came after it."""
    turns: float
    change_gpa: float
    """What the pressure did meanwhile; NaN where an end of it was not measured."""


@dataclass(frozen=True, kw_only=True)
class Hysteresis:
    """Unloading against loading, where both curves have points."""

    turns: tuple[float, float]
    """Turns that both legs cover."""
    middle_gpa: float
    """Unloading minus loading pressure in the middle of them."""
    largest_gpa: float
    """The largest of these differences, with its sign."""


@dataclass(frozen=True)
class Curves:
    """What turns of the screw did to the pressure. Nothing in it is a measurement."""

    legs: tuple[LegCurve, ...]
    dead_bands: tuple[DeadBand, ...]
    hysteresis: Hysteresis | None
    sigma_turns: float | None = None
    """Error of each turn in the fits (k = 1), as the run states it; None where it does not."""

    @property
    def turns_words(self) -> str:
        """What the fits take for the error in turns, a clause."""
        if self.sigma_turns is None:
            return "the record states no error in turns, so the fits are without it"
        return f"the fits take each turn for known to {self.sigma_turns:.2g} turns (k = 1)"


def stated_turns(start: Mapping[str, Any], what: str) -> float | None:
    """``sigma_turns`` or ``grid_turns`` of `plans.placing` in a start document; None in older."""
    placing = start.get("placing")
    stated = placing.get(what) if isinstance(placing, Mapping) else None
    if isinstance(stated, (int, float)) and 0.0 <= stated < math.inf:
        return float(stated)
    return None


def fit_curves(steps: Steps, sigma_turns: float | None = None) -> Curves:
    """Fit what can be fitted: every leg with three or more measured steps."""
    legs: list[LegCurve] = []
    ways = _legs(steps)
    several = len({gauge for _, gauge, _ in ways}) > 1
    for number, (branch, gauge, rows) in enumerate(ways, 1):
        fitted = _fit(steps, branch, rows, sigma_turns or 0.0)
        if fitted is not None:
            whose = f" ({gauge_words(gauge)})" if several else ""
            words = BRANCH_WORDS[branch] + whose
            legs.append(LegCurve(number, *fitted, gauge=gauge, words=words))
    return Curves(tuple(legs), _dead_bands(steps), _hysteresis(legs), sigma_turns)


def _legs(steps: Steps) -> list[tuple[str, str, list[int]]]:
    """Branch, gauge and rows of each leg; steps without a pressure belong to none and end none."""
    found: list[tuple[str, str, list[int]]] = []
    before = ("", "")
    for row in np.flatnonzero(steps.measured):
        here = (steps.branch[row], steps.gauge[row])
        if here[0] in BRANCH_WORDS:
            if here != before:
                found.append((*here, []))
            found[-1][2].append(int(row))
        before = here
    return found


def _fit(
    steps: Steps, branch: str, rows: list[int], sigma_turns: float
) -> tuple[NDArray[np.intp], LoadCurve] | None:
    usable = np.array(
        [r for r in rows if np.isfinite(steps.turns[r]) and steps.sigma_stat_gpa[r] > 0], dtype=int
    )
    if usable.size < FEWEST_POINTS:
        return None
    usable = usable[np.argsort(steps.turns[usable], kind="stable")]
    try:
        curve = fit_load_curve(
            steps.turns[usable],
            steps.pressure_gpa[usable],
            steps.sigma_stat_gpa[usable],
            branch=branch,
            sigma_turns=sigma_turns,
        )
    except LoadCurveError:
        return None
    return usable, curve


def _dead_bands(steps: Steps) -> tuple[DeadBand, ...]:
    bands: list[DeadBand] = []
    inside = np.array([branch == "dead_band" for branch in steps.branch], dtype=bool)
    starts = np.flatnonzero(inside & ~np.r_[False, inside[:-1]]) if inside.size else []
    for start in starts:
        end = start
        while end + 1 < inside.size and inside[end + 1]:
            end += 1
        if start == 0:
            continue
        change = steps.pressure_gpa[end] - steps.pressure_gpa[start - 1]
        both = steps.measured[end] and steps.measured[start - 1]
        bands.append(
            DeadBand(
                first_step=int(steps.step[start - 1]),
                last_step=int(steps.step[end]),
                turns=float(abs(steps.turns[end] - steps.turns[start - 1])),
                change_gpa=float(change) if both else math.nan,
            )
        )
    return tuple(bands)


def _hysteresis(legs: list[LegCurve]) -> Hysteresis | None:
    """Compare the first loading leg that the same gauge unloaded with the unloading after it."""
    pairs = (
        (load, unload)
        for load in legs
        for unload in legs
        if (load.branch, unload.branch) == ("load", "unload")
        and load.leg < unload.leg
        and load.gauge == unload.gauge
    )
    load, unload = next(pairs, (None, None))
    if load is None or unload is None:
        return None
    low = float(max(load.curve.turns[0], unload.curve.turns[0]))
    high = float(min(load.curve.turns[-1], unload.curve.turns[-1]))
    if not low < high:
        return None
    grid = np.linspace(low, high, 101)
    apart = unload.curve.values_gpa(grid) - load.curve.values_gpa(grid)
    return Hysteresis(
        turns=(low, high),
        middle_gpa=float(apart[50]),
        largest_gpa=float(apart[np.argmax(np.abs(apart))]),
    )


def parameter_count(fit: FormFit) -> int:
    """Fitted parameters of a form, its scatter included, as the criteria count them."""
    return int(fit.parameters.size) + 1


def left_out(curve: LoadCurve) -> tuple[tuple[str, str], ...]:
    """Forms that have a part in predictions and no fit of their own, each with the reason."""
    fitted = {fit.form for fit in curve.fits}
    return tuple(
        (
            name,
            "it has more parameters than there are points"
            if curve.points.places < form.parameters
            else "its fit ends on a bound of its shape: the points do not determine it",
        )
        for name, form in FORMS.items()
        if name not in fitted
    )
