"""What a queue says and does when one of its tickets has ended."""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from dac_control.app.guardian.keeper import Keeper
from dac_control.app.queue.place import Place
from dac_control.app.queue.tickets import Ticket, read_tickets
from dac_control.errors import RecordError
from dac_control.records import open_run

__all__ = ["EndedTickets"]

_REPORT_S = 60.0
_NULL = subprocess.DEVNULL


class EndedTickets:
    """Tells people how each ticket ended, once, and has the report of its run written.

    Parameters
    ----------
    place : Place
        The queue's files; what has ended before is not told again.
    keeper : Keeper
        Open; knows the people.
    say : callable
        Told in a sentence what belongs on the terminal.
    report : bool
        Write the report of each run that ended.
    """

    def __init__(
        self, place: Place, keeper: Keeper, say: Callable[[str], None], *, report: bool
    ) -> None:
        self._place = place
        self._keeper = keeper
        self._say = say
        self._report = report
        self._reports: list[subprocess.Popen[Any]] = []
        self._told: set[str] = {
            t.ticket for t in read_tickets(place.ledger).values() if t.ended is not None
        }
        self.held = False
        """True since a run ended early: what is due waits until a person begins with the queue."""

    def look(self) -> None:
        """Tell of what has ended since the last look."""
        tickets = list(read_tickets(self._place.ledger).values())
        if tickets and tickets[-1].ended is None:
            self.held = False  # somebody has begun with the queue again
        for ticket in tickets:
            if ticket.ended is not None and ticket.ticket not in self._told:
                self._told.add(ticket.ticket)
                self._tell_of(ticket)

    def close(self) -> None:
        """Wait for the reports that are being written."""
        for each in self._reports:
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.wait(_REPORT_S)

    def _tell_of(self, ticket: Ticket) -> None:
        failure = _failure_of(ticket)
        how = f"ended early: {failure}" if failure else "is done"
        self._say(f"{ticket.title} {how}{f' ({ticket.folder})' if ticket.folder else ''}")
        self.held = bool(failure)
        self._keeper.wait_for_picture()
        self._keeper.people.run_is_over(ticket.title, failure or "success")
        if ticket.folder and self._report:
            # in a process of its own: it takes seconds, in which a worker may die
            command = [sys.executable, "-m", "dac_control.app.cli", "report", ticket.folder]
            quietly: dict[str, Any] = {"stdin": _NULL, "stdout": _NULL, "stderr": _NULL}
            self._reports = [each for each in self._reports if each.poll() is None]
            self._reports.append(subprocess.Popen(command, **quietly))


def _failure_of(ticket: Ticket) -> str:
    """Why a ticket ended early; empty if it did not."""
    if not ticket.folder or ticket.failure:
        return ticket.failure
    # a plan that was told to end raises nothing: its record says how it ended
    with contextlib.suppress(RecordError):
        run = open_run(ticket.folder)
        return run.reason or ("" if run.exit_status == "success" else run.exit_status)
    return ""
