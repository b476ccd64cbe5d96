"""Watches over a queue: what queueserver does not notice, and what it would repeat.

It starts Redis and the manager, opens the worker's environment, hands over what is due, and
ends everything in order. It is the worker's guardian, as that of a single run is. It buries a
dead worker, and takes out of the queue what was begun and put back there.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dac_control.app.guardian.keeper import Keeper
from dac_control.app.queue.ended_tickets import EndedTickets
from dac_control.app.queue.manager import Manager
from dac_control.app.queue.place import Place
from dac_control.app.queue.schedule import due, forget, misses
from dac_control.app.queue.servers import ManagerProcess, OwnRedis, require_redis
from dac_control.app.queue.tickets import read_tickets
from dac_control.app.queue.worker_watch import WorkerWatch
from dac_control.app.station_lock import StationLock
from dac_control.errors import ConfigurationError, QueueRefused, QueueUnreachable

__all__ = ["Supervisor"]

logger = logging.getLogger(__name__)

_OPEN_S = 300.0
_STOP_S = 120.0


class Supervisor:
    """One station's queue.

    Parameters
    ----------
    place : Place
        Its files.
    station_file : Path
        What its worker builds.
    redis : str, optional
        Address of a Redis; by default one of its own.
    keeper : Keeper
        Open; watches over the worker, and tells people.
    say : callable
        Told in a sentence what belongs on the terminal.
    report : bool
        Write the report of each run that ended.
    """

    def __init__(
        self,
        place: Place,
        station_file: Path,
        keeper: Keeper,
        *,
        redis: str | None,
        say: Callable[[str], None],
        report: bool = True,
    ) -> None:
        self._place = place
        self._keeper = keeper
        self._say = say
        place.make()
        self._watch: WorkerWatch | None = None
        self._only_one = StationLock(place.folder / "supervisor")
        self._own_redis: OwnRedis | None = None
        self._process: ManagerProcess | None = None
        self._manager: Manager | None = None
        self._ended = EndedTickets(place, keeper, say, report=report)
        try:
            if redis is None:
                self._own_redis = OwnRedis(place)
                redis = self._own_redis.address
            else:
                require_redis(redis)
            self._process = ManagerProcess(place, station_file, redis, keeper.invitation)
            self._manager = Manager(self._process.addresses)
            self._wait_for_manager(self._manager)
            place.save(self._process.addresses)
            self._watch = WorkerWatch(place, keeper)
        except BaseException:
            self._close()
            raise

    @property
    def manager(self) -> Manager:
        """The way to talk to the manager."""
        assert self._manager is not None  # since the constructor returned
        return self._manager

    def open(self) -> None:
        """Open the worker's environment: build the session, connect.

        Raises
        ------
        ConfigurationError
            If the session cannot be built; another process may hold the station.
        """
        before = self._place.log.stat().st_size
        self.manager.ask("environment_open")
        status = self.manager.wait(lambda s: s["manager_state"] == "idle", _OPEN_S)
        if status is None or not status["worker_environment_exists"]:
            raise ConfigurationError(
                f"The queue's worker did not start: {self._place.last_words(before)}"
            )

    def serve(self, over: threading.Event, every_s: float = 0.5) -> None:
        """Watch until `over` is set or the manager ends; then stop in order."""
        try:
            while not over.wait(every_s) and self._process is not None and self._process.alive:
                try:
                    self.look()
                except (QueueUnreachable, QueueRefused) as error:
                    # the state has moved between question and deed: look again
                    logger.warning("%s", error)
            if not over.is_set():
                self._tell("The queue's manager has ended.")
        finally:
            self.stop()

    def look(self) -> None:
        """Look once at everything."""
        status = self.manager.status()
        if status["worker_environment_exists"]:
            how = self._watch.what_became_of_it() if self._watch is not None else ""
            if how:
                self._bury_worker(how)
        if status["manager_state"] == "paused":
            # as everywhere where nobody is at a prompt
            self.manager.ask("re_abort")
        self._keeper.people.still_held()
        self._take_out_what_was_begun()
        self._ended.look()
        self._hand_over(status)

    def stop(self) -> None:
        """End the queue in order: the plan in hold, the worker, the manager, Redis.

        A worker is never ended by a signal to all of them, which runs no clean-up.
        """
        try:
            self._stop_in_order()
        except (QueueUnreachable, QueueRefused) as error:
            self._tell(f"The queue could not be stopped in order: {error}")
        finally:
            self._close()

    def _stop_in_order(self) -> None:
        if self._process is None or not self._process.alive:
            return
        manager = self.manager
        status = manager.status()
        if status["items_in_queue"] and status["manager_state"] == "executing_queue":
            manager.ask("queue_stop")
        if status["manager_state"] in ("executing_queue", "starting_queue"):
            try:
                manager.ask("re_pause", option="immediate")
            except QueueRefused as error:
                logger.info("%s", error)  # it has just ended
        # a ramp has no checkpoint: a pause has ended it in hold; another plan waits to be aborted
        status = manager.wait(lambda s: s["manager_state"] in ("paused", "idle"), _STOP_S) or {}
        if status.get("manager_state") == "paused":
            manager.ask("re_abort")
            status = manager.wait(lambda s: s["manager_state"] == "idle", _STOP_S) or {}
        if status.get("worker_environment_exists"):
            manager.ask("environment_close")
            manager.wait(lambda s: not s["worker_environment_exists"], _STOP_S)
        self._take_out_what_was_begun()
        self._ended.look()
        manager.ask("manager_stop", option="safe_on")

    def _close(self) -> None:
        self._place.forget()
        if self._manager is not None:
            self._manager.close()
        if self._process is not None:
            self._process.close()
        if self._own_redis is not None:
            self._own_redis.close()
        if self._watch is not None:
            self._watch.close()
        self._ended.close()
        self._only_one.release()

    def _wait_for_manager(self, manager: Manager) -> None:
        until = time.monotonic() + 60.0
        while True:
            try:
                manager.status()
                return
            except QueueUnreachable:
                if self._process is None or not self._process.alive or time.monotonic() > until:
                    raise QueueUnreachable(
                        f"The queue's manager does not start: {self._place.last_words()}"
                    ) from None

    def _bury_worker(self, how: str) -> None:
        _, running = self.manager.waiting()
        title = running.get("kwargs", {}).get("title", "")
        why = f"the queue's worker {how}" + (f" while it carried out {title}" if title else "")
        self._say(self._keeper.take_over(why))
        self.manager.ask("environment_destroy")
        self.manager.wait(lambda s: not s["worker_environment_exists"])
        self._take_out_what_was_begun()
        self._say(
            f"{why[0].upper()}{why[1:]}. It is not repeated, and the queue stands still. Look at "
            "the cell, then end the queue, start it again and hand in what is left."
        )

    def _take_out_what_was_begun(self) -> None:
        begun = read_tickets(self._place.ledger)
        items, _ = self.manager.waiting()
        for item in items:
            ticket = begun.get(item.get("kwargs", {}).get("ticket", ""))
            if ticket is None:
                continue
            try:
                self.manager.remove(item)
                logger.info("%s was put back and is taken out", ticket.title)
            except QueueRefused as error:
                logger.info("%s: %s", ticket.title, error)  # it has just come to be its turn

    def _hand_over(self, status: dict[str, Any]) -> None:
        """Add what is due, and start the queue for it if that stands still."""
        for missed in misses(self._place):
            self._tell(
                f"{missed.title} was due at {missed.when}, when no queue was running; it is not "
                "begun late. Hand it in again."
            )
            forget(self._place, missed.ticket)
        for item in due(self._place):
            self.manager.add(item.ticket, item.title)
            forget(self._place, item.ticket)
            stands = " The queue stands still since a run ended early." if self._ended.held else ""
            self._tell(f"{item.title} is due and stands in the queue.{stands}")
            if self._ended.held:
                continue
            if status["manager_state"] == "idle" and status["worker_environment_exists"]:
                self.manager.ask("queue_start")

    def _tell(self, text: str) -> None:
        """Say it here, and to people."""
        self._say(text)
        self._keeper.people.say("Queue", text, "info")
