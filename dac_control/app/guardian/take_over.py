"""Bring the instruments to hold over links of our own, once the worker is gone.

Hold is: motion stopped, light shut, temperature loop kept. Each instrument is tried by itself and
again and again, so that a dead one never keeps another from being brought to hold.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dac_control.app.drivers import Drivers
from dac_control.app.light_tables import LIGHT_ROLES
from dac_control.errors import DacError
from devices.drivers.light_role import LaserDriver
from devices.drivers.roles import (
    CryostatDriver,
    DriveReading,
    InstrumentDriver,
    ScrewDriver,
)
from devices.laser_power import is_dark
from devices.stop_lane import StopLane

__all__ = ["Deed", "TakeOver"]


@dataclass(kw_only=True)
class Deed:
    """What became of one instrument."""

    role: str
    address: str
    done: bool = False
    seconds: float | None = None
    """From the beginning until hold was read back."""
    held_at: float | None = None
    """Time of day in s since the epoch at which hold was read back; None before."""
    found: dict[str, Any] = field(default_factory=dict)
    """What was read back."""
    error: str = ""
    """The last failure; empty after none."""

    def as_entry(self) -> dict[str, Any]:
        """For the guardian's log."""
        return {
            "role": self.role,
            "address": self.address,
            "done": self.done,
            "seconds": self.seconds,
            **self.found,
            **({"error": self.error} if self.error else {}),
        }


class TakeOver:
    """Brings drive, light and cryostat to hold, all at the same time.

    Parameters
    ----------
    drivers : Drivers
        Made for this; nobody else may have their instruments open.
    freeze_setpoint : bool
        Whether a setpoint was on its way: it then stays where it has come to. Otherwise the
        temperature loop is only looked at.
    heater_off : bool
        Whether a rule asked for the heater to be switched off.
    """

    def __init__(
        self, drivers: Drivers, *, freeze_setpoint: bool = False, heater_off: bool = False
    ) -> None:
        self.drive: DriveReading | None = None
        """Where the screw was read after it was stopped; None if it was not."""
        self.deeds: list[Deed] = []
        self._began_s = time.monotonic()
        self._drivers: list[InstrumentDriver] = []
        self._lanes: list[StopLane] = []
        self._begin("drive", drivers.drive, partial(self._stop_drive, drivers.drive))
        for role in LIGHT_ROLES:
            light: LaserDriver | None = getattr(drivers, role)
            # a lamp in a person's hands is not ours to switch
            if light is not None and not getattr(light, "waits_for_a_person", False):
                self._begin(role, light, partial(_shut, light))
        self._begin(
            "cryostat",
            drivers.cryostat,
            partial(_keep_loop, drivers.cryostat, freeze=freeze_setpoint, off=heater_off),
        )

    def wait(self, timeout_s: float) -> bool:
        """Wait until every instrument is in hold; False if one is not by then."""
        deadline_s = time.monotonic() + timeout_s
        return all(lane.wait(max(0.0, deadline_s - time.monotonic())) for lane in self._lanes)

    def close(self) -> None:
        """Give up on what is not in hold, and close the links."""
        for lane in self._lanes:
            lane.close(0.5)
        for driver in self._drivers:
            driver.close()

    def _begin(self, role: str, driver: InstrumentDriver, hold: Callable[[Deed], bool]) -> None:
        deed = Deed(role=role, address=driver.address)
        connected = False

        def attempt() -> bool:
            nonlocal connected
            try:
                if not connected:
                    driver.connect()
                    connected = True
                deed.done = hold(deed)
            except DacError as error:
                deed.error = str(error)
                raise
            if deed.done:
                deed.seconds, deed.error = round(time.monotonic() - self._began_s, 3), ""
                deed.held_at = time.time()
            return deed.done

        self.deeds.append(deed)
        self._drivers.append(driver)
        lane = StopLane(f"hold-{role}", attempt)
        self._lanes.append(lane)
        lane.request()

    def _stop_drive(self, driver: ScrewDriver, deed: Deed) -> bool:
        driver.stop()
        reading = driver.read()
        deed.found = {
            "turns": reading.turns,
            "moving": reading.moving,
            "position_known": reading.position_known,
            "flags": list(reading.flags),
        }
        if not reading.moving:
            self.drive = reading
        return not reading.moving


def _shut(driver: LaserDriver, deed: Deed) -> bool:
    driver.switch_off()
    reading = driver.read()
    deed.found = {"emitting": reading.emitting, "power_mw": reading.power_mw}
    return is_dark(reading, driver.max_power_mw)


def _keep_loop(driver: CryostatDriver, deed: Deed, *, freeze: bool, off: bool) -> bool:
    if freeze:
        driver.hold()
    if off:
        driver.heater_off()
    reading = driver.read()
    deed.found = {
        "stage_temperature_k": reading.stage_temperature_k,
        "cell_temperature_k": reading.cell_temperature_k,
        "setpoint_k": reading.setpoint_k,
        "heater_percent": reading.heater_percent,
        "heater_range": reading.heater_range,
        "frozen": freeze,
    }
    return True
