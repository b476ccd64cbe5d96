"""One step of a ramp: move, dwell, measure, record; or hold with the reason."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.errors import RampHeld
from plans.instruments import Instruments
from plans.settings import RampSettings
from plans.step_choice import Point
from plans.stubs.dwell import DwellResult, dwell
from plans.stubs.hold import wait_while_held
from plans.stubs.measure_ruby import RubyReading, measure_ruby
from plans.stubs.turn_to import turn_to

__all__ = ["StepOutcome", "take_step"]


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """Where a step ended, as measured."""

    point: Point


def take_step(
    instruments: Instruments,
    settings: RampSettings,
    *,
    number: int,
    target: float | None,
    name_branch: Callable[[RubyReading], str],
    turns: float | None = None,
    expected_gpa: tuple[float, float] | None = None,
) -> MsgGenerator[StepOutcome]:
    """Carry out one step and record it as one event of ``primary``.

    Parameters
    ----------
    number : int
        Number of the step, from 1.
    target : float, optional
        What the ramp is heading for, in the unit of its targets.
    name_branch : callable
        Given the reading, says what it belongs to: ``load``, ``unload`` or ``dead_band``.
    turns : float, optional
        Absolute turn of the screw; None measures where the cell stands.
    expected_gpa : tuple of float, optional
        Window outside which the line is not believed.

    Raises
    ------
    RampHeld
        If the pressure could not be measured: nothing may move after that.
    """
    yield from wait_while_held(instruments)
    nothing = float("nan")
    instruments.step.note(
        number=number,
        branch="",
        target=nothing if target is None else float(target),
        target_turns=nothing if turns is None else float(turns),
        outcome="under_way",
        drift_gpa_per_h=nothing,
        drift_bound_gpa_per_h=nothing,
        dwell_s=0.0,
        readings=0,
        attempts=0,
    )
    if turns is not None:
        yield from turn_to(instruments, turns)
    settled = yield from dwell(
        instruments, settings.dwell, settings.ruby, expected_gpa=expected_gpa
    )
    # also after a dwell that lost the line, so that the step is on record; then the ramp holds
    reading = yield from measure_ruby(
        instruments,
        settings.ruby,
        exposure_s=settled.last.exposure_s,
        expected_gpa=expected_gpa,
        stream="primary",
        also=_recorded_at_a_step(instruments),
        note=partial(_note_outcome, instruments, settled, name_branch),
    )
    for failed in (settled.last, reading):
        if not failed.measured:
            _hold(number, failed)
    return StepOutcome(
        point=Point(
            turns=float(instruments.drive.turns.get()),
            pressure_gpa=reading.pressure_gpa,
            sigma_gpa=reading.sigma_stat_gpa,
        ),
    )


def _recorded_at_a_step(instruments: Instruments) -> list[Any]:
    microscope = [instruments.microscope] if instruments.microscope is not None else []
    return [instruments.drive, *microscope]


def _note_outcome(
    instruments: Instruments,
    settled: DwellResult,
    name_branch: Callable[[RubyReading], str],
    reading: RubyReading,
) -> None:
    drift = settled.drift
    instruments.step.note(
        branch=name_branch(reading),
        outcome=drift.outcome if reading.measured else "not_measured",
        drift_gpa_per_h=drift.slope_gpa_per_h,
        drift_bound_gpa_per_h=drift.upper_gpa_per_h,
        dwell_s=settled.dwell_s,
        readings=drift.readings,
        attempts=reading.attempts,
    )


def _hold(number: int, reading: RubyReading) -> None:
    raise RampHeld(
        f"The ramp holds at step {number}: no pressure after {reading.attempts} attempts, "
        f"because {reading.why_not()}. Nothing was moved since."
    )
