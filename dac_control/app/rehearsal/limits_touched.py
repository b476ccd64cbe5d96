"""Which limits a run came up against, at which steps; pure.

A limit counts where it was reached, and where it bound the choice of a step: the bound that a step
stays under with 99.9 % (`plans.step_choice`), or the turn that was asked for, lies at the limit.
And where a run ends since no step is left that a limit allows. Limits of light and temperature
count where they held a run, cut a dwell short, kept a gauge from being read, or are used up.
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from dac_control.app.rehearsal.tally import RehearsedStep, Said
from dac_control.safety.limits import StepLimits
from plans.settings import RampSettings

__all__ = ["Touch", "limits_touched"]

_NEARLY = 1.0 - 1e-3
"""From this part of a limit on, a step was as large as it may be."""
_NEARLY_BOUND = 1.0 - 5e-3
"""The same for a bound: it is found between the points of a grid, always on the safe side."""
_TURNS = 1e-4
_NO_FURTHER = re.compile(r"no further step towards (\S+) (GPa|turns) is allowed")
_NAMED = {
    "max_step_gpa": "max_step_gpa",
    "max_dead_band_turns": "step.max_dead_band_turns",
    "limits.max_temperature_change_k": "max_temperature_change_k",
    "specimen.max_temperature_k": "specimen.max_temperature_k",
}
_LIGHT = re.compile(
    r"([^\s:.]+ on [^:.;]+): .*?\braise (max_energy_mj|max_exposure_s|max_intensity_mw_per_um2)\b"
)
"""As `dac_control.safety.light.check_exposures` refuses a light on a spot."""
_TABLES = {"ruby": "ruby", "diamond_edge": "edge"}


class Touch(NamedTuple):
    """When a limit was touched."""

    step: int
    lab_time_s: float


def limits_touched(
    steps: Sequence[RehearsedStep],
    limits: StepLimits,
    settings: RampSettings,
    *,
    said: Sequence[Said] = (),
    reason: str = "",
    resolution_turns: float = 0.0,
    ended_s: float = math.nan,
) -> dict[str, list[Touch]]:
    """Find the steps at which each limit was touched; limits that were not are left out.

    Parameters
    ----------
    steps : sequence of RehearsedStep
        Steps of one session, in order; numbers begin anew with each run.
    limits : StepLimits
        Of the station.
    settings : RampSettings
        Of the run.
    said : sequence of Said
        What was noted of readings that were not taken, and why runs ended.
    reason : str
        Why the last run ended early, as its stop document says it.
    resolution_turns : float
        Of the drive: closer to an end of its range than two of these it cannot go.
    ended_s : float
        Laboratory time of the end, which a limit counts at that was touched before any step.
    """
    found: dict[str, list[Touch]] = {}
    touches = [Touch(step.number, step.lab_time_s) for step in steps]

    def note(name: str, at: int) -> None:
        touch = touches[min(at, len(touches) - 1)] if touches else Touch(0, ended_s)
        if touch not in found.setdefault(name, []):
            found[name].append(touch)

    for at, step in enumerate(steps):
        for name in _alone(step, limits, settings):
            note(name, at)
    for at, (before, step) in enumerate(pairwise(steps), 1):
        if step.number > before.number:
            for name in _between(before, step, limits):
                note(name, at)
    for each in said:
        for name in _named(each.text):
            note(name, each.at)
    for name in _in_the_end(steps, limits, reason, 2.0 * resolution_turns + _TURNS):
        note(name, len(steps) - 1)
    return found


def _named(text: str) -> Iterator[str]:
    """Limits that a message names as what stood in the way."""
    yield from (name for said, name in _NAMED.items() if f"{said} (" in text)
    yield from (f"light.limits.{name} ({where})" for where, name in _LIGHT.findall(text))


def _alone(step: RehearsedStep, limits: StepLimits, settings: RampSettings) -> Iterator[str]:
    """Limits that a step touches by itself."""
    table, of_gauge = _TABLES.get(step.gauge, "vibron"), settings.of_gauge(step.gauge)
    asked = step.turns if math.isnan(step.target_turns) else step.target_turns
    hits: dict[str, bool] = {
        "pressure_limit_gpa": step.pressure_gpa >= limits.pressure_limit_gpa,
        "max_turns": asked >= limits.max_turns - _TURNS,
        "min_turns": step.number > 1 and asked <= limits.min_turns + _TURNS,
        "dwell.max_dwell_s": step.dwell_s >= settings.dwell.max_dwell_s,
        f"{table}.longest_exposure_s": step.exposure_s >= of_gauge.longest_exposure_s * _NEARLY,
        f"{table}.attempts": step.attempts >= of_gauge.attempts > 1,
    }
    yield from (name for name, hit in hits.items() if hit)


def _between(before: RehearsedStep, step: RehearsedStep, limits: StepLimits) -> Iterator[str]:
    """Limits that bound a step from the one before; comparisons with what is NaN are False."""
    turned = step.target_turns - before.turns
    if abs(turned) >= limits.max_step_turns * _NEARLY:
        yield "max_step_turns"
    if math.isnan(turned) or step.gauge != before.gauge:
        return
    sign = math.copysign(1.0, turned)
    most_gpa = (step.bound_gpa - before.pressure_gpa) * sign
    middle_gpa = (step.predicted_gpa - before.pressure_gpa) * sign
    # of a probe nothing is known: half of the limit is its expectation by assertion
    chosen = not math.isclose(middle_gpa, 0.5 * limits.max_step_gpa, abs_tol=1e-6)
    large = abs(step.pressure_gpa - before.pressure_gpa) >= limits.max_step_gpa
    if large or (chosen and most_gpa >= limits.max_step_gpa * _NEARLY_BOUND):
        yield "max_step_gpa"
    room_gpa = limits.pressure_limit_gpa - before.pressure_gpa
    if sign > 0 and chosen and most_gpa >= room_gpa * _NEARLY_BOUND:
        yield "pressure_limit_gpa"


def _in_the_end(
    steps: Sequence[RehearsedStep], limits: StepLimits, reason: str, smallest_turns: float
) -> Iterator[str]:
    """Limits of turns and pressure for which a run ended."""
    ended = _NO_FURTHER.search(reason)
    if ended is None or not steps:
        return
    here = steps[-1]
    stands = here.pressure_gpa if ended[2] == "GPa" else here.turns
    if float(ended[1]) > stands:
        if limits.max_turns - here.turns <= smallest_turns:
            yield "max_turns"
        elif limits.pressure_limit_gpa - here.pressure_gpa <= limits.max_step_gpa:
            yield "pressure_limit_gpa"
        else:
            yield "max_step_gpa"
    else:
        yield "min_turns" if here.turns - limits.min_turns <= smallest_turns else "max_step_gpa"
