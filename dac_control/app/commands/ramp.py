"""Carry out a run file in a session: the one way from a file to a finished run folder."""

import logging
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from dac_control.app.commands.common import print_json
from dac_control.app.engine import uninterrupted
from dac_control.app.live import LiveView
from dac_control.app.run_file import RunFile
from dac_control.app.run_plan import plan_of
from dac_control.app.session import Session
from dac_control.errors import DacError
from dac_control.records import open_run, write_manifest

__all__ = ["Outcome", "carry_out", "print_outcome"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where the run is, and why it ended early if it did."""

    folder: Path
    report: Path | None
    failure: str = ""


def carry_out(session: Session, run: RunFile, run_toml: str, console: Console) -> Outcome:
    """Run the plan of a run file, then write report and manifest.

    Raises
    ------
    DacError
        If the run was refused before it opened.
    """
    session.attachments["run.toml"] = run_toml
    view = LiveView(console, session.hold)
    plan = plan_of(run, session.instruments)
    before = session.recorder.folder
    failure = ""
    try:
        session.run(plan, view)
    except DacError as error:
        if session.recorder.folder == before:
            raise
        failure = str(error)
    finally:
        view.close()
        session.attachments.pop("run.toml", None)
    folder = session.recorder.folder
    if folder is None:
        raise DacError("The run left no folder.")
    ended = open_run(folder)
    if ended.exit_status != "success" and not failure:
        failure = ended.reason or "The run ended early."
    console.print("The run is over; writing the report ...")
    with uninterrupted():
        return Outcome(folder=folder, report=finish(folder, console), failure=failure)


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
        from dac_control.app.findings import summarise_findings

        print_json(summarise_findings(open_run(outcome.folder)))
    if outcome.failure:
        typer.echo(outcome.failure, err=True)
    report = f"  report {outcome.report}" if outcome.report is not None else ""
    console.print(f"Run folder {outcome.folder}{report}", soft_wrap=True)
    return 1 if outcome.failure else 0
