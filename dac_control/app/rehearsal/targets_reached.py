"""What was measured where each target of a ramp counted as reached; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dac_control.app.rehearsal.tally import RehearsedStep
from plans.route import Repeat, Route, route_of
from plans.settings import Targets

__all__ = ["TargetReached", "targets_reached"]

_NOTHING = float("nan")


@dataclass(frozen=True, kw_only=True)
class TargetReached:
    """One target on the way of a ramp."""

    target: float
    unit: str
    """``gpa`` or ``turns``."""
    leg: str
    """``load`` or ``unload``."""
    step: int = 0
    """At which it was reached; 0 where it was not."""
    pressure_gpa: float = _NOTHING
    half_width_95_gpa: float = _NOTHING


def targets_reached(
    steps: Sequence[RehearsedStep],
    targets: Mapping[str, Any],
    *,
    tolerance_gpa: float,
    tolerance_turns: float,
    done: bool = False,
) -> list[TargetReached]:
    """Follow a ramp along its targets as the plan does.

    Parameters
    ----------
    steps : sequence of RehearsedStep
        Of one run, in order; those without a pressure reach nothing.
    targets : mapping
        As the start document has them; those of a plan without a route of the screw have none.
    tolerance_gpa, tolerance_turns : float
        From how far before it a target counts as reached.
    done : bool
        Whether the ramp went to its end: then nothing was left, also where the screw could not be
        placed any nearer.
    """
    if targets.get("unit") not in ("gpa", "turns") or not targets.keys() & {"load", "repeat"}:
        return []
    way = [(leg.sign, aim) for leg in _route(targets).legs for aim in leg.aims]
    in_gpa = targets["unit"] == "gpa"
    tolerance = tolerance_gpa if in_gpa else tolerance_turns
    found: list[TargetReached] = []

    def reach(step: RehearsedStep) -> None:
        sign, aim = way[len(found)]
        found.append(
            TargetReached(
                target=aim,
                unit=targets["unit"],
                leg=_leg(sign),
                step=step.number,
                pressure_gpa=step.pressure_gpa,
                half_width_95_gpa=step.half_width_95_gpa,
            )
        )

    before: RehearsedStep | None = None
    for step in steps:
        if before is not None and step.target in [aim for _, aim in way[len(found) :]]:
            # where a ramp heads for the next, it took what lies before as reached
            while way[len(found)][1] != step.target:
                reach(before)
        here = step.pressure_gpa if in_gpa else step.turns
        while step.measured and len(found) < len(way):
            sign, aim = way[len(found)]
            if (aim - here) * sign > tolerance:
                break
            reach(step)
        before = step if step.measured else before
    while done and before is not None and len(found) < len(way):
        reach(before)
    missed = [
        TargetReached(target=aim, unit=targets["unit"], leg=_leg(sign))
        for sign, aim in way[len(found) :]
    ]
    return found + missed


def _leg(sign: int) -> str:
    return "load" if sign > 0 else "unload"


def _route(targets: Mapping[str, Any]) -> Route:
    if "repeat" in targets:
        repeat, swing, cycles = (targets[key] for key in ("repeat", "swing", "cycles"))
        return route_of(Repeat(pressure_gpa=repeat, swing_gpa=swing, cycles=cycles))
    # a plan that only loads states no way down
    load, unload = (tuple(targets.get(leg, ())) for leg in ("load", "unload"))
    return route_of(Targets(unit=targets["unit"], load=load, unload=unload))
