"""A run file at a station, in this process: what the worker of ``dac-control run`` does."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from rich.console import Console

from dac_control.app.asking import why_unanswered
from dac_control.app.commands.common import print_connections
from dac_control.app.commands.ramp import Outcome, carry_out, printed
from dac_control.app.run_file import load_run_file
from dac_control.app.session import Session, build_session
from dac_control.app.station import load_station
from dac_control.app.toml_file import read_text

__all__ = ["Attend", "carry_out_run", "nobody", "ramp_at_station"]

Attend: TypeAlias = Callable[[Session], AbstractContextManager[None]]
"""Around everything that a session does: somebody watches it."""


def nobody(session: Session) -> AbstractContextManager[None]:
    """Nobody watches: somebody is there."""
    return contextlib.nullcontext()


def carry_out_run(
    run_file: Path,
    station: Path,
    *,
    as_json: bool,
    attend: Attend = nobody,
    heard: Callable[[str], None] = lambda text: None,
) -> int:
    """Carry out a run file; return 0, or 1 if the run held, with `heard` told why."""
    return printed(
        lambda console: ramp_at_station(run_file, station, console, attend), heard, as_json=as_json
    )


def ramp_at_station(
    run_file: Path, station: Path, console: Console, attend: Attend = nobody
) -> Outcome:
    """Check both files, connect, carry out the ramp.

    Raises
    ------
    DacError
        In one sentence, if anything is refused; nothing was moved then.
    """
    # both files are checked before any instrument is opened
    run = load_run_file(run_file, load_station(station), unanswered=why_unanswered())
    with build_session(station) as session, attend(session):
        print_connections(console, session.connections)
        session.require_ready()
        return carry_out(session, run, read_text(run_file), console)
