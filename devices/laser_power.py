"""What the power that is read back says of a light: that it is there, or that it is dark."""

from collections.abc import Callable

from dac_control.clock import LabClock
from dac_control.errors import InstrumentError
from devices.drivers.light_role import LaserDriver, LaserReading
from devices.worker import Pauses

__all__ = ["is_dark", "reach_power"]

POWER_TOLERANCE = 0.05
"""Relative distance between power asked for and read back of a light that counts as on."""
DARK_PART = 0.02
"""Part of the largest power below which a light that says it is off is believed: the monitor
diode of a laser may have an offset, and 2 % of it is no light that matters."""
LINE_WALL_S = 2.0
"""Time on the wall that the line may take beside the light."""


def is_dark(reading: LaserReading, max_power_mw: float) -> bool:
    """True for a light that says it is off and shows no power."""
    return not reading.emitting and reading.power_mw <= DARK_PART * max_power_mw


def reach_power(
    driver: LaserDriver,
    name: str,
    power_mw: float,
    *,
    take: Callable[[LaserReading], None],
    check_wanted: Callable[[], None],
    clock: LabClock,
    timeout_s: float,
    pause_s: float,
) -> Pauses[float]:
    """Read until the light is on at its power; yields the seconds on the wall to wait.

    Parameters
    ----------
    driver : LaserDriver
        Switched on already.
    name : str
        Of the device, for messages.
    power_mw : float
        At the head.
    take : callable
        Gets every reading.
    check_wanted : callable
        Raises if the light was shut meanwhile.
    clock : LabClock
        Times it.
    timeout_s : float
        Laboratory time within which the power has to be reached.
    pause_s : float
        Wall-clock time between readings.

    Returns
    -------
    float
        The power that was read back.

    Raises
    ------
    InstrumentError
        If the power is not reached, or the light has a fault.
    """
    tolerance_mw = max(POWER_TOLERANCE * power_mw, driver.power_resolution_mw)
    deadline_s = clock.now() + timeout_s + LINE_WALL_S * clock.speed
    while True:
        reading = driver.read()
        take(reading)
        check_wanted()
        if reading.emitting and abs(reading.power_mw - power_mw) <= tolerance_mw:
            return reading.power_mw
        if reading.fault or clock.now() > deadline_s:
            why = reading.fault or f"not within {timeout_s:g} s; is its key turned?"
            raise InstrumentError(
                f"{name} did not come on at {power_mw:g} mW but at {reading.power_mw:.4g} mW: "
                f"{why} It was switched off."
            )
        yield pause_s
