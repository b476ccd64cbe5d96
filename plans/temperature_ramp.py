"""Cooldown and warmup: the pressure is followed while the temperature moves, the screw stands.

On cooling, the parts of a cell contract differently and the pressure goes its own way; P(T) is
evidence, so a ruby spectrum is taken at every `every_k`. The screw is only ever read here.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import FailedStatus, MsgGenerator, plan

from dac_control.errors import RampHeld
from plans.calibrated import check_calibrations
from plans.failures import cause_of
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import temperature_looks
from plans.specimen import check_specimen_temperature, check_temperature_target
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look
from plans.stubs.trigger_all import trigger_all
from plans.stubs.waiting import wait_lab
from plans.watching_settings import TemperatureSettings

__all__ = ["cooldown", "warmup"]


@plan
def cooldown(
    instruments: Instruments,
    target_k: float,
    *,
    settings: TemperatureSettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Cool to a temperature and record the pressure on the way.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    target_k : float
        Setpoint at the end.
    settings : TemperatureSettings, optional
        How often the pressure is measured, and how.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    LimitError, StaleCalibration
        Before the run opens, for a temperature that cryostat or specimen may not have, light that
        the budget does not, or a calibration that is missing or older than the station allows.
    RampHeld
        If the specimen gets too warm or the cryostat fails: the setpoint stays where it is.
    """
    return (yield from _temperature_ramp("cooldown", instruments, target_k, settings, md))


@plan
def warmup(
    instruments: Instruments,
    target_k: float,
    *,
    settings: TemperatureSettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Warm to a temperature and record the pressure on the way; see `cooldown`."""
    return (yield from _temperature_ramp("warmup", instruments, target_k, settings, md))


def _temperature_ramp(
    name: str,
    instruments: Instruments,
    target_k: float,
    settings: TemperatureSettings | None,
    md: Mapping[str, Any] | None,
) -> MsgGenerator[Any]:
    settings = settings or TemperatureSettings()
    instruments.cryostat.check_value(target_k)
    check_temperature_target(instruments.max_temperature_k, target_k)
    check_calibrations(instruments, ["ruby"])
    document = {
        "plan_name": name,
        "plan_args": {"target_k": target_k, "settings": asdict(settings)},
        "targets": {"unit": "k", "temperature": target_k},
        "devices": instruments.names,
        "gauge": "ruby",
        **dict(md or {}),
    }
    if instruments.max_temperature_k is not None:
        document["max_temperature_k"] = instruments.max_temperature_k
    rules = rules_of(instruments)
    looks = temperature_looks(settings, rules, target_k, rising=name == "warmup")
    inside = _follow(name, instruments, target_k, settings)
    return (yield from held_run(inside, document, instruments, looks))


def _follow(
    name: str, instruments: Instruments, target_k: float, settings: TemperatureSettings
) -> MsgGenerator[None]:
    number = 1
    yield from _measure(instruments, settings, number, target_k, name)
    last_k = _cell_k(instruments)
    if (target_k - last_k) * (1 if name == "warmup" else -1) < 0:
        other = "cooldown" if name == "warmup" else "warmup"
        raise RampHeld(
            f"The {name} holds before it begins: the cell is at {last_k:.2f} K and the target is "
            f"{target_k:g} K. That is a {other}."
        )
    yield from wait_while_held(instruments)
    cryostat: Any = instruments.cryostat
    # a pause here freezes the setpoint and ends the run: the way back is no replay
    yield from bps.clear_checkpoint()
    status: Any = yield from bps.abs_set(cryostat, target_k, group="temperature")
    try:
        while not status.done:
            yield from wait_lab(instruments.clock, settings.look_every_s)
            yield from trigger_all([cryostat])
            check_specimen_temperature(instruments)
            if abs(_cell_k(instruments) - last_k) >= settings.every_k:
                number += 1
                yield from _measure(instruments, settings, number, target_k, name)
                last_k = _cell_k(instruments)
        yield from bps.wait(group="temperature")
    except BaseException as error:
        # whatever ends it: the setpoint stays where it has come to, the loop stays on
        cryostat.stop()
        if isinstance(error, FailedStatus):
            raise RampHeld(f"The {name} holds: {cause_of(error)}") from error
        raise
    yield from _measure(instruments, settings, number + 1, target_k, name)


def _measure(
    instruments: Instruments,
    settings: TemperatureSettings,
    number: int,
    target_k: float,
    branch: str,
) -> MsgGenerator[None]:
    """One ruby reading of the map P(T), as an event of ``primary``.

    A spectrum without a line does not end the run: nothing is moved by a pressure here.
    """
    reading = yield from look(instruments, settings.ruby, number, branch=branch, target=target_k)
    if reading.failure:
        raise RampHeld(f"The {branch} holds at reading {number}: {reading.failure}")


def _cell_k(instruments: Instruments) -> float:
    reading = instruments.cryostat.last
    if reading is None:
        raise RampHeld("The run holds: the cryostat has not been read.")
    return float(reading.cell_temperature_k)
