"""The pressure ramp: turn, dwell until the measured pressure has settled, measure, record."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import RampHeld
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.ramp_step import StepOutcome, take_step
from plans.settings import RampSettings, Targets
from plans.step_choice import Branch, Point, steepest_slope
from plans.stubs.measure_dark import measure_dark

__all__ = ["pressure_ramp"]


@plan
def pressure_ramp(
    instruments: Instruments,
    targets: Targets,
    *,
    settings: RampSettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Load, then unload, along targets in GPa or in turns, with a measurement at every step.

    The first step measures where the cell stands. Loading only increases turns and unloading
    only decreases them; a target that is passed is not corrected, since a reversal would load
    the cell along another branch. The dead band of a reversal is crossed in small measured
    steps. Each step is bounded by the largest turn, the largest change of pressure and the
    pressure limit of `instruments.limits`.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    targets : Targets
        Loading targets, then unloading targets.
    settings : RampSettings, optional
        Dwell, ruby and step settings.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    LimitError
        Before the run opens, for a target beyond a limit.
    RampHeld
        Where a measurement failed, a move failed, or a step answered by more than the limit:
        the drive stands still, the temperature is held, and the text says why.
    """
    settings = settings or RampSettings()
    limits = instruments.limits
    limits.check_targets(targets.unit, [*targets.load, *targets.unload])
    document = {
        "plan_name": "pressure_ramp",
        "plan_args": {"targets": asdict(targets), "settings": asdict(settings)},
        "targets": {
            "unit": targets.unit,
            "load": list(targets.load),
            "unload": list(targets.unload),
        },
        "limits": asdict(limits),
        "devices": instruments.names,
        "gauge": "ruby",
        **dict(md or {}),
    }
    return (yield from held_run(_ramp(instruments, targets, settings), document, instruments))


def _ramp(instruments: Instruments, targets: Targets, settings: RampSettings) -> MsgGenerator[None]:
    if instruments.light is not None:
        yield from measure_dark(instruments, settings.ruby.exposure_s, settings.ruby.averages)
    start = yield from take_step(
        instruments, settings, number=1, target=None, name_branch=lambda _: "load"
    )
    limit_gpa = instruments.limits.pressure_limit_gpa
    if targets.load and start.point.pressure_gpa >= limit_gpa:
        raise RampHeld(
            f"The ramp holds before its first move: the cell stands at "
            f"{start.point.pressure_gpa:.2f} GPa, and the limit is {limit_gpa} GPa."
        )
    _check_direction(targets, settings, start.point)
    branch = _branch(instruments, settings, +1, start.point)
    number = 1
    for sign, aims in ((+1, targets.load), (-1, targets.unload)):
        if sign < 0 and aims:
            known = steepest_slope([branch.start, *branch.points])
            branch = _branch(instruments, settings, -1, branch.here, known)
        for aim in aims:
            number = yield from _reach(instruments, settings, branch, targets.unit, aim, number)


def _check_direction(targets: Targets, settings: RampSettings, start: Point) -> None:
    """Raise `RampHeld` where the cell already stands beyond the whole ramp."""
    in_gpa = targets.unit == "gpa"
    here, unit = (start.pressure_gpa, "GPa") if in_gpa else (start.turns, "turns")
    tolerance = settings.step.tolerance_gpa if in_gpa else 0.0
    if targets.load and here > targets.load[-1] + tolerance:
        beyond = f"above the last load target ({targets.load[-1]:g})"
    elif not targets.load and here < targets.unload[-1] - tolerance:
        beyond = f"below the last unload target ({targets.unload[-1]:g})"
    else:
        return
    raise RampHeld(
        f"The ramp holds before its first move: the cell stands at {here:.3f} {unit}, already "
        f"{beyond}. Give targets on the way from here."
    )


def _branch(
    instruments: Instruments,
    settings: RampSettings,
    sign: int,
    start: Point,
    known_slope_gpa_per_turn: float = 0.0,
) -> Branch:
    return Branch(
        sign=sign,
        start=start,
        limits=instruments.limits,
        settings=settings.step,
        known_slope_gpa_per_turn=known_slope_gpa_per_turn,
    )


def _reach(
    instruments: Instruments,
    settings: RampSettings,
    branch: Branch,
    unit: str,
    aim: float,
    number: int,
) -> MsgGenerator[int]:
    """Take steps along `branch` until `aim` is reached; return the number of the last one."""
    smallest_turns = 2.0 * instruments.drive.resolution_turns
    while not _is_reached(branch, unit, aim, smallest_turns):
        turns = (
            branch.next_turns_for_gpa(aim) if unit == "gpa" else branch.next_turns_for_turns(aim)
        )
        if (turns - branch.here.turns) * branch.sign <= smallest_turns:
            _end_of_the_road(branch, unit, aim, instruments)
        number += 1
        outcome = yield from take_step(
            instruments,
            settings,
            number=number,
            target=aim,
            name_branch=lambda reading: branch.name_of(
                reading.pressure_gpa, reading.sigma_stat_gpa
            ),
            turns=turns,
            expected_gpa=branch.predicted_gpa(turns),
        )
        _check_step(branch, outcome, instruments, settings)
        branch.add(outcome.point)
    return number


def _is_reached(branch: Branch, unit: str, aim: float, smallest_turns: float) -> bool:
    if unit == "gpa":
        return branch.is_reached(aim)
    return (aim - branch.here.turns) * branch.sign <= smallest_turns


def _end_of_the_road(branch: Branch, unit: str, aim: float, instruments: Instruments) -> None:
    limits = instruments.limits
    raise RampHeld(
        f"The ramp holds at {branch.here.pressure_gpa:.2f} GPa and {branch.here.turns:.5f} turns: "
        f"no further step towards {aim:g} {'GPa' if unit == 'gpa' else 'turns'} is allowed by "
        f"the limits ({limits.min_turns} to {limits.max_turns} turns, at most "
        f"{limits.pressure_limit_gpa} GPa)."
    )


def _check_step(
    branch: Branch, outcome: StepOutcome, instruments: Instruments, settings: RampSettings
) -> None:
    """End the ramp in hold where a step's answer breaks a bound."""
    limits, here, there = instruments.limits, branch.here, outcome.point
    change_gpa = there.pressure_gpa - here.pressure_gpa
    if there.pressure_gpa > limits.pressure_limit_gpa:
        raise RampHeld(
            f"The ramp holds: {there.pressure_gpa:.2f} GPa were measured, above the limit of "
            f"{limits.pressure_limit_gpa} GPa."
        )
    if abs(change_gpa) > limits.max_step_gpa:
        raise RampHeld(
            f"The ramp holds: the step to {there.turns:.5f} turns changed the pressure by "
            f"{change_gpa:+.2f} GPa, more than max_step_gpa ({limits.max_step_gpa}). "
            "Look at the cell; use a smaller probe_turns or max_step_turns."
        )
    if not branch.engaged:
        crossed = abs(there.turns - branch.start.turns)
        if crossed > settings.step.max_dead_band_turns:
            raise RampHeld(
                f"The ramp holds: {crossed:.3f} turns since the reversal and the pressure has "
                "not answered; is the coupling engaged? (max_dead_band_turns is "
                f"{settings.step.max_dead_band_turns})"
            )
    if change_gpa * branch.sign < 0 and abs(change_gpa) > limits.max_step_gpa / 2:
        raise RampHeld(
            f"The ramp holds: the pressure went by {change_gpa:+.2f} GPa against the direction "
            "of the screw; the gasket may have failed."
        )
