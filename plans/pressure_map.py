"""The pressure at several places of a cell: several chips, or the tips of both anvils."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, RampHeld
from dac_control.gauges.pressure_map import PlaceReading, map_pressures
from plans.calibrated import check_calibrations
from plans.gauge_reading import GaugeReading
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import map_looks
from plans.settings import RampSettings
from plans.stubs.aim import check_spot
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look
from plans.stubs.measure_pressure import measure_pressure
from plans.stubs.work_out import work_out

__all__ = ["pressure_map"]


@plan
def pressure_map(
    instruments: Instruments,
    spots: Sequence[str],
    *,
    gauge: str = "ruby",
    rounds: int = 2,
    settings: RampSettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure one gauge at several places in turn; each reading is a step.

    The places are gone round as often as asked, and the first comes once more at the end: levels
    and a steady drift are then fitted together, so that creep is not taken for a gradient. Only
    the differences are new; every pressure stands in the record as it was measured. One lambda0
    serves all chips, so the difference between two of them holds that between theirs.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with a stage that finds these places.
    spots : sequence of str
        Two or more; differences are taken against the first.
    gauge : str
        The ruby, or another gauge, which the ruby at its own place is then measured beside.
    rounds : int
        How often each place is looked at.
    settings : RampSettings, optional
        How spectra are taken.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    ConfigurationError, LimitError, StaleCalibration
        Before the run opens: no such gauge or place, or too few of them.
    RampHeld
        If a place gave no pressure in any round.
    """
    settings = settings or RampSettings()
    optics = instruments.gauge(gauge)
    if len(set(spots)) < max(2, len(spots)) or rounds < 1:
        raise LimitError(
            f"A map needs two different places or more and a round, not {list(spots)} and {rounds}."
        )
    for spot in spots:
        check_spot(instruments, spot, optics.spot)
    check_calibrations(instruments, ("ruby", gauge))
    document = {
        "plan_name": "pressure_map",
        "plan_args": {
            "spots": list(spots),
            "gauge": gauge,
            "rounds": rounds,
            "settings": asdict(settings),
        },
        "devices": instruments.names,
        "gauge": "ruby",
        "measured_gauge": gauge,
        **dict(md or {}),
    }
    looks = map_looks(spots, gauge, rounds, settings, rules_of(instruments))
    inside = _go_round(instruments, [*list(spots) * rounds, spots[0]], gauge, settings)
    return (yield from held_run(inside, document, instruments, looks))


def _go_round(
    instruments: Instruments, way: Sequence[str], gauge: str, settings: RampSettings
) -> MsgGenerator[dict[str, Any]]:
    found: list[PlaceReading] = []
    for number, spot in enumerate(way, start=1):
        yield from wait_while_held(instruments)
        reading = yield from _look_at(instruments, number, spot, gauge, settings)
        if reading.measured:
            found.append(
                PlaceReading(
                    place=spot,
                    pressure_gpa=reading.pressure_gpa,
                    sigma_gpa=reading.sigma_stat_gpa,
                    lab_time_s=reading.lab_time_s,
                )
            )
    blank = [spot for spot in dict.fromkeys(way) if all(each.place != spot for each in found)]
    if blank:
        raise RampHeld(
            f"The {gauge} gave no pressure at {', '.join(blank)} in any round; look at focus, "
            "light and exposure there."
        )
    job = partial(_work_out, found, gauge)
    return (yield from work_out(instruments, "pressure map", job, stream="map"))


def _look_at(
    instruments: Instruments, number: int, spot: str, gauge: str, settings: RampSettings
) -> MsgGenerator[GaugeReading]:
    if gauge == "ruby":
        return (yield from look(instruments, settings.ruby, number, branch="map", spot=spot))
    yield from look(instruments, settings.ruby, number, branch="map")
    return (
        yield from measure_pressure(instruments, settings.of_gauge(gauge), gauge=gauge, spot=spot)
    )


def _work_out(found: Sequence[PlaceReading], gauge: str) -> dict[str, Any]:
    return {"gauge": gauge, **map_pressures(found).to_dict()}
