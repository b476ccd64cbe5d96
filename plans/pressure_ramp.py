"""The pressure ramp: turn, dwell until the measured pressure has settled, measure, record."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import RampHeld
from plans.calibrated import check_calibrations
from plans.gauge_ranges import check_ranges
from plans.held_run import held_run
from plans.in_charge import scale_span_gpa
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.ramp_looks import ramp_looks
from plans.ramp_way import Way, step_towards
from plans.resumption import Resumption
from plans.route import Repeat, Route, check_tolerance, route_of
from plans.settings import RampSettings, Targets
from plans.step_choice import Point
from plans.stubs.measure_dark import DARK_SCANS, measure_dark

__all__ = ["pressure_ramp", "ramp_along", "ramp_run", "take_dark"]


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
        Before the run opens, for a target beyond a limit or the scales of the gauges in charge, a
        tolerance that targets lie within, an exposure that the spectrometer cannot make, light
        that the budget does not allow, or a calibration that is missing or older than the station
        allows.
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
    check_tolerance(route, settings.step.tolerance_gpa, limits)
    check_calibrations(instruments, ("ruby", *settings.all_gauges))
    spans_gpa = {name: scale_span_gpa(instruments, name) for name in instruments.gauges}
    check_ranges(spans_gpa, settings.sequence, route.legs if route.unit == "gpa" else ())
    document = {
        "plan_name": name,
        "plan_args": {"targets": asdict(targets), "settings": asdict(settings)},
        "targets": targets.to_dict(),
        "limits": asdict(limits),
        "devices": instruments.names,
        "gauge": "ruby",
        "gauge_in_charge": settings.gauge,
        "gauge_sequence": list(settings.sequence),
        "allow_unmeasured_steps": settings.allow_unmeasured_steps,
        **dict(md or {}),
    }
    # of a ramp that is taken up nobody knows beforehand how much is left
    surely = route if resumption is None else replace(route, legs=())
    looks = ramp_looks(settings, surely, rules_of(instruments))
    plan = ramp_along(instruments, route, settings, resumption)
    return (yield from held_run(plan, document, instruments, looks))


def ramp_along(
    instruments: Instruments,
    route: Route,
    settings: RampSettings,
    resumption: Resumption | None = None,
) -> MsgGenerator[None]:
    """Measure where the cell stands, then go along a route; inside a run that is open."""
    yield from take_dark(instruments, settings)
    way = Way(instruments, settings)
    here = yield from way.begin()
    if resumption is not None:
        resumption.check(here.pressure_gpa)
        route = resumption.rest_of(route, here, settings.step.tolerance_gpa)
        if not route.legs:
            return
    first = route.legs[0]
    limit_gpa = instruments.limits.pressure_limit_gpa
    if first.sign > 0 and here.pressure_gpa >= limit_gpa:
        raise RampHeld(
            f"The ramp holds before its first move: the cell stands at "
            f"{here.pressure_gpa:.2f} GPa, and the limit is {limit_gpa} GPa."
        )
    _check_direction(route, settings, here)
    way.set_out(first.sign)
    for leg in route.legs:
        if leg.sign != way.branch.sign:
            way.turn_round()
        for aim in leg.aims:
            while not _is_reached(way, route.unit, aim):
                yield from step_towards(way, route.unit, aim)


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


def _is_reached(way: Way, unit: str, aim: float) -> bool:
    branch = way.branch
    if unit == "gpa":
        return branch.is_reached(aim)
    return branch.placing.is_there((aim - branch.here.turns) * branch.sign)
