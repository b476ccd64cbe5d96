"""Which exposures plans must make in the light that falls on the specimen, at the least. Pure.

A lower bound, so that nothing is refused that could have been done: every reading is good at once.
The exception is a ramp whose first targets are passed when it begins, such as 10, 20, 30, 40 GPa
from 35 GPa: nobody knows before a run where the cell stands, so the way is counted from the first
target on. Where that is refused, leave out the targets that are passed.
What is weighed against it is `plans.light_budget`'s business; plans that turn the screw are in
`plans.ramp_looks`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dac_control.safety.limits import StepLimits
from devices.drivers.spot_role import GASKET, ON_THE_LAMP, SAMPLE
from plans.gauge_settings import REFERENCE, GaugeSettings, RubySettings
from plans.optics_settings import ReflectanceSettings
from plans.settings import RampSettings
from plans.watching_settings import HoldSettings, TemperatureSettings

__all__ = [
    "LAMP",
    "LAMP_BEHIND",
    "LINE_LAMP",
    "LookRules",
    "Looks",
    "arming_looks",
    "axis_looks",
    "beside_ruby_looks",
    "gain_looks",
    "gauge_looks",
    "hold_looks",
    "lambda0_looks",
    "map_looks",
    "reflectance_looks",
    "temperature_looks",
]

LAMP, LAMP_BEHIND, LINE_LAMP = "lamp", "lamp_behind", "line_lamp"
"""Roles that light without a gauge."""
AT_HOME = ""
"""Where the optics of a gauge look unless they are told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Exposures in the light of a gauge or lamp that a plan cannot do without."""

    by: str
    """Gauge whose light it is; or `LAMP`, `LAMP_BEHIND` or `LINE_LAMP`."""
    key: str
    """What gives its exposure, as the run file has it: ``edge.exposure_s``."""
    of_station: bool = False
    """It is the station file that has it."""
    exposure_s: float
    averages: int = 1
    count: int = 1
    spot: str = AT_HOME
    """Where it falls."""
    seen_by: str = ""
    """Gauge whose spectrometer sees it; by default its own, and of a lamp the one for white
    light."""
    fewer_by: str = ""
    """What a person can do to need fewer, a clause for messages; empty where nothing is left."""

    @property
    def open_s(self) -> float:
        """Time of the light for each, all averages together."""
        return self.exposure_s * self.averages


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
    cell_k: float | None = None
    """Where the cell's temperature is when the plan begins; None where nobody says."""
    cell_k_by: str = "the cell's sensor"
    """Who says so, for messages."""
    rate_k_per_min: float = 1.0
    """How fast it moves."""


# what plans are made of ------------------------------------------------------------------------


def gauge_looks(
    gauge: str, settings: GaugeSettings, count: int, spot: str = AT_HOME
) -> tuple[Looks, ...]:
    """Readings of one gauge in one run."""
    if settings.signal_to_noise is not None:
        count = min(count, 1)  # how short the later ones may be, the first will show
    return _looks(gauge, settings, f"{settings.table}.exposure_s", count, spot) if count else ()


def _looks(
    by: str, taken: GaugeSettings | ReflectanceSettings, key: str, count: int, spot: str
) -> tuple[Looks, ...]:
    exposure_s, averages = taken.exposure_s, taken.averages
    look = Looks(by=by, key=key, exposure_s=exposure_s, averages=averages, count=count, spot=spot)
    return (look,)


def _white(settings: ReflectanceSettings, key: str, count: int = 1) -> tuple[Looks, ...]:
    """Gasket, sample and gasket again in the light of the lamp."""
    gasket = _looks(LAMP, settings, key, 2 * count, GASKET)
    return (*gasket, *_looks(LAMP, settings, key, count, SAMPLE))


def arming_looks(rules: LookRules, steps: int) -> tuple[Looks, ...]:
    """What is seen in white light at steps whose pressure is high or unknown."""
    if rules.armed_by is None or math.isinf(rules.armed_from_gpa):
        return ()
    white = _white(rules.armed_by, "reflectance.exposure_s", steps)
    return tuple(replace(each, of_station=True) for each in white)


def _ruby_step_looks(
    settings: RubySettings, spots: Mapping[str, int], rules: LookRules, *, armed: bool = True
) -> tuple[Looks, ...]:
    """Steps of `plans.stubs.look`, as many at each spot: reference, reflectance, ruby."""
    steps = sum(spots.values())
    reference = gauge_looks(REFERENCE, settings, steps if rules.reference else 0)
    arming = arming_looks(rules, steps) if armed else ()
    return (*reference, *arming, *_at_each("ruby", settings, spots))


def _at_each(gauge: str, settings: GaugeSettings, spots: Mapping[str, int]) -> tuple[Looks, ...]:
    """Readings of one gauge at several places."""
    if settings.signal_to_noise is not None:
        spots = dict(list(spots.items())[:1])  # the exposure goes along from place to place
    return tuple(
        each for spot, count in spots.items() for each in gauge_looks(gauge, settings, count, spot)
    )


# plans that leave the screw alone ---------------------------------------------------------------


def hold_looks(settings: HoldSettings, duration_h: float, rules: LookRules) -> tuple[Looks, ...]:
    """Looks of a hold; every one is taken."""
    count = 1 + math.floor(3600.0 * duration_h / settings.every_s * (1 + 1e-9))
    return _in_table("hold", _ruby_step_looks(settings.ruby, {AT_HOME: count}, rules))


def _in_table(table: str, looks: tuple[Looks, ...]) -> tuple[Looks, ...]:
    """Looks of a plan whose run file has the settings of its gauges inside a table."""
    return tuple(
        each if each.of_station else replace(each, key=f"{table}.{each.key}") for each in looks
    )


def temperature_looks(
    settings: TemperatureSettings, rules: LookRules, target_k: float, *, rising: bool
) -> tuple[Looks, ...]:
    """One at the beginning, one at the end, and those between, where somebody says from where.

    Two of them lie `every_k` apart and up to what passes between looks at the sensors. One fewer
    than fit is counted: the cell ends nearer than the stage, by what its heat leak asks for. From
    the wrong side of the target there is no way, and the plan ends after its first look.
    """
    from_k = target_k if rules.cell_k is None else rules.cell_k
    way_k = target_k - from_k if rising else from_k - target_k
    apart_k = settings.every_k + rules.rate_k_per_min * settings.look_every_s / 60.0
    between = max(0, math.floor(way_k / apart_k) - 1)
    looks = _in_table("temperature", _ruby_step_looks(settings.ruby, {AT_HOME: 2 + between}, rules))
    less = (
        f"measure less often (temperature.every_k) on the way from {from_k:.4g} K, which is where "
        f"{rules.cell_k_by} has the cell"
    )
    return tuple(replace(each, fewer_by=less) for each in looks) if between else looks


def lambda0_looks(
    gauge: str, settings: RubySettings, readings: int, rules: LookRules
) -> tuple[Looks, ...]:
    """Every reading of `measure_lambda0` or `measure_reference_ruby`."""
    return (*arming_looks(rules, readings), *gauge_looks(gauge, settings, readings))


def beside_ruby_looks(
    gauge: str,
    spot: str,
    readings: int,
    settings: tuple[GaugeSettings, RubySettings],
    rules: LookRules,
) -> tuple[Looks, ...]:
    """Every reading of one gauge at one place, and of the ruby beside it."""
    ruby = _ruby_step_looks(settings[1], {AT_HOME: readings}, rules)
    return (*ruby, *gauge_looks(gauge, settings[0], readings, spot))


def map_looks(
    spots: Sequence[str], gauge: str, rounds: int, settings: RampSettings, rules: LookRules
) -> tuple[Looks, ...]:
    """Each place as often as there are rounds, and the first once more."""
    way = dict.fromkeys(spots, rounds)
    way[spots[0]] += 1
    if gauge == "ruby":
        return _ruby_step_looks(settings.ruby, way, rules)
    ruby = _ruby_step_looks(settings.ruby, {AT_HOME: sum(way.values())}, rules)
    return (*ruby, *_at_each(gauge, settings.of_gauge(gauge), way))


def reflectance_looks(
    settings: ReflectanceSettings,
    ruby: RubySettings,
    rules: LookRules,
    through: tuple[str, ReflectanceSettings] | None = None,
    gauge: tuple[str, GaugeSettings] | None = None,
) -> tuple[Looks, ...]:
    """The white light, which arms lasers, too; what passes the cell at a place; gauge and ruby."""
    passes: tuple[Looks, ...] = ()
    if through is not None:
        spot, taken = through
        passes = _looks(LAMP_BEHIND, taken, "transmission.exposure_s", 1, spot)
    white = _white(settings, "reflectance.exposure_s")
    other = () if gauge is None else gauge_looks(*gauge, count=1)
    return (*white, *passes, *other, *_ruby_step_looks(ruby, {AT_HOME: 1}, rules, armed=False))


def axis_looks(gauge: str, exposures_s: Sequence[float], averages: int) -> tuple[Looks, ...]:
    """Every exposure of a gauge's spectrometer to the line lamp."""
    return tuple(
        Looks(
            by=LINE_LAMP,
            key="exposures_s",
            exposure_s=exposure_s,
            averages=averages,
            spot=ON_THE_LAMP,
            seen_by=gauge,
        )
        for exposure_s in exposures_s
    )


def gain_looks(gauge: str, probe_s: float) -> tuple[Looks, ...]:
    """The first exposure of a gauge's spectrometer, which tells how long the others are."""
    look = Looks(by=LAMP, key="probe_s", exposure_s=probe_s, spot=ON_THE_LAMP, seen_by=gauge)
    return (look,)
