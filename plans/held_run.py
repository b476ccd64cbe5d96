"""A run that always ends with its reason in the stop document."""

from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import FailedPause, FailedStatus, MsgGenerator, RunEngineControlException

from dac_control.errors import DacError, RampHeld
from dac_control.safety.hold import HoldFlag
from plans.failures import cause_of

__all__ = ["held_run"]


def held_run(plan: MsgGenerator[Any], md: dict[str, Any], hold: HoldFlag) -> MsgGenerator[Any]:
    """Open a run, carry out `plan`, close the run with what happened.

    bluesky's own wrapper loses the reason of an abort. Here an interruption carries the reason
    that was noted with the hold flag, and any foreseen failure becomes a `RampHeld`. The run
    is not rewindable: the checkpoint is cleared first, so no interruption can replay a move.

    Parameters
    ----------
    plan : generator of messages
        What happens inside the run.
    md : dict
        Start document.
    hold : HoldFlag
        Its reason is recorded where the run is interrupted.
    """
    hold.take_interruption()
    yield from bps.clear_checkpoint()
    yield from bps.open_run(md)

    def say_why(error: Exception) -> MsgGenerator[None]:
        # a pause without a checkpoint arrives as FailedPause: here that is how a run is ended
        if isinstance(error, (RunEngineControlException, FailedPause)):
            status = getattr(error, "exit_status", "abort")
            reason = hold.take_interruption() or str(error) or "interrupted"
            yield from bps.close_run(exit_status=status, reason=reason)
        else:
            yield from bps.close_run(exit_status="fail", reason=str(error))

    return (
        yield from bpp.contingency_wrapper(
            _in_hold(plan), except_plan=say_why, else_plan=bps.close_run
        )
    )


def _in_hold(plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
    try:
        return (yield from plan)
    except RampHeld:
        raise
    except FailedStatus as error:
        raise RampHeld(f"The ramp holds: {cause_of(error)}") from error
    except DacError as error:
        raise RampHeld(f"The ramp holds: {error}") from error
