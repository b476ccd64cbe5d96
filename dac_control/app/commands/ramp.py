"""Carry out a run file in a session: the one way from a file to a finished run folder."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from dac_control.app.commands.common import only_json_on_stdout
from dac_control.app.live import LiveView
from dac_control.app.run_file import RunFile
from dac_control.app.session import Session
from dac_control.errors import DacError
from dac_control.records import open_run, write_manifest
from plans.pressure_ramp import pressure_ramp

__all__ = ["Outcome", "carry_out"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where the run is, and why it ended early if it did."""

    folder: Path
    report: Path | None
    failure: str = ""


def carry_out(
    session: Session, run: RunFile, run_toml: str | Path, console: Console, *, as_json: bool
) -> Outcome:
    """Run the plan of a run file, then write report and manifest.

    Raises
    ------
    DacError
        If the run was refused before it opened.
    """
    session.attachments["run.toml"] = run_toml
    view = LiveView(console)
    plan = pressure_ramp(
        session.instruments, run.targets, settings=run.settings, md={"purpose": run.purpose}
    )
    before = session.recorder.folder
    try:
        with only_json_on_stdout(as_json):
            session.run(plan, view)
    except DacError:
        # a run that opened has its reason in its stop document, read below
        if session.recorder.folder == before:
            raise
    finally:
        view.close()
        session.attachments.pop("run.toml", None)
    folder = session.recorder.folder
    if folder is None:
        raise DacError("The run left no folder.")
    ended = open_run(folder)
    failure = "" if ended.exit_status == "success" else ended.reason or "The run ended early."
    return Outcome(folder=folder, report=finish(folder, console), failure=failure)


def finish(folder: Path, console: Console) -> Path | None:
    """Write report and manifest of a run that is over; a failure there costs no data."""
    from dac_control.app.report import write_report

    report: Path | None = None
    try:
        report = write_report(open_run(folder))
    except DacError as error:
        console.print(f"[red]The report could not be written:[/] {error}")
    write_manifest(folder)
    return report
