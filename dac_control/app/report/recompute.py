"""Pressures again from the stored lines: the uncertainty budget, and the other scales.

The line and its temperature are the datum, so anybody can repeat this from the record.
"""

import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dac_control.app.report.readings import Steps
from dac_control.errors import DacError
from dac_control.gauges import SCALES, BudgetTerm, Lambda0, PressureMeasurement, RubyGauge
from dac_control.records import Run

__all__ = ["OnScale", "Recomputed", "recompute_top", "top_row"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OnScale:
    """The highest line on one scale."""

    scale: str
    pressure_gpa: float
    in_range: bool
    range_gpa: tuple[float, float]
    citation: str


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
    stated = {"axis_sigma_nm", "temperature_sigma_k"} <= set(run.start)
    name = str(run.start["scale"])
    own = _gauge_on(name, run.start)
    again = _measure(own, steps, row)
    others = []
    for scale in SCALES:
        other = _gauge_on(scale, run.start)
        measurement = _measure(other, steps, row)
        others.append(
            OnScale(
                scale=scale,
                pressure_gpa=measurement.pressure_gpa,
                in_range=measurement.in_range,
                range_gpa=other.scale.range_gpa,
                citation=other.scale.citation,
            )
        )
    return Recomputed(
        step=int(steps.step[row]),
        pressure_gpa=again.pressure_gpa,
        difference_gpa=_largest_difference_gpa(own, steps),
        budget=again.budget if stated else (),
        scales=tuple(sorted(others, key=lambda other: other.pressure_gpa)),
        source=own.scale.citation,
        correction_source=own.correction.citation,
    )


def _gauge_on(scale: str, start: Mapping[str, Any]) -> RubyGauge:
    lambda0 = start["lambda0"]
    return RubyGauge(
        scale=scale,
        correction=str(start["temperature_correction"]),
        lambda0=Lambda0(
            value_nm=float(lambda0["value_nm"]),
            sigma_nm=float(lambda0["sigma_nm"]),
            chip=str(lambda0["chip"]),
            date=datetime.date.fromisoformat(str(lambda0["date"])[:10]),
            temperature_k=float(lambda0["temperature_k"]),
        ),
        # they shape the budget alone, which is printed only where the record states both
        axis_sigma_nm=float(start.get("axis_sigma_nm", 0.0)),
        temperature_sigma_k=float(start.get("temperature_sigma_k", 0.0)),
    )


def _measure(ruby: RubyGauge, steps: Steps, row: int) -> PressureMeasurement:
    line_nm, sigma_nm = float(steps.r1_nm[row]), float(steps.r1_sigma_nm[row])
    return ruby.pressure_from_line(line_nm, sigma_nm, float(steps.ruby_temperature_k[row]))


def _largest_difference_gpa(ruby: RubyGauge, steps: Steps) -> float:
    differences = [
        abs(_measure(ruby, steps, int(row)).pressure_gpa - float(steps.pressure_gpa[row]))
        for row in np.flatnonzero(steps.measured)
    ]
    return max(differences)
