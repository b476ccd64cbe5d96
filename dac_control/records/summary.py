"""A run in the shape that ``show --json`` and ``demo --json`` print: steps with pressures.

Keys may be added here, never renamed: other programs rely on them.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.records.reader import Run

__all__ = ["dumps_summary", "summarise"]


@dataclass(frozen=True)
class _Observable:
    """Which attributes of a gauge's device hold what it observes, and in which unit."""

    value: str
    sigma: str
    unit: str


_OBSERVABLES = {"ruby": _Observable("r1_nm", "r1_sigma_nm", "nm")}

# Keys of a step beyond the contract: (role, attribute) of the same name.
_EXTRA = {
    "branch": ("step", "branch"),
    "target": ("step", "target"),
    "target_turns": ("step", "target_turns"),
    "outcome": ("step", "outcome"),
    "drift_gpa_per_h": ("step", "drift_gpa_per_h"),
    "drift_bound_gpa_per_h": ("step", "drift_bound_gpa_per_h"),
    "dwell_s": ("step", "dwell_s"),
    "attempts": ("step", "attempts"),
    "stage_temperature_k": ("cryostat", "stage_temperature_k"),
    "exposure_s": ("spectrometer", "exposure_s"),
}


def summarise(run: Run) -> dict[str, Any]:
    """Summarise a run.

    Returns
    -------
    dict
        ``uid, plan, exit_status, simulated, steps`` and more; strict JSON: what was not
        measured is None, never NaN.
    """
    start = run.start
    return {
        "uid": run.uid,
        "plan": start.get("plan_name"),
        "exit_status": run.exit_status,
        "reason": run.reason,
        "simulated": run.simulated,
        "speed": _plain(start.get("speed")),
        "scan_id": start.get("scan_id"),
        "time": start.get("time"),
        "folder": str(run.folder),
        "operator": start.get("operator"),
        "specimen": start.get("specimen"),
        "gauge": start.get("gauge"),
        "scale": start.get("scale"),
        "lambda0": start.get("lambda0"),
        "targets": start.get("targets"),
        "steps": _steps(run),
    }


def dumps_summary(summary: Mapping[str, Any]) -> str:
    """Print a summary, or a list of them, as indented strict JSON."""
    return json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False)


def _steps(run: Run) -> list[dict[str, Any]]:
    table = run.table("primary")
    return [_step(run, table, row) for row in range(len(table.get("seq_num", ())))]


def _step(run: Run, table: Mapping[str, NDArray[Any]], row: int) -> dict[str, Any]:
    devices = run.start.get("devices", {})
    gauge = run.start.get("gauge") or "ruby"
    observable = _OBSERVABLES.get(gauge)

    def value(role: str, attribute: str) -> Any:
        column = table.get(f"{devices.get(role)}_{attribute}")
        return None if column is None else _plain(column[row])

    number = value("step", "number")
    temperature_k = value("cryostat", "cell_temperature_k")
    step = {
        "step": int(table["seq_num"][row]) if number is None else number,
        "time": _plain(table["time"][row]),
        "lab_time_s": value("clock", "lab_time_s"),
        "turns": value("drive", "turns"),
        "pressure_gpa": value(gauge, "pressure_gpa"),
        "pressure_sigma_stat_gpa": value(gauge, "pressure_sigma_stat_gpa"),
        "pressure_sigma_sys_gpa": value(gauge, "pressure_sigma_sys_gpa"),
        "gauge": gauge,
        "scale": run.start.get("scale"),
        "observable": value(gauge, observable.value) if observable else None,
        "observable_sigma": value(gauge, observable.sigma) if observable else None,
        "observable_unit": observable.unit if observable else None,
        "temperature_k": value(gauge, "temperature_k") if temperature_k is None else temperature_k,
        "measured": bool(value(gauge, "measured")),
        "flags": _flags(value(gauge, "flags"))
        + [f"drive:{flag}" for flag in _flags(value("drive", "flags"))],
    }
    return step | {name: value(*where) for name, where in _EXTRA.items()}


def _flags(text: object) -> list[str]:
    return text.split() if isinstance(text, str) else []


def _plain(value: Any) -> Any:
    """Return a value of Python's own types; None for what is not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
