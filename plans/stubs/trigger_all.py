"""Trigger several devices at once, and know which one failed."""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator
from ophyd.status import Status

from devices.statuses import LoopStatus, finish

__all__ = ["trigger_all"]

# A group that an interruption kept from being waited for still holds what failed in it, so no
# name is ever used twice.
_NUMBERS = itertools.count()


def trigger_all(devices: Sequence[Any]) -> MsgGenerator[None]:
    """Trigger every device that can be, and wait for all of them.

    bluesky waits for a group of several only until the first fails, then reports a timeout, and
    throws the failures that follow into whatever comes next. Here the RunEngine sees one device
    with one Status, which is done once all of them are, so that nothing is left to be thrown.

    Raises
    ------
    FailedStatus
        From the error of the first device, in order, that failed.
    """
    able = [device for device in devices if hasattr(device, "trigger")]
    if not able:
        return
    group = f"reading {next(_NUMBERS)}"
    one: Any = able[0] if len(able) == 1 else _Together(tuple(able))
    yield from bps.trigger(one, group=group)
    yield from bps.wait(group=group)


@dataclass(frozen=True)
class _Together:
    """Several devices that are triggered as one.

    Equal where its devices are: the RunEngine keeps every object that it has ever seen, and a
    new one with each reading would grow its memory for as long as a night lasts.
    """

    devices: tuple[Any, ...]
    parent: ClassVar[None] = None

    @property
    def name(self) -> str:
        """Names of all of them."""
        return ", ".join(device.name for device in self.devices)

    def trigger(self) -> Status:
        """Trigger all; done when the last of them is, and failed if any of them has."""
        together = LoopStatus()
        statuses = [device.trigger() for device in self.devices]
        together.obj = self
        left, lock = len(statuses), threading.Lock()

        def count(_: Status) -> None:
            nonlocal left
            with lock:
                left -= 1
                is_last = left == 0
            if is_last:
                errors = (status.exception(0) for status in statuses)
                finish(together, next((error for error in errors if error is not None), None))

        for status in statuses:
            status.add_callback(count)
        return together
