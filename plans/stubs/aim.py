"""Point the optics at a named place, where the station has a stage that does so."""

from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError
from plans.instruments import Instruments

__all__ = ["aim_at", "check_aim", "check_spot"]


@plan
def aim_at(instruments: Instruments, spot: str) -> MsgGenerator[None]:
    """Let the optics look at `spot`; nothing is sent where they do.

    A place that the stage does not know is one that its optics always look at: see `check_spot`.
    """
    spots: Any = instruments.spots
    if spots is None or spot not in spots.names or spots.looks_at(spot):
        return
    yield from bps.abs_set(spots, spot, wait=True)


def check_spot(instruments: Instruments, spot: str, home: str) -> None:
    """Raise `LimitError` where optics cannot look at a place; nothing is moved.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    spot : str
        Where to look.
    home : str
        Where these optics look without a stage.
    """
    spots = instruments.spots
    known = () if spots is None else spots.names
    if spot in known or (spot == home and home not in known):
        return
    raise LimitError(
        f"The optics cannot look at {spot!r}, they look at {', '.join(known) or home}; name it in "
        "places of [devices.spots] in the station file, if somebody can find it. Nothing was moved."
    )


def check_aim(instruments: Instruments, spot: str) -> None:
    """Raise `LimitError` if light for `spot` would fall elsewhere; nothing is lit."""
    spots = instruments.spots
    if spots is None or spot not in spots.names or spots.looks_at(spot):
        return
    here = str(spots.spot.get()) or "a place that nobody has named"
    raise LimitError(
        f"The optics look at {here}, so light for {spot!r} would be charged to the wrong place; "
        "point them first. Nothing was lit."
    )
