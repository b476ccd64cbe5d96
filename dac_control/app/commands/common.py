"""What the commands share: consoles, JSON, and reporting on connections."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import typer
from rich.console import Console

from dac_control.app.terminal import PatientConsole

__all__ = [
    "console_for",
    "only_json_on_stdout",
    "print_connections",
    "print_json",
]


def console_for(as_json: bool) -> Console:
    """Console for people: standard output, or standard error where JSON has that."""
    return PatientConsole(stderr=as_json, highlight=False)


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


@contextlib.contextmanager
def only_json_on_stdout(as_json: bool) -> Iterator[None]:
    """Send what libraries print to standard error; bluesky prints when it pauses."""
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        yield


def print_connections(console: Console, connections: Iterable[Any]) -> None:
    """Show who answered at each address, or why nobody did; one line each, addresses whole."""
    rows = []
    for connection in connections:
        who = connection.identity
        instrument = "no answer" if who is None else f"{who.vendor} {who.model}".strip()
        serial = "" if who is None else f"serial {who.serial}, firmware {who.firmware}"
        label = connection.role
        if connection.name != connection.role:
            label = f"{connection.role} ({connection.name})"
        rows.append((label, instrument, connection.address, serial))
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        console.print("  ".join(cells).rstrip(), soft_wrap=True, markup=False)
    for connection in connections:
        if connection.error is not None:
            console.print(f"{connection.role}: {connection.error}", soft_wrap=True, markup=False)
