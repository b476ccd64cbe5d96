"""What must be on record at a step before a laser may shoot: taken, or noted as taken."""

from collections.abc import Callable
from functools import partial
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from devices.laser import Laser
from plans.instruments import Instruments, LightSource
from plans.stubs.trigger_all import trigger_all

__all__ = ["arm_laser", "forget_arming", "note_seen"]


def forget_arming(light: LightSource | None) -> None:
    """Let what an earlier run has seen of the specimen not count for the next one."""
    if isinstance(light, Laser):
        light.account.arming.begin_step(0)


def note_seen(light: LightSource | None, number: int, what: str) -> None:
    """Say that ``picture`` or ``reflectance`` of a step is on record, where a laser asks for it."""
    if isinstance(light, Laser):
        light.account.arming.begin_step(number)
        light.account.arming.note(what)


@plan
def arm_laser(
    instruments: Instruments,
    number: int,
    *,
    pressure_gpa: float | None = None,
    picture: Callable[[], MsgGenerator[Any]] | None = None,
    reflectance: Callable[[], MsgGenerator[Any]] | None = None,
    light: LightSource | None = None,
) -> MsgGenerator[None]:
    """Put on record what must be seen at this step before a laser may shoot.

    In a run the frame is judged as any other (`plans.picture_watch`): where it shows that the cell
    fails, the run holds before the laser is armed. One that cannot be analysed arms it, since ice
    would else keep a sound cell from being measured; a camera that gives none does not.

    Nothing is taken where the rule does not hold, nor what is on record already. The rule itself
    stands in `dac_control.safety.light.LaserArming`; the station says from which pressure on it
    holds, and whether there is a reflectance to take.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    number : int
        Number of the step.
    pressure_gpa : float, optional
        Highest pressure that the cell may be at; None where nobody knows, which counts as high.
    picture, reflectance : callable, optional
        Make the plan that records a frame (by default an event of the stream ``picture``), and
        the one that measures the reflectance.
    light : LightSource, optional
        Instead of the light of `instruments`.
    """
    source: Any = instruments.light if light is None else light
    if not isinstance(source, Laser):
        return
    arming = source.account.arming
    arming.begin_step(number)
    if not arming.holds_at(pressure_gpa):
        return
    if picture is None and instruments.microscope is not None:
        picture = partial(_picture, instruments)
    for what, make in (("picture", picture), ("reflectance", reflectance)):
        if make is not None and what in arming.missing:
            yield from make()
            arming.note(what)


def _picture(instruments: Instruments) -> MsgGenerator[None]:
    devices: list[Any] = [instruments.clock_reading, instruments.step, instruments.microscope]
    yield from trigger_all(devices)
    if instruments.picture is not None:
        # it reads the frame that the microscope holds by now
        yield from trigger_all([instruments.picture])
        devices.append(instruments.picture)
    yield from bps.create(name="picture")
    for device in devices:
        yield from bps.read(device)
    yield from bps.save()
