"""Parameters of devices: what a plan chooses, and no instrument has to be asked for."""

from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator

__all__ = ["choose"]

_GROUP = "parameters"


def choose(*choices: tuple[Any, Any]) -> MsgGenerator[None]:
    """Set parameters to values, those that have another one.

    Each is refused at once or done at once, so one wait does for all.

    Parameters
    ----------
    choices : tuples of (ParameterSignal, value)
        What is chosen.
    """
    changes = [(parameter, value) for parameter, value in choices if parameter.get() != value]
    for parameter, value in changes:
        yield from bps.abs_set(parameter, value, group=_GROUP)
    if changes:
        yield from bps.wait(group=_GROUP)
