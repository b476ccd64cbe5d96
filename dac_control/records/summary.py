"""A run in the shape that ``show --json`` and ``demo --json`` print: steps with pressures.

Keys may be added here, never renamed: other programs rely on them.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.records.gauge_series import GaugeSeries, gauges_in_charge, read_gauges
from dac_control.records.reader import Run

__all__ = ["dumps_summary", "plain", "summarise"]

# Keys of a step beyond the contract: (role, attribute) of the same name.
_EXTRA = {
    "branch": ("step", "branch"),
    "target": ("step", "target"),
    "target_turns": ("step", "target_turns"),
    "pressure_half_width_95_gpa": ("step", "pressure_half_width_95_gpa"),
    "outcome": ("step", "outcome"),
    "drift_gpa_per_h": ("step", "drift_gpa_per_h"),
    "drift_bound_gpa_per_h": ("step", "drift_bound_gpa_per_h"),
    "dwell_s": ("step", "dwell_s"),
    "attempts": ("step", "attempts"),
    "surprise": ("step", "surprise"),
    "signs": ("step", "signs"),
    "hole_um": ("picture", "hole_um"),
    "stage_temperature_k": ("cryostat", "stage_temperature_k"),
    "exposure_s": ("spectrometer", "exposure_s"),
}
_PICTURE = (
    "hole_um",
    "hole_sigma_um",
    "hole_sigma_sys_um",
    "hole_px",
    "hole_sigma_px",
    "ellipticity",
    "ellipticity_sigma",
    "brightness",
    "brightness_sigma",
    "core",
    "core_sigma",
    "red",
    "green",
    "blue",
    "focus",
    "measured",
    "judged",
)
"""What a step's frame gave; light in all of the hole and in its core, where the sample is, is over
the gasket's."""
_PREDICTED = {
    "pressure_gpa": "predicted_gpa",
    "low_gpa": "predicted_low_gpa",
    "high_gpa": "predicted_high_gpa",
    "bound_gpa": "bound_gpa",
}


def summarise(run: Run) -> dict[str, Any]:
    """Summarise a run.

    Returns
    -------
    dict
        ``uid, plan, exit_status, simulated, steps`` and more; strict JSON: what was not
        measured is None, never NaN. The pressure of a step is that of the gauge in charge
        there; ``gauges`` of a step holds what every gauge said. A prediction stands under
        ``predicted`` and nowhere else. ``picture`` of a step is what was read off its frame, None
        without one.
    """
    start = run.start
    return {
        "uid": run.uid,
        "plan": start.get("plan_name"),
        "exit_status": run.exit_status,
        "reason": run.reason,
        "simulated": run.simulated,
        "speed": plain(start.get("speed")),
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


def plain(value: Any) -> Any:
    """Return a value of Python's own types; None for what is not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _steps(run: Run) -> list[dict[str, Any]]:
    table, gauges, charged = run.table("primary"), read_gauges(run), gauges_in_charge(run)
    return [
        _step(run, table, row, gauges, charged[row]) for row in range(len(table.get("seq_num", ())))
    ]


def _step(
    run: Run,
    table: Mapping[str, NDArray[Any]],
    row: int,
    gauges: tuple[GaugeSeries, ...],
    charged: str,
) -> dict[str, Any]:
    devices = run.start.get("devices", {})

    def value(role: str, attribute: str) -> Any:
        column = table.get(f"{devices.get(role)}_{attribute}")
        return None if column is None else plain(column[row])

    said = {series.gauge: _reading(series, row) for series in gauges}
    # a gauge that was in charge and left no stream measured nothing
    own = said.get(charged, _NOTHING)
    number, temperature_k = value("step", "number"), value("cryostat", "cell_temperature_k")
    step = {
        "step": int(table["seq_num"][row]) if number is None else number,
        "time": plain(table["time"][row]),
        "lab_time_s": value("clock", "lab_time_s"),
        "turns": value("drive", "turns"),
        "pressure_gpa": own["pressure_gpa"],
        "pressure_sigma_stat_gpa": own["pressure_sigma_stat_gpa"],
        "pressure_sigma_sys_gpa": own["pressure_sigma_sys_gpa"],
        "gauge": charged,
        "scale": own["scale"],
        "observable": own["observable"],
        "observable_sigma": own["observable_sigma"],
        "observable_unit": own["observable_unit"],
        "temperature_k": own["temperature_k"] if temperature_k is None else temperature_k,
        "measured": own["measured"],
        "flags": own["flags"] + [f"drive:{flag}" for flag in _flags(value("drive", "flags"))],
    }
    predicted = {name: value("step", attribute) for name, attribute in _PREDICTED.items()}
    return (
        step
        | {name: value(*where) for name, where in _EXTRA.items()}
        | {
            "picture": None
            if value("picture", "measured") is None
            else {name: value("picture", name) for name in _PICTURE}
            | {"flags": _flags(value("picture", "flags"))},
            "predicted": predicted if predicted["pressure_gpa"] is not None else None,
            "gauges": said,
        }
    )


def _reading(series: GaugeSeries, row: int) -> dict[str, Any]:
    return {
        "taken": bool(series.taken[row]),
        "measured": bool(series.measured[row]),
        "pressure_gpa": plain(series.pressure_gpa[row]),
        "pressure_sigma_stat_gpa": plain(series.sigma_stat_gpa[row]),
        "pressure_sigma_sys_gpa": plain(series.sigma_sys_gpa[row]),
        "scale": series.scale or None,
        "observable": plain(series.observable[row]),
        "observable_sigma": plain(series.observable_sigma[row]),
        "observable_unit": series.observable_unit,
        "temperature_k": plain(series.temperature_k[row]),
        "flags": list(series.flags[row]),
    }


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(
        (
            "pressure_gpa",
            "pressure_sigma_stat_gpa",
            "pressure_sigma_sys_gpa",
            "scale",
            "observable",
            "observable_sigma",
            "observable_unit",
            "temperature_k",
        )
    ),
    "taken": False,
    "measured": False,
    "flags": [],
}


def _flags(text: object) -> list[str]:
    return text.split() if isinstance(text, str) else []
