"""The page: everything that the template shows, and writing it."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dac_control.app.findings import Evidence, gather, text
from dac_control.app.findings.checks import run_checks
from dac_control.app.findings.evolution import Evolution, gauge_words
from dac_control.app.readings import Readings, Steps
from dac_control.app.reduction.stored_lines import top_row
from dac_control.app.report import canvas
from dac_control.app.report.conditions import (
    drift_figure,
    pressure_of_temperature_figure,
    temperature_figure,
    width_figure,
)
from dac_control.app.report.consistency_figure import consistency_figure
from dac_control.app.report.curve_figures import forms_figure, prediction_figure
from dac_control.app.report.evolution_figure import evolution_figure
from dac_control.app.report.figures import time_figure, turns_figure
from dac_control.app.report.frames import pictures
from dac_control.app.report.linked_tables import control_rows, dose_rows
from dac_control.app.report.picture_figure import picture_figure
from dac_control.app.report.provenance import instruments, provenance
from dac_control.app.report.reflectance_figure import reflectance_figure
from dac_control.app.report.spectra import further_spectrum, one_spectrum, waterfall
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
from dac_control.reflectance.names import says_more

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
    with canvas.style():
        context = _context(run)
    return _environment().get_template("report.html.j2").render(context)


@lru_cache
def _environment() -> Environment:
    """Templates, compiled once a process."""
    environment = Environment(
        loader=PackageLoader("dac_control.app.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=text.number,
        duration=text.duration,
        utc=text.utc,
        plain=text.plain,
        gauge=gauge_words,
    )
    environment.tests["claim"] = says_more
    return environment


def _context(run: Run) -> dict[str, Any]:
    evidence = gather(run)
    steps, dwell = evidence.steps, evidence.dwell
    # the ruby's events are those of `primary`, whichever gauge is in charge
    streams = (evidence.first_gauge, dwell, *evidence.further)
    checks = run_checks(evidence)
    return {
        "run": run,
        "start": run.start,
        "folder": run.folder.resolve().name,
        "simulated": run.simulated,
        "unmeasured_allowed": run.start.get("allow_unmeasured_steps") or 0,
        "title": str(run.start.get("plan_name") or "run").replace("_", " "),
        "status": STATUS_WORDS.get(run.exit_status, run.exit_status),
        "headline": headline(run, steps),
        "moves_alone": evidence.moves.unmeasured,
        "limitations": [check for check in checks if not check.passed],
        "passed": [check for check in checks if check.passed],
        "figures": _figures(evidence),
        "curves": [curve_words(leg) for leg in evidence.curves.legs],
        "turns_words": evidence.curves.turns_words,
        "dead_bands": evidence.curves.dead_bands,
        "hysteresis": evidence.curves.hysteresis,
        "evolution": evidence.evolution,
        "overlaps": evidence.overlaps,
        "light": evidence.light,
        "dose_rows": dose_rows(evidence.light),
        "linked": evidence.linked,
        "control_rows": control_rows(evidence.linked),
        "frames": pictures(run, steps, simulated=run.simulated),
        "frames_total": steps.count,
        "rows": [step_row(steps, row) for row in range(steps.count)],
        "tally": tally(*streams),
        "rejected": [row for each in streams for row in spectra(each, rejected=True)],
        "readings": [row for each in _dwell_first(streams) for row in spectra(each)],
        "flag_meanings": flag_meanings(*streams),
        "recomputed": evidence.recomputed,
        "edge": evidence.edge,
        "looks": _looks(evidence),
        "reflectance_shown": evidence.shows_reflectance,
        "experiment": run.start.get("experiment"),
        "provenance": provenance(run),
        "instruments": instruments(run),
    }


def _looks(evidence: Evidence) -> tuple[str, ...]:
    """Each sentence once, where it stands last: what a reflectance does not show ends it."""
    said = (*evidence.looks.sentences, *evidence.reflectances.sentences)
    return tuple(line for at, line in enumerate(said) if line not in said[at + 1 :])


def _dwell_first(streams: tuple[Readings, ...]) -> tuple[Readings, ...]:
    return (streams[1], streams[0], *streams[2:])


def _figures(evidence: Evidence) -> dict[str, Any]:
    run, steps, dwell, ruby = evidence.run, evidence.steps, evidence.dwell, evidence.first_gauge
    simulated = run.simulated
    return {
        "evolution": evolution_figure(evidence.evolution, simulated=simulated),
        "turns": turns_figure(steps, evidence.curves, simulated=simulated),
        "forms": forms_figure(evidence.curves, simulated=simulated),
        "predicted": prediction_figure(steps, simulated=simulated),
        "consistency": [
            consistency_figure(overlap, number, simulated=simulated)
            for number, overlap in enumerate(evidence.overlaps)
        ],
        "time": time_figure(steps, dwell, simulated=simulated),
        "temperature": temperature_figure(steps, dwell, simulated=simulated),
        "drift": drift_figure(steps, _drift_limit(run), simulated=simulated),
        "width": width_figure(ruby, simulated=simulated),
        "pressure_of_temperature": pressure_of_temperature_figure(steps, simulated=simulated),
        "reflectance": reflectance_figure(evidence.reflectances.own, simulated=simulated),
        "picture": picture_figure(run, steps, simulated=simulated),
        "top": _top_spectrum(run, steps, ruby, evidence.evolution),
        "waterfall": waterfall(run, ruby, simulated=simulated),
    }


def _top_spectrum(run: Run, steps: Steps, ruby: Steps, evolution: Evolution) -> Any:
    """Spectrum of the highest step, of the gauge that was in charge there."""
    row = top_row(steps)
    if row is None:
        return None
    if steps.gauge[row] != ruby.gauge[row]:
        series = next(each for each in evolution.gauges if each.gauge == steps.gauge[row])
        return further_spectrum(run, series, row, simulated=run.simulated)
    return one_spectrum(run, ruby, row, simulated=run.simulated)


def _drift_limit(run: Run) -> float | None:
    found: Any = run.start.get("plan_args")
    for key in ("settings", "dwell", "drift_limit_gpa_per_h"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, (int, float)) else None
