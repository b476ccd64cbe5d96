"""Checks of the gauges against each other and against what was predicted."""

import math
from collections.abc import Callable

import numpy as np

from dac_control.app.findings.consistency import FEWEST_PAIRS, Overlap, hand_overs
from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.evolution import Column, gauge_words
from dac_control.app.findings.linked_runs import contents_of
from dac_control.app.findings.text import number, sentence
from dac_control.app.readings import Steps

__all__ = ["GAUGE_CHECKS"]


def _second_gauge(evidence: Evidence) -> Check:
    clause = "independent gauges"
    measured = [gauge_words(each.gauge) for each in evidence.evolution.measured_gauges()]
    if len(measured) > 1:
        return Check(clause, True, f"Gauges that gave a pressure: {', '.join(measured)}.")
    names = (
        ", ".join(measured) or gauge_words(evidence.first_gauge.gauge[0])
        if (evidence.steps.count)
        else "none"
    )
    text = f"One gauge only ({names}): no independent gauge confirms the pressures."
    return Check(clause, False, text)


def _overlaps(evidence: Evidence) -> Check | None:
    if len(evidence.evolution.measured_gauges()) < 2:
        return None
    clause = f"two gauges agree at {FEWEST_PAIRS} steps"
    if not evidence.overlaps:
        text = (
            "No two gauges were measured at the same step: the later one continues nothing, and "
            "what it says is not tied to what came before."
        )
        return Check(clause, False, text)
    sentences = [_overlap_words(each) for each in evidence.overlaps]
    agree = any(_holds(each) for each in evidence.overlaps)
    contradict = any(each.result and not each.result.consistent for each in evidence.overlaps)
    return Check(clause, agree and not contradict, " ".join(sentences))


def _holds(overlap: Overlap) -> bool:
    result = overlap.result
    return result is not None and result.consistent and overlap.agreeing >= FEWEST_PAIRS


def _overlap_words(overlap: Overlap) -> str:
    names = f"{gauge_words(overlap.first)} and {gauge_words(overlap.second)}"
    if overlap.pairs < FEWEST_PAIRS:
        steps = "1 step" if overlap.pairs == 1 else f"{overlap.pairs} steps"
        return f"{sentence(names)} were measured together at {steps}; {FEWEST_PAIRS} are needed."
    within = f"{overlap.agreeing} of {overlap.pairs} pairs within k = 2"
    result = overlap.result
    if result is None:
        return f"{sentence(names)}: {within}; they cannot be compared as a whole: {overlap.refused}"
    verdict = "CONTRADICT each other"
    if result.consistent:
        verdict = "agree" if _holds(overlap) else "do not contradict each other"
    of = "pairs" if result.pairs == overlap.pairs else "of them, weighed at the hand-over"
    return (
        f"{sentence(names)} {verdict}: {within}, χ² = {number(result.chi2, 1)} for "
        f"{result.degrees_of_freedom} {of} (p = {result.p_value:.2g}), offset "
        f"{number(result.offset_gpa, 2)} ± {number(result.offset_sigma_gpa, 2)} GPa "
        f"(p = {result.offset_p_value:.2g} by itself).{_outside_words(overlap)}"
    )


def _outside_words(overlap: Overlap) -> str:
    """Where a scale was used beyond what it was made for, it may be the scale that differs."""
    said = ", ".join(
        f"{gauge_words(gauge)} at {count} of {overlap.pairs} steps"
        for gauge, count in zip((overlap.first, overlap.second), overlap.outside, strict=True)
        if count
    )
    return said and f" Beyond the pressures or temperatures that its scale was made for: {said}."


def _handed_over(evidence: Evidence) -> Check | None:
    """The gauge in charge may change across an overlap only, which the run has weighed itself."""
    charged, step = evidence.steps.gauge, evidence.steps.step
    changes = [row for row in range(1, len(charged)) if charged[row] != charged[row - 1]]
    if not changes:
        return None
    clause = "hand-over across an overlap"
    weighed = {(h["first"]["gauge"], h["second"]["gauge"]): h for h in hand_overs(evidence.run)}
    sentences: list[str] = []
    for row in changes:
        first, second = charged[row - 1], charged[row]
        found = weighed.get((first, second))
        words = f"{gauge_words(first)} handed over to {gauge_words(second)} at step {step[row]:.0f}"
        if found is None:
            return Check(clause, False, f"{sentence(words)}, and no overlap was weighed.")
        low, high = found["overlap_gpa"]
        sentences.append(
            f"{words}: {found['pairs']} steps from {number(low, 1)} to {number(high, 1)} GPa, χ² = "
            f"{number(found['chi2'], 1)} (p = {found['p_value']:.2g}), offset "
            f"{number(found['offset_gpa'], 2)} ± {number(found['offset_sigma_gpa'], 2)} GPa"
            f"{_alone(found.get('offset_p_value'))}"
        )
    return Check(clause, True, f"{sentence('; '.join(sentences))}.")


def _alone(p_value: float | None) -> str:
    """Of the offset by itself; records from before it was asked for do not have it."""
    return "" if p_value is None else f" (p = {p_value:.2g} by itself)"


def _gaps(evidence: Evidence) -> Check | None:
    """Every column of the matrix, where more than one gauge was meant to be read."""
    columns = [c for c in evidence.evolution.columns if c.kind == "gauge"]
    if len(columns) < 2:
        return None
    holes = [_gap_words(column) for column in columns if column.longest_gap is not None]
    clause = "every gauge at every step"
    if not holes:
        return Check(clause, True, "Every gauge was measured at every step.")
    return Check(clause, False, f"Gaps in the evolution: {'; '.join(holes)}.")


def _gap_words(column: Column) -> str:
    gap = column.longest_gap
    assert gap is not None  # the caller looked
    missing = column.count("rejected") + column.count("not_taken")
    where = (
        f"step {gap.first_step}" if gap.steps == 1 else f"steps {gap.first_step} to {gap.last_step}"
    )
    span = "" if gap.pressure_gpa is None else f", across {number(gap.pressure_gpa, 1)} GPa"
    of_all = f"{missing} of {len(column.states)} steps"
    return f"{column.words} is missing at {of_all} (longest: {where}{span})"


def _reference(evidence: Evidence) -> Check | None:
    column = next((c for c in evidence.evolution.columns if c.kind == "reference"), None)
    if column is None or not column.states:
        return None
    clause = "reference ruby at every step"
    if column.longest_gap is None:
        text = (
            "A ruby outside the pressure chamber was measured at every step: errors of axis and "
            "temperature that both lines share cancel."
        )
        return Check(clause, True, text)
    text = (
        f"Gaps of the {_gap_words(column)}; the ruby counts from a stored lambda0 there, whose "
        "budget holds drift of axis and temperature."
    )
    return Check(clause, False, text)


def _predictions(evidence: Evidence) -> Check | None:
    steps = evidence.steps
    # in the dead band nothing is predicted: the window is what an answer at once would read
    predicted = np.isfinite(steps.predicted_low_gpa)
    predicted &= np.array(steps.branch, dtype=str) != "dead_band"
    # readings that nobody could believe are no pressure, and told of nevertheless
    known, told = predicted & steps.measured, predicted & steps.surprising
    if not np.any(known | told):
        return None
    value = steps.pressure_gpa
    outside = known & ((value < steps.predicted_low_gpa) | (value > steps.predicted_high_gpa))
    beyond = known & (
        (steps.on("load") & (value > steps.bound_gpa))
        | (steps.on("unload") & (value < steps.bound_gpa))
    )
    count, total = int(np.count_nonzero(outside)), int(np.count_nonzero(known))
    text = (
        f"{count} of {total} readings fell outside the 95 % window that was predicted before the "
        f"screw was turned ({number(0.05 * total, 1)} are expected), "
        f"{np.count_nonzero(beyond) or 'none'} beyond the 99.9 % bound"
    )
    clause = "no surprise"
    unusual = np.flatnonzero(outside | told)
    if unusual.size == 0:
        return Check(clause, True, f"{text}.")
    named = "; ".join(_surprise_words(steps, int(row)) for row in unusual)
    # one in twenty is what a 95 % window lets through
    usual = count <= _most_expected(total) and not np.any(told | beyond)
    return Check(clause, usual, f"{text}. Looked at twice or outside: {named}.")


def _surprise_words(steps: Steps, row: int) -> str:
    said = steps.surprise[row].replace("_", " ") if steps.surprising[row] else ""
    return f"step {steps.step[row]:.0f}" + (f" ({said})" if said else "")


def _most_expected(total: int) -> int:
    """Readings outside a 95 % window that chance explains, at 1 % for more."""
    below = 0.0
    for count in range(total + 1):
        below += math.comb(total, count) * 0.05**count * 0.95 ** (total - count)
        if below >= 0.99:
            return count
    return total


def _specimen_there(evidence: Evidence) -> Check | None:
    inside = contents_of(evidence.start).lower()
    vibron = next((g for g in evidence.evolution.gauges if g.gauge == "h2_vibron"), None)
    if vibron is None and not any(word in inside for word in ("hydrogen", "deuterium", "h2")):
        return None
    clause = "hydrogen seen"
    if vibron is None or not np.any(vibron.measured):
        return _seen_beside(evidence, clause)
    last = int(np.flatnonzero(vibron.measured)[-1])
    text = (
        f"The vibron of the hydrogen was last seen at step {evidence.steps.step[last]:.0f} "
        f"({number(float(vibron.pressure_gpa[last]), 1)} GPa)"
    )
    if last == evidence.steps.count - 1:
        return Check(clause, True, f"{text}, the last one.")
    return Check(clause, False, f"{text}; what was in the cell afterwards is not shown.")


def _seen_beside(evidence: Evidence, clause: str) -> Check:
    """Other stages of the experiment may have seen what this one did not look for."""
    text = "That hydrogen was in the cell is not shown: its vibron was not measured."
    if not evidence.seen_at_stages:
        return Check(clause, False, text)
    own = int((evidence.start.get("experiment") or {}).get("number") or 0)
    last = max(evidence.seen_at_stages)
    if last > own:
        text = (
            f"The vibron of the hydrogen was seen after this run, at stage {last} of the "
            "experiment."
        )
        return Check(clause, True, text)
    text = (
        f"The vibron of the hydrogen was seen before this run, at stage {last} of the experiment, "
        "and not measured here; what was in the cell afterwards is not shown."
    )
    return Check(clause, False, text)


GAUGE_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _second_gauge,
    _overlaps,
    _handed_over,
    _gaps,
    _reference,
    _predictions,
    _specimen_there,
)
