"""What a campaign shows: one row for each stratum, and what unmodelled errors cost."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ramp_campaign.figures import against_chance, difference, median_or_nan
from ramp_campaign.fixed_turns import conditions_of, fastest_fixed_turns
from ramp_campaign.outcomes import (
    Ramp,
    beyond_limit,
    bounds_of,
    coverage,
    ramps_of,
    standard_coverage,
)
from ramp_campaign.ramp import SPECTRA, Job
from ramp_campaign.strata import Stratum
from ramp_campaign.unmodelled import FAMILIES, MODELLED

__all__ = ["loss_rows", "spectra_rows", "stratum_rows"]

Result = dict[str, Any]

ASKED_BEYOND = 0.001
"""Part of the steps that may pass their bound."""


def stratum_rows(
    stratum: Stratum, results: Sequence[Result], *, rival: bool = True, cells: int = 0
) -> tuple[list[tuple[str, str, str]], dict[str, Any]]:
    """Figures of one stratum as (figure, measured, asked), and the same as numbers.

    Fixed turns come twice. The ramps of a campaign only load, so like for like are fixed turns
    that keep the limit while loading; what is asked is asked of these. Of a real ramp with fixed
    turns more is asked: a person comes down with the same turn, and friction makes the way back
    steeper, so that a turn which keeps the limit both ways is a smaller one. That is the second
    row.

    Parameters
    ----------
    stratum : Stratum
    results : sequence of dict
        Of any campaign.
    rival : bool
        True to find the fastest fixed turns too, which takes a minute or more.
    cells : int
        These must keep the limits in at least so many cells: those of the campaign, and more
        seeds of the same twin.
    """
    ramps = ramps_of(results, stratum, MODELLED)
    covered, by_sigma = coverage(ramps), standard_coverage(ramps)
    limit_gpa = stratum.station.limits.max_step_gpa
    bounds = bounds_of(ramps, limit_gpa)
    beyond = against_chance(bounds.beyond, bounds.steps, ASKED_BEYOND)
    large, changes = beyond_limit(ramps, limit_gpa)
    unmeasured = sum(ramp.unmeasured for ramp in ramps)
    without_event = sum(ramp.moves_without_event for ramp in ramps)
    after = sum(int(ramp.result["moves_after_failure"]) for ramp in ramps)
    ours = float(np.median([ramp.steps_to(stratum.top_gpa) for ramp in ramps]))
    fixed = _steps_fixed(stratum, ramps, cells) if rival and covered.steps else {}
    loading, there_and_back = (fixed.get(back, math.nan) for back in (False, True))
    low, high = covered.ends()
    held = sum(ramp.result["exit"] != "success" for ramp in ramps)
    numbers = {
        "stratum": stratum.name,
        "ramps": len(ramps),
        "steps": covered.steps,
        "coverage": covered.value,
        "coverage_sigma": covered.sigma,
        "coverage_of_1.96_sigma": by_sigma.value,
        "beyond_bound": beyond.count,
        "predicted_steps": beyond.of,
        "bound_part": bounds.median_part,
        "beyond_limit": large,
        "changes": changes,
        "unmeasured": unmeasured,
        "moves_without_event": without_event,
        "moves_after_failure": after,
        "held": held,
        "steps_to_top": ours,
        "steps_fixed": loading,
        "steps_fixed_there_and_back": there_and_back,
    }
    rows = [
        ("ramps (held), steps", f"{len(ramps)} ({held}), {covered.steps}", ""),
        (
            "stated 95 % intervals cover, %",
            f"{100 * covered.value:.1f} ± {100 * covered.sigma:.1f} "
            f"({100 * low:.1f} to {100 * high:.1f}); 1.96 sigma {100 * by_sigma.value:.1f}",
            "93 to 97",
        ),
        (
            "steps beyond their 99.9 % bound",
            f"{beyond.count} of {beyond.of}, below {100 * beyond.high:.2f} %; "
            f"as many by chance: p = {beyond.chance:.2g}",
            "< 0.1 %",
        ),
        ("median bound / step limit", f"{bounds.median_part:.2f}", "<= 1"),
        # not asked: fixed turns may never pass the limit, these ramps by their bound
        ("steps beyond the step limit itself", f"{large} of {changes}", ""),
        (
            "steps without a measurement",
            f"{unmeasured} ({without_event} of them moves that left no event)",
            "0",
        ),
        ("moves after one", f"{after}", "0"),
        (
            "median steps to target / fixed turns, loading alone",
            _against(ours, loading, rival),
            "<= 0.8",
        ),
        (
            "... / fixed turns that keep the limit on the way back too",
            _against(ours, there_and_back, rival),
            "",
        ),
    ]
    return rows, numbers


def _against(ours: float, fixed: float, rival: bool) -> str:
    return f"{ours:.0f} / {fixed:.0f} = {ours / fixed:.2f}" if rival else f"{ours:.0f} / left out"


def _steps_fixed(stratum: Stratum, ramps: Sequence[Ramp], cells: int) -> dict[bool, float]:
    """Median steps to the top with the fastest fixed turns, by whether they come back as well.

    They keep the limits over all seeds, those too whose ramp did not get to the top.
    """
    jobs = [Job(stratum, MODELLED, int(ramp.result["seed"])) for ramp in ramps]
    parts = [ramp.part_read for ramp in ramps]
    last = max(job.seed for job in jobs)
    more = range(last + 1, last + 1 + max(0, cells - len(jobs)))
    jobs += [Job(stratum, MODELLED, seed) for seed in more]
    parts += [1.0] * len(more)
    conditions = conditions_of(np.concatenate([ramp.steps[ramp.measured] for ramp in ramps]))
    found = {}
    for back in (False, True):
        _, steps = fastest_fixed_turns(jobs, parts, conditions, stratum.top_gpa, back=back)
        found[back] = median_or_nan([float(each) for each in steps])
    return found


def spectra_rows(stratum: Stratum, results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Coverage of single spectra in the cells of a campaign; no row where there are none."""
    cells = ramps_of(results, stratum, MODELLED + SPECTRA)
    if not cells:
        return []
    found, by_sigma = coverage(cells), standard_coverage(cells)
    low, high = found.ends()
    missing = sum(int(np.sum(~cell.measured)) for cell in cells)
    return [
        ("cells, spectra (without a line)", f"{len(cells)}, {found.steps} ({missing})", ""),
        (
            "stated 95 % intervals cover, %",
            f"{100 * found.value:.1f} ± {100 * found.sigma:.1f} "
            f"({100 * low:.1f} to {100 * high:.1f}); 1.96 sigma {100 * by_sigma.value:.1f}",
            "93 to 97",
        ),
    ]


def loss_rows(
    stratum: Stratum, results: Sequence[Result], families: Sequence[str], *, kind: str = ""
) -> list[tuple[str, ...]]:
    """What errors outside the budget cost in coverage, one row for each family.

    Of whole ramps, or with `kind` = `SPECTRA` of single spectra.
    """
    modelled = coverage(ramps_of(results, stratum, MODELLED + kind))
    rows = []
    for family in families:
        ramps = ramps_of(results, stratum, family + kind)
        if not ramps:
            continue
        found = coverage(ramps)
        lost, sigma = difference(modelled, found)
        held = sum(ramp.result["exit"] != "success" for ramp in ramps)
        rows.append(
            (
                FAMILIES[family].says,
                f"{len(ramps)} ({held})",
                f"{100 * found.value:.1f} ± {100 * found.sigma:.1f}",
                f"{100 * lost:+.1f} ± {100 * sigma:.1f}",
            )
        )
    return rows
