"""What a recomputed run has to be told in words."""

import math

import numpy as np

from dac_control.app.reduction.reduce import Reduction
from dac_control.app.reduction.reduced import Reduced
from dac_control.app.reduction.stored_lines import ROUNDING_GPA

__all__ = ["what_came_out", "what_changed"]

_ROUNDING_PM = 1e-3
"""A line that moves by less is the same: a hundredth of the best that photons allow."""


def what_changed(reduction: Reduction) -> list[str]:
    """What is other than in the run, sentence by sentence."""
    changes = list(reduction.chosen.changes)
    return changes or [f"Nothing was changed: {reduction.chosen.unchanged} are the run's."]


def what_came_out(reduction: Reduction) -> list[str]:
    """How far lines and pressures moved, and what speaks against the result."""
    return [
        *reduction.chosen.remarks,
        *_left(reduction),
        *_record(reduction),
        *_lines(reduction),
        *_pressures(reduction),
        *_absent(reduction),
    ]


def _left(reduction: Reduction) -> list[str]:
    """The gauges that the scale is not of."""
    return [
        f"The readings of {each.gauge} stay as recorded{f' on {each.scale}' if each.scale else ''}."
        for each in reduction.left
    ]


def _record(reduction: Reduction) -> list[str]:
    difference_gpa = reduction.record_difference_gpa
    if not difference_gpa > ROUNDING_GPA:
        return []
    return [
        "The recorded pressures do not follow from the recorded lines: computed again with the "
        f"run's own settings, they differ by up to {difference_gpa:.4f} GPa."
    ]


def _lines(reduction: Reduction) -> list[str]:
    both = [each for each in _all(reduction) if math.isfinite(each.difference_gpa)]
    if not reduction.request.refit or not both:
        return []
    moved_pm = np.array([1e3 * each.moved for each in both])
    if np.abs(moved_pm).max() < _ROUNDING_PM:
        return ["The fit gives the recorded lines again, to 0.001 pm."]
    pull = moved_pm / np.array([1e3 * each.line.sigma for each in both])
    furthest = both[int(np.argmax(np.abs(moved_pm)))]
    return [
        f"The lines moved by {moved_pm.min():+.2g} to {moved_pm.max():+.2g} pm, most "
        f"{_where(furthest)}; that is at most {np.abs(pull).max():.2g} times their statistical "
        "uncertainty."
    ]


def _pressures(reduction: Reduction) -> list[str]:
    if not reduction.steps:
        gauge = reduction.chosen.gauge
        what = "step" if gauge == "ruby" else f"reading of {gauge} at a step"
        return [f"The run holds no {what}, so there is nothing to recompute."]
    both = [each for each in _all(reduction) if math.isfinite(each.difference_gpa)]
    if not both:
        return []
    furthest = max(both, key=lambda each: abs(each.difference_gpa))
    if abs(furthest.difference_gpa) <= ROUNDING_GPA:
        return ["Every pressure comes out as recorded."]
    return [
        f"The pressures moved by up to {furthest.difference_gpa:+.4f} GPa, {_where(furthest)}: "
        f"{furthest.recorded_gpa:.4f} to {furthest.pressure_gpa:.4f} GPa."
    ]


def _absent(reduction: Reduction) -> list[str]:
    """Spectra with a pressure on one side only, or on none."""
    rows = _all(reduction)
    gained = [each for each in rows if each.measured and not math.isfinite(each.recorded_gpa)]
    absent = [each for each in rows if not each.measured and not each.lost]
    found = []
    if gained:
        found.append(f"Measured now, and not in the run: {_places(gained)}.")
    if absent:
        found.append(f"Not measured, in the run as now: {_places(absent)}.")
    lost = (each for each in rows if each.lost)
    return found + [f"Could not be recomputed, {_where(each)}: {each.message}" for each in lost]


def _all(reduction: Reduction) -> tuple[Reduced, ...]:
    return reduction.steps + reduction.dwell


def _where(each: Reduced) -> str:
    if each.of_step:
        return f"at step {each.step}"
    return f"at dwell spectrum {each.seq_num} of step {each.step}"


def _places(several: list[Reduced]) -> str:
    steps = [str(each.step) for each in several if each.of_step]
    dwell = len(several) - len(steps)
    parts = [f"step{'s' if len(steps) > 1 else ''} {', '.join(steps)}"] if steps else []
    if dwell:
        parts.append(f"{dwell} dwell spectr{'a' if dwell > 1 else 'um'}")
    return " and ".join(parts)
