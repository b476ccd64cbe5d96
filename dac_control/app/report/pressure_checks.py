"""Checks of what the run says about the pressure."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dac_control.app.reduction.stored_lines import ROUNDING_GPA
from dac_control.app.report.evidence import Check, Evidence
from dac_control.app.report.ruby_temperature import ruby_temperature
from dac_control.app.report.text import number

__all__ = ["PRESSURE_CHECKS"]

SAME_TEMPERATURE_K = 5.0
"""Within it a temperature correction of ruby stays below 0.02 GPa from 5 to 100 K, and below
0.1 GPa at room temperature (Datchi et al., High Press. Res. 27 (2007) 447: 7 pm/K there)."""


def _every_step_measured(evidence: Evidence) -> Check:
    steps = evidence.steps
    count = int(np.count_nonzero(steps.measured))
    clause = "pressure measured at every step"
    if steps.count == 0:
        return Check(clause, False, "No step was finished, so no pressure can be stated.")
    if count == steps.count:
        return Check(clause, True, f"Each of the {count} steps has its own measured pressure.")
    missing = ", ".join(f"{step:.0f}" for step in steps.step[~steps.measured])
    text = (
        f"{steps.count - count} of {steps.count} steps have no measured pressure "
        f"(step {missing}); nothing stands in for it."
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
    steps = evidence.steps
    if steps.count == 0:
        return None
    parts = []
    for outcome, words in (("still_drifting", "still drifting"), ("undetermined", "undetermined")):
        numbers = [
            f"{step:.0f}"
            for step, found in zip(steps.step, steps.outcome, strict=True)
            if found == outcome
        ]
        if numbers:
            parts.append(f"{words} at step {', '.join(numbers)}")
    if parts:
        text = f"The pressure had not settled when it was measured: {'; '.join(parts)}."
        return Check("settled before it was measured", False, text)
    text = "The drift was below its limit at every step that was measured."
    return Check("settled before it was measured", True, text)


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


def _second_gauge(evidence: Evidence) -> Check:
    gauges = evidence.start.get("gauges") or [evidence.start.get("gauge") or "ruby"]
    names = ", ".join(str(gauge) for gauge in gauges)
    if len(gauges) > 1:
        return Check("independent gauges", True, f"Gauges: {names}.")
    text = f"One gauge only ({names}): no independent gauge confirms the pressures."
    return Check("independent gauges", False, text)


def _one_scale(evidence: Evidence) -> Check | None:
    scale = evidence.start.get("scale")
    if not scale:
        return None
    text = (
        f"All pressures are on one scale ({scale}). Its own uncertainty is inside the "
        "systematic one; another scale gives other numbers from the same lines."
    )
    return Check("independent of the scale", False, text)


def _scale_range(evidence: Evidence) -> Check | None:
    steps = evidence.steps
    outside = [
        f"{step:.0f}"
        for step, flags in zip(steps.step, steps.flags, strict=True)
        if any("range" in flag for flag in flags)
    ]
    if not outside:
        return None
    text = f"Outside the range in which the scale was calibrated: step {', '.join(outside)}."
    return Check("inside the range of the scale", False, text)


def _lambda0(evidence: Evidence) -> Check | None:
    references = _lambda0_temperatures(evidence.start)
    temperatures = evidence.steps.cell_temperature_k[evidence.steps.measured]
    clause = "λ0 at the temperature of the run"
    if not references:
        return Check(clause, False, "The record does not say at which temperature λ0 was measured.")
    if temperatures.size == 0 or not np.any(np.isfinite(temperatures)):
        return None
    low, high = float(np.nanmin(temperatures)), float(np.nanmax(temperatures))
    correction = evidence.start.get("temperature_correction") or "not named"
    reference = min(references, key=lambda each: max(abs(low - each), abs(high - each)))
    if max(abs(low - reference), abs(high - reference)) <= SAME_TEMPERATURE_K:
        text = f"λ0 was measured at {number(reference, 1)} K, the temperature of the run."
        return Check(clause, True, text)
    measured_at = " and ".join(f"{number(each, 1)} K" for each in references)
    text = (
        f"λ0 was measured at {measured_at} and the pressures at "
        f"{_span(low, high, 1)} K: the temperature correction ({correction}) is not checked by "
        "this run."
    )
    return Check(clause, False, text)


def _lambda0_temperatures(start: Mapping[str, Any]) -> list[float]:
    """Where λ0 was measured; several times, or once, as in records of earlier versions."""
    found = (start.get("gauge_settings") or {}).get("lambda0") or start.get("lambda0") or {}
    several = [found] if isinstance(found, Mapping) else list(found)
    temperatures = [each.get("temperature_k") for each in several if isinstance(each, Mapping)]
    return [float(each) for each in temperatures if isinstance(each, (int, float))]


def _unloading(evidence: Evidence) -> Check | None:
    clause = "loading and unloading"
    load, unload = (int(np.count_nonzero(evidence.steps.on(b))) for b in ("load", "unload"))
    if load and unload:
        text = f"Measured on loading ({load} steps) and on unloading ({unload} steps)."
        return Check(clause, True, text)
    if not load and not unload:
        return None
    done = "loading" if load else "unloading"
    text = f"Measured on {done} only: hysteresis and return are not shown."
    return Check(clause, False, text)


def _limit(evidence: Evidence, name: str) -> float | None:
    value = (evidence.start.get("limits") or {}).get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _span(low: float, high: float, digits: int) -> str:
    first, last = number(low, digits), number(high, digits)
    return first if first == last else f"{first} to {last}"


PRESSURE_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _every_step_measured,
    _no_extrapolation,
    _gaps,
    _settled,
    _recomputable,
    _second_gauge,
    _one_scale,
    _scale_range,
    _lambda0,
    ruby_temperature,
    _unloading,
)
