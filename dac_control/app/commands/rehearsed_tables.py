"""What a rehearsal found, as tables and sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["print_rehearsal"]


def print_rehearsal(document: Mapping[str, Any], console: Console) -> None:
    """Print what `rehearse_run` found, the document that `--json` prints, for people."""
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
