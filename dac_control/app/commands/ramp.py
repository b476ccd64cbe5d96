"""Carry out a run file in a session: the one way from a file to a finished run folder."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from dac_control.app.commands.common import console_for, only_json_on_stdout, print_json
from dac_control.app.engine import uninterrupted
from dac_control.app.live import LiveView
from dac_control.app.run_file import RunFile
from dac_control.app.run_plan import plan_of
from dac_control.app.session import Session
from dac_control.errors import DacError, Disagreement
from dac_control.records import open_run, write_manifest
from plans.resumption import Resumption

__all__ = ["Outcome", "carry_out", "print_outcome", "printed"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where the runs are, and why the last ended early if it did."""

    folders: tuple[Path, ...]
    """One for each run that opened, in order; several for an experiment."""
    reports: tuple[Path | None, ...]
    failure: str = ""
    refused: bool = False
    """True if it ended before its first move because something does not agree."""


def carry_out(
    session: Session,
    run: RunFile,
    run_toml: str,
    console: Console,
    *,
    md: Mapping[str, Any] | None = None,
    resumption: Resumption | None = None,
) -> Outcome:
    """Run the plan of a run file, then write report and manifest of each run that it opened.

    With a `resumption`, what is left of it by an earlier run; `md` goes into its start document.

    Raises
    ------
    DacError
        If nothing opened because the run was refused.
    """
    session.attachments["run.toml"] = run_toml
    view = LiveView(console, session.hold)
    plan = plan_of(run, session.instruments, md, resumption)
    folders: list[Path] = []
    failure, refused = "", False

    def listen(name: str, doc: Mapping[str, Any]) -> None:
        # the recorder listens first, so the folder of a run is known
        if name == "start" and session.recorder.folder is not None:
            folders.append(session.recorder.folder)
        view(name, doc)

    try:
        session.run(plan, listen)
    except DacError as error:
        if not folders:
            raise
        failure, refused = str(error), isinstance(error, Disagreement)
    finally:
        view.close()
        session.attachments.pop("run.toml", None)
    if not folders:
        raise DacError("The run left no folder.")
    ended = open_run(folders[-1])
    if ended.exit_status != "success" and not failure:
        failure = ended.reason or "The run ended early."
    console.print("The run is over; writing the report ...")
    with uninterrupted():
        reports = tuple(finish(folder, console) for folder in folders)
        return Outcome(folders=tuple(folders), reports=reports, failure=failure, refused=refused)


def finish(folder: Path, console: Console) -> Path | None:
    """Write report and manifest of a run that is over; a failure there costs no data."""
    from dac_control.app.report import write_report

    report: Path | None = None
    try:
        report = write_report(open_run(folder))
        write_manifest(folder)
    except Exception as error:
        logger.exception("report or manifest of %s", folder)
        console.print(f"[red]Report or manifest could not be written:[/] {error}")
    return report


def print_outcome(outcome: Outcome, console: Console, *, as_json: bool) -> int:
    """Print how the run ended and where it is; return the exit status of the command."""
    if as_json:
        print_json(_summary(outcome.folders))
    if outcome.failure:
        typer.echo(outcome.failure, err=True)
    for folder, written in zip(outcome.folders, outcome.reports, strict=True):
        report = f"  report {written}" if written is not None else ""
        console.print(f"Run folder {folder}{report}", soft_wrap=True)
    if outcome.refused:
        return 2
    return 1 if outcome.failure else 0


def _summary(folders: tuple[Path, ...]) -> dict[str, Any]:
    """As ``show --json`` prints a run; of an experiment, that of its last run and ``runs``."""
    from dac_control.app.findings import summarise_findings

    found = [summarise_findings(open_run(folder)) for folder in folders]
    return found[0] if len(found) == 1 else {**found[-1], "runs": found}


def printed(
    carry: Callable[[Console], Outcome], heard: Callable[[str], None], *, as_json: bool
) -> int:
    """Let `carry` do its runs, print how they ended, and return the exit status of the command.

    Parameters
    ----------
    carry : callable
        Given where to print while it goes on.
    heard : callable
        Told why a run ended early, where one did.
    as_json : bool
        Standard output belongs to one JSON document.
    """
    console = console_for(as_json)
    with only_json_on_stdout(as_json):
        outcome = carry(console)
    if outcome.failure:
        heard(outcome.failure)
    return print_outcome(outcome, console, as_json=as_json)
