"""Pressures again from the stored lines: the uncertainty budget, and the other scales.

The line and its temperature are the datum, so anybody can repeat this from the record.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dac_control.app.report.readings import Steps
from dac_control.errors import DacError
from dac_control.gauges import SCALES, BudgetTerm, OnScale, PressureMeasurement, RubyGauge
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.records import Run

__all__ = ["Recomputed", "recompute_top", "top_row"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recomputed:
    """The highest measured step, computed again from its stored line."""

    step: int
    pressure_gpa: float
    difference_gpa: float
    """Largest difference between a recomputed and a recorded pressure, over all steps; anything
    but rounding means that the record does not hold."""
    budget: tuple[BudgetTerm, ...]
    """Empty where the record lacks the station's uncertainties."""
    scales: tuple[OnScale, ...]
    """The same line on every ruby scale, by pressure."""
    side_by_side: tuple[OnScale, ...]
    """In the cold: the scale made at room temperature and the one made at 4.5 K."""
    reference: str
    """Which lambda0 the pressure counts from."""
    range_note: str
    source: str
    """Citation of the scale of the run."""
    correction_source: str


def top_row(steps: Steps) -> int | None:
    """Row of the highest measured pressure; None without a measured step."""
    if not np.any(steps.measured):
        return None
    return int(np.nanargmax(np.where(steps.measured, steps.pressure_gpa, np.nan)))


def recompute_top(run: Run, steps: Steps) -> Recomputed | None:
    """Compute the highest step again, on every scale.

    None where the record does not name line, lambda0 or scale, or the gauge is not ruby.
    """
    row = top_row(steps)
    if row is None or (run.start.get("gauge") or "ruby") != "ruby":
        return None
    try:
        return _recompute(run, steps, row)
    except (DacError, KeyError, TypeError, ValueError) as error:
        logger.warning("the top pressure of %s cannot be recomputed: %s", run.folder.name, error)
        return None


def _recompute(run: Run, steps: Steps, row: int) -> Recomputed:
    settings = _settings(run.start)
    stated = {"axis_sigma_nm", "temperature_sigma_k"} <= set(settings)
    own = ruby_gauge_from(settings)
    again = _measure(own, steps, row)
    others = [_on_scale(ruby_gauge_from(settings, scale), steps, row) for scale in SCALES.values()]
    return Recomputed(
        step=int(steps.step[row]),
        pressure_gpa=again.pressure_gpa,
        difference_gpa=_largest_difference_gpa(own, steps),
        budget=again.budget if stated else (),
        scales=tuple(sorted(others, key=lambda other: other.pressure_gpa)),
        side_by_side=again.alternatives,
        reference=again.reference,
        range_note=again.range_note,
        source=own.scale.citation,
        correction_source=own.correction.citation,
    )


def _settings(start: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the pressures follow from; older records hold it in the start document itself."""
    found = start.get("gauge_settings")
    return found if isinstance(found, Mapping) else start


def _on_scale(ruby: RubyGauge, steps: Steps, row: int) -> OnScale:
    measurement = _measure(ruby, steps, row)
    return OnScale(
        scale=ruby.scale.name,
        pressure_gpa=measurement.pressure_gpa,
        sigma_sys_gpa=measurement.sigma_sys_gpa,
        in_range=measurement.in_range,
        range_gpa=ruby.scale.range_gpa,
        citation=ruby.scale.citation,
        evidence=ruby.scale.evidence,
    )


def _measure(ruby: RubyGauge, steps: Steps, row: int) -> PressureMeasurement:
    asymmetry_nm = float(steps.r1_asymmetry_sigma_nm[row])
    return ruby.pressure_from_line(
        float(steps.r1_nm[row]),
        float(steps.r1_sigma_nm[row]),
        float(steps.ruby_temperature_k[row]),
        # records from before this was looked for have none
        asymmetry_sigma_nm=asymmetry_nm if np.isfinite(asymmetry_nm) else 0.0,
    )


def _largest_difference_gpa(ruby: RubyGauge, steps: Steps) -> float:
    rows = steps.measured
    again = ruby.pressures_gpa(steps.r1_nm[rows], steps.ruby_temperature_k[rows])
    return float(np.max(np.abs(again - steps.pressure_gpa[rows])))
