"""Fewest exposures of plans that turn the screw. Pure.

A ramp begins before its first target and takes steps as large as the limits allow; dwells are as
short as they may be (see `plans.looks`).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from plans.gauge_settings import REFERENCE, GaugeSettings
from plans.looks import LookRules, Looks, arming_looks, gauge_looks
from plans.route import Route
from plans.settings import DwellSettings, RampSettings

__all__ = ["closing_looks", "fewest_of_a_dwell", "ramp_looks", "rest_of_step_looks"]


def ramp_looks(settings: RampSettings, route: Route, rules: LookRules) -> tuple[Looks, ...]:
    """Fewest looks of each gauge along a route; without legs, of where the cell stands."""
    legs = list(_ways(route, settings.step.tolerance_gpa))
    largest = rules.limits.max_step_gpa if route.unit == "gpa" else rules.limits.max_step_turns
    steps = 1 + sum(_steps(abs(end - begin), largest) for begin, end in legs)
    high = steps
    if settings.all_gauges == ("ruby",):
        # its first step is one at a pressure that nobody knows; a gauge beside it always is
        in_gpa = legs if route.unit == "gpa" else []
        high = 1 + sum(_steps_above(leg, rules.armed_from_gpa, largest) for leg in in_gpa)
    found = (*arming_looks(rules, high), *_step_looks(settings, steps, rules))
    # the shortest way has two steps; of exposures that follow from the signal one is counted anyway
    shorter = route.shorter_by if steps > 2 else ""
    return tuple(replace(each, fewer_by=shorter if each.count > 1 else "") for each in found)


def closing_looks(settings: RampSettings, rules: LookRules) -> tuple[Looks, ...]:
    """Where the cell stands, one turn that it follows, and a look whether it keeps its pressure."""
    return (*arming_looks(rules, 2), *_step_looks(settings, 2, rules, after=1))


def rest_of_step_looks(
    gauge: str,
    readings: int,
    taken: Mapping[str, GaugeSettings],
    rules: LookRules,
    *,
    armed: bool,
    references: int = 1,
) -> tuple[Looks, ...]:
    """What is looked at from somewhere in a step to its end.

    Parameters
    ----------
    gauge : str
        In charge there.
    readings : int
        Of that gauge; each other one is taken once.
    taken : mapping
        How each gauge is taken now, by name, the ruby among them.
    rules : LookRules
        What the station adds.
    armed : bool
        True where lights must be armed first.
    references : int
        Of the reference ruby, where there is one: one more where the step turns nothing.
    """
    counts = {**dict.fromkeys(taken, 1), gauge: readings}
    zero = gauge_looks(REFERENCE, taken["ruby"], references if rules.reference else 0)
    found = [look for name, n in counts.items() for look in gauge_looks(name, taken[name], n)]
    every = (*(arming_looks(rules, 1) if armed else ()), *zero, *found)
    less = "dwell with fewer readings"
    return tuple(replace(each, fewer_by=less if each.by == gauge else "") for each in every)


def _step_looks(
    settings: RampSettings, steps: int, rules: LookRules, *, after: int = 0
) -> tuple[Looks, ...]:
    """Looks of the gauges at steps of a ramp, each with its dwell, and of the ruby after them."""
    first, ruby = settings.gauge, settings.ruby
    # a gauge that others take over from follows the dwells as long as the overlap lasts
    dwells = min(steps, settings.handover.fewest_pairs) if settings.then else steps
    counts = dict.fromkeys(("ruby", *settings.all_gauges), steps)
    counts[first] += dwells * fewest_of_a_dwell(settings.dwell, settings.of_gauge(first))
    counts["ruby"] += after
    found = [
        look for name, n in counts.items() for look in gauge_looks(name, settings.of_gauge(name), n)
    ]
    # once more at the first step, whose dwell counts from it
    references = steps + 1 + after if rules.reference else 0
    return (*gauge_looks(REFERENCE, ruby, references), *found)


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


def fewest_of_a_dwell(dwell: DwellSettings, taken: GaugeSettings) -> int:
    """Readings before the shortest dwell is over."""
    # reading out, fitting and aiming take no longer than a long exposure
    apart_s = max(dwell.interval_s, 2.0 * taken.exposure_s * taken.averages)
    by_time, at_most = (
        1 + math.floor(time_s / apart_s * (1 + 1e-9))
        for time_s in (dwell.min_dwell_s, dwell.max_dwell_s)
    )
    return min(max(dwell.min_readings, by_time), at_most)
