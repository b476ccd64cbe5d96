"""The page: everything that the template shows, and writing it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dac_control.app.readings import Readings, Steps, read_dwell, read_steps
from dac_control.app.reduction.stored_lines import top_row
from dac_control.app.report import canvas, text
from dac_control.app.report.checks import run_checks
from dac_control.app.report.conditions import drift_figure, temperature_figure, width_figure
from dac_control.app.report.evidence import Evidence
from dac_control.app.report.figures import Curves, fit_curves, time_figure, turns_figure
from dac_control.app.report.frames import pictures
from dac_control.app.report.provenance import instruments, provenance
from dac_control.app.report.recompute import recompute_top
from dac_control.app.report.spectra import one_spectrum, waterfall
from dac_control.app.report.tables import (
    curve_words,
    flag_meanings,
    headline,
    spectra,
    step_row,
    tally,
)
from dac_control.errors import RecordError
from dac_control.records import Run

__all__ = ["REPORT_NAME", "render_report", "write_report"]

REPORT_NAME = "report.html"

STATUS_WORDS = {
    "success": "done",
    "abort": "aborted",
    "fail": "ended early",
    "unfinished": "unfinished",
}


def write_report(run: Run, path: Path | None = None) -> Path:
    """Write the report of a run: one file that needs nothing else, online or off.

    Parameters
    ----------
    run : Run
        Also an unfinished or killed one, and one without a single step.
    path : Path, optional
        Where to; ``report.html`` in the run folder by default.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RecordError
        If the file cannot be written.
    """
    target = run.folder / REPORT_NAME if path is None else path
    page = render_report(run)
    partial = target.with_name(target.name + ".part")
    try:
        partial.write_text(page, encoding="utf-8", newline="\n")
        # In one step, so that nobody ever opens half a report.
        os.replace(partial, target)
    except OSError as error:
        raise RecordError(
            f"The report cannot be written to {target} ({error.strerror or error}); "
            "give another path or make room."
        ) from error
    return target


def render_report(run: Run) -> str:
    """Return the page; the same run and libraries give the same bytes, in any time zone."""
    environment = Environment(
        loader=PackageLoader("dac_control.app.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=text.number, duration=text.duration, utc=text.utc, plain=text.plain
    )
    with canvas.style():
        context = _context(run)
    return environment.get_template("report.html.j2").render(context)


def _context(run: Run) -> dict[str, Any]:
    steps, dwell = read_steps(run), read_dwell(run)
    curves = fit_curves(steps)
    frames = pictures(run, steps, simulated=run.simulated)
    recomputed = recompute_top(run, steps)
    checks = run_checks(
        Evidence(run=run, steps=steps, dwell=dwell, frames=frames, recomputed=recomputed)
    )
    return {
        "run": run,
        "start": run.start,
        "folder": run.folder.resolve().name,
        "simulated": run.simulated,
        "title": str(run.start.get("plan_name") or "run").replace("_", " "),
        "status": STATUS_WORDS.get(run.exit_status, run.exit_status),
        "headline": headline(run, steps, dwell),
        "limitations": [check for check in checks if not check.passed],
        "passed": [check for check in checks if check.passed],
        "figures": _figures(run, steps, dwell, curves),
        "curves": [curve_words(curve) for curve in (curves.load, curves.unload) if curve],
        "frames": frames,
        "frames_total": steps.count,
        "rows": [step_row(steps, row) for row in range(steps.count)],
        "tally": tally(steps, dwell),
        "rejected": [*spectra(steps, rejected=True), *spectra(dwell, rejected=True)],
        "readings": [*spectra(dwell), *spectra(steps)],
        "flag_meanings": flag_meanings(steps, dwell),
        "recomputed": recomputed,
        "provenance": provenance(run),
        "instruments": instruments(run),
    }


def _figures(run: Run, steps: Steps, dwell: Readings, curves: Curves) -> dict[str, Any]:
    simulated, row = run.simulated, top_row(steps)
    return {
        "turns": turns_figure(steps, curves, simulated=simulated),
        "time": time_figure(steps, dwell, simulated=simulated),
        "temperature": temperature_figure(steps, dwell, simulated=simulated),
        "drift": drift_figure(steps, _drift_limit(run), simulated=simulated),
        "width": width_figure(steps, simulated=simulated),
        "top": None if row is None else one_spectrum(run, steps, row, simulated=simulated),
        "waterfall": waterfall(run, steps, simulated=simulated),
    }


def _drift_limit(run: Run) -> float | None:
    found: Any = run.start.get("plan_args")
    for key in ("settings", "dwell", "drift_limit_gpa_per_h"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, (int, float)) else None
