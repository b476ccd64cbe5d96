"""Whether the light that a run cannot do without is left for its specimen. Lights nothing."""

from collections.abc import Sequence

from dac_control.app.further_gauges import SAME_LASER_NM
from dac_control.app.light import make_account
from dac_control.app.light_tables import LightLimit
from dac_control.app.state_files import LIGHT_NAME
from dac_control.app.station import Station
from dac_control.clock import SteadyClock
from dac_control.errors import LimitError
from dac_control.records.json_log import JsonLog
from devices.drivers.spot_role import home_of
from plans.looks import Looks

__all__ = ["BudgetTooSmall", "check_light"]


class BudgetTooSmall(LimitError):
    """Light that is not left; `of_run` and `key` say which limit it is."""

    def __init__(self, message: str, *, of_run: bool, key: str) -> None:
        super().__init__(message)
        self.of_run, self.key = of_run, key


def check_light(station: Station, limits: Sequence[LightLimit], looks: Sequence[Looks]) -> None:
    """Refuse a run that the budget of station and run does not allow; only the ledger is read.

    Parameters
    ----------
    station : Station
    limits : sequence of LightLimit
        Of the run file.
    looks : sequence of Looks
        What the run cannot do without.

    Raises
    ------
    BudgetTooSmall
        Naming the limit, what is left, and what would be possible.
    """
    laser = station.devices.laser
    for number, limit in enumerate(limits):
        if limit.light not in station.light.beams:
            known = ", ".join(station.light.beams) or "no light"
            raise BudgetTooSmall(
                f"this limits {limit.light}, and the station accounts for {known}; state its "
                "optics in [light.beams] of the station file",
                of_run=True,
                key=f"light.limits.{number}.light",
            )
    if laser is None:
        return
    bare = station.model_copy(update={"light": station.light.model_copy(update={"limits": ()})})
    stated = [(True, n, each) for n, each in enumerate(limits)]
    stated += [(False, n, each) for n, each in enumerate(station.light.limits)]
    ledger = JsonLog(station.storage.state / LIGHT_NAME)
    for of_run, number, limit in stated:
        # one limit at a time, so that the one that is too small can be named
        account = make_account(bare, ledger, SteadyClock(station.clock.speed))
        account.limit_run([limit.as_limits()])
        for each in _together(looks):
            if not _lit_by_the_laser(station, each.gauge):
                continue
            try:
                account.check(
                    laser.light,
                    home_of(each.gauge),
                    power_mw=laser.power_mw,
                    exposure_s=each.open_s,
                    exposures=each.count,
                )
            except LimitError as error:
                raise BudgetTooSmall(
                    f"this run needs at least {each.count} exposures of {each.open_s:g} s for "
                    f"{each.gauge}. {error}",
                    of_run=of_run,
                    key=f"light.limits.{number}",
                ) from None


def _together(looks: Sequence[Looks]) -> list[Looks]:
    """Add up the stages of an experiment."""
    counts: dict[tuple[str, float], int] = {}
    for each in looks:
        key = each.gauge, each.open_s
        counts[key] = counts.get(key, 0) + each.count
    return [
        Looks(gauge=gauge, open_s=open_s, count=count) for (gauge, open_s), count in counts.items()
    ]


def _lit_by_the_laser(station: Station, gauge: str) -> bool:
    laser, edge = station.devices.laser, station.edge
    if laser is None:
        return False
    if "ruby" in gauge:
        return True
    lines_nm = {"diamond_edge": None if edge is None else edge.laser_nm}
    if station.vibron is not None:
        lines_nm[station.vibron.gauge] = station.vibron.laser_nm
    laser_nm = lines_nm.get(gauge)
    return laser_nm is not None and abs(laser.wavelength_nm - laser_nm) < SAME_LASER_NM
