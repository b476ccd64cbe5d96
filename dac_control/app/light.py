"""From the station file to the lights, and to the account of what the specimen has had of them."""

from dataclasses import dataclass
from typing import Any

from dac_control.app.light_tables import Cobolt06Laser, ManualLampTable
from dac_control.app.station import Station
from dac_control.app.surroundings import Storage, Surroundings
from dac_control.clock import LabClock
from dac_control.safety.light import LaserArming, Ledger, LightAccount, LightBudget
from devices.drivers.light_role import LaserDriver
from devices.laser import Laser
from devices.timing import REAL_TIME, Timing
from plans.instruments import Instruments

__all__ = ["Lights", "account_of", "make_account", "make_lights"]


# Any: to a type checker a device's name is not quite a protocol's
@dataclass(frozen=True, kw_only=True)
class Lights:
    """The lights of a station; they share one account."""

    laser: Any = None
    lamp: Any = None
    lamp_behind: Any = None
    line_lamp: Any = None


def make_lights(station: Station, around: Surroundings, storage: Storage) -> Lights:
    """Make the lights that a station declares over their drivers; connects to none."""
    declared, drivers = station.devices, around.drivers
    account = make_account(station, storage.light, around.clock, around.timing)

    def make(
        driver: LaserDriver | None, table: Cobolt06Laser | ManualLampTable | None, **about: Any
    ) -> Laser | None:
        if driver is None or table is None:
            return None
        light = Laser(
            driver=driver,
            name=table.name,
            light=table.light,
            account=account,
            clock=around.clock,
            timing=around.timing,
            **about,
        )
        light.next_power_mw.put(table.power_mw)
        return light

    def lamp(driver: LaserDriver | None, table: ManualLampTable | None) -> Laser | None:
        return make(driver, table, on_timeout_s=0.0 if table is None else table.patience_s)

    return Lights(
        laser=make(drivers.laser, declared.laser),
        lamp=lamp(drivers.lamp, declared.lamp),
        lamp_behind=lamp(drivers.lamp_behind, declared.lamp_behind),
        line_lamp=lamp(drivers.line_lamp, declared.line_lamp),
    )


def account_of(instruments: Instruments) -> LightAccount | None:
    """Return the account that all lights of a station share; None where it has no light."""
    return next((light.account for light in instruments.lights if isinstance(light, Laser)), None)


def make_account(
    station: Station, ledger: Ledger, clock: LabClock, timing: Timing = REAL_TIME
) -> LightAccount:
    """Make the account of the station's specimen over a ledger.

    Parameters
    ----------
    station : Station
        Its tables ``[light]`` and ``[specimen]``.
    ledger : Ledger
        `dac_control.records.LightLedger` in the state folder, or a list in a rehearsal.
    clock : LabClock
        Of the session.
    timing : Timing
        Time of day and names.
    """
    stated = station.light
    return LightAccount(
        specimen=station.specimen.id,
        beams={light: table.as_beam(light) for light, table in stated.beams.items()},
        ledger=ledger,
        clock=clock,
        budget=LightBudget(limits=tuple(limit.as_limits() for limit in stated.limits)),
        arming=LaserArming(above_gpa=stated.arm_above_gpa, needs=station.arm_needs),
        wall_time=timing.wall_time,
        new_id=timing.new_id,
    )
