"""Turn the screw, once."""

from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import FailedStatus, MsgGenerator, plan

from dac_control.errors import MoveFailed
from plans.failures import cause_of
from plans.instruments import Instruments

__all__ = ["turn_to"]


@plan
def turn_to(instruments: Instruments, turns: float) -> MsgGenerator[float]:
    """Turn the screw to an absolute position and return where it was read back.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    turns : float
        Target in turns of the screw; the drive refuses more than one step from where it stands.

    Returns
    -------
    float
        The position read back from the drive.

    Raises
    ------
    LimitError
        Before anything moves, for a target or a step out of bounds.
    MoveFailed, PositionUnknown, TransportError
        If the target was not read back.

    Notes
    -----
    There is no way back into the middle of this: the checkpoint is cleared, so a pause, a
    suspender or Ctrl-C inside the move ends the run, with the drive stopped where it is.
    """
    # Any: to a type checker ophyd's Status is not quite bluesky's
    drive: Any = instruments.drive
    instruments.limits.check_turns(turns)
    yield from bps.clear_checkpoint()
    try:
        yield from bps.abs_set(drive, turns, group="turn_to", wait=True)
        # the wait can be skipped by an interruption; a fresh reading cannot
        yield from bps.trigger(drive, group="read_back", wait=True)
    except FailedStatus as error:
        drive.stop()
        raise cause_of(error) from error
    except BaseException:
        # an interruption: the RunEngine itself stops the drive only after all clean-up, so it is
        # told here, which does no I/O
        drive.stop()
        raise
    return _read_back(drive, turns)


def _read_back(drive: Any, turns: float) -> float:
    reading = drive.last
    if reading is None or reading.moving or not drive.is_at(turns):
        where = "an unknown position" if reading is None else f"{reading.turns:.5f} turns"
        raise MoveFailed(
            f"{drive.name} was sent to {turns:.5f} turns and was read back at {where}; "
            "the step does not count."
        )
    return float(reading.turns)
