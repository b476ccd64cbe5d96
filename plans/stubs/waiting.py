"""Wait for laboratory time."""

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from dac_control.clock import LabClock

__all__ = ["wait_lab", "wait_until"]


@plan
def wait_lab(clock: LabClock, lab_s: float) -> MsgGenerator[None]:
    """Let `lab_s` laboratory seconds pass."""
    wall_s = clock.wall_s(lab_s)
    if wall_s > 0:
        yield from bps.sleep(wall_s)


@plan
def wait_until(clock: LabClock, lab_time_s: float) -> MsgGenerator[None]:
    """Wait until the laboratory clock shows `lab_time_s`; not at all if that is past."""
    yield from wait_lab(clock, lab_time_s - clock.now())
