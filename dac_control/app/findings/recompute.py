"""Pressures again from the stored lines: the uncertainty budget, and the other scales."""

import logging
from dataclasses import dataclass

from dac_control.app.readings import Steps
from dac_control.app.reduction.stored_lines import (
    gauge_settings,
    largest_difference_gpa,
    measured_with_ruby,
    on_every_scale,
    stored_line,
    top_row,
)
from dac_control.errors import DacError
from dac_control.gauges import BudgetTerm, OnScale
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.records import Run

__all__ = ["Recomputed", "recompute_top"]

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


def recompute_top(run: Run, steps: Steps) -> Recomputed | None:
    """Compute the highest step again, on every scale.

    None where the record does not name line, lambda0 or scale, or the gauge is not ruby.
    """
    row = top_row(steps)
    if row is None or not measured_with_ruby(run.start):
        return None
    try:
        return _recompute(run, steps, row)
    except (DacError, KeyError, TypeError, ValueError) as error:
        logger.warning("the top pressure of %s cannot be recomputed: %s", run.folder.name, error)
        return None


def _recompute(run: Run, steps: Steps, row: int) -> Recomputed:
    settings = gauge_settings(run.start)
    stated = {"axis_sigma_nm", "temperature_sigma_k"} <= set(settings)
    own = ruby_gauge_from(settings)
    line = stored_line(steps, row)
    again = line.measure(own)
    return Recomputed(
        step=int(steps.step[row]),
        pressure_gpa=again.pressure_gpa,
        difference_gpa=largest_difference_gpa(own, steps),
        budget=again.budget if stated else (),
        scales=on_every_scale(settings, line),
        side_by_side=again.alternatives,
        reference=again.reference,
        range_note=again.range_note,
        source=own.scale.citation,
        correction_source=own.correction.citation,
    )
