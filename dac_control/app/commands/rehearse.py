"""``dac-control rehearse``: a run file on the twin of a station, in virtual time."""

import datetime
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from dac_control.app.commands.common import console_for, only_json_on_stdout, print_json
from dac_control.app.commands.outputs import check_harmless
from dac_control.app.commands.rehearsed_tables import print_rehearsal
from dac_control.app.commands.station_beside import check_named
from dac_control.app.station import load_station_and_text
from dac_control.app.supplies import judge_supplies
from dac_control.app.supplies_tables import stock_of
from dac_control.app.toml_file import read_text

__all__ = ["rehearse_run"]


def rehearse_run(
    run_file: Path,
    station_file: Path,
    *,
    seeds: int,
    first_seed: int,
    keep: Path | None,
    date: datetime.datetime | None,
    as_json: bool,
    stated: Mapping[str, Any] | None = None,
    faults: Sequence[str] = (),
) -> int:
    """Rehearse a run file; return 0, or 1 if the run held for any seed, or something runs out.

    Parameters
    ----------
    run_file, station_file : Path
        What is rehearsed, and where.
    seeds, first_seed : int
        How many laboratories, from which seed on.
    keep : Path, optional
        Folder to write the runs to.
    date : datetime, optional
        When it begins.
    as_json : bool
        Print a document.
    stated : mapping, optional
        ``helium_l`` and ``compressor``, in place of what the station file says of them.
    faults : sequence of str
        What goes wrong, and when; see `dac_control.app.rehearsal.faults`.

    Raises
    ------
    DacError
        In one sentence, if the run is refused.
    """
    if keep is not None:
        check_harmless(keep)
    check_named("rehearse", run_file, station_file)
    console = console_for(as_json)
    # the texts that were read, for the folders of runs that are kept
    station, station_toml = load_station_and_text(station_file)
    # after the station was found good: what follows brings bluesky and ophyd
    from dac_control.app.rehearsal.lean_imports import import_ophyd

    import_ophyd()
    from dac_control.app.run_file import load_run_file

    epoch = _beginning(date)
    run = load_run_file(run_file, station, wall_time=epoch)
    from dac_control.app.rehearsal.faults import order_of
    from dac_control.app.rehearsal.many import rehearse_many
    from dac_control.app.rehearsal.summary import summarise_rehearsals
    from dac_control.app.rehearsal.twin_contents import note_on_contents
    from dac_control.app.rehearsal.twin_settings import note_on_realism

    texts = {"run.toml": read_text(run_file), "station.toml": station_toml}
    ordered = [order_of(fault) for fault in faults]
    how: dict[str, Any] = {"keep": keep, "epoch": epoch, "attachments": texts, "faults": ordered}
    numbers = range(first_seed, first_seed + seeds)
    with only_json_on_stdout(as_json):
        if seeds > 1:
            with console.status("rehearsing ...") as status:
                done: list[Any] = []

                def count(each: Any) -> None:
                    done.append(each)
                    status.update(f"rehearsed {len(done)} of {seeds}")

                rehearsed = rehearse_many(station, run, numbers, on_done=count, **how)
        else:
            rehearsed = rehearse_many(station, run, numbers, **how)
    document = {
        "run": str(run_file),
        "station": station.station.name,
        "plan": run.plan,
        "simulated": True,
        "date": datetime.datetime.fromtimestamp(epoch, tz=datetime.UTC).date().isoformat(),
        **summarise_rehearsals(rehearsed, station),
        "notes": [
            note for note in (note_on_contents(station, run), note_on_realism(station)) if note
        ],
        "faults": list(faults),
        "supplies": [],
        "folders": [str(each.folder) for each in rehearsed if each.folder is not None],
    }
    stock = stock_of(station, stated or {}, ask=sys.stdin.isatty() and not as_json)
    supplies = judge_supplies(
        document["duration_h"], document["helium"], document["record_bytes"], stock
    )
    document["supplies"] = [each.as_document() for each in supplies]
    if as_json:
        print_json(document)
    print_rehearsal(document, console)
    for each in supplies:
        colour = {True: "green", False: "red", None: "yellow"}[each.enough]
        console.print(f"[{colour}]{each.what}:[/] {each.message}", soft_wrap=True)
    held = document["first_hold"]
    if held is not None:
        typer.echo(
            f"First run to end early: seed {held['seed']}, step {held['step']}, after "
            f"{held['time_h']:.2f} h: {held['reason']}",
            err=True,
        )
    short = any(each.enough is False for each in supplies)
    return 1 if held is not None or short else 0


def _beginning(date: datetime.datetime | None) -> float:
    """When a rehearsal begins, s since the epoch: a day's first hour, or by default the next hour.

    A whole hour, so that two rehearsals in a row give the same documents; the next one, so that a
    calibration of this morning is no calibration from the future.
    """
    if date is not None:
        day = date.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=datetime.UTC)
        return day.timestamp()
    return math.ceil(datetime.datetime.now(tz=datetime.UTC).timestamp() / 3600.0) * 3600.0
