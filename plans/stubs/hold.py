"""Wait at a step's beginning while the hold flag is raised."""

from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from plans.instruments import Instruments

__all__ = ["wait_while_held"]

# Wall-clock time between looks at the flag: short for a person, long for a processor.
_LOOK_EVERY_S = 0.1


@plan
def wait_while_held(instruments: Instruments) -> MsgGenerator[Any]:
    """Return once the hold flag is down; nothing is moved or measured meanwhile."""
    while instruments.hold.raised:
        yield from bps.sleep(_LOOK_EVERY_S)
