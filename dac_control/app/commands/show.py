"""``runs``, ``show``, ``report`` and ``verify``: read what was measured."""

import datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from dac_control.app.commands.common import console_for, print_json
from dac_control.errors import RecordError
from dac_control.records import (
    RunInfo,
    find_run,
    list_runs,
    open_run,
    verify_manifest,
    write_manifest,
)
from dac_control.records.closing import close_dead_runs, close_if_dead

__all__ = ["list_all", "rewrite_report", "run_path", "runs_folder", "show_run", "verify_run"]

# Where runs are looked for when nobody says: a station's, then the demo's.
_DEFAULTS = (Path("runs"), Path("dac-control-demo/runs"))


def runs_folder(folder: Path | None) -> Path:
    """Folder of runs: the one given, or the first default that exists.

    Raises
    ------
    RecordError
        If there is none.
    """
    if folder is not None:
        if not folder.is_dir():
            raise RecordError(f"{folder} is not a folder; name the folder that holds the runs.")
        return folder
    present = [candidate for candidate in _DEFAULTS if candidate.is_dir()]
    for candidate in present:
        if list_runs(candidate):
            return candidate
    if present:
        return present[0]
    raise RecordError(
        f"There are no runs here: neither {_DEFAULTS[0]} nor {_DEFAULTS[1]} exists. "
        "Name the folder of runs."
    )


def list_all(folder: Path | None, *, as_json: bool) -> int:
    """List the runs of a folder, newest first."""
    where = runs_folder(folder)
    infos = list_runs(where)
    if close_dead_runs(where, infos=infos):
        infos = list_runs(where)
    if as_json:
        print_json([_info(info) for info in infos])
        return 0
    number = {0: "no runs", 1: "1 run"}.get(len(infos), f"{len(infos)} runs")
    typer.echo(f"{number} in {where}")
    for info in infos:
        started = datetime.datetime.fromtimestamp(info.time).strftime("%Y-%m-%d %H:%M:%S")
        mark = "simulated" if info.simulated else ""
        allowed = _allowed(info)
        unmeasured = f"  UNMEASURED STEPS ALLOWED ({allowed})" if allowed else ""
        status = f"{info.exit_status:10}  {mark:9}"
        typer.echo(
            f"{started}  {info.uid[:8]}  {info.plan:14}  {status}  {info.folder.name}{unmeasured}"
        )
    return 0


def _allowed(info: RunInfo) -> int:
    """Steps without a pressure that somebody allowed; older records never had any."""
    return int(info.start.get("allow_unmeasured_steps") or 0)


def _info(info: RunInfo) -> dict[str, Any]:
    return {
        "uid": info.uid,
        "plan": info.plan,
        "time": info.time,
        "exit_status": info.exit_status,
        "reason": info.reason,
        "simulated": info.simulated,
        "scan_id": info.scan_id,
        "allow_unmeasured_steps": _allowed(info),
        "folder": str(info.folder),
    }


def show_run(run: str, folder: Path | None, *, as_json: bool) -> int:
    """Print the steps of a run."""
    # fits and comparisons are slow to import, and no other command of this module needs them
    from dac_control.app.findings import summarise_findings

    summary = summarise_findings(open_run(run_path(run, folder)))
    if as_json:
        print_json(summary)
        return 0
    console = console_for(False)
    _print_head(console, summary)
    console.print(_steps_table(summary["steps"]))
    for move in summary["moves"]["without_a_step"]:
        stands = _number(move["stands_turns"], 4)
        console.print(
            f"not measured: a move to {move['to_turns']:.4f} turns (the screw stands at {stands})",
            soft_wrap=True,
            highlight=False,
        )
    _print_findings(console, summary)
    return 0


def _steps_table(steps: list[dict[str, Any]]) -> Table:
    """The steps; gauge and unit have columns only where the ruby was not alone in charge."""
    several = any(step["gauge"] != "ruby" for step in steps)
    lines = ("gauge", "line", "unit") if several else ("R1/nm",)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("step", "branch", "turns", "P/GPa", "±stat", "±sys", *lines, "T/K"):
        left = header in ("branch", "gauge", "unit")
        table.add_column(header, justify="left" if left else "right")
    table.add_column("outcome")
    table.add_column("flags", overflow="fold")
    for step in steps:
        in_nm = step["observable_unit"] == "nm"
        line = _number(step["observable"], 4 if in_nm else 2)
        table.add_row(
            str(step["step"]),
            str(step["branch"]),
            _number(step["turns"], 4),
            _number(step["pressure_gpa"], 3),
            _number(step["pressure_sigma_stat_gpa"], 4),
            _number(step["pressure_sigma_sys_gpa"], 2),
            *((step["gauge"], line, str(step["observable_unit"] or "")) if several else (line,)),
            _number(step["temperature_k"], 2),
            str(step["outcome"]),
            " ".join(step["flags"]),
        )
    return table


def _print_findings(console: Console, summary: dict[str, Any]) -> None:
    """What the run cannot show, and the gauges that have gaps."""
    for column in summary["evolution"]["columns"]:
        gap = column["longest_gap"]
        if gap is not None:
            missing = column["rejected"] + column["not_taken"]
            console.print(
                f"gap: {column['name']} is missing at {missing} of {len(column['states'])} steps"
            )
    console.print("What this run cannot show:", style="bold")
    for sentence in summary["limitations"]:
        console.print(f"- {sentence}", markup=False, highlight=False)
    console.print("Load curve, evolution, dose and controls: --json, or the report.", style="dim")


def _print_head(console: Console, summary: dict[str, Any]) -> None:
    mark = f", SIMULATED at speed {summary['speed']:g}" if summary["simulated"] else ""
    console.print(f"{summary['plan']} {summary['uid']}{mark}", soft_wrap=True)
    reason = f": {summary['reason']}" if summary["reason"] else ""
    console.print(f"{summary['exit_status']}{reason}", soft_wrap=True)
    console.print(f"scale {summary['scale']}; {summary['folder']}", soft_wrap=True)
    if summary["allow_unmeasured_steps"]:
        number = summary["allow_unmeasured_steps"]
        console.print(f"[bold red]UNMEASURED STEPS ALLOWED ({number})[/]", soft_wrap=True)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def rewrite_report(run: str, folder: Path | None) -> int:
    """Write the report of a run anew, and its manifest."""
    from dac_control.app.report import write_report

    path = run_path(run, folder)
    report = write_report(open_run(path))
    write_manifest(path)
    typer.echo(str(report))
    return 0


def verify_run(run: str, folder: Path | None, *, as_json: bool) -> int:
    """Compare the files of a run with its manifest; 1 if any differs."""
    differences = verify_manifest(run_path(run, folder))
    if as_json:
        print_json([{"path": item.path, "problem": item.problem} for item in differences])
    elif differences:
        for item in differences:
            typer.echo(f"{item}; restore it from a copy")
    else:
        typer.echo("Every file is as the manifest says.")
    return 1 if differences else 0


def run_path(run: str, folder: Path | None) -> Path:
    """Folder of the run that a person means: a folder, a uid, or the beginning of one.

    Raises
    ------
    RecordError
        If none is meant, or several are.

    Notes
    -----
    A run whose process died gets its stop document here, if nobody gave it one yet.
    """
    path = _meant(run, folder)
    close_if_dead(path)
    return path


def _meant(run: str, folder: Path | None) -> Path:
    if (Path(run) / "documents.jsonl").is_file():
        return Path(run)
    try:
        return find_run(run, runs_folder(folder))
    except RecordError as error:
        if Path(run).is_dir():
            problem = f"{run} is no run: it holds no documents.jsonl; name a run's own folder."
        elif len(Path(run).parts) > 1:
            problem = f"There is no folder {run}; check how it is spelled."
        else:
            raise
        raise RecordError(problem) from error
