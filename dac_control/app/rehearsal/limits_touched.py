"""Which limits a run came up against, and when; pure."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from dac_control.app.rehearsal.tally import RehearsedStep
from dac_control.safety.limits import StepLimits
from plans.settings import RampSettings

__all__ = ["limits_touched"]

_NEARLY = 1.0 - 1e-3
"""From this part of a limit on, a step was as large as it may be."""


def limits_touched(
    steps: Sequence[RehearsedStep], limits: StepLimits, settings: RampSettings
) -> dict[str, list[float]]:
    """Laboratory times in s at which each limit was touched; limits that were not are left out.

    Parameters
    ----------
    steps : sequence of RehearsedStep
        Steps of one run, in order.
    limits : StepLimits
        Of the station.
    settings : RampSettings
        Of the run.
    """
    dwell, ruby = settings.dwell, settings.ruby
    alone: dict[str, Callable[[RehearsedStep], bool]] = {
        "pressure_limit_gpa": lambda s: s.pressure_gpa >= limits.pressure_limit_gpa,
        "max_turns": lambda s: s.turns >= limits.max_turns - 1e-4,
        "min_turns": lambda s: s.number > 1 and s.turns <= limits.min_turns + 1e-4,
        "dwell.max_dwell_s": lambda s: s.dwell_s >= dwell.max_dwell_s,
        "ruby.longest_exposure_s": lambda s: s.exposure_s >= ruby.longest_exposure_s * _NEARLY,
        "ruby.attempts": lambda s: s.attempts >= ruby.attempts > 1,
    }
    between: dict[str, Callable[[RehearsedStep, RehearsedStep], bool]] = {
        "max_step_turns": lambda a, b: abs(b.turns - a.turns) >= limits.max_step_turns * _NEARLY,
        "max_step_gpa": lambda a, b: abs(b.pressure_gpa - a.pressure_gpa) >= limits.max_step_gpa,
    }
    found = {name: [s.lab_time_s for s in steps if hit(s)] for name, hit in alone.items()}
    for name, hits in between.items():
        found[name] = [b.lab_time_s for a, b in pairwise(steps) if hits(a, b)]
    return {name: times for name, times in found.items() if times}
