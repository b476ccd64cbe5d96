"""A worker's end of the line to its guardian: signs of life out, requests in.

Nothing here happens on the RunEngine's thread but a put into a queue that never blocks.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dac_control.app.guardian.channel import Wire
from dac_control.app.session import Session
from dac_control.app.worker.guardian_watch import GuardianWatch
from dac_control.app.worker.instead import tell_instead_of_guardian
from dac_control.app.worker.interrupt import interrupt_main_thread
from dac_control.app.worker.reports import Reports, carry_out

__all__ = ["GuardianLink"]

BEAT_EVERY_S = 0.25
_MOST_WAITING = 1000
LOST = "the guardian of this run is gone; the drive was stopped where it was"
FROZEN = "the guardian of this run does not answer; the drive was stopped where it was"
SILENT = "the guardian of this run does not answer"
"""Why the next step waits; it goes on when the guardian is heard again."""
_TELLING_S = 15.0


class GuardianLink:
    """Reports to the guardian and does what it asks.

    Parameters
    ----------
    wire : Wire
        The line to the guardian.
    leave : callable, optional
        Called from a thread where this process is to end while the RunEngine does nothing; by
        default the main thread is interrupted.
    """

    def __init__(self, wire: Wire, leave: Callable[[], None] = interrupt_main_thread) -> None:
        self._wire = wire
        self._leave = leave
        self.guarded = True
        """False once the guardian is gone, or silent for long."""
        self._outbox: queue.Queue[dict[str, Any] | None] = queue.Queue(_MOST_WAITING)
        self._session: Session | None = None
        self._reports: Reports | None = None
        self._loop_ticked_s = time.monotonic()
        self._run_over = False
        self._telling: threading.Thread | None = None
        self._watch = GuardianWatch(self._doubt, self._trust, self._give_up)
        self._sender = threading.Thread(target=self._send_all, name="guardian-out", daemon=True)
        self._sender.start()
        threading.Thread(target=self._obey, name="guardian-in", daemon=True).start()
        self.post({"kind": "hello", "pid": os.getpid()})

    def post(self, message: dict[str, Any]) -> None:
        """Queue a message; one that a stuck guardian leaves no room for is dropped."""
        with contextlib.suppress(queue.Full):
            self._outbox.put_nowait(message)

    @contextlib.contextmanager
    def attend(self, session: Session) -> Iterator[None]:
        """Report on a session, and do to it what the guardian asks."""
        self._reports = Reports(session)
        self._loop_ticked_s = time.monotonic()
        self._session = session
        self.post({"kind": "ready", "speed": session.clock.speed})
        # the recorder is first, so what is reported here is on the disk
        token = session.engine.subscribe(self._report)
        try:
            yield
        finally:
            session.engine.unsubscribe(token)
            self._session = None

    def begin(self) -> None:
        """Say that the next of many runs begins."""
        self._run_over = False
        self.post({"kind": "begin"})

    def wait(self) -> None:
        """Say that there is no run until the next `begin`."""
        self._run_over = True
        self.post({"kind": "waiting"})

    def farewell(self, status: int, failure: str = "") -> None:
        """Say that this process ends in order, and with what exit status."""
        self._watch.close()
        self.post({"kind": "bye", "status": status, "failure": failure})
        with contextlib.suppress(queue.Full):  # then nobody reads, and the sender is stuck
            self._outbox.put_nowait(None)
        self._sender.join(5.0)
        if self._telling is not None:
            self._telling.join(_TELLING_S)

    # out ------------------------------------------------------------------------------------

    def _report(self, name: str, doc: Mapping[str, Any]) -> None:
        """Tell what the guardian must know of a document; on the RunEngine's thread."""
        session, reports = self._session, self._reports
        message = None if session is None or reports is None else reports.of_document(name, doc)
        if message is None:
            return
        if name in ("start", "stop"):
            self._run_over = name == "stop"
        self.post(message)

    def _send_all(self) -> None:
        """On a thread: send what waits, and a beat now and then, until the farewell."""
        try:
            while True:
                try:
                    message = self._outbox.get(timeout=BEAT_EVERY_S)
                except queue.Empty:
                    message = self._beat()
                if message is None:
                    return
                self._wire.send(message)
        except OSError:
            # the other thread sees the same, and ends the run
            return

    def _beat(self) -> dict[str, Any]:
        session, reports = self._session, self._reports
        if session is None or reports is None:
            return {"kind": "beat"}
        loop_age_s = time.monotonic() - self._loop_ticked_s
        with contextlib.suppress(RuntimeError):  # the loop is closed: the session ends
            session.engine.loop.call_soon_threadsafe(self._tick)
        return {**reports.of_devices(), "loop_age_s": loop_age_s}

    def _tick(self) -> None:
        """On the RunEngine's loop: it turns."""
        self._loop_ticked_s = time.monotonic()

    # in -------------------------------------------------------------------------------------

    def _obey(self) -> None:
        """On a thread: do what the guardian asks; without it, end in hold."""
        for message in self._wire.messages():
            self._watch.heard()
            reason = str(message.get("reason", "asked for by the guardian"))
            kind, session = str(message.get("kind")), self._session
            if session is not None:
                carry_out(session, kind, reason, end=self._end, tell=self.post)
            elif kind == "end":
                self._end(reason)
        self._watch.close()
        self._lose(LOST)

    def _doubt(self) -> None:
        """Let the next step wait: the guardian is silent."""
        if self._session is not None:
            self._session.hold.hold(SILENT)

    def _trust(self) -> None:
        """Let the next step begin: the guardian is heard again."""
        if self._session is not None:
            self._session.hold.release(SILENT)

    def _give_up(self) -> None:
        """End in hold: a guardian that is silent for so long guards nothing."""
        self._lose(FROZEN)

    def _lose(self, reason: str) -> None:
        # looked at first: the run may be over at once
        session, in_a_run = self._session, not self._run_over
        self.guarded = False
        self._end(reason)
        if session is not None and in_a_run and self._telling is None:
            self._telling = threading.Thread(
                target=tell_instead_of_guardian, args=(session, reason), name="telling"
            )
            self._telling.start()

    def _end(self, reason: str) -> None:
        session = self._session
        # an experiment has several runs, and the RunEngine works between them, too
        if session is not None and session.engine.state != "idle":
            session.hold.ask_to_end(reason)
        elif not self._run_over:
            self._leave()
