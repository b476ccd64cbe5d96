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

__all__ = ["MoveProgress", "StatusFactory", "finish_with", "threaded_status"]

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


def finish_with(status: Status, future: "Future[Any]") -> None:
    """Let `future` finish `status`; a status that timed out meanwhile stays as it is."""

    def done(outcome: "Future[Any]") -> None:
        error = outcome.exception()
        try:
            if error is None:
                status.set_finished()
            elif isinstance(error, Exception):
                status.set_exception(error)
        except InvalidState:
            logger.debug("%s was finished before its worker was", status)

    future.add_done_callback(done)


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
            watcher(current=current, precision=5, fraction=fraction, **self._fixed)
