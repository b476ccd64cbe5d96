"""Checks of what the run says about the pressure."""

from collections.abc import Callable

import numpy as np

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.evolution import gauge_words
from dac_control.app.findings.text import listed, number
from dac_control.app.reduction.stored_lines import ROUNDING_GPA

__all__ = ["PRESSURE_CHECKS"]


def _every_step_measured(evidence: Evidence) -> Check:
    steps, alone = evidence.steps, evidence.moves.unmeasured
    count = int(np.count_nonzero(steps.measured))
    total = steps.count + len(alone)
    clause = "pressure measured at every step"
    if total == 0:
        return Check(clause, False, "No step was finished, so no pressure can be stated.")
    if count == total:
        return Check(clause, True, f"Each of the {count} steps has its own measured pressure.")
    missing = [f"step {listed(steps.step[~steps.measured])}"] if count < steps.count else []
    missing += [f"a move that no step was recorded after: {move.words}" for move in alone]
    have = "has" if total - count == 1 else "have"
    text = (
        f"{total - count} of {total} steps {have} no measured pressure "
        f"({'; '.join(missing)}); nothing stands in for it."
    )
    return Check(clause, False, text)


def _no_extrapolation(evidence: Evidence) -> Check:
    del evidence  # By construction: the report takes pressures from gauge columns alone.
    return Check(
        "no pressure from turns",
        True,
        "Extrapolation fraction 0: no pressure in this report comes from a load curve. "
        "The curves serve for residuals only.",
    )


def _gaps(evidence: Evidence) -> Check | None:
    steps = evidence.steps
    rows = np.flatnonzero(steps.measured)
    if rows.size < 2:
        return Check(
            "pressure followed without gaps",
            False,
            "Fewer than two measured steps: the run shows no evolution of the pressure.",
        )
    rises = np.abs(np.diff(steps.pressure_gpa[rows]))
    at = int(np.argmax(rises))
    first, last = rows[at], rows[at + 1]
    turned = np.abs(np.diff(steps.turns[rows]))
    widest = f" and {number(float(np.nanmax(turned)), 3)} turns" if np.any(turned >= 0) else ""
    text = (
        f"Between neighbouring measured steps nothing is known. The largest such gap is "
        f"{number(float(rises[at]), 2)} GPa (step {steps.step[first]:.0f} at "
        f"{number(float(steps.pressure_gpa[first]), 2)} GPa to step {steps.step[last]:.0f} at "
        f"{number(float(steps.pressure_gpa[last]), 2)} GPa){widest}."
    )
    limit = _limit(evidence, "max_step_gpa")
    if limit is not None:
        text += f" The largest step allowed was {number(limit, 2)} GPa."
    return Check("pressure followed without gaps", False, text)


def _settled(evidence: Evidence) -> Check | None:
    """Nothing where no step waited for the pressure to settle, as in a hold."""
    steps, clause = evidence.steps, "settled before it was measured"
    outcome = np.array(steps.outcome, dtype=str)
    still, unclear = outcome == "still_drifting", outcome == "undetermined"
    waited = still | unclear | (outcome == "settled")
    # `measured` is what a step notes that does not wait
    unsaid = steps.measured & ~waited & (outcome != "measured")
    if not np.any(waited | unsaid):
        return None
    parts = [
        f"{words} at step {listed(steps.step[mask])}"
        for mask, words in (
            (still, "still drifting"),
            (unclear, "undetermined"),
            (unsaid, "no drift was measured"),
        )
        if np.any(mask)
    ]
    if parts:
        text = f"That the pressure had settled is not shown: {'; '.join(parts)}."
        return Check(clause, False, text)
    text = "The drift was below its limit at every step that waited for it."
    beside = steps.measured & ~waited
    if np.any(beside):
        text += f" At step {listed(steps.step[beside])} it was not measured."
    return Check(clause, True, text)


def _recomputable(evidence: Evidence) -> Check | None:
    if not np.any(evidence.steps.measured):
        return None
    clause = "pressures follow from the stored lines"
    recomputed = evidence.recomputed
    if recomputed is None:
        text = (
            "The pressures cannot be computed again: the record lacks the scale, the temperature "
            "correction, λ0 or the lines."
        )
        return Check(clause, False, text)
    if recomputed.difference_gpa > ROUNDING_GPA:
        text = (
            "The recorded pressures do not follow from the recorded lines: computed again, they "
            f"differ by up to {number(recomputed.difference_gpa, 4)} GPa."
        )
        return Check(clause, False, text)
    text = "Computed again from the stored lines, every pressure comes out as recorded."
    return Check(clause, True, text)


def _one_scale(evidence: Evidence) -> Check | None:
    scales = {
        (gauge, scale)
        for gauge, scale, measured in zip(
            evidence.steps.gauge, evidence.steps.scale, evidence.steps.measured, strict=True
        )
        if measured
    }
    if not scales:
        return None
    unnamed = sorted(gauge_words(gauge) for gauge, scale in scales if not scale)
    if unnamed:
        text = f"The record does not name the scale of the {', '.join(unnamed)}."
        return Check("independent of the scale", False, text)
    if len(scales) == 1:
        which = f"All pressures are on one scale ({next(iter(scales))[1]})."
    else:
        named = ", ".join(f"{gauge_words(g)} on {s}" for g, s in sorted(scales))
        which = f"Each gauge has one scale ({named})."
    text = (
        f"{which} Its own uncertainty is inside the systematic one; another scale gives other "
        "numbers from the same lines."
    )
    if evidence.edge is not None and evidence.edge.found:
        low, high = evidence.edge.found[0], evidence.edge.found[-1]
        text += (
            f" The highest edge reading is {number(low.pressure_gpa, 1)} GPa on {low.scale} and "
            f"{number(high.pressure_gpa, 1)} GPa on {high.scale}."
        )
    return Check("independent of the scale", False, text)


def _scale_range(evidence: Evidence) -> Check | None:
    steps = evidence.steps
    outside = [
        step
        for step, flags in zip(steps.step, steps.flags, strict=True)
        if any("range" in flag for flag in flags)
    ]
    if not outside:
        return None
    text = (
        "Outside the pressures or temperatures for which scale or temperature correction was made: "
        f"step {listed(outside)}."
    )
    return Check("inside the range of the scale", False, text)


def _limit(evidence: Evidence, name: str) -> float | None:
    value = (evidence.start.get("limits") or {}).get(name)
    return float(value) if isinstance(value, (int, float)) else None


PRESSURE_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _every_step_measured,
    _no_extrapolation,
    _gaps,
    _settled,
    _recomputable,
    _one_scale,
    _scale_range,
)
