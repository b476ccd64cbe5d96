"""Who is told of a run, and that its guardian lives; never in the run's way."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from dac_control.app.guardian.chronicle import Chronicle
from dac_control.app.guardian.last_seen import LastSeen
from dac_control.app.notify import Level, Notice, Notifier
from dac_control.app.notify.acknowledgement import ACKNOWLEDGED_NAME, acknowledged_at
from dac_control.app.notify.opening import heading_of, open_heartbeat, open_notifier
from dac_control.app.station import Station
from dac_control.app.station_lock import station_holder

__all__ = ["People"]

HELD = "run held"
"""What a notice of a run that ended in hold is about."""
_LOOK_EVERY_S = 0.25


class People:
    """The station's notifier and its sign of life to the outside; a context.

    Parameters
    ----------
    station : Station
        Whose ``[notify]`` it is; without it nobody is told.
    chronicle : Chronicle
        Gets a channel that fails.
    seen : LastSeen
        Pressure and picture, which every notice carries.
    """

    def __init__(self, station: Station, chronicle: Chronicle, seen: LastSeen) -> None:
        self._seen = seen
        self._station = station
        self._chronicle = chronicle
        self._notifier: Notifier | None = None
        self._open = ExitStack()
        self._before: tuple[float, str] | None = None
        """When somebody acknowledged last, and who had the station, as the run's end was told."""
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
            self._notifier.post(self._seen.add_to(notice))

    def say(self, title: str, body: str, level: Level) -> None:
        """Tell people of something that happened."""
        self.tell(Notice(title=title, body=body, level=level))

    def run_is_held(self, title: str, body: str) -> None:
        """Tell that a run ended in hold; told again while `stay_while_held` stays."""
        # from here on: somebody may know before the report is written
        state = self._station.storage.state
        self._before = acknowledged_at(state / ACKNOWLEDGED_NAME), station_holder(state)
        self.tell(Notice(title=title, body=body, level="critical", key=HELD, state="begins"))

    def run_is_over(self, name: str, ending: str) -> None:
        """Tell how a run ended."""
        if ending == "success":
            self.say("The run is done", name, "info")
        else:
            self.run_is_held("The run ended in hold", f"{name}: {ending}")

    @property
    def can_be_told(self) -> bool:
        """Whether there is a way to anybody."""
        return self._notifier is not None and bool(self._notifier.channels)

    def still_held(self) -> bool:
        """Look whether people must still be told of a run that was held; says once that it is over.

        It is over when somebody acknowledges, or takes the station.
        """
        if self._before is None:
            return False
        known, holder = self._before
        state = self._station.storage.state
        if acknowledged_at(state / ACKNOWLEDGED_NAME) != known:
            self.is_over("somebody has acknowledged it")
        elif (now := station_holder(state)) and now != holder:
            self.is_over(f"the station is in use again, by {now}")
        return self._before is not None

    def stay_while_held(self, over: Callable[[], bool]) -> None:
        """Stay while a run is held, or until `over`.

        As long as this process lives its notices are repeated, and its sign of life goes out.
        """
        while self.still_held():
            if over():
                self.is_over("the guardian was told to end")
            time.sleep(_LOOK_EVERY_S)

    def is_over(self, why: str) -> None:
        """Tell that a run is held no more; nothing where none is."""
        if self._before is not None:
            self._before = None
            title = "Resolved: the run that ended in hold"
            self.tell(
                Notice(title=title, body=f"{why[0].upper()}{why[1:]}.", key=HELD, state="over")
            )

    def _failed(self, text: str) -> None:
        self._chronicle.note("notifier", text=text)
