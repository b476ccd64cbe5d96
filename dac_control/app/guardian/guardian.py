"""The watch over a worker: listen, pass on signals, and take over where it dies or freezes."""

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from rich.console import Console

from dac_control.app.guardian.aftermath import Aftermath, write_report
from dac_control.app.guardian.channel import Door, Wire
from dac_control.app.guardian.chronicle import Chronicle
from dac_control.app.guardian.last_seen import LastSeen
from dac_control.app.guardian.people import People
from dac_control.app.guardian.rule_keeper import Order, RuleKeeper
from dac_control.app.guardian.watch import Patience, WorkerState
from dac_control.app.guardian.worker_process import WorkerProcess
from dac_control.app.signals import SIGNALS, ended_by
from dac_control.app.state_files import copies_for_runs, guardian_log
from dac_control.app.station import Station
from dac_control.errors import RecordError
from dac_control.records.closing import close_run

__all__ = ["Guardian"]

LOOK_EVERY_S = 0.05
LATE_S = 1.0
"""A gap between two looks beyond which the guardian itself was kept from looking."""
BEAT_EVERY_S = 1.0
"""How often the worker hears that its guardian lives."""
_GONE = "gone"
_PICTURE_S = 10.0
"""How long a take-over's notice waits for the picture; the instruments are in hold by then."""
_LEAVING_S = 60.0
"""How long a worker may take to leave after its farewell."""
_GOING_S = 0.3
"""How long a worker whose line has ended may take to be gone by itself."""
_DYING_S = 10.0
"""How often, in s, it is said that a killed process is not gone yet."""


class Guardian:
    """Starts a worker, watches it, and outlives it.

    Parameters
    ----------
    station : Station
        Where the run happens.
    arguments : list of str
        Of ``python -m dac_control.app.worker``.
    console : Console
        For what a person must know.
    as_json : bool
        Whether standard output belongs to one JSON document.
    patience : Patience, optional
        How long the worker may be silent.
    """

    def __init__(
        self,
        station: Station,
        arguments: list[str],
        console: Console,
        *,
        as_json: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._station = station
        self._arguments = arguments
        self._console = console
        self._as_json = as_json
        self._state = WorkerState(now_s=time.monotonic(), patience=patience or Patience())
        self._chronicle = Chronicle(guardian_log(station.storage.state), self._run_uid)
        self._rules = RuleKeeper([rule.as_rule() for rule in station.rules], station.storage.runs)
        self._seen = LastSeen(
            station.storage.state,
            self._state,
            with_picture=bool(station.notify and station.notify.to)
            and station.devices.microscope is not None,
        )
        self._people = People(station, self._chronicle, self._seen)
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._wire: Wire | None = None
        self._asked: str | None = None
        """Why the run is to end; a signal handler writes it."""
        self._told = False
        self._beaten_s = float("-inf")

    def keep_watch(self) -> int:
        """Let the worker do its run; return the exit status of the command."""
        with self._signals(), self._people, contextlib.closing(Door()) as door:
            for problem in self._people.problems:
                self._console.print(
                    f"notify: {problem} The run goes on without it.", soft_wrap=True, markup=False
                )
            worker = WorkerProcess(self._arguments, door.invitation)
            self._chronicle.note("started", worker=worker.pid)
            listener = threading.Thread(
                target=self._listen, args=(door,), name="guardian-listener", daemon=True
            )
            listener.start()
            try:
                why = self._watch(worker)
            finally:
                self._make_sure_it_is_gone(worker)
                door.close()
                if self._wire is not None:
                    self._wire.close()
            status = self._take_over(why) if why else self._after_a_farewell()
            self._stay()
            return status

    def _run_uid(self) -> str | None:
        return None if self._state.run is None else self._state.run.uid

    # watching -----------------------------------------------------------------------------

    def _listen(self, door: Door) -> None:
        """On a thread: let the worker in, and pass on what it says."""
        wire = door.accept(self._state.patience.starting_s)
        if wire is not None:
            self._inbox.put(wire)
            for message in wire.messages():
                self._inbox.put(message)
        self._inbox.put(_GONE)

    def _watch(self, worker: WorkerProcess) -> str:
        """Return once the worker is gone or must go: empty after a farewell, else why."""
        looked_s = time.monotonic()
        while True:
            gone = self._take_what_came()
            now_s = time.monotonic()
            if now_s - looked_s > LATE_S:
                self._chronicle.note("late", seconds=round(now_s - looked_s, 3))
                self._state.forgive(now_s - looked_s)
            looked_s = now_s
            self._pass_on(now_s)
            self._beat(now_s)
            for order in self._rules.look(self._state, now_s):
                self._carry_out(order)
            if self._state.exit_status is not None:
                # nothing moves after a farewell; a worker that cannot leave is made to
                worker.wait(_LEAVING_S)
                return ""
            # the line of a process that was killed ends just before the process does
            status = worker.wait(_GOING_S) if gone else worker.poll()
            if status is not None:
                # what it said last may still be on its way
                gone = gone or self._take_what_came(timeout_s=1.0)
                return "" if self._state.exit_status is not None else _how_it_died(status)
            if gone:
                return "the worker broke off its line to the guardian"
            if complaint := self._state.complaint(now_s):
                return f"the worker froze ({complaint}) and was killed"

    def _take_what_came(self, timeout_s: float = LOOK_EVERY_S) -> bool:
        """Take in every message that is there, waiting for one; True if the line has ended."""
        wait_s = timeout_s
        while True:
            try:
                message = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
            except queue.Empty:
                return False
            if timeout_s <= LOOK_EVERY_S:
                wait_s = 0.0
            if message is _GONE:
                return True
            if isinstance(message, Wire):
                self._wire = message
            else:
                self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        self._state.take(message, time.monotonic())
        match message.get("kind"):
            case "ready":
                # the worker has the station, so the log is ours to write
                self._chronicle.begin()
            case "run" | "step" | "stop" | "heater":
                what = str(message["kind"])
                self._chronicle.note(what, **{k: v for k, v in message.items() if k != "kind"})
                if what == "run" and self._state.run is not None:
                    # a channel that does not work is found out now, not in the night
                    self._people.say("A run has begun", self._state.run.folder.name, "info")
                if what == "step" and self._state.run is not None:
                    self._seen.look(self._state.run.folder)

    def _beat(self, now_s: float) -> None:
        """Let the worker hear that it is watched."""
        if self._wire is not None and now_s - self._beaten_s >= BEAT_EVERY_S:
            self._beaten_s = now_s
            # a worker that does not read is frozen, which is noticed elsewhere
            with contextlib.suppress(OSError):
                self._wire.send({"kind": "beat"})

    def _pass_on(self, now_s: float) -> None:
        """Tell the worker to end where that was asked for."""
        reason, wire = self._asked, self._wire
        if reason is None or self._told or wire is None:
            if reason is not None:
                self._state.ask_to_end(now_s)
            return
        self._told = True
        self._state.ask_to_end(now_s)
        self._chronicle.note("told_to_end", reason=reason)
        # a worker that does not read is frozen, which is noticed elsewhere
        with contextlib.suppress(OSError):
            wire.send({"kind": "end", "reason": reason})

    def _carry_out(self, order: Order) -> None:
        """Tell people of an alarm, and ask the worker for what the rule wants."""
        alarm = order.alarm
        self._chronicle.note(
            "alarm", rule=alarm.rule.name, kind=alarm.kind, message=alarm.message, asked=order.kind
        )
        self._people.tell(order.notice)
        if order.kind == "heater_off":
            self._state.heater_off_asked = True
        if order.kind in ("end", "heater_off"):
            self._state.ask_to_end(time.monotonic())
        if order.kind and self._wire is not None:
            # a worker that does not read is frozen, which is noticed elsewhere
            with contextlib.suppress(OSError):
                self._wire.send({"kind": order.kind, "reason": order.reason})

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals end the run in order; Ctrl-Z must not put the guardian to sleep."""
        ignored = [number for name in ("SIGTSTP",) if (number := getattr(signal, name, None))]
        # whoever ignores SIGHUP for us (nohup) means it
        hangup = getattr(signal, "SIGHUP", None)
        heeded = [
            number
            for number in SIGNALS
            if number != hangup or signal.getsignal(number) != signal.SIG_IGN
        ]
        previous = {number: signal.signal(number, self._handle) for number in heeded}
        previous |= {number: signal.signal(number, signal.SIG_IGN) for number in ignored}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._asked is None:
            self._asked = ended_by(number)

    # afterwards ---------------------------------------------------------------------------

    def _make_sure_it_is_gone(self, worker: WorkerProcess) -> None:
        """Kill what is left of the worker and wait: its revival would move the screw."""
        while worker.poll() is None:
            worker.kill()
            if worker.wait(_DYING_S) is None:
                self._chronicle.note("not_gone", worker=worker.pid)
                self._console.print(
                    f"[red]The worker (process {worker.pid}) was killed and is not gone; until it "
                    "is, the instruments are not touched.[/] Look at the screw."
                )

    def _take_over(self, why: str) -> int:
        aftermath = Aftermath(
            station=self._station, state=self._state, chronicle=self._chronicle, why=why
        )
        said = aftermath.carry_out()
        self._console.print(said, soft_wrap=True, markup=False, style="bold red")
        run = self._state.run
        if run is not None:
            self._seen.look(run.folder)
            self._seen.wait(_PICTURE_S)
        self._people.run_is_held("The run was taken over by its guardian", said)
        if run is not None:
            write_report(run.folder, as_json=self._as_json)
            self._console.print(f"Run folder {run.folder}", soft_wrap=True, markup=False)
        self._chronicle.finish()
        return 1

    def _after_a_farewell(self) -> int:
        """The worker ended in order; a run that it could not close, on a full disk, is closed."""
        state, run = self._state, self._state.run
        if run is not None:
            self._seen.look(run.folder)
            self._seen.wait(_PICTURE_S)
            self._people.run_is_over(run.folder.name, state.ending or state.failure)
            reason = state.failure or "the worker ended without the run's end on the disk"
            try:
                closed = close_run(
                    run.folder,
                    reason,
                    closed_by="guardian",
                    exit_status="fail",
                    copies=copies_for_runs(self._station),
                )
                if closed:
                    self._chronicle.note("closed", reason=reason)
                    write_report(run.folder, as_json=False)
            except RecordError as error:
                self._console.print(
                    f"The run's end could not be written: {error} The next session or "
                    "`dac-control runs` will write it.",
                    soft_wrap=True,
                    markup=False,
                )
        self._chronicle.finish()
        return 1 if state.exit_status is None else state.exit_status

    def _stay(self) -> None:
        """After a run that nobody ended, go on telling people until somebody knows."""
        held = self._state.run is not None and self._state.exit_status != 0
        if not held or self._asked is not None or not self._people.can_be_told:
            return
        self._console.print(
            "People are told again until somebody runs `dac-control acknowledge`, begins another "
            "run, or ends this with Ctrl-C.",
            soft_wrap=True,
        )
        self._people.stay_while_held(lambda: self._asked is not None)


def _how_it_died(status: int) -> str:
    if status >= 0:
        return f"the worker ended without a farewell (exit status {status})"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"the worker was killed ({name})"
