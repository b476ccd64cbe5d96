"""A ticket is carried out at most once.

queueserver puts a plan that failed, or whose worker was killed, back at the front of its queue,
where the next start would repeat it from the top. A pressure step cannot be undone, so the
worker writes down, synced, that it begins a ticket before anything moves, and refuses one that was
begun before. Whoever wants it again hands it in again.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dac_control.errors import LimitError
from dac_control.records.append_file import AppendFile
from dac_control.records.lines import iter_lines

__all__ = ["Ticket", "begin", "end", "read_tickets"]


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What is known of a ticket that was begun."""

    ticket: str
    title: str
    begun: float
    """Wall-clock time, s since the epoch."""
    ended: float | None = None
    """None while it is carried out, and for ever if its worker died."""
    folder: str = ""
    failure: str = ""


def read_tickets(ledger: Path) -> dict[str, Ticket]:
    """Read every ticket that was begun, in order."""
    found: dict[str, Ticket] = {}
    if not ledger.is_file():
        return found
    for _, line in iter_lines(ledger):
        match line:
            case {"kind": "begun", "ticket": str() as ticket, "title": title, "time": time_s}:
                found.setdefault(ticket, Ticket(ticket=ticket, title=title, begun=time_s))
            case {"kind": "ended", "ticket": str() as ticket, "time": time_s} if ticket in found:
                known = found[ticket]
                found[ticket] = Ticket(
                    ticket=ticket,
                    title=known.title,
                    begun=known.begun,
                    ended=time_s,
                    folder=str(line.get("folder", "")),
                    failure=str(line.get("failure", "")),
                )
    return found


def begin(ledger: Path, ticket: str, title: str) -> None:
    """Write down that a ticket is being begun; it is on the disk when this returns.

    Raises
    ------
    LimitError
        If it was begun before; nothing may move then.
    RecordError
        If it cannot be written.
    """
    before = read_tickets(ledger).get(ticket)
    if before is not None:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(before.begun))
        raise LimitError(
            f"{title} (ticket {ticket}) was begun on {when} already and is not repeated; nothing "
            "was moved. Look at the cell, then hand it in again with `dac-control queue add`."
        )
    _append(ledger, {"kind": "begun", "ticket": ticket, "title": title, "time": time.time()})


def end(ledger: Path, ticket: str, *, folder: str, failure: str) -> None:
    """Write down how a ticket ended."""
    entry = {"kind": "ended", "ticket": ticket, "time": time.time()}
    _append(ledger, {**entry, "folder": folder, "failure": failure})


def _append(ledger: Path, entry: dict[str, Any]) -> None:
    file = AppendFile(ledger, what="the ledger of tickets")
    try:
        file.append(entry)
    finally:
        file.close()
