"""Numbers and words of the page's tables, ready to print."""

from typing import Any

import numpy as np

from dac_control.app.readings import Readings, Steps
from dac_control.app.reduction.stored_lines import top_row
from dac_control.app.report import text
from dac_control.app.report.canvas import BRANCH_STYLE
from dac_control.gauges import RUBY_FLAGS
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.load_curve import LoadCurve
from dac_control.records import Run

__all__ = ["curve_words", "flag_meanings", "headline", "spectra", "step_row", "tally"]


def headline(run: Run, steps: Steps, dwell: Readings) -> dict[str, Any]:
    """What stands in large letters at the top."""
    row = top_row(steps)
    times = np.concatenate([steps.lab_time_s, dwell.lab_time_s])
    times = times[np.isfinite(times)]
    found: dict[str, Any] = {
        "top": None,
        "steps": steps.count,
        "measured": int(np.count_nonzero(steps.measured)),
        "lab_duration_s": float(np.ptp(times)) if times.size else None,
        "wall_duration_s": (run.stop or {}).get("time", np.nan) - run.start["time"],
        "speed": run.start.get("speed"),
    }
    if row is not None:
        statistical = float(steps.sigma_stat_gpa[row])
        value, stat = text.with_sigma(float(steps.pressure_gpa[row]), statistical)
        found["top"] = {
            "pressure": value,
            "stat": stat,
            "sys": text.with_sigma(0.0, float(steps.sigma_sys_gpa[row]))[1],
            "step": int(steps.step[row]),
            "turns": float(steps.turns[row]),
            "r1_nm": float(steps.r1_nm[row]),
            "temperature_k": float(steps.cell_temperature_k[row]),
            "chi2": float(steps.chi2_reduced[row]),
        }
    return found


def curve_words(curve: LoadCurve) -> dict[str, str]:
    """One load curve in words."""
    residual = float(np.sqrt(np.mean(curve.residuals_gpa**2)))
    return {
        "branch": "loading" if curve.branch == "load" else "unloading",
        "form": curve.form,
        "count": str(curve.turns.size),
        "scatter": text.number(curve.scatter_gpa, 3),
        "residual": text.number(residual, 3),
        "rivals": ", ".join(rival.form for rival in curve.rivals) or "none",
    }


def step_row(steps: Steps, row: int) -> dict[str, Any]:
    """One row of the table of steps."""
    pressure = float(steps.pressure_gpa[row]) if steps.measured[row] else float("nan")
    return {
        "step": int(steps.step[row]),
        "measured": bool(steps.measured[row]),
        "branch": BRANCH_STYLE.get(steps.branch[row], ("", "", steps.branch[row]))[2],
        "target": float(steps.target[row]),
        "turns": float(steps.turns[row]),
        "pressure": text.number(pressure, 4),
        "stat": text.number(float(steps.sigma_stat_gpa[row]), 4),
        "sys": text.number(float(steps.sigma_sys_gpa[row]), 2),
        "r1": text.number(float(steps.r1_nm[row]), 4),
        "r1_sigma_pm": text.number(1e3 * float(steps.r1_sigma_nm[row]), 2),
        "fwhm": float(steps.r1_fwhm_nm[row]),
        "chi2": float(steps.chi2_reduced[row]),
        "cell_k": float(steps.cell_temperature_k[row]),
        "stage_k": float(steps.stage_temperature_k[row]),
        "drift": float(steps.drift_gpa_per_h[row]),
        "bound": float(steps.drift_bound_gpa_per_h[row]),
        "outcome": steps.outcome[row].replace("_", " "),
        "dwell_s": float(steps.dwell_s[row]),
        "exposure_s": float(steps.exposure_s[row]),
        "attempts": float(steps.attempts[row]),
        "flags": [*steps.flags[row], *(f"drive:{flag}" for flag in steps.drive_flags[row])],
        "lab_time_s": float(steps.lab_time_s[row]),
    }


def tally(steps: Steps, dwell: Readings) -> dict[str, int]:
    """How many spectra there are, and what became of them."""
    measured = int(np.count_nonzero(steps.measured)), int(np.count_nonzero(dwell.measured))
    taken = steps.count + dwell.count
    return {
        "taken": taken,
        "steps": steps.count,
        "dwell": dwell.count,
        "rejected": taken - sum(measured),
        "flagged": sum(
            bool(flags) and bool(ok)
            for readings in (steps, dwell)
            for flags, ok in zip(readings.flags, readings.measured, strict=True)
        ),
    }


def spectra(readings: Readings, *, rejected: bool = False) -> list[dict[str, Any]]:
    """One row per spectrum, or per rejected one."""
    rows = np.flatnonzero(~readings.measured) if rejected else range(readings.count)
    return [
        {
            "stream": "step" if readings.stream == "primary" else "dwell",
            "number": int(readings.seq_num[row]),
            "step": float(readings.step[row]),
            "lab_time_s": float(readings.lab_time_s[row]),
            "time": float(readings.time[row]),
            "exposure_s": float(readings.exposure_s[row]),
            "measured": bool(readings.measured[row]),
            "pressure": text.number(float(readings.pressure_gpa[row]), 4),
            "stat": text.number(float(readings.sigma_stat_gpa[row]), 4),
            "flags": readings.flags[row],
        }
        for row in rows
    ]


def flag_meanings(steps: Steps, dwell: Readings) -> list[tuple[str, str]]:
    """Every flag that occurs, with its meaning."""
    seen = {flag for flags in (*steps.flags, *dwell.flags) for flag in flags}
    meanings = RUBY_FLAGS | MEASUREMENT_FLAGS
    return [(flag, meanings.get(flag, "")) for flag in sorted(seen)]
