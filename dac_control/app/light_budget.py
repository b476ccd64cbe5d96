"""Whether the light that a run cannot do without is left for its specimen. Lights nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from dac_control.app.further_gauges import excited_by_the_laser
from dac_control.app.light import make_account
from dac_control.app.light_tables import LightLimit
from dac_control.app.state_files import LIGHT_NAME
from dac_control.app.station import Station
from dac_control.app.station_light import refuse_limits
from dac_control.clock import SteadyClock
from dac_control.errors import LimitError
from dac_control.records.json_log import JsonLog
from dac_control.safety.light import Dose, LightBudget, Spot, check_exposures
from devices.drivers.spot_role import home_of
from plans.gauge_settings import REFERENCE
from plans.light_budget import LightOf, exposures_of
from plans.looks import LAMP, LAMP_BEHIND, LINE_LAMP, Looks

__all__ = ["LightPart", "check_light"]


@dataclass(frozen=True, kw_only=True)
class LightPart:
    """Limits of light, and what is looked at while they hold: of a run, or of one stage of it."""

    limits: Sequence[LightLimit]
    looks: Sequence[Looks]
    """What it cannot do without."""
    before: Sequence[Looks] = ()
    """What has fallen on the specimen by then, of the stages before it."""
    table: str = "light"
    """Where its limits stand in the file."""


def check_light(station: Station, parts: Sequence[LightPart]) -> None:
    """Refuse a run that the budget of station and run does not allow; only the ledger is read.

    Parameters
    ----------
    station : Station
    parts : sequence of LightPart
        The whole run first, whose looks the station's limits are held against, too.

    Raises
    ------
    LimitError
        With the key of the limit, what is left, and what would be possible.
    """
    for part in parts:
        refuse_limits(part.limits, station.lit_places, part.table)
    # one limit at a time, so that the one that is too small can be named
    limits = [(True, part, n, limit) for part in parts for n, limit in enumerate(part.limits)]
    whole = LightPart(limits=station.light.limits, looks=parts[0].looks)
    limits += [(False, whole, n, limit) for n, limit in enumerate(whole.limits)]
    if not limits:
        return
    ledger = JsonLog(station.storage.state / LIGHT_NAME)
    account = make_account(station, ledger, SteadyClock(station.clock.speed))
    doses, lights = account.doses(), _lights(station)
    for of_run, part, number, limit in limits:
        before = exposures_of(part.before, lights)
        for place, wanted in exposures_of(part.looks, lights).items():
            try:
                dose = doses.get(place, Dose(light=place[0], spot=place[1]))
                allowance = LightBudget(limits=(limit.as_limits(),)).allowance(*place)
                beam = account.beam(place[0])
                check_exposures(allowance, dose, beam, wanted, before.get(place, ()))
            except LimitError as error:
                count = sum(each.count for each in wanted)
                least = str(wanted[0]) if len(wanted) == 1 else f"{count} exposures"
                raise LimitError(
                    f"{_called(part)} needs at least {least} for "
                    f"{_names(part.looks, lights, place)}. {error}",
                    key=f"{part.table}.limits.{number}",
                    of_station=not of_run,
                ) from None


def _lights(station: Station) -> dict[str, LightOf]:
    """Lights that are accounted for, by gauge or lamp, as `make_instruments` would wire them."""
    declared, found = station.devices, dict[str, LightOf]()
    laser = declared.laser
    if laser is not None:
        reference = () if station.gauge.reference_ruby is None else (REFERENCE,)
        for gauge in ("ruby", *reference, *excited_by_the_laser(station)):
            found[gauge] = LightOf(light=laser.light, power_mw=laser.power_mw, home=home_of(gauge))
    for role in (LAMP, LAMP_BEHIND, LINE_LAMP):
        lamp = getattr(declared, role)
        if lamp is not None:
            found[role] = LightOf(light=lamp.light, power_mw=lamp.power_mw)
    return found


def _called(part: LightPart) -> str:
    if part.table == "light":
        return "this run"
    return "this stage, after those before it," if part.before else "this stage"


def _names(looks: Sequence[Looks], lights: dict[str, LightOf], place: Spot) -> str:
    """Gauges and lamps that light one place."""
    names = {each.by: None for each in looks if place in exposures_of([each], lights)}
    said = {LAMP: "the lamp", LAMP_BEHIND: "the lamp behind", LINE_LAMP: "the line lamp"}
    return " and ".join(said.get(name, name) for name in names)
