"""``dac-control index``: run folders into Tiled, once or for as long as it runs."""

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

from dac_control.app.commands.common import console_for, only_json_on_stdout, print_json
from dac_control.app.commands.outputs import check_harmless
from dac_control.app.index.target import Target, open_target, parse_target
from dac_control.app.state_files import copies_for_runs
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError, IndexUnreachable
from dac_control.records.catalog import RunInfo
from dac_control.records.closing import close_dead_runs
from dac_control.records.copies import Copies

__all__ = ["index_runs"]

LOOK_EVERY_S = 5.0
TRY_AGAIN_S = 30.0


def index_runs(
    runs: Path | None,
    station_file: Path | None,
    *,
    to: str | None,
    follow: bool,
    as_json: bool,
    over: threading.Event | None = None,
) -> int:
    """Feed runs into an index; return 0, or 1 if some could not be, or it cannot be reached.

    Parameters
    ----------
    runs : Path, optional
        Folder of runs; by default that of the station.
    station_file : Path, optional
        Whose ``[index]`` and runs are meant.
    to : str, optional
        In place of ``[index] uri``.
    follow : bool
        Go on until interrupted; an index that cannot be reached is tried again.
    as_json : bool
        Print a document at the end.
    over : Event, optional
        Ends following.

    Raises
    ------
    ConfigurationError
        If it is not said what to index, or where, or the index would lie in a run folder.
    """
    console = console_for(as_json)
    target, root, copies = _what_and_where(runs, station_file, to)
    if not target.kind.startswith("http"):
        check_harmless(target.files)
    over = over or threading.Event()
    _close_dead(root, copies, console)
    if not follow:
        with only_json_on_stdout(as_json):
            document = _once(target, root, console)
        if as_json:
            print_json(document)
        return 1 if document["failed"] or document["error"] else 0
    _follow(target, root, copies, console, over)
    return 0


def _close_dead(
    root: Path, copies: Copies | None, console: Console, infos: list[RunInfo] | None = None
) -> None:
    """Give runs whose process died their end in the record; the index only follows that."""
    for folder in close_dead_runs(root, closed_by="index", copies=copies, infos=infos):
        console.print(f"{folder.name}: its process died; closed.", soft_wrap=True, markup=False)


def _what_and_where(
    runs: Path | None, station_file: Path | None, to: str | None
) -> tuple[Target, Path, Copies | None]:
    if station_file is None:
        if runs is None or to is None:
            raise ConfigurationError(
                "Say what to index, and where: `dac-control index RUNS --to FOLDER`, or "
                "`dac-control index --station STATION` with an [index] in it."
            )
        key = os.environ.get("TILED_API_KEY")
        return parse_target(to, base=Path.cwd(), files=None, key=key), runs, None
    station = load_station(station_file)
    table = station.index
    if table is None and to is None:
        raise ConfigurationError(f"{station_file} has no [index]; write one, or say --to.")
    uri = to if to is not None else table.read_uri() if table is not None else ""
    key = table.read_key() if table is not None else os.environ.get("TILED_API_KEY")
    base = station_file.resolve().parent
    files = station.storage.state / "index"
    if table is not None and table.files is not None:
        files = base / table.files
    target = parse_target(uri, base=base, files=files, key=key)
    return target, runs or station.storage.runs, copies_for_runs(station)


def _once(target: Target, root: Path, console: Console) -> dict[str, Any]:
    document: dict[str, Any] = {"index": target.shown, "runs": str(root), "error": None}
    fed: list[Any] = []
    try:
        with open_target(target, root) as client:
            fed = _feeder(client).feed_all(root)
    except IndexUnreachable as error:
        document["error"] = str(error)
        console.print(str(error), soft_wrap=True, markup=False)
    counts = Counter(each.outcome for each in fed)
    for outcome in ("added", "completed", "grown", "unchanged", "failed"):
        document[outcome] = [each.uid for each in fed if each.outcome == outcome]
    document["notes"] = {each.uid: each.notes for each in fed if each.notes}
    if document["error"] is None:
        _tell(fed, console)
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        console.print(f"{target.shown}: {told or 'nothing new'}.", soft_wrap=True, markup=False)
    return document


def _follow(
    target: Target, root: Path, copies: Copies | None, console: Console, over: threading.Event
) -> None:
    """Keep the index up to date until the end; says once that it cannot be reached."""
    told = ""
    while not over.is_set():
        try:
            with open_target(target, root) as client:
                feeder = _feeder(client)
                console.print(f"Following {root} into {target.shown}.", soft_wrap=True)
                told = ""
                while True:
                    infos = feeder.pending(root)
                    _close_dead(root, copies, console, infos)
                    _tell([feeder.feed(info) for info in infos], console)
                    if over.wait(LOOK_EVERY_S):
                        return
        except IndexUnreachable as error:
            if str(error) != told:
                told = str(error)
                console.print(told, soft_wrap=True, markup=False)
        over.wait(TRY_AGAIN_S)


def _feeder(client: Any) -> Any:
    # brings pyarrow and pandas
    from dac_control.app.index.feeder import Feeder

    return Feeder(client)


def _tell(fed: list[Any], console: Console) -> None:
    for each in fed:
        for note in each.notes:
            console.print(f"{each.folder.name}: {note}.", soft_wrap=True, markup=False)
