"""From the station file to the account of light of the specimen in the cell."""

from dac_control.app.station import Station
from dac_control.clock import LabClock
from dac_control.safety.light import LaserArming, Ledger, LightAccount, LightBudget
from devices.timing import REAL_TIME, Timing

__all__ = ["make_account"]


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
