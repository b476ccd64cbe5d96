"""Numbers and words of the page's tables, ready to print."""

from typing import Any

import numpy as np

from dac_control.app.findings import text
from dac_control.app.findings.curves import LegCurve, left_out, parameter_count
from dac_control.app.findings.evolution import gauge_words
from dac_control.app.readings import Readings, Steps
from dac_control.app.reduction.stored_lines import top_row
from dac_control.app.report.canvas import BRANCH_STYLE
from dac_control.gauges import RUBY_FLAGS
from dac_control.gauges.diamond_edge.result import EDGE_FLAGS
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.picture import SIGNS
from dac_control.records import Run
from dac_control.records.gauge_series import device_of, numbers_of

__all__ = ["curve_words", "flag_meanings", "headline", "spectra", "step_row", "tally"]


def headline(run: Run, steps: Steps) -> dict[str, Any]:
    """What stands in large letters at the top."""
    row = top_row(steps)
    found: dict[str, Any] = {
        "top": None,
        "steps": steps.count,
        "measured": int(np.count_nonzero(steps.measured)),
        "lab_duration_s": _lab_duration_s(run),
        "wall_duration_s": (run.stop or {}).get("time", np.nan) - run.start["time"],
        "virtual": bool(run.start.get("rehearsal")),
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
            "gauge": gauge_words(steps.gauge[row]),
            "is_ruby": bool(np.isfinite(steps.r1_nm[row])) and steps.observable_unit[row] == "nm",
            "scale": steps.scale[row],
            "observable": _observable(steps, row),
            "temperature_k": float(steps.cell_temperature_k[row]),
            "chi2": float(steps.chi2_reduced[row]),
        }
    return found


def _lab_duration_s(run: Run) -> float | None:
    """From the first to the last look at the laboratory clock, of whichever stream."""
    key = f"{device_of(run, 'clock')}_lab_time_s"
    tables = (run.table(stream) for stream in run.streams)
    seen = [numbers_of(table, key, len(table.get("seq_num", ()))) for table in tables]
    times = np.concatenate([*seen, np.empty(0)])
    times = times[np.isfinite(times)]
    return float(np.ptp(times)) if times.size else None


def _observable(steps: Steps, row: int) -> str:
    unit = steps.observable_unit[row]
    if unit == "nm":
        return f"R1 at {text.number(float(steps.observable[row]), 4)} nm"
    value, sigma = text.with_sigma(float(steps.observable[row]), float(steps.observable_sigma[row]))
    return f"at {value} ± {sigma} cm⁻¹"


def curve_words(leg: LegCurve) -> dict[str, Any]:
    """One load curve in words, with a row for each of its forms."""
    curve = leg.curve
    residual = float(np.sqrt(np.mean(curve.residuals_gpa**2)))
    weights = curve.form_weights
    return {
        "branch": leg.words,
        "form": curve.form,
        "criterion": {"aic": "AIC", "aicc": "AICc", "bic": "BIC"}[curve.criterion],
        "count": str(curve.turns.size),
        "scatter": text.number(curve.scatter_gpa, 3),
        "residual": text.number(residual, 3),
        "rivals": ", ".join(rival.form for rival in curve.rivals) or "none",
        "forms": [
            {
                "form": fit.form,
                "chosen": fit is curve.chosen,
                "parameters": parameter_count(fit),
                "chi2": text.number(fit.chi2, 1),
                "aic": text.number(fit.aic, 1),
                "aicc": text.number(fit.aicc, 1),
                "bic": text.number(fit.bic, 1),
                "scatter": text.number(fit.scatter_gpa, 3),
                "residual": text.number(fit.residual_rms_gpa, 3),
                "weight": text.number(weights.get(fit.form), 2),
            }
            for fit in curve.fits
        ],
        "left_out": [
            {"form": form, "reason": reason, "weight": text.number(weights.get(form), 2)}
            for form, reason in left_out(curve)
        ],
    }


def step_row(steps: Steps, row: int) -> dict[str, Any]:
    """One row of the table of steps."""
    pressure = float(steps.pressure_gpa[row]) if steps.measured[row] else float("nan")
    return {
        "step": int(steps.step[row]),
        "measured": bool(steps.measured[row]),
        "gauge": gauge_words(steps.gauge[row]),
        "surprise": steps.surprise[row] if steps.surprising[row] else "",
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
        "flags": [
            *steps.flags[row],
            *(f"drive:{flag}" for flag in steps.drive_flags[row]),
            *(f"picture:{sign}" for sign in steps.signs[row]),
        ],
        "lab_time_s": float(steps.lab_time_s[row]),
    }


def tally(*streams: Readings) -> dict[str, int]:
    """How many spectra there are, and what became of them; the first stream is ``primary``."""
    measured = sum(int(np.count_nonzero(readings.measured)) for readings in streams)
    taken = sum(readings.count for readings in streams)
    return {
        "taken": taken,
        "steps": streams[0].count,
        "dwell": streams[1].count,
        "further": sum(readings.count for readings in streams[2:]),
        "rejected": taken - measured,
        "flagged": sum(
            bool(flags) and bool(ok)
            for readings in streams
            for flags, ok in zip(readings.flags, readings.measured, strict=True)
        ),
    }


def spectra(readings: Readings, *, rejected: bool = False) -> list[dict[str, Any]]:
    """One row per spectrum, or per rejected one."""
    rows = np.flatnonzero(~readings.measured) if rejected else range(readings.count)
    words = {"primary": "step", "dwell": "dwell"}
    return [
        {
            "stream": words.get(readings.stream, gauge_words(readings.stream)),
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


def flag_meanings(*streams: Readings) -> list[tuple[str, str]]:
    """Every flag that occurs, with its meaning."""
    seen = {flag for readings in streams for flags in readings.flags for flag in flags}
    for readings in streams:
        if isinstance(readings, Steps):
            seen |= {f"picture:{sign}" for signs in readings.signs for sign in signs}
    signs = {f"picture:{sign}": meaning for sign, meaning in SIGNS.items()}
    meanings = EDGE_FLAGS | RUBY_FLAGS | MEASUREMENT_FLAGS | signs
    return [(flag, meanings.get(flag, "")) for flag in sorted(seen)]
