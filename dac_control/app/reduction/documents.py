"""A recomputed run as a JSON document and as rows of a table."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dac_control.app.reduction.reduce import Reduction
from dac_control.app.reduction.reduced import Reduced
from dac_control.app.reduction.sentences import what_came_out, what_changed
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.budget import finite_or_none
from dac_control.records.gauge_series import GaugeSeries

__all__ = ["as_csv", "as_document"]

_BEFORE: Final = (
    "stream",
    "seq_num",
    "step",
    "time",
    "lab_time_s",
    "branch",
    "turns",
)
_AFTER: Final = (
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
    return {
        "uid": run.uid,
        "plan": run.start.get("plan_name"),
        "folder": str(run.folder),
        "exit_status": run.exit_status,
        "simulated": run.simulated,
        "gauge": chosen.gauge,
        "from_scale": chosen.from_scale,
        "to_scale": chosen.scale.name,
        "source": chosen.scale.citation,
        **chosen.details,
        "refit": reduction.request.refit,
        "complete": reduction.complete,
        "reference": None if found is None else found.reference,
        "sentences": what_changed(reduction) + what_came_out(reduction),
        "record_difference_gpa": finite_or_none(reduction.record_difference_gpa),
        "steps": _rows(reduction.steps, chosen.key),
        "dwell": _rows(reduction.dwell, chosen.key),
        "highest_step": None if top is None else top.step,
        "budget": [] if found is None else [term.to_dict() for term in found.budget],
        "alternatives": [other.to_dict() for other in reduction.others],
        "left_as_recorded": [_as_recorded(each) for each in reduction.left],
    }


def as_csv(reduction: Reduction) -> str:
    """One row a spectrum, with a line of headings; numbers with a decimal point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    key = reduction.chosen.key
    columns = (*_BEFORE, *_observable(key), *_AFTER)
    writer.writerow(columns)
    for row in _rows(reduction.steps + reduction.dwell, key):
        cells = row | {"flags": " ".join(row["flags"])}
        writer.writerow(["" if cells[name] is None else cells[name] for name in columns])
    return text.getvalue()


def _observable(key: str) -> tuple[str, str, str, str]:
    """Names of the line or edge, its sigma, what was recorded, and how far that is."""
    unit = key.rpartition("_")[2]
    return key, f"sigma_{unit}", f"recorded_{key}", f"moved_{unit}"


def _as_recorded(series: GaugeSeries) -> dict[str, Any]:
    """Pressures of another gauge, step by step."""
    return {
        "gauge": series.gauge,
        "scale": series.scale,
        "pressure_gpa": [finite_or_none(float(each)) for each in series.pressure_gpa],
    }


def _rows(several: Iterable[Reduced], key: str) -> list[dict[str, Any]]:
    return [_row(each, key) for each in several]


def _row(each: Reduced, key: str) -> dict[str, Any]:
    seen = (each.line.value, each.line.sigma, each.recorded_value, each.moved)
    numbers = {
        "time": each.time,
        "lab_time_s": each.lab_time_s,
        "turns": each.turns,
        **dict(zip(_observable(key), seen, strict=True)),
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
