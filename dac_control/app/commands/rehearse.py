"""``dac-control rehearse``: a run file on the twin of a station, in virtual time."""

import datetime
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from dac_control.app.commands.common import console_for, only_json_on_stdout, print_json
from dac_control.app.commands.outputs import check_harmless
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
    from dac_control.app.rehearsal.twin_contents import contents_said, note_on_contents
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
            note
            for note in (note_on_contents(contents_said(station, run)), note_on_realism(station))
            if note
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
    _print_for_people(document, console)
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


def _print_for_people(document: Mapping[str, Any], console: Console) -> None:
    count = len(document["seeds"])
    table = Table(title=f"Rehearsal of {document['run']} on the twin, {count} seed(s)")
    table.add_column("")
    table.add_column("median" if count > 1 else "with 95 % interval", justify="right")
    if count > 1:
        table.add_column("95 % of seeds", justify="right")
    helium = document["helium"]
    rows: list[tuple[str, dict[str, Any], int]] = [
        ("duration, h", document["duration_h"], 2),
        ("highest pressure, GPa", document["top_pressure_gpa"], 2),
        ("steps", document["steps"], 0),
        ("events", document["events"], 0),
        ("exposures, s", document["dose"]["exposure_s"], 1),
        *(
            (f"{each['light']} on {each['spot']}, mJ at least", each["energy_mj"], 3)
            for each in document["dose"]["spots"]
        ),
    ]
    if helium["litres"] is not None:
        rows.append(("liquid helium, l", helium["litres"], 1))
    for name, spread, digits in rows:
        cells = [name, _number(spread["median"], digits)]
        if count > 1:
            cells.append(_band(spread, digits))
        elif spread["low"] != spread["high"]:
            cells[1] += f" ({_band(spread, digits)})"
        table.add_row(*cells)
    console.print(table)
    if document["targets"]:
        console.print(_table_of_targets(document["targets"], count))
    if helium["litres"] is None:
        console.print("Helium: closed cycle.")
    for each in document["limits_touched"]:
        console.print(
            f"Limit touched: {each['limit']}, in {each['seeds']} of {count} seed(s), "
            f"{each['steps']} step(s): first at step {each['first_step']} of seed "
            f"{each['first_seed']}, after {each['first_h']:.2f} h; {_steps(each['at_steps'])}.",
            soft_wrap=True,
        )
    _print_rules(document, console)
    if document["dose"]["spots"]:
        _print_switching(document["dose"], console)
    if document["faults"]:
        console.print(f"Ordered to go wrong: {', '.join(document['faults'])}.", soft_wrap=True)
    for note in document["notes"]:
        console.print(note, soft_wrap=True, markup=False)
    for each in document["outcomes"]:
        reason = f": {each['reason']}" if each["reason"] else ""
        console.print(
            f"{each['count']} of {count}: {each['exit_status']}{reason}",
            soft_wrap=True,
            markup=False,
        )


def _print_switching(dose: Mapping[str, Any], console: Console) -> None:
    more = ", ".join(
        f"{_number(each['switching_mj']['median'], 3)} mJ in {_number(each['shots']['median'], 0)} "
        f"openings of {each['light']} on {each['spot']}"
        for each in dose["spots"]
    )
    console.print(
        f"The twin's light switches at once. A real one is open for {dose['switching_s']:g} s more "
        f"each time, or longer, and costs at least as much more: {more}.",
        soft_wrap=True,
        markup=False,
    )


def _table_of_targets(targets: Sequence[Mapping[str, Any]], count: int) -> Table:
    """What is measured where each target counts as reached."""
    table = Table(title="Pressures reached, GPa")
    table.add_column("target")
    table.add_column("reached by", justify="right")
    table.add_column("median" if count > 1 else "measured", justify="right")
    table.add_column("95 % of seeds" if count > 1 else "95 % interval", justify="right")
    for each in targets:
        spread, unit = each["pressure_gpa"], "GPa" if each["unit"] == "gpa" else "turns"
        table.add_row(
            f"{each['leg']} {each['target']:g} {unit}",
            f"{each['reached']} of {count}",
            _number(spread["median"], 2),
            _band(spread, 2),
        )
    return table


def _print_rules(document: Mapping[str, Any], console: Console) -> None:
    first, count = document["first_rule"], len(document["seeds"])
    if first is None:
        if declared := document["rules_declared"]:
            console.print(f"None of {declared} rule(s) would fire.", soft_wrap=True)
        return
    read = ", ".join(
        f"{name} = {'nothing' if value is None else f'{value:.4g}'}"
        for name, value in first["values"].items()
    )
    console.print(
        f"First rule to fire: {first['rule']} ({first['action']}), seed {first['seed']}, after "
        f"{first['time_h']:.2f} h, step {first['step']}: {first['message']} [{read}]",
        soft_wrap=True,
        markup=False,
    )
    for each in document["rules"]:
        console.print(
            f"Rule fired: {each['rule']}, in {each['seeds']} of {count} seed(s), first after "
            f"{each['first_h']:.2f} h.",
            soft_wrap=True,
            markup=False,
        )


def _steps(numbers: Sequence[int]) -> str:
    """Say which steps: neighbours as from and to."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    said = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in spans)
    return f"step{'s' if len(numbers) > 1 else ''} {said}"


def _band(spread: Mapping[str, float | None], digits: int) -> str:
    low, high = (_number(spread[end], digits) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _number(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"
