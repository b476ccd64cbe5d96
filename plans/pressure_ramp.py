"""The pressure ramp: turn, dwell until the measured pressure has settled, measure, record."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import RampHeld
from plans.calibrated import check_calibrations
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.picture_watch import PictureWatch
from plans.ramp_step import StepAim, StepOutcome, take_step
from plans.resumption import Resumption
from plans.route import Repeat, Route, route_of
from plans.settings import RampSettings, Targets
from plans.step_choice import Branch, Point
from plans.stubs.measure_dark import measure_dark

__all__ = ["pressure_ramp", "ramp_along", "ramp_run", "step_towards", "take_dark"]

DARK_SCANS = 16
"""Scans of the dark for each one of the ruby: its noise is subtracted from every spectrum, and a
sixteenth of it is nothing beside that of the spectrum."""


@plan
def pressure_ramp(
    instruments: Instruments,
    targets: Targets,
    *,
    settings: RampSettings | None = None,
    md: Mapping[str, Any] | None = None,
    resumption: Resumption | None = None,
) -> MsgGenerator[Any]:
    """Load, then unload, along targets in GPa or in turns, with a measurement at every step.

    The first step measures where the cell stands. Loading only increases turns and unloading
    only decreases them; a target that is passed is not corrected, since a reversal would load
    the cell along another branch. The dead band of a reversal is crossed in measured steps that
    would stay within bounds if the pressure answered at once. Each step is chosen from what the
    branch has shown so far (`plans.step_choice`), such that it stays with 99.9 % under the largest
    change of pressure and the pressure limit of `instruments.limits`; its turns are bounded, too.

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
    resumption : Resumption, optional
        How an earlier run left the cell: targets that are passed are left out, and nothing moves
        if the cell is found elsewhere.

    Raises
    ------
    LimitError, StaleCalibration
        Before the run opens, for a target beyond a limit, or a calibration that is missing or
        older than the station allows.
    RampHeld
        Where a measurement failed, a move failed, or a step answered by more than the limit:
        the drive stands still, the temperature is held, and the text says why.
    """
    return (yield from ramp_run("pressure_ramp", instruments, targets, settings, md, resumption))


def ramp_run(
    name: str,
    instruments: Instruments,
    targets: Targets | Repeat,
    settings: RampSettings | None,
    md: Mapping[str, Any] | None,
    resumption: Resumption | None = None,
) -> MsgGenerator[Any]:
    """Open the run of a plan that goes along targets, and carry it out."""
    settings = settings or RampSettings()
    limits, route = instruments.limits, route_of(targets)
    limits.check_targets(route.unit, route.aims)
    check_calibrations(instruments, ("ruby", *settings.all_gauges))
    document = {
        "plan_name": name,
        "plan_args": {"targets": asdict(targets), "settings": asdict(settings)},
        "targets": targets.to_dict(),
        "limits": asdict(limits),
        "devices": instruments.names,
        "gauge": "ruby",
        "gauge_in_charge": settings.gauge,
        **dict(md or {}),
    }
    plan = ramp_along(instruments, route, settings, resumption)
    return (yield from held_run(plan, document, instruments))


def ramp_along(
    instruments: Instruments,
    route: Route,
    settings: RampSettings,
    resumption: Resumption | None = None,
) -> MsgGenerator[None]:
    """Measure where the cell stands, then go along a route; inside a run that is open."""
    yield from take_dark(instruments, settings)
    watch = PictureWatch(instruments)
    start = yield from take_step(instruments, settings, StepAim(number=1), lambda _: "load", watch)
    if resumption is not None:
        resumption.check(start.point.pressure_gpa)
        route = resumption.rest_of(route, start.point, settings.step.tolerance_gpa)
        if not route.legs:
            return
    first = route.legs[0]
    limit_gpa = instruments.limits.pressure_limit_gpa
    if first.sign > 0 and start.point.pressure_gpa >= limit_gpa:
        raise RampHeld(
            f"The ramp holds before its first move: the cell stands at "
            f"{start.point.pressure_gpa:.2f} GPa, and the limit is {limit_gpa} GPa."
        )
    _check_direction(route, settings, start.point)
    branch = Branch(first.sign, start.point, instruments.limits, settings.step)
    number = 1
    for leg in route.legs:
        if leg.sign != branch.sign:
            branch = branch.reversal()
        for aim in leg.aims:
            number = yield from _reach(
                instruments, settings, branch, route.unit, aim, number, watch
            )


def take_dark(instruments: Instruments, settings: RampSettings) -> MsgGenerator[None]:
    """Take the dark of the ruby's spectra once, where there is a light that can be closed."""
    if instruments.light is not None:
        yield from measure_dark(
            instruments, settings.ruby.exposure_s, DARK_SCANS * settings.ruby.averages
        )


def _check_direction(route: Route, settings: RampSettings, start: Point) -> None:
    """Raise `RampHeld` where the cell already stands beyond the whole first leg."""
    in_gpa, first = route.unit == "gpa", route.legs[0]
    here, unit = (start.pressure_gpa, "GPa") if in_gpa else (start.turns, "turns")
    tolerance = settings.step.tolerance_gpa if in_gpa else 0.0
    if (here - first.aims[-1]) * first.sign <= tolerance:
        return
    where = "above the last load target" if first.sign > 0 else "below the last unload target"
    raise RampHeld(
        f"The ramp holds before its first move: the cell stands at {here:.3f} {unit}, already "
        f"{where} ({first.aims[-1]:g}). Give targets on the way from here."
    )


def _reach(
    instruments: Instruments,
    settings: RampSettings,
    branch: Branch,
    unit: str,
    aim: float,
    number: int,
    watch: PictureWatch,
) -> MsgGenerator[int]:
    """Take steps along `branch` until `aim` is reached; return the number of the last one."""
    while not _is_reached(branch, unit, aim, _smallest_turns(instruments)):
        number += 1
        yield from step_towards(instruments, settings, branch, unit, aim, number, watch)
    return number


def step_towards(
    instruments: Instruments,
    settings: RampSettings,
    branch: Branch,
    unit: str,
    aim: float,
    number: int,
    watch: PictureWatch,
) -> MsgGenerator[Point]:
    """Take the largest step along `branch` towards `aim` that the bounds allow.

    Returns
    -------
    Point
        Where it ended; it is part of `branch` then.

    Raises
    ------
    RampHeld
        If no step is allowed, nothing was measured after it, or it answered beyond a bound.
    """
    turns = branch.next_turns_for_gpa(aim) if unit == "gpa" else branch.next_turns_for_turns(aim)
    if (turns - branch.here.turns) * branch.sign <= _smallest_turns(instruments):
        _end_of_the_road(branch, unit, aim, instruments)
    step = StepAim(
        number=number,
        target=aim,
        turns=turns,
        expected_gpa=branch.predicted_gpa(turns),
        prediction=branch.predict(turns),
        gauge=settings.gauge,
    )
    outcome = yield from take_step(
        instruments,
        settings,
        step,
        lambda reading: branch.name_of(reading.pressure_gpa, reading.sigma_stat_gpa),
        watch,
    )
    _check_step(branch, outcome, instruments, settings)
    branch.add(outcome.point)
    return outcome.point


def _smallest_turns(instruments: Instruments) -> float:
    return 2.0 * instruments.drive.resolution_turns


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
