"""Commands of the queue."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dac_control.app.command_line.options import Json, RunFile, Station, StationFile, guarded

__all__ = ["queue_add", "queue_go", "queue_list", "queue_pause", "queue_remove", "queue_start"]


def queue_start(station: Station) -> None:
    """Start the queue of a station and watch over it; Ctrl-C ends it in order."""
    from dac_control.app.commands.queue import start_queue

    guarded(lambda: start_queue(station))


def queue_add(
    run_file: RunFile,
    station: StationFile = Path("station.toml"),
    at: Annotated[
        datetime | None, typer.Option(help="When, local time; by default after the others.")
    ] = None,
    json: Json = False,
) -> None:
    """Hand in a run file."""
    from dac_control.app.commands.queue import add_run

    guarded(lambda: add_run(run_file, station, at=at, as_json=json))


def queue_list(station: Station, json: Json = False) -> None:
    """Show what runs, what waits, what was done."""
    from dac_control.app.commands.queue import list_queue

    guarded(lambda: list_queue(station, as_json=json))


def queue_go(station: Station) -> None:
    """Begin with the queue, or go on with it."""
    from dac_control.app.commands.queue import go

    guarded(lambda: go(station))


def queue_pause(station: Station) -> None:
    """Let the run in progress end, and begin no other."""
    from dac_control.app.commands.queue import pause_queue

    guarded(lambda: pause_queue(station))


def queue_remove(
    station: Station, ticket: Annotated[str, typer.Argument(help="As `queue list` shows it.")]
) -> None:
    """Take a run out of queue or schedule."""
    from dac_control.app.commands.queue import remove_ticket

    guarded(lambda: remove_ticket(station, ticket))
