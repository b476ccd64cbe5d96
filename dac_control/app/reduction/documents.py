"""A recomputed run as a JSON document and as rows of a table."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dac_control.app.reduction.reduce import Reduced, Reduction
from dac_control.app.reduction.sentences import what_came_out, what_changed
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.budget import finite_or_none
from dac_control.gauges.ruby_gauge.settings import ruby_settings

__all__ = ["as_csv", "as_document"]

_COLUMNS: Final = (
    "stream",
    "seq_num",
    "step",
    "time",
    "lab_time_s",
    "branch",
    "turns",
    "line_nm",
    "sigma_nm",
    "recorded_line_nm",
    "moved_nm",
    "temperature_k",
    "measured",
    "recorded_pressure_gpa",
    "pressure_gpa",
    "difference_gpa",
    "sigma_stat_gpa",
    "sigma_sys_gpa",
    "in_range",
    "flags",
    "range_note",
    "message",
)


def as_document(reduction: Reduction) -> dict[str, Any]:
    """Return everything as JSON takes it; what is not finite is None."""
    run, chosen, top = reduction.run, reduction.chosen, reduction.top
    found = None if top is None else top.measurement
    settings = ruby_settings(chosen.ruby)
    return {
        "uid": run.uid,
        "plan": run.start.get("plan_name"),
        "folder": str(run.folder),
        "exit_status": run.exit_status,
        "simulated": run.simulated,
        "gauge": "ruby",
        "from_scale": chosen.from_scale,
        "to_scale": chosen.ruby.scale.name,
        "source": chosen.ruby.scale.citation,
        "from_correction": chosen.from_correction,
        "correction": chosen.ruby.correction.name,
        "from_lambda0": chosen.from_lambda0,
        "lambda0": settings["lambda0"],
        "refit": reduction.request.refit,
        "complete": reduction.complete,
        "reference": None if found is None else found.reference,
        "sentences": what_changed(reduction) + what_came_out(reduction),
        "record_difference_gpa": finite_or_none(reduction.record_difference_gpa),
        "steps": _rows(reduction.steps),
        "dwell": _rows(reduction.dwell),
        "highest_step": None if top is None else top.step,
        "budget": [] if found is None else [term.to_dict() for term in found.budget],
        "alternatives": [other.to_dict() for other in reduction.others],
    }


def as_csv(reduction: Reduction) -> str:
    """One row a spectrum, with a line of headings; numbers with a decimal point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in _rows(reduction.steps + reduction.dwell):
        cells = row | {"flags": " ".join(row["flags"])}
        writer.writerow(["" if cells[name] is None else cells[name] for name in _COLUMNS])
    return text.getvalue()


def _rows(several: Iterable[Reduced]) -> list[dict[str, Any]]:
    return [_row(each) for each in several]


def _row(each: Reduced) -> dict[str, Any]:
    numbers = {
        "time": each.time,
        "lab_time_s": each.lab_time_s,
        "turns": each.turns,
        "line_nm": each.line.line_nm,
        "sigma_nm": each.line.sigma_nm,
        "recorded_line_nm": each.recorded_nm,
        "moved_nm": each.moved_nm,
        "temperature_k": each.line.temperature_k,
        "recorded_pressure_gpa": each.recorded_gpa,
        "pressure_gpa": each.pressure_gpa,
        "difference_gpa": each.difference_gpa,
    }
    return {
        "stream": each.stream,
        "seq_num": each.seq_num,
        "step": each.step,
        "branch": each.branch,
        "measured": each.measured,
        **{name: finite_or_none(value) for name, value in numbers.items()},
        **_of_measurement(each.measurement),
        "flags": list(each.flags),
        "message": each.message,
    }


def _of_measurement(found: PressureMeasurement | None) -> Mapping[str, Any]:
    if found is None:
        return {
            "sigma_stat_gpa": None,
            "sigma_sys_gpa": None,
            "in_range": None,
            "range_note": "",
        }
    return {
        "sigma_stat_gpa": finite_or_none(found.sigma_stat_gpa),
        "sigma_sys_gpa": finite_or_none(found.sigma_sys_gpa),
        "in_range": found.in_range,
        "range_note": found.range_note,
    }
