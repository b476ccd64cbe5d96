"""What the commands share: consoles, JSON, and reporting on connections."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

__all__ = ["console_for", "only_json_on_stdout", "print_connections", "print_json"]


def console_for(as_json: bool) -> Console:
    """Console for people: standard output, or standard error where JSON has that."""
    return Console(stderr=as_json, highlight=False)


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


@contextlib.contextmanager
def only_json_on_stdout(as_json: bool) -> Iterator[None]:
    """Send what libraries print to standard error; bluesky prints when it pauses."""
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        yield


def print_connections(console: Console, connections: Iterable[Any]) -> None:
    """Show who answered at each address, or why nobody did."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("role", "name", "instrument", "serial", "firmware", "address"):
        table.add_column(header, overflow="fold")
    for connection in connections:
        who = connection.identity
        if who is None:
            row = [connection.role, connection.name, "[red]no answer[/]", "", ""]
        else:
            instrument = f"{who.vendor} {who.model}".strip()
            row = [connection.role, connection.name, instrument, who.serial, who.firmware]
        table.add_row(*row, connection.address)
    console.print(table)
    for connection in connections:
        if connection.error is not None:
            console.print(f"[red]{connection.role}[/]: {connection.error}")
