"""The guardian of one run: starts its worker, passes on signals, takes over where it dies."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from rich.console import Console

from dac_control.app.guardian.aftermath import write_report
from dac_control.app.guardian.keeper import Keeper
from dac_control.app.guardian.watch import Patience
from dac_control.app.guardian.worker_process import WorkerProcess
from dac_control.app.signals import SIGNALS, ended_by
from dac_control.app.state_files import copies_for_runs
from dac_control.app.station import Station
from dac_control.errors import RecordError
from dac_control.records.closing import close_run

__all__ = ["Guardian"]

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
        self._keeper = Keeper(station, patience)

    def keep_watch(self) -> int:
        """Let the worker do its run; return the exit status of the command."""
        keeper = self._keeper
        with self._signals(), keeper:
            for problem in keeper.people.problems:
                self._console.print(
                    f"notify: {problem} The run goes on without it.", soft_wrap=True, markup=False
                )
            worker = WorkerProcess(self._arguments, keeper.invitation)
            keeper.chronicle.note("started", worker=worker.pid)
            try:
                why = self._watch(worker)
            finally:
                self._make_sure_it_is_gone(worker)
                keeper.hang_up()
            status = self._take_over(why) if why else self._after_a_farewell()
            self._stay()
            return status

    def _watch(self, worker: WorkerProcess) -> str:
        """Return once the worker is gone or must go: empty after a farewell, else why."""
        keeper = self._keeper
        while True:
            gone = keeper.look()
            if keeper.state.exit_status is not None:
                # nothing moves after a farewell; a worker that cannot leave is made to
                worker.wait(_LEAVING_S)
                return ""
            # the line of a process that was killed ends just before the process does
            status = worker.wait(_GOING_S) if gone else worker.poll()
            if status is not None:
                # what it said last may still be on its way
                gone = gone or keeper.take_what_came(timeout_s=1.0)
                return "" if keeper.state.exit_status is not None else _how_it_died(status)
            if gone:
                return "the worker broke off its line to the guardian"
            if keeper.complaint:
                return f"the worker froze ({keeper.complaint}) and was killed"

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
        if self._keeper.asked is None:
            self._keeper.asked = ended_by(number)

    # afterwards ---------------------------------------------------------------------------

    def _make_sure_it_is_gone(self, worker: WorkerProcess) -> None:
        """Kill what is left of the worker and wait: its revival would move the screw."""
        while worker.poll() is None:
            worker.kill()
            if worker.wait(_DYING_S) is None:
                self._keeper.chronicle.note("not_gone", worker=worker.pid)
                self._console.print(
                    f"[red]The worker (process {worker.pid}) was killed and is not gone; until it "
                    "is, the instruments are not touched.[/] Look at the screw."
                )

    def _take_over(self, why: str) -> int:
        said = self._keeper.take_over(why)
        self._console.print(said, soft_wrap=True, markup=False, style="bold red")
        run = self._keeper.state.run
        if run is not None:
            write_report(run.folder, as_json=self._as_json)
            self._console.print(f"Run folder {run.folder}", soft_wrap=True, markup=False)
        self._keeper.chronicle.finish()
        return 1

    def _after_a_farewell(self) -> int:
        """The worker ended in order; a run that it could not close, on a full disk, is closed."""
        keeper = self._keeper
        state, run = keeper.state, keeper.state.run
        if run is not None:
            keeper.wait_for_picture()
            keeper.people.run_is_over(run.folder.name, state.ending or state.failure)
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
                    keeper.chronicle.note("closed", reason=reason)
                    write_report(run.folder, as_json=False)
            except RecordError as error:
                self._console.print(
                    f"The run's end could not be written: {error} The next session or "
                    "`dac-control runs` will write it.",
                    soft_wrap=True,
                    markup=False,
                )
        keeper.chronicle.finish()
        return 1 if state.exit_status is None else state.exit_status

    def _stay(self) -> None:
        """After a run that nobody ended, go on telling people until somebody knows."""
        held = self._keeper.state.run is not None and self._keeper.state.exit_status != 0
        if not held or self._keeper.asked is not None or not self._keeper.people.can_be_told:
            return
        self._console.print(
            "People are told again until somebody runs `dac-control acknowledge`, begins another "
            "run, or ends this with Ctrl-C.",
            soft_wrap=True,
        )
        self._keeper.people.stay_while_held(lambda: self._keeper.asked is not None)


def _how_it_died(status: int) -> str:
    if status >= 0:
        return f"the worker ended without a farewell (exit status {status})"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"the worker was killed ({name})"
