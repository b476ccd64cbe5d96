"""Who is told of a run, and that its guardian lives; never in the run's way."""

from contextlib import ExitStack

from dac_control.app.guardian.chronicle import Chronicle
from dac_control.app.notify import Level, Notice, Notifier
from dac_control.app.notify.opening import heading_of, open_heartbeat, open_notifier
from dac_control.app.station import Station

__all__ = ["People"]


class People:
    """The station's notifier and its sign of life to the outside; a context.

    Parameters
    ----------
    station : Station
        Whose ``[notify]`` it is; without it nobody is told.
    chronicle : Chronicle
        Gets a channel that fails.
    """

    def __init__(self, station: Station, chronicle: Chronicle) -> None:
        self._station = station
        self._chronicle = chronicle
        self._notifier: Notifier | None = None
        self._open = ExitStack()
        self.problems: list[str] = []
        """What is wrong with ``[notify]``, sentences; the run goes on."""

    def __enter__(self) -> "People":
        general, table = self._station.station, self._station.notify
        self._notifier, problems = open_notifier(
            table,
            heading=heading_of(general.name, simulated=general.simulated),
            state=self._station.storage.state,
            on_failure=self._failed,
        )
        self._open.callback(self._notifier.close)
        heartbeat, more = open_heartbeat(table, on_failure=self._failed)
        if heartbeat is not None:
            self._open.callback(heartbeat.close)
        self.problems = problems + more
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    def tell(self, notice: Notice) -> None:
        """Tell people; returns at once."""
        if self._notifier is not None:
            self._notifier.post(notice)

    def say(self, title: str, body: str, level: Level) -> None:
        """Tell people of something that happened."""
        self.tell(Notice(title=title, body=body, level=level))

    def run_is_over(self, name: str, ending: str) -> None:
        """Tell how a run ended."""
        if ending == "success":
            self.say("The run is done", name, "info")
        else:
            self.say("The run ended in hold", f"{name}: {ending}", "critical")

    def _failed(self, text: str) -> None:
        self._chronicle.note("notifier", text=text)
