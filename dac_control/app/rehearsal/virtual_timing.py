"""How devices wait in a rehearsal: jobs, stops, statuses and polls on the RunEngine's loop.

No thread finishes anything: whatever ends, ends on a timer of the loop.
"""

import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dac_control.app.rehearsal.virtual_loop import VirtualLoop
from dac_control.app.rehearsal.virtual_worker import POLL_PERIOD_S, VirtualWorker
from dac_control.errors import ReplyTimeout
from devices.statuses import LoopStatus, finish
from devices.timing import Timing

__all__ = ["VirtualStopLane", "seeded_ids", "virtual_timing"]

logger = logging.getLogger(__name__)

READ_PERIOD_S = 2.0
"""A step of the screw takes half a minute."""


def virtual_timing(
    loop: VirtualLoop, ids: Callable[[], str], poll_period_s: float = POLL_PERIOD_S
) -> Timing:
    """Timing of devices whose RunEngine runs on `loop`; `ids` names moves."""
    return Timing(
        statuses=partial(_VirtualStatus, loop),
        make_worker=partial(VirtualWorker, loop),
        make_stop_lane=partial(VirtualStopLane, loop),
        wall_time=loop.clock.wall_time,
        new_id=ids,
        poll_period_s=poll_period_s,
        read_period_s=READ_PERIOD_S,
    )


def seeded_ids(seed: int, about: bytes = b"") -> Callable[[], str]:
    """Return a source of uids, the same ones for the same seed and what it is `about`."""
    rng = np.random.default_rng([seed, 0x1D5, *about])
    return lambda: str(uuid.UUID(bytes=rng.bytes(16), version=4))


class _VirtualStatus(LoopStatus):
    """A Status whose timeout is a timer of the loop."""

    def __init__(self, loop: VirtualLoop, device: Any, timeout_s: float) -> None:
        super().__init__()
        self.obj = device
        self._timeout_s = timeout_s
        self._timer = loop.call_later(timeout_s, self._fail)

    def _fail(self) -> None:
        name = getattr(self.obj, "name", "an instrument")
        finish(self, ReplyTimeout(f"{name} did not finish within {self._timeout_s:g} s."))

    def _settled(self) -> None:
        """Called by ophyd once it is done."""
        self._timer.cancel()


class VirtualStopLane:
    """Repeats a stop until it is confirmed, on the loop; see `devices.stop_lane.StopLane`."""

    _FIRST_PAUSE_S = 0.02
    _LONGEST_PAUSE_S = 1.0

    def __init__(self, loop: VirtualLoop, name: str, attempt: Callable[[], bool]) -> None:
        self._loop = loop
        self._name = name
        self._attempt = attempt
        self._asked = 0
        self._confirmed = 0
        self._under_way = False
        self._closed = False

    @property
    def asked(self) -> int:
        """Number of the last request."""
        return self._asked

    @property
    def confirmed(self) -> bool:
        """True if every request was confirmed."""
        return self._confirmed == self._asked

    def request(self) -> None:
        """Ask for a stop; it is tried before this returns, and then on timers."""
        self._asked += 1
        if not self._under_way:
            self._under_way = True
            self._try(self._FIRST_PAUSE_S)

    def wait(self, timeout_s: float) -> bool:
        """Return whether every request is confirmed; there is nobody to wait for."""
        return self.confirmed

    def close(self, timeout_s: float = 3.0) -> None:
        """End; a stop that is under way is tried no more."""
        self._closed = True

    def _try(self, pause_s: float) -> None:
        if self._closed:
            return
        number, done = self._asked, False
        try:
            done = self._attempt()
        except Exception as error:  # noqa: BLE001 - nothing may end the lane
            logger.error("%s: not yet confirmed: %s", self._name, error)
        self._loop.clock.take_ahead()
        if done:
            self._confirmed = number
            self._under_way = False
            return
        longer_s = min(self._LONGEST_PAUSE_S, 1.5 * pause_s)
        if self._loop.is_here:
            self._loop.call_later(pause_s, self._try, longer_s)
        else:
            self._loop.call_soon_threadsafe(self._loop.call_later, pause_s, self._try, longer_s)
