"""How devices make Status objects, and how a worker's outcome reaches one.

The factory is injected: threads with a timeout in real time; a rehearsal in virtual time
gives another, since timed statuses run on the wall clock.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from ophyd.status import Status
from ophyd.utils.errors import InvalidState

from dac_control.errors import DacError

__all__ = [
    "LoopStatus",
    "MoveProgress",
    "StatusFactory",
    "finish",
    "finish_with",
    "status_of",
    "threaded_status",
]

logger = logging.getLogger(__name__)

Watcher = Callable[..., None]


class StatusFactory(Protocol):
    """Makes the Status of one action of one device."""

    def __call__(self, device: Any, timeout_s: float) -> Status:
        """Return a Status that fails by itself after `timeout_s` on the wall."""
        ...


def threaded_status(device: Any, timeout_s: float) -> Status:
    """Status with a timeout that a thread of its own keeps."""
    return Status(obj=device, timeout=timeout_s)


class LoopStatus(Status):
    """A Status that takes callbacks with one argument, as bluesky's are."""

    def add_callback(self, callback: Callable[[Status], object]) -> None:
        """Call `callback` once with this Status: when it is done, or now if it is.

        ophyd inspects the signature of each callback, for the sake of very old ones; with
        thousands of statuses that is time.
        """
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)


def status_of(device: Any) -> Status:
    """Status without a timeout, for what is done at once or on the RunEngine's own loop."""
    # ophyd writes the object's text into each new Status, which for a device costs more than
    # anything else here; so it is told afterwards
    status = LoopStatus()
    status.obj = device
    return status


def finish_with(status: Status, future: "Future[Any]") -> None:
    """Let `future` finish `status`; a status that timed out meanwhile stays as it is."""
    future.add_done_callback(lambda outcome: finish(status, outcome.exception()))


def finish(status: Status, error: BaseException | None) -> None:
    """Finish a status, well or with `error`; one that is finished already stays as it is."""
    try:
        if error is None:
            status.set_finished()
        else:
            status.set_exception(error if isinstance(error, Exception) else DacError(str(error)))
    except InvalidState:
        logger.debug("%s was finished before its worker was", status)


class MoveProgress:
    """Feeds the watchers of a move, in the form that bluesky's progress bars expect."""

    def __init__(self, name: str, initial: float, target: float, unit: str) -> None:
        self._fixed = {"name": name, "initial": initial, "target": target, "unit": unit}
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Add a watcher, called with keywords ``name, current, initial, target, unit, ...``."""
        self._watchers.append(watcher)

    def report(self, current: float) -> None:
        """Tell every watcher where the move is; `fraction` is what is left, as ophyd has it."""
        initial, target = float(self._fixed["initial"]), float(self._fixed["target"])
        span = target - initial
        fraction = 0.0 if span == 0 else min(1.0, max(0.0, (target - current) / span))
        for watcher in self._watchers:
            try:
                watcher(current=current, precision=5, fraction=fraction, **self._fixed)
            except Exception as error:  # noqa: BLE001 - a progress bar may not disturb a move
                logger.warning("a watcher of %s failed: %s", self._fixed["name"], error)
