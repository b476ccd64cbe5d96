"""``dac-control run``: a run file at a station, in the foreground."""

from pathlib import Path

from rich.console import Console

from dac_control.app.commands.common import console_for, only_json_on_stdout, print_connections
from dac_control.app.commands.ramp import Outcome, carry_out, print_outcome
from dac_control.app.run_file import load_run_file
from dac_control.app.session import build_session
from dac_control.app.station import load_station
from dac_control.app.toml_file import read_text

__all__ = ["ramp_at_station", "run_attended"]


def run_attended(run_file: Path, station: Path, *, as_json: bool) -> int:
    """Carry out a run file; return 0, or 1 if the run held."""
    console = console_for(as_json)
    with only_json_on_stdout(as_json):
        outcome = ramp_at_station(run_file, station, console)
    return print_outcome(outcome, console, as_json=as_json)


def ramp_at_station(run_file: Path, station: Path, console: Console) -> Outcome:
    """Check both files, connect, carry out the ramp.

    Raises
    ------
    DacError
        In one sentence, if anything is refused; nothing was moved then.
    """
    # both files are checked before any instrument is opened
    run = load_run_file(run_file, load_station(station))
    with build_session(station) as session:
        print_connections(console, session.connections)
        session.require_ready()
        return carry_out(session, run, read_text(run_file), console)
