"""Trigger several devices at once, and know which one failed."""

import itertools
from collections.abc import Sequence
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.run_engine import WaitForTimeoutError
from bluesky.utils import FailedStatus, MsgGenerator

__all__ = ["trigger_all"]

# A group that an interruption kept from being waited for still holds what failed in it, so no
# name is ever used twice.
_NUMBERS = itertools.count()
# Wall-clock time between looks at the readings that are still under way after one has failed.
_LOOK_EVERY_S = 0.02
# A failure reaches the plan through two threads after its Status is done; this many looks
# without one are taken for the end of it.
_QUIET_LOOKS = 10


def trigger_all(devices: Sequence[Any]) -> MsgGenerator[None]:
    """Trigger every device that can be, and wait for all of them.

    bluesky waits for a group of several only until the first fails, then reports a timeout, and
    throws the failures that follow into whatever comes next. Here each has a group of its own,
    and after a failure the others are waited for, so that nothing is left to be thrown.

    Raises
    ------
    FailedStatus
        From the error of the first device, in order, that failed.
    """
    statuses: list[Any] = []
    groups: list[str] = []
    try:
        for device in devices:
            if hasattr(device, "trigger"):
                groups.append(f"reading {next(_NUMBERS)}")
                statuses.append((yield from bps.trigger(device, group=groups[-1])))
        for group in groups:
            yield from bps.wait(group=group)
    except (FailedStatus, WaitForTimeoutError):
        yield from _let_all_end(statuses)
        for status in statuses:
            if (error := status.exception(0)) is not None:
                raise FailedStatus(status) from error
        raise


def _let_all_end(statuses: list[Any]) -> MsgGenerator[None]:
    quiet_looks = 0
    while quiet_looks < _QUIET_LOOKS:
        try:
            yield from bps.sleep(_LOOK_EVERY_S)
        except (FailedStatus, WaitForTimeoutError):
            quiet_looks = 0
            continue
        if all(status.done for status in statuses):
            quiet_looks += 1
