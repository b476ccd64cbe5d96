"""``dac-control queue``: several runs one after the other, handed in by several people."""

import signal
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from dac_control.app.commands.common import console_for, print_json
from dac_control.app.guardian.keeper import Keeper
from dac_control.app.hands import IN_A_QUEUE
from dac_control.app.queue.manager import Manager
from dac_control.app.queue.place import Place
from dac_control.app.queue.schedule import Scheduled, forget, schedule, scheduled
from dac_control.app.queue.tickets import read_tickets
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.app.toml_file import read_text
from dac_control.errors import ConfigurationError, QueueRefused
from dac_control.records.disk import replace_file

__all__ = ["add_run", "go", "list_queue", "pause_queue", "remove_ticket", "start_queue"]


def start_queue(
    station_file: Path,
    *,
    over: threading.Event | None = None,
    report: bool = True,
    on_ready: Callable[[Any], None] = lambda supervisor: None,
) -> int:
    """Start a station's queue and watch over it until it is ended; returns 0.

    Parameters
    ----------
    station_file : Path
        The station.
    over : Event, optional
        Ends it in order; Ctrl-C and signals set it, too.
    report : bool
        Write the report of each run that ended.
    on_ready : callable
        Called once runs can be handed in.

    Raises
    ------
    DacError
        If it cannot be started.
    """
    from dac_control.app.queue.supervisor import Supervisor

    station = load_station(station_file)
    place = Place(station.storage.state)
    console = console_for(False)
    over = over or threading.Event()
    redis = station.queue.redis if station.queue is not None else None

    def say(text: str) -> None:
        console.print(f"{time.strftime('%H:%M:%S')} {text}", soft_wrap=True, markup=False)

    with Keeper(station) as keeper:
        for problem in keeper.people.problems:
            console.print(f"notify: {problem}", soft_wrap=True, markup=False)
        supervisor = Supervisor(place, station_file, keeper, redis=redis, say=say, report=report)
        with _signals_set(over):
            try:
                supervisor.open()
            except BaseException:
                supervisor.stop()
                raise
            name = station.station.name
            say(f"The queue of {name} is ready; `dac-control queue go` begins with it.")
            on_ready(supervisor)
            supervisor.serve(over)
    return 0


def add_run(run_file: Path, station_file: Path, *, at: datetime | None, as_json: bool) -> int:
    """Hand in a run file, now or for a time; returns 0.

    Raises
    ------
    DacError
        If the run file is wrong, or the queue is not running.
    """
    station = load_station(station_file)
    load_run_file(run_file, station, unanswered=IN_A_QUEUE)
    place = Place(station.storage.state)
    place.make()
    ticket = uuid.uuid4().hex[:8]
    replace_file(place.tickets / f"{ticket}.toml", read_text(run_file).encode())
    if at is not None:
        if at.timestamp() <= time.time():
            raise ConfigurationError(f"{at:%Y-%m-%d %H:%M} is over already; give a time to come.")
        schedule(place, Scheduled(ticket=ticket, title=run_file.name, at=at.timestamp()))
        told = f"{run_file.name} waits for {at:%Y-%m-%d %H:%M} as {ticket}."
    else:
        with Manager(place.find()) as manager:
            manager.add(ticket, run_file.name)
        told = f"{run_file.name} stands in the queue as {ticket}."
    print_json({"ticket": ticket}) if as_json else typer.echo(told)
    return 0


def list_queue(station_file: Path, *, as_json: bool) -> int:
    """Show what runs, what waits, what was done; returns 0."""
    place, _ = _place(station_file)
    with Manager(place.find()) as manager:
        status = manager.status()
        waiting, running = manager.waiting()
    document = {
        "state": status["manager_state"],
        "worker": bool(status["worker_environment_exists"]),
        "running": running.get("kwargs") or None,
        "waiting": [item["kwargs"] for item in waiting],
        "scheduled": [
            {"ticket": item.ticket, "title": item.title, "at": item.when}
            for item in scheduled(place)
        ],
        "begun": [
            {
                "ticket": each.ticket,
                "title": each.title,
                "ended": each.ended is not None,
                "failure": each.failure,
                "folder": each.folder,
            }
            for each in read_tickets(place.ledger).values()
        ],
    }
    if as_json:
        print_json(document)
        return 0
    typer.echo(f"The queue: {document['state']}.")
    if running:
        typer.echo(f"runs       {running['kwargs']['ticket']}  {running['kwargs']['title']}")
    for item in document["waiting"]:
        typer.echo(f"waits      {item['ticket']}  {item['title']}")
    for item in document["scheduled"]:
        typer.echo(f"scheduled  {item['ticket']}  {item['title']}  {item['at']}")
    for item in document["begun"]:
        how = item["failure"] or ("done" if item["ended"] else "not ended")
        typer.echo(f"begun      {item['ticket']}  {item['title']}  {how}  {item['folder']}")
    return 0


def go(station_file: Path) -> int:
    """Begin with the queue, or go on with it; returns 0."""
    place, _ = _place(station_file)
    with Manager(place.find()) as manager:
        manager.ask("queue_start")
    typer.echo("The queue goes on.")
    return 0


def pause_queue(station_file: Path) -> int:
    """Let the run in progress end, and begin no other; returns 0."""
    place, _ = _place(station_file)
    with Manager(place.find()) as manager:
        manager.ask("queue_stop")
    typer.echo("After this run the queue stands still.")
    return 0


def remove_ticket(station_file: Path, ticket: str) -> int:
    """Take a ticket out of queue and schedule; returns 0.

    Raises
    ------
    QueueRefused
        If it does not wait.
    """
    place, _ = _place(station_file)
    if any(item.ticket == ticket for item in scheduled(place)):
        forget(place, ticket)
        typer.echo(f"{ticket} waits no more.")
        return 0
    with Manager(place.find()) as manager:
        for item in manager.waiting()[0]:
            if item.get("kwargs", {}).get("ticket") == ticket:
                manager.remove(item)
                typer.echo(f"{ticket} waits no more.")
                return 0
    raise QueueRefused(f"{ticket} does not wait in this queue; `dac-control queue list` shows it.")


def _place(station_file: Path) -> tuple[Place, Station]:
    station = load_station(station_file)
    return Place(station.storage.state), station


class _signals_set:  # noqa: N801 - reads like a function
    """While it is open, Ctrl-C, SIGTERM and a closed terminal set an event."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                self._previous[number] = signal.signal(number, lambda *_: self._over.set())

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
