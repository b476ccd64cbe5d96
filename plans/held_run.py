"""A run that always ends in hold, with its reason in the stop document."""

import logging
import math
from collections.abc import Iterable
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.run_engine import WaitForTimeoutError
from bluesky.utils import (
    FailedPause,
    FailedStatus,
    MsgGenerator,
    RunEngineControlException,
)

from dac_control.errors import DacError, RampHeld
from plans.calibration_watch import CalibrationWatch
from plans.failures import cause_of
from plans.instruments import Instruments
from plans.light_budget import check_looks
from plans.looks import Looks
from plans.picture_watch import PictureWatch
from plans.stubs.arming import forget_arming
from plans.stubs.light import shut_what_was_left
from plans.stubs.trigger_all import trigger_all
from plans.temperature_watch import TemperatureWatch
from plans.watched import watched

__all__ = ["held_run"]

logger = logging.getLogger(__name__)

# Wall-clock time that a stopped drive gets to stand still before the run is closed, so that the
# end of its move is in the run's record, and how often that is looked at.
_STANDS_STILL_WITHIN_S = 8.0
_LOOK_EVERY_S = 0.05


def held_run(
    plan: MsgGenerator[Any],
    md: dict[str, Any],
    instruments: Instruments,
    looks: Iterable[Looks],
) -> MsgGenerator[Any]:
    """Open a run, record the baseline, carry out `plan`, close the run with what happened.

    It is not opened where the light that the plan cannot do without is not left. Where the baseline
    or anything read after it finds the specimen too warm, or the cell has changed its temperature
    before the screw would turn, or a calibration has become too old by then, or a frame shows that
    the cell fails, the run holds: nothing is lit or moved then.

    bluesky's own wrapper loses the reason of an abort, and its baseline would wait for a reading
    behind a move that is being interrupted. Here an interruption carries the reason that was
    noted with the hold flag, any foreseen failure becomes a `RampHeld`, and the closing baseline
    is taken after success only. The run is not rewindable: the checkpoint is cleared first, so
    no interruption can replay a move.

    Parameters
    ----------
    plan : generator of messages
        What happens inside the run.
    md : dict
        Start document.
    instruments : Instruments
        Clock, cryostat and drive make the baseline.
    looks : iterable of Looks
        What the plan cannot do without (`plans.looks`).

    Raises
    ------
    LimitError
        Before the run opens, for an exposure that the spectrometer cannot make, or light that the
        budget does not allow.
    """
    wanted = list(looks)
    check_looks(instruments, wanted)
    hold = instruments.hold
    hold.take_interruption()
    # what was seen beside the cell in another run says nothing of this one
    instruments.ruby.reference_line = instruments.ruby.chip = None
    chip_k = instruments.ruby.chip_temperature_k
    chip_k.update(math.nan, chip_k.timestamp)
    instruments.spectrometer.darks.clear()
    if (md.get("experiment") or {}).get("number", 1) == 1:
        # between two stages of an experiment nobody loads another cell or turns the camera
        instruments.frames.clear()
    for optics in instruments.gauges.values():
        optics.device.next_exposure_s = None
        forget_arming(optics.light)
    yield from shut_what_was_left(instruments)
    yield from bps.clear_checkpoint()
    yield from bps.open_run({"allow_unmeasured_steps": 0, **md})

    def say_why(error: Exception) -> MsgGenerator[None]:
        yield from _until_the_drive_stands(instruments)
        # a pause without a checkpoint arrives as FailedPause: here that is how a run is ended
        if isinstance(error, (RunEngineControlException, FailedPause)):
            status = getattr(error, "exit_status", "abort")
            reason = hold.take_interruption() or str(error) or "interrupted"
            yield from bps.close_run(exit_status=status, reason=reason)
        else:
            yield from bps.close_run(exit_status="fail", reason=str(error))

    watches = (
        TemperatureWatch(instruments),
        PictureWatch(instruments),
        CalibrationWatch(instruments, [each.by for each in wanted]),
    )
    return (
        yield from bpp.contingency_wrapper(
            _in_hold(watched(_between_baselines(plan, instruments), watches)),
            except_plan=say_why,
            else_plan=bps.close_run,
        )
    )


def _in_hold(plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
    try:
        return (yield from plan)
    except RampHeld:
        raise
    except FailedStatus as error:
        raise RampHeld(f"The ramp holds: {cause_of(error)}") from error
    except WaitForTimeoutError as error:
        raise RampHeld("The ramp holds: an instrument did not finish in time.") from error
    except DacError as error:
        raise RampHeld(f"The ramp holds: {error}") from error


def _between_baselines(plan: MsgGenerator[Any], instruments: Instruments) -> MsgGenerator[Any]:
    yield from _baseline(instruments)
    result = yield from plan
    yield from _baseline(instruments)
    return result


def _baseline(instruments: Instruments) -> MsgGenerator[None]:
    devices: list[Any] = [instruments.clock_reading, instruments.cryostat, instruments.drive]
    yield from trigger_all(devices)
    yield from bps.create(name="baseline")
    for device in devices:
        yield from bps.read(device)
    yield from bps.save()


def _until_the_drive_stands(instruments: Instruments) -> MsgGenerator[None]:
    """Stop a move that is under way and wait for its end, undisturbed by how it ends.

    The Status of an interrupted move fails, and the RunEngine throws that into whatever message
    comes next: here, where it says nothing new, and not into the message that closes the run.
    """
    drive = instruments.drive
    waited_s = 0.0
    while drive.in_a_move and waited_s < _STANDS_STILL_WITHIN_S:
        drive.stop()
        yield from _undisturbed_sleep()
        waited_s += _LOOK_EVERY_S
    # whatever else has failed meanwhile is thrown here, too
    for _ in range(5):
        yield from _undisturbed_sleep()


def _undisturbed_sleep() -> MsgGenerator[None]:
    try:
        yield from bps.sleep(_LOOK_EVERY_S)
    except FailedStatus as error:
        logger.info("while the run was being ended: %s", cause_of(error))
