"""A guardian's side of a worker that lives: listen, beat, look at the rules, tell people.

The process behind the worker is somebody else's: `Guardian` starts one for a single run,
`dac_control.app.queue.supervisor` has that of queueserver.
"""

import contextlib
import queue
import threading
import time
from contextlib import ExitStack
from typing import Any

from dac_control.app.guardian.aftermath import Aftermath
from dac_control.app.guardian.channel import Door, Wire
from dac_control.app.guardian.chronicle import Chronicle
from dac_control.app.guardian.last_seen import LastSeen
from dac_control.app.guardian.people import People
from dac_control.app.guardian.rule_keeper import Order, RuleKeeper
from dac_control.app.guardian.watch import Patience, WorkerState
from dac_control.app.state_files import guardian_log
from dac_control.app.station import Station
from dac_control.errors import DacError

__all__ = ["Keeper"]

_LOOK_EVERY_S = 0.05
_LATE_S = 1.0
"""A gap between two looks beyond which the guardian itself was kept from looking."""
_BEAT_EVERY_S = 1.0
"""How often the worker hears that its guardian lives."""
_PICTURE_S = 10.0
"""How long a notice of a run's end waits for the picture; the instruments are in hold by then."""
_GONE = "gone"


class Keeper:
    """Keeps watch over the one worker that is let in; a context.

    Parameters
    ----------
    station : Station
        Where the worker works.
    patience : Patience, optional
        How long the worker may be silent.
    """

    def __init__(self, station: Station, patience: Patience | None = None) -> None:
        self._station = station
        self.state = WorkerState(now_s=time.monotonic(), patience=patience or Patience())
        self.chronicle = Chronicle(guardian_log(station.storage.state), self._run_uid)
        self._rules = RuleKeeper([rule.as_rule() for rule in station.rules], station.storage.runs)
        self._seen = LastSeen(
            station.storage.state,
            self.state,
            with_picture=bool(station.notify and station.notify.to)
            and station.devices.microscope is not None,
        )
        self.people = People(station, self.chronicle, self._seen)
        self.complaint = ""
        """Why the worker counts as frozen; empty while it does not."""
        self.asked: str | None = None
        """Why the run is to end; a signal handler may write it."""
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._wire: Wire | None = None
        self._told = False
        self._beaten_s = float("-inf")
        self._looked_s = time.monotonic()
        self._open = ExitStack()

    def __enter__(self) -> "Keeper":
        self._open.enter_context(self.people)
        self._door = Door()
        self._open.callback(self.hang_up)
        self._looked_s = time.monotonic()
        threading.Thread(target=self._listen, name="guardian-listener", daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    @property
    def invitation(self) -> str:
        """What the worker needs to come in, for its environment."""
        return self._door.invitation

    def hang_up(self) -> None:
        """Let nobody in and hear nobody any more; people can still be told. Idempotent."""
        self._door.close()
        if self._wire is not None:
            self._wire.close()

    def look(self) -> bool:
        """Look once, within a moment; True once the worker's line has ended.

        Takes in what the worker said, passes on what it is to do, lets it hear that it is watched,
        and looks at the rules.
        """
        gone = self.take_what_came()
        now_s = time.monotonic()
        if now_s - self._looked_s > _LATE_S:
            self.chronicle.note("late", seconds=round(now_s - self._looked_s, 3))
            self.state.forgive(now_s - self._looked_s)
        self._looked_s = now_s
        self._pass_on(now_s)
        self._beat(now_s)
        for order in self._rules.look(self.state, now_s):
            self._carry_out(order)
        self.complaint = self.state.complaint(now_s)
        return gone

    def take_what_came(self, timeout_s: float = _LOOK_EVERY_S) -> bool:
        """Take in every message that is there, waiting for one; True if the line has ended."""
        wait_s = timeout_s
        while True:
            try:
                message = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
            except queue.Empty:
                return False
            if timeout_s <= _LOOK_EVERY_S:
                wait_s = 0.0
            if message is _GONE:
                return True
            if isinstance(message, Wire):
                self._wire = message
            else:
                self._take(message)

    def take_over(self, why: str) -> str:
        """Bring the instruments of a dead worker to hold, close its run, tell people.

        Returns
        -------
        str
            What happened and how it stands, in sentences.
        """
        aftermath = Aftermath(
            station=self._station, state=self.state, chronicle=self.chronicle, why=why
        )
        try:
            said = aftermath.carry_out()
        except DacError as error:
            # whoever is told must look now; an error that ends the guardian tells nobody
            said = f"The instruments could not be brought to hold, look at them now: {error}"
        self.wait_for_picture()
        self.people.run_is_held("The run was taken over by its guardian", said)
        return said

    def wait_for_picture(self) -> None:
        """Have the newest picture of the run for what people are told next."""
        if self.state.run is not None:
            self._seen.look(self.state.run.folder)
            self._seen.wait(_PICTURE_S)

    # what the worker says -------------------------------------------------------------------

    def _run_uid(self) -> str | None:
        return None if self.state.run is None else self.state.run.uid

    def _listen(self) -> None:
        """On a thread: let the worker in, and nobody after it, and pass on what it says."""
        wire = self._door.accept(self.state.patience.starting_s)
        self._door.close()
        if wire is not None:
            self._inbox.put(wire)
            for message in wire.messages():
                self._inbox.put(message)
        self._inbox.put(_GONE)

    def _take(self, message: dict[str, Any]) -> None:
        self.state.take(message, time.monotonic())
        match message.get("kind"):
            case "ready":
                # the worker has the station, so the log is ours to write
                self.chronicle.begin()
            case "begin":
                self._told, self.asked = False, None
                self._rules.begin()
            case "run" | "step" | "stop" | "heater":
                what = str(message["kind"])
                self.chronicle.note(what, **{k: v for k, v in message.items() if k != "kind"})
                if what == "run" and self.state.run is not None:
                    self.people.is_over("another run has begun")
                    # a channel that does not work is found out now, not in the night
                    self.people.say("A run has begun", self.state.run.folder.name, "info")
                if what == "step" and self.state.run is not None:
                    self._seen.look(self.state.run.folder)

    # what the worker is told ------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        # a worker that does not read is frozen, which is noticed elsewhere
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.send(message)

    def _beat(self, now_s: float) -> None:
        """Let the worker hear that it is watched."""
        if now_s - self._beaten_s >= _BEAT_EVERY_S:
            self._beaten_s = now_s
            self._send({"kind": "beat"})

    def _pass_on(self, now_s: float) -> None:
        """Tell the worker to end where that was asked for."""
        reason = self.asked
        if reason is None or self._told:
            return
        self.state.ask_to_end(now_s)
        if self._wire is not None:
            self._told = True
            self.chronicle.note("told_to_end", reason=reason)
            self._send({"kind": "end", "reason": reason})

    def _carry_out(self, order: Order) -> None:
        """Tell people of an alarm, and ask the worker for what the rule wants."""
        alarm = order.alarm
        self.chronicle.note(
            "alarm", rule=alarm.rule.name, kind=alarm.kind, message=alarm.message, asked=order.kind
        )
        self.people.tell(order.notice)
        if order.kind == "heater_off":
            self.state.heater_off_asked = True
        if order.kind in ("end", "heater_off"):
            self.state.ask_to_end(time.monotonic())
        if order.kind:
            self._send({"kind": order.kind, "reason": order.reason})
