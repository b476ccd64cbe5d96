"""How often plans must open a light on the specimen at the very least. Pure.

A lower bound, so that nothing is refused that could have been done: a ramp begins before its first
target and takes steps as large as the limits allow, dwells are as short as they may be, every
reading is good at once. What is weighed against them is `plans.light_budget`'s business.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dac_control.safety.limits import StepLimits
from plans.optics_settings import ReflectanceSettings
from plans.route import Route
from plans.settings import (
    DwellSettings,
    GaugeSettings,
    HoldSettings,
    RampSettings,
    RubySettings,
    TemperatureSettings,
)

__all__ = [
    "LAMP",
    "LAMP_BEHIND",
    "LINE_LAMP",
    "LookRules",
    "Looks",
    "axis_looks",
    "beside_ruby_looks",
    "closing_looks",
    "gain_looks",
    "hold_looks",
    "lambda0_looks",
    "map_looks",
    "ramp_looks",
    "reflectance_looks",
    "temperature_looks",
]

LAMP, LAMP_BEHIND, LINE_LAMP = "lamp", "lamp_behind", "line_lamp"
"""Roles that light without a gauge."""
REFERENCE, GASKET, SAMPLE = "reference_ruby", "gasket", "sample"
AT_HOME = ""
"""Where the optics of a gauge look unless they are told otherwise."""
ON_THE_LAMP = "lamp"
"""Where the light of calibrations falls, as `plans.stubs.expose` has it."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Openings of a light that a plan cannot do without."""

    by: str
    """Gauge whose light it is; or `LAMP`, `LAMP_BEHIND` or `LINE_LAMP`."""
    open_s: float
    """Of the light for each, all averages together."""
    count: int
    spot: str = AT_HOME
    """Where it falls."""


@dataclass(frozen=True, kw_only=True)
class LookRules:
    """What of a station adds to the looks of every plan."""

    limits: StepLimits
    reference: bool = False
    """A ruby beside the cell is measured at every step."""
    armed_by: ReflectanceSettings | None = None
    """How the reflectance is taken that a laser waits for; None where it waits for none."""
    armed_from_gpa: float = math.inf
    """Pressure from which on it does; a pressure that nobody knows counts as high."""


# what plans are made of ------------------------------------------------------------------------


def _gauge(
    gauge: str, settings: GaugeSettings, count: int, spot: str = AT_HOME
) -> tuple[Looks, ...]:
    """Readings of one gauge in one run."""
    if settings.signal_to_noise is not None:
        count = min(count, 1)  # how short the later ones may be, the first will show
    open_s = settings.exposure_s * settings.averages
    return (Looks(by=gauge, open_s=open_s, count=count, spot=spot),) if count else ()


def _white(settings: ReflectanceSettings, count: int = 1) -> tuple[Looks, ...]:
    """Gasket, sample and gasket again in the light of the lamp."""
    open_s = settings.exposure_s * settings.averages
    each = ((GASKET, 2 * count), (SAMPLE, count))
    return tuple(Looks(by=LAMP, open_s=open_s, count=n, spot=spot) for spot, n in each if n)


def _arming(rules: LookRules, steps: int) -> tuple[Looks, ...]:
    """What is seen in white light at steps whose pressure is high or unknown."""
    if rules.armed_by is None or math.isinf(rules.armed_from_gpa):
        return ()
    return _white(rules.armed_by, steps)


def _ruby_steps(
    settings: RubySettings, spots: Mapping[str, int], rules: LookRules, *, armed: bool = True
) -> tuple[Looks, ...]:
    """Steps of `plans.stubs.look`, as many at each spot: reference, reflectance, ruby."""
    steps = sum(spots.values())
    reference = _gauge(REFERENCE, settings, steps if rules.reference else 0)
    arming = _arming(rules, steps) if armed else ()
    return (*reference, *arming, *_at_each("ruby", settings, spots))


def _at_each(gauge: str, settings: GaugeSettings, spots: Mapping[str, int]) -> tuple[Looks, ...]:
    """Readings of one gauge at several places."""
    if settings.signal_to_noise is not None:
        spots = dict(list(spots.items())[:1])  # the exposure goes along from place to place
    return tuple(
        each for spot, count in spots.items() for each in _gauge(gauge, settings, count, spot)
    )


# plans that leave the screw alone ---------------------------------------------------------------


def hold_looks(settings: HoldSettings, duration_h: float, rules: LookRules) -> tuple[Looks, ...]:
    """Looks of a hold; every one is taken."""
    count = 1 + math.floor(3600.0 * duration_h / settings.every_s * (1 + 1e-9))
    return _ruby_steps(settings.ruby, {AT_HOME: count}, rules)


def temperature_looks(settings: TemperatureSettings, rules: LookRules) -> tuple[Looks, ...]:
    """One at the beginning and one at the end: from where it goes, nobody knows beforehand."""
    return _ruby_steps(settings.ruby, {AT_HOME: 2}, rules)


def lambda0_looks(
    gauge: str, settings: RubySettings, readings: int, rules: LookRules
) -> tuple[Looks, ...]:
    """Every reading of `measure_lambda0` or `measure_reference_ruby`."""
    return (*_arming(rules, readings), *_gauge(gauge, settings, readings))


def beside_ruby_looks(
    gauge: str,
    spot: str,
    readings: int,
    settings: tuple[GaugeSettings, RubySettings],
    rules: LookRules,
) -> tuple[Looks, ...]:
    """Every reading of one gauge at one place, and of the ruby beside it."""
    ruby = _ruby_steps(settings[1], {AT_HOME: readings}, rules)
    return (*ruby, *_gauge(gauge, settings[0], readings, spot))


def map_looks(
    spots: Sequence[str], gauge: str, rounds: int, settings: RampSettings, rules: LookRules
) -> tuple[Looks, ...]:
    """Each place as often as there are rounds, and the first once more."""
    way = dict.fromkeys(spots, rounds)
    way[spots[0]] += 1
    if gauge == "ruby":
        return _ruby_steps(settings.ruby, way, rules)
    ruby = _ruby_steps(settings.ruby, {AT_HOME: sum(way.values())}, rules)
    return (*ruby, *_at_each(gauge, settings.of_gauge(gauge), way))


def reflectance_looks(
    settings: ReflectanceSettings,
    ruby: RubySettings,
    rules: LookRules,
    through: tuple[str, ReflectanceSettings] | None = None,
) -> tuple[Looks, ...]:
    """The white light, which arms the laser, too, what passes the cell at a place, and the ruby."""
    passes: tuple[Looks, ...] = ()
    if through is not None:
        spot, taken = through
        open_s = taken.exposure_s * taken.averages
        passes = (Looks(by=LAMP_BEHIND, open_s=open_s, count=1, spot=spot),)
    return (*_white(settings), *passes, *_ruby_steps(ruby, {AT_HOME: 1}, rules, armed=False))


def axis_looks(exposures_s: Sequence[float], averages: int) -> tuple[Looks, ...]:
    """Every exposure to the line lamp."""
    return tuple(
        Looks(by=LINE_LAMP, open_s=exposure_s * averages, count=1, spot=ON_THE_LAMP)
        for exposure_s in exposures_s
    )


def gain_looks(probe_s: float) -> tuple[Looks, ...]:
    """The first exposure, which tells how long the others are."""
    return (Looks(by=LAMP, open_s=probe_s, count=1, spot=ON_THE_LAMP),)


# plans that turn it ----------------------------------------------------------------------------


def ramp_looks(settings: RampSettings, route: Route, rules: LookRules) -> tuple[Looks, ...]:
    """Fewest looks of each gauge along a route, which is none where only the cell is looked at."""
    legs = list(_ways(route, settings.step.tolerance_gpa))
    largest = rules.limits.max_step_gpa if route.unit == "gpa" else rules.limits.max_step_turns
    steps = 1 + sum(_steps(abs(end - begin), largest) for begin, end in legs)
    high = steps
    if settings.all_gauges == ("ruby",):
        # its first step is one at a pressure that nobody knows; a gauge beside it always is
        in_gpa = legs if route.unit == "gpa" else []
        high = 1 + sum(_steps_above(leg, rules.armed_from_gpa, largest) for leg in in_gpa)
    return (*_arming(rules, high), *_step_looks(settings, steps, rules))


def closing_looks(settings: RampSettings, rules: LookRules) -> tuple[Looks, ...]:
    """Where the cell stands, one turn that it follows, and a look whether it keeps its pressure."""
    return (*_arming(rules, 2), *_step_looks(settings, 2, rules, after=1))


def _step_looks(
    settings: RampSettings, steps: int, rules: LookRules, *, after: int = 0
) -> tuple[Looks, ...]:
    """Looks of the gauges at steps of a ramp, each with its dwell, and of the ruby after them."""
    first, ruby = settings.gauge, settings.ruby
    # a gauge that others take over from follows the dwells as long as the overlap lasts
    dwells = min(steps, settings.handover.fewest_pairs) if settings.then else steps
    counts = dict.fromkeys(("ruby", *settings.all_gauges), steps)
    counts[first] += dwells * _fewest_of_a_dwell(settings.dwell, settings.of_gauge(first))
    counts["ruby"] += after
    found = [
        look for name, n in counts.items() for look in _gauge(name, settings.of_gauge(name), n)
    ]
    # once more at the first step, whose dwell counts from it
    references = steps + 1 + after if rules.reference else 0
    return (*_gauge(REFERENCE, ruby, references), *found)


def _ways(route: Route, tolerance_gpa: float) -> Iterable[tuple[float, float]]:
    """Where each leg begins and ends at the best: as far as a target counts as reached."""
    slack = tolerance_gpa if route.unit == "gpa" else 0.0
    begin: float | None = None
    for leg in route.legs:
        end = leg.aims[-1] - leg.sign * slack
        begin = leg.aims[0] if begin is None else begin
        yield begin, end if (end - begin) * leg.sign > 0 else begin
        begin = end


def _steps(way: float, largest: float) -> int:
    return max(1, math.ceil(way / largest * (1 - 1e-9)))


def _steps_above(leg: tuple[float, float], above: float, largest: float) -> int:
    """Steps of a leg that end where the pressure is at least `above`."""
    begin, end = leg
    if math.isinf(above) or max(begin, end) < above:
        return 0
    if min(begin, end) >= above:
        return _steps(abs(end - begin), largest)
    return math.floor((max(begin, end) - above) / largest)


def _fewest_of_a_dwell(dwell: DwellSettings, taken: GaugeSettings) -> int:
    # reading out, fitting and aiming take no longer than a long exposure
    apart_s = max(dwell.interval_s, 2.0 * taken.exposure_s * taken.averages)
    by_time, at_most = (
        1 + math.floor(time_s / apart_s * (1 + 1e-9))
        for time_s in (dwell.min_dwell_s, dwell.max_dwell_s)
    )
    return min(max(dwell.min_readings, by_time), at_most)
