"""The RunEngine as this project runs it: a signal ends a run in hold, on any platform."""

import asyncio
import contextlib
import io
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from bluesky.run_engine import RunEngine
from bluesky.utils import DuringTask, RunEngineInterrupted

from dac_control.app.signals import SIGNALS, ended_by
from dac_control.app.terminal import silence_dead_streams
from dac_control.safety.hold import HoldFlag

__all__ = ["make_engine", "run_to_the_end", "stop_engine", "uninterrupted"]

# How often it is looked whether a RunEngine that was called runs yet.
_LOOK_EVERY_S = 0.01


class _PatientTask(DuringTask):
    """Waits in short pieces, since one long wait cannot be interrupted on Windows."""

    def block(self, blocking_event: threading.Event) -> None:
        while not blocking_event.wait(0.1):
            pass


class _RunsEndWhenAsked:
    """Context of a RunEngine call in which a signal, or anybody who asks, ends the run in hold.

    A pause is asked for, at once. A ramp has no checkpoint, so for it a pause means: stop the
    drive, close the run with its reason, keep the temperature. Other plans pause as usual. The
    pause is asked for from a thread of its own, because a handler runs where the main thread
    happens to be.
    """

    def __init__(self, engine: RunEngine, hold: HoldFlag) -> None:
        self._engine = engine
        self._hold = hold
        self._ended = False
        self._requested = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_RunsEndWhenAsked":
        self._thread = threading.Thread(target=self._watch, name="run-ender", daemon=True)
        self._thread.start()
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._ended = True
        self._hold.wake_waiter()
        self._thread.join()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._hold.ask_to_end(ended_by(number))

    def _watch(self) -> None:
        while True:
            self._hold.wait_until_end_is_asked()
            # asked for just before the RunEngine runs: soon it does
            while not self._ended and self._engine.state == "idle":
                time.sleep(_LOOK_EVERY_S)
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

    Parameters
    ----------
    hold : HoldFlag
        Carries the reason of an interruption to the run's stop document.
    md : mutable mapping, optional
        Metadata that survive between sessions, such as the scan number.
    loop : asyncio event loop, optional
        Where it runs; by default a new one in real time.
    """

    def ender(engine: RunEngine) -> _RunsEndWhenAsked:
        return _RunsEndWhenAsked(engine, hold)

    engine = RunEngine(
        {} if md is None else md,
        loop=loop,
        during_task=_PatientTask(),
        context_managers=[ender],
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
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
