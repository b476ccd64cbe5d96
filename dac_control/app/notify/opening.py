"""From the station file to a notifier; what is wrong with it is said, and the run goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dac_control.app.notify.acknowledgement import ACKNOWLEDGED_NAME
from dac_control.app.notify.channels import AppriseChannel, Channel
from dac_control.app.notify.desk import Addressee
from dac_control.app.notify.heartbeat import Heartbeat, beat
from dac_control.app.notify.notice import Notice
from dac_control.app.notify.notifier import Notifier
from dac_control.app.notify_tables import NotifyTable
from dac_control.errors import DacError, NotifyFailed

__all__ = ["Trial", "heading_of", "open_heartbeat", "open_notifier", "try_notifiers"]


@dataclass(frozen=True)
class Trial:
    """How the test of one way to people went."""

    name: str
    problem: str = ""
    """Empty if it was accepted."""


def heading_of(station: str, *, simulated: bool) -> str:
    """What stands before each title; simulated data say so."""
    return f"[{station}{', SIMULATED' if simulated else ''}] "


def open_notifier(
    table: NotifyTable | None,
    *,
    heading: str,
    state: Path,
    on_failure: Callable[[str], None] | None = None,
) -> tuple[Notifier, list[str]]:
    """Open the notifier of a station.

    Parameters
    ----------
    table : NotifyTable or None
        ``[notify]`` of the station file; without it nobody is told.
    heading : str
        Stands before each title.
    state : Path
        The station's state folder, for acknowledgements.
    on_failure : callable, optional
        As `Notifier` has it.

    Returns
    -------
    notifier : Notifier
        With the channels that can be used.
    problems : list of str
        Sentences about those that cannot.
    """
    channels: list[Channel] = []
    addressees: list[Addressee] = []
    problems: list[str] = []
    for each in table.to if table is not None else ():
        try:
            channels.append(AppriseChannel(each.name, each.secret.read(each.name), heading))
        except DacError as error:
            problems.append(str(error))
        else:
            addressees.append(each.as_addressee())
    notifier = Notifier(
        channels,
        addressees,
        policy=table.as_policy() if table is not None else None,
        on_failure=on_failure,
        acknowledgements=state / ACKNOWLEDGED_NAME,
    )
    return notifier, problems


def open_heartbeat(
    table: NotifyTable | None,
    *,
    alive: Callable[[], bool] = lambda: True,
    on_failure: Callable[[str], None] | None = None,
) -> tuple[Heartbeat | None, list[str]]:
    """Open the sign of life of a station, if it has one; and say what is wrong with it."""
    if table is None or table.heartbeat is None:
        return None, []
    try:
        url = table.heartbeat.secret.read("heartbeat")
    except NotifyFailed as error:
        return None, [str(error)]
    every_s = table.heartbeat.every_s
    return Heartbeat(url, every_s, alive=alive, on_failure=on_failure), []


def try_notifiers(table: NotifyTable | None, *, heading: str) -> list[Trial]:
    """Send a test notice to every channel, and one sign of life; waits for each."""
    if table is None:
        return []
    notice = Notice(
        title="Test of the notifiers", body="Somebody ran `dac-control check --notify`."
    )
    found = []
    for each in table.to:
        try:
            AppriseChannel(each.name, each.secret.read(each.name), heading).send(notice)
            found.append(Trial(each.name))
        except DacError as error:
            found.append(Trial(each.name, str(error)))
    if table.heartbeat is not None:
        try:
            beat(table.heartbeat.secret.read("heartbeat"))
            found.append(Trial("heartbeat"))
        except NotifyFailed as error:
            found.append(Trial("heartbeat", str(error)))
    return found
