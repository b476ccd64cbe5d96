"""Close a cell: in small turns, with the ruby and the hole at each, until it keeps its pressure."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, RampHeld
from dac_control.safety.limits import StepLimits
from plans.calibrated import check_calibrations
from plans.held_run import held_run
from plans.in_charge import scale_span_gpa
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.optics_settings import Closing
from plans.pressure_ramp import take_dark
from plans.ramp_looks import closing_looks
from plans.ramp_way import Way, step_towards
from plans.route import check_tolerance, route_of
from plans.settings import RampSettings, Targets
from plans.step_choice import Point
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look
from plans.stubs.waiting import wait_until
from plans.stubs.work_out import work_out

__all__ = ["check_rise", "close_and_seal"]

CERTAIN_SIGMA = 3.0
"""How far beyond its own uncertainty a change of pressure counts."""


@plan
def close_and_seal(
    instruments: Instruments,
    closing: Closing,
    *,
    settings: RampSettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Turn the screw until the pressure follows it, then watch whether the cell keeps it.

    Each turn is a step of a ramp: journalled, within the limits, settled, and measured with the
    picture of the hole; a frame that shows the cell failing ends it.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    closing : Closing
        Where to end, and what counts as sealed.
    settings : RampSettings, optional
        Dwell, ruby and step settings.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    LimitError
        Before the run opens, for turns, a tolerance or a rise beyond a limit or the ruby's scale.
    RampHeld
        If the cell did not seal or leaks, or where a ramp would hold; before the first move, if
        the rise leads beyond a limit from where the cell is found.
    """
    settings = settings or RampSettings()
    route = route_of(Targets.turns([closing.last_turns]))
    instruments.limits.check_targets(route.unit, route.aims)
    check_tolerance(route, settings.step.tolerance_gpa, instruments.limits)
    check_rise(closing, instruments.limits, scale_span_gpa(instruments, "ruby")[1])
    check_calibrations(instruments, ("ruby",))
    document = {
        "plan_name": "close_and_seal",
        "plan_args": {"closing": asdict(closing), "settings": asdict(settings)},
        "targets": {"unit": "turns", "load": [closing.last_turns]},
        "limits": asdict(instruments.limits),
        "devices": instruments.names,
        "gauge": "ruby",
        "gauge_in_charge": "ruby",
        "allow_unmeasured_steps": settings.allow_unmeasured_steps,
        **dict(md or {}),
    }
    looks = closing_looks(settings, rules_of(instruments))
    inside = _close(instruments, closing, settings)
    return (yield from held_run(inside, document, instruments, looks))


def check_rise(
    closing: Closing, limits: StepLimits, scale_end_gpa: float, from_gpa: float = 0.0
) -> None:
    """Raise `LimitError` for a rise that nothing could show without going beyond a limit.

    Parameters
    ----------
    closing : Closing
        What is asked for.
    limits : StepLimits
        Of the station.
    scale_end_gpa : float
        Up to where the ruby's scale was made for.
    from_gpa : float
        Where the cell stands; by default at the least that it can have.
    """
    top_gpa = from_gpa + closing.rise_gpa
    for what, end_gpa in (
        ("limits.pressure_limit_gpa", limits.pressure_limit_gpa),
        ("the end of the ruby's scale", scale_end_gpa),
    ):
        if top_gpa > end_gpa:
            left_gpa = end_gpa - from_gpa
            remedy = (
                f"Ask for less than {left_gpa:.3g}: that a cell is sealed shows within a few GPa."
                if left_gpa > 0.0
                else "No rise is left to ask for: the cell is under pressure already."
            )
            raise LimitError(
                f"a rise by closing.rise_gpa ({closing.rise_gpa:g}) from {from_gpa:.3g} GPa leads "
                f"to {top_gpa:.4g} GPa, beyond {what} ({end_gpa:g} GPa); nothing was moved. "
                f"{remedy}",
                key="closing.rise_gpa",
            )


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Pressure and hole at one step."""

    point: Point
    hole_um: float | None
    """None where no frame shows it, or its size is not known in um."""


def _close(
    instruments: Instruments, closing: Closing, settings: RampSettings
) -> MsgGenerator[dict[str, Any]]:
    yield from take_dark(instruments, settings)
    way = Way(instruments, settings)
    first = yield from way.begin()
    try:
        end_gpa = scale_span_gpa(instruments, "ruby")[1]
        check_rise(closing, instruments.limits, end_gpa, from_gpa=first.pressure_gpa)
    except LimitError as error:
        raise RampHeld(f"The closing holds before its first move: {error}") from None
    way.set_out(+1)
    start = here = _Seen(point=first, hole_um=_hole_um(instruments))
    while not _follows(start.point, here.point, closing.rise_gpa):
        aim = min(here.point.turns + closing.step_turns, closing.last_turns)
        if way.branch.placing.is_there(aim - here.point.turns):
            raise RampHeld(
                f"The cell did not seal: at {here.point.turns:.4f} turns the pressure has risen "
                f"by {here.point.pressure_gpa - start.point.pressure_gpa:.2f} GPa, and "
                f"closing.rise_gpa asks for {closing.rise_gpa:g}. Look at gasket and filling."
            )
        point = yield from step_towards(way, "turns", aim)
        here = _Seen(point=point, hole_um=_hole_um(instruments))
    fell_gpa = yield from _watch(instruments, closing, settings, here.point, way.number + 1)
    result = partial(_result, start, here, fell_gpa, closing)
    return (yield from work_out(instruments, "seal", result, stream="seal"))


def _follows(start: Point, here: Point, rise_gpa: float) -> bool:
    """True once the pressure has risen by enough to be certain."""
    risen_gpa = here.pressure_gpa - start.pressure_gpa
    sigma_gpa = math.hypot(start.sigma_gpa, here.sigma_gpa)
    return here.turns > start.turns and risen_gpa >= max(rise_gpa, CERTAIN_SIGMA * sigma_gpa)


def _watch(
    instruments: Instruments, closing: Closing, settings: RampSettings, sealed: Point, number: int
) -> MsgGenerator[float]:
    """Wait, and measure again; return by how much the pressure fell in GPa."""
    yield from wait_until(instruments.clock, instruments.clock.now() + closing.watch_s)
    yield from wait_while_held(instruments)
    reading = yield from look(instruments, settings.ruby, number, branch="seal")
    if not reading.measured:
        raise RampHeld(
            f"Whether the cell keeps its pressure is not known, because {reading.why_not()}. "
            "Nothing was moved since."
        )
    fell_gpa = sealed.pressure_gpa - reading.pressure_gpa
    sigma_gpa = math.hypot(sealed.sigma_gpa, reading.sigma_stat_gpa)
    if fell_gpa > max(closing.leak_gpa, CERTAIN_SIGMA * sigma_gpa):
        raise RampHeld(
            f"The cell leaks: within {closing.watch_s:g} s the pressure fell by {fell_gpa:.2f} GPa "
            f"to {reading.pressure_gpa:.2f} GPa, more than closing.leak_gpa ({closing.leak_gpa:g})."
        )
    return fell_gpa


def _hole_um(instruments: Instruments) -> float | None:
    picture = instruments.picture
    if picture is None or picture.last is None or not picture.last.ok:
        return None
    hole_um = float(picture.hole_um.get())
    return hole_um if math.isfinite(hole_um) else None


def _result(start: _Seen, sealed: _Seen, fell_gpa: float, closing: Closing) -> dict[str, Any]:
    return {
        "sealed_at_turns": sealed.point.turns,
        "pressure_gpa": sealed.point.pressure_gpa,
        "sigma_stat_gpa": sealed.point.sigma_gpa,
        "started_at_gpa": start.point.pressure_gpa,
        "fell_gpa": fell_gpa,
        "watched_s": closing.watch_s,
        "hole_um": sealed.hole_um,
        "hole_at_start_um": start.hole_um,
    }
