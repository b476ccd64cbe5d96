"""How often a plan must look at the specimen at the very least, and whether the light allows it.

A lower bound, so that nothing is refused that could have been done: steps no larger than the limits
allow, dwells no shorter than they may be, every reading good at once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dac_control.safety.limits import StepLimits
from devices.laser import Laser
from plans.instruments import Instruments
from plans.route import Route
from plans.settings import DwellSettings, GaugeSettings, HoldSettings, RampSettings

__all__ = ["Looks", "check_looks", "hold_looks", "ramp_looks", "readings_of"]


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Exposures of one gauge that a plan cannot do without."""

    gauge: str
    open_s: float
    """Of the light for each, all averages together."""
    count: int


def readings_of(gauge: str, settings: GaugeSettings, count: int) -> Looks:
    """Looks of one gauge as its settings take them."""
    return Looks(gauge=gauge, open_s=settings.exposure_s * settings.averages, count=count)


def ramp_looks(settings: RampSettings, route: Route, limits: StepLimits) -> tuple[Looks, ...]:
    """Fewest exposures of each gauge along a route."""
    steps = 1 + _fewest_steps(route, limits)
    charged = settings.gauge
    each = dict.fromkeys(("ruby", *settings.all_gauges), 1)
    each[charged] = 1 + _fewest_of_a_dwell(settings.dwell)
    return tuple(
        readings_of(name, settings.of_gauge(name), steps * count) for name, count in each.items()
    )


def hold_looks(settings: HoldSettings, duration_h: float) -> tuple[Looks, ...]:
    """Exposures of a hold; every one is taken."""
    count = 1 + math.floor(3600.0 * duration_h / settings.every_s * (1 + 1e-9))
    return (readings_of("ruby", settings.ruby, count),)


def check_looks(instruments: Instruments, looks: Sequence[Looks]) -> None:
    """Refuse a plan whose light the budget does not allow; nothing is lit.

    Raises
    ------
    LimitError
        Saying what is left, and what would make it possible.
    """
    for each in looks:
        optics = instruments.gauge(each.gauge)
        light = optics.light
        if isinstance(light, Laser):
            power_mw = float(light.next_power_mw.get())
            light.check_opening(optics.spot, power_mw, each.open_s, each.count)


def _fewest_steps(route: Route, limits: StepLimits) -> int:
    """Steps after the first reading; the way to the first target is not known beforehand."""
    largest = limits.max_step_gpa if route.unit == "gpa" else limits.max_step_turns
    steps = 0
    before: float | None = None
    for leg in route.legs:
        aims = leg.aims if before is None else (before, *leg.aims)
        way = abs(aims[-1] - aims[0])
        steps += max(1, math.ceil(way / largest * (1 - 1e-9)))
        before = aims[-1]
    return steps


def _fewest_of_a_dwell(dwell: DwellSettings) -> int:
    by_time = 1 + math.ceil(dwell.min_dwell_s / dwell.interval_s * (1 - 1e-9))
    return max(dwell.min_readings, by_time)
