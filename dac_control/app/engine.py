"""The RunEngine as this project runs it: a signal ends a run in hold, on any platform."""

import asyncio
import contextlib
import io
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from bluesky.run_engine import RunEngine
from bluesky.utils import DuringTask, RunEngineInterrupted

from dac_control.app.terminal import silence_dead_streams
from dac_control.safety.hold import HoldFlag

__all__ = ["make_engine", "run_to_the_end", "stop_engine", "uninterrupted"]

# SIGHUP is a dropped ssh session; Windows has SIGBREAK for a closed console instead.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


class _PatientTask(DuringTask):
    """Waits in short pieces, since one long wait cannot be interrupted on Windows."""

    def block(self, blocking_event: threading.Event) -> None:
        while not blocking_event.wait(0.1):
            pass


class _SignalsEndTheRun:
    """Context of a RunEngine call in which a signal asks for a pause, at once.

    A ramp has no checkpoint, so for it a pause means: stop the drive, close the run with its
    reason, keep the temperature. Other plans pause as usual. The pause is asked for from a
    thread of its own, because the handler runs where the main thread happens to be.
    """

    def __init__(self, engine: RunEngine, hold: HoldFlag) -> None:
        self._engine = engine
        self._hold = hold
        self._asked = threading.Event()
        self._ended = False
        self._requested = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_SignalsEndTheRun":
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()
        for number in _SIGNALS:
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._ended = True
        self._asked.set()
        self._thread.join()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        self._hold.note_interruption(f"ended by {name}; the drive was stopped where it was")
        self._asked.set()

    def _watch(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._ended:
                return
            # once: a second Ctrl-C must not throw into the clean-up that the first one began
            if self._engine.state == "running" and not self._requested:
                self._requested = True
                silence_dead_streams()
                try:
                    self._engine.request_pause(defer=False)
                except OSError:
                    # the terminal died between the look and bluesky's print
                    for name in ("stdout", "stderr"):
                        setattr(sys, name, io.StringIO())
                    self._engine.request_pause(defer=False)


def make_engine(
    hold: HoldFlag, md: Any = None, *, loop: asyncio.AbstractEventLoop | None = None
) -> RunEngine:
    """Return a RunEngine that records interruptions and ends runs in hold on signals.

    Must be called in the main thread.

    Parameters
    ----------
    hold : HoldFlag
        Carries the reason of an interruption to the run's stop document.
    md : mutable mapping, optional
        Metadata that survive between sessions, such as the scan number.
    loop : asyncio event loop, optional
        Where it runs; by default a new one in real time.
    """

    def signals(engine: RunEngine) -> _SignalsEndTheRun:
        return _SignalsEndTheRun(engine, hold)

    in_main_thread = threading.current_thread() is threading.main_thread()
    engine = RunEngine(
        {} if md is None else md,
        loop=loop,
        during_task=_PatientTask(),
        context_managers=[signals] if in_main_thread else [],
    )
    engine.record_interruptions = True
    return engine


def run_to_the_end(engine: RunEngine, plan: Any, on_document: Callable[..., Any] | None) -> None:
    """Run a plan with nobody at a prompt: a pause of any kind becomes an abort."""
    try:
        engine(plan, on_document) if on_document is not None else engine(plan)
    except RunEngineInterrupted:
        if engine.state == "paused":
            engine.abort("nobody was there to resume")


def stop_engine(engine: RunEngine) -> None:
    """End the RunEngine's own thread and loop."""
    if engine.state == "paused":
        engine.abort("the session was closed")
    loop = engine.loop
    loop.call_soon_threadsafe(loop.stop)
    engine._th.join(5.0)  # noqa: SLF001 - bluesky offers no public way to end its thread
    if not loop.is_running():
        loop.close()


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore signals while a run is being finished: people press Ctrl-C more than once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
