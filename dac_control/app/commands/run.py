"""``dac-control run``: a run file at a station, in the foreground."""

from pathlib import Path

import typer

from dac_control.app.commands.common import console_for, print_connections, print_json
from dac_control.app.commands.ramp import carry_out
from dac_control.app.run_file import load_run_file
from dac_control.app.session import build_session
from dac_control.app.station import load_station
from dac_control.records import open_run, summarise

__all__ = ["run_attended"]


def run_attended(run_file: Path, station: Path, *, as_json: bool) -> int:
    """Carry out a run file; return 0, or 1 if the run held."""
    # both files are checked before any instrument is opened
    run = load_run_file(run_file, load_station(station))
    console = console_for(as_json)
    with build_session(station) as session:
        print_connections(console, session.connections)
        session.require_ready()
        outcome = carry_out(session, run, run_file.resolve(), console, as_json=as_json)
    if as_json:
        print_json(summarise(open_run(outcome.folder)))
    if outcome.failure:
        typer.echo(outcome.failure, err=True)
    console.print(f"Run folder {outcome.folder} , report {outcome.report}", soft_wrap=True)
    return 1 if outcome.failure else 0
