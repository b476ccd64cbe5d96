"""Hold: days of watching a cell that nothing moves, with as little light as it takes."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, RampHeld
from plans.calibrated import check_calibrations
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import hold_looks
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look
from plans.stubs.waiting import wait_until
from plans.watching_settings import HoldSettings

__all__ = ["hold"]


@plan
def hold(
    instruments: Instruments,
    duration_h: float,
    *,
    settings: HoldSettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure the pressure now and then; nothing is moved and no setpoint is changed.

    A reading that gives no pressure is recorded and the next one is awaited: with nothing moving
    there is nothing to stop. While the hold flag is up no light falls on the cell.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    duration_h : float
        Laboratory hours from the first reading to the last.
    settings : HoldSettings, optional
        How often the pressure is measured, and how.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    StaleCalibration, LimitError
        Before the run opens, for a calibration that is missing or older than the station allows,
        light that the budget does not, an exposure that the spectrometer cannot make, or hours that
        are negative or have no end.
    RampHeld
        If the specimen gets too warm, or an instrument fails again and again.
    """
    settings = settings or HoldSettings()
    if not 0 <= duration_h < math.inf:
        raise LimitError(
            f"A hold of {duration_h} h cannot be asked for; give a finite duration_h of 0 or more."
        )
    check_calibrations(instruments, ["ruby"])
    document = {
        "plan_name": "hold",
        "plan_args": {"duration_h": duration_h, "settings": asdict(settings)},
        "targets": {"unit": "h", "duration": duration_h},
        "devices": instruments.names,
        "gauge": "ruby",
        **dict(md or {}),
    }
    looks = hold_looks(settings, duration_h, rules_of(instruments))
    inside = _watch(instruments, duration_h, settings)
    return (yield from held_run(inside, document, instruments, looks))


def _watch(
    instruments: Instruments, duration_h: float, settings: HoldSettings
) -> MsgGenerator[None]:
    clock = instruments.clock
    began_s, number, failures = clock.now(), 0, 0
    while True:
        yield from wait_while_held(instruments)
        number += 1
        next_s = began_s + number * settings.every_s
        reading = yield from look(instruments, settings.ruby, number, branch="hold")
        failures = failures + 1 if reading.failure else 0
        if failures >= settings.failures:
            raise RampHeld(
                f"The hold ends after {failures} readings that failed one after the other: "
                f"{reading.failure} Temperature and screw stay as they are."
            )
        if next_s > began_s + 3600.0 * duration_h:
            return
        yield from wait_until(clock, next_s)
