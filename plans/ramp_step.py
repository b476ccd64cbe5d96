"""One step of a ramp: move, dwell, measure, record; or hold with the reason."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bluesky.utils import MsgGenerator

from dac_control.errors import RampHeld
from plans.gauge_reading import GaugeReading
from plans.instruments import Instruments
from plans.settings import RampSettings
from plans.step_choice import Point
from plans.step_judge import StepJudge
from plans.step_light import StepLight
from plans.step_notes import note_outcome, note_prediction
from plans.step_prediction import StepPrediction
from plans.stubs.dwell import DwellResult, dwell
from plans.stubs.hold import wait_while_held
from plans.stubs.measure_pressure import measure_pressure
from plans.stubs.measure_reference import measure_reference
from plans.stubs.turn_to import turn_to

__all__ = ["StepAim", "StepOutcome", "take_step"]

NOTHING = float("nan")


@dataclass(frozen=True, kw_only=True)
class StepAim:
    """What a step is to do, and what is expected of it."""

    number: int
    """Of the step, from 1."""
    target: float = NOTHING
    """What the ramp is heading for, in the unit of its targets."""
    turns: float | None = None
    """Absolute turn of the screw; None measures where the cell stands."""
    expected_gpa: tuple[float, float] | None = None
    """Window outside which a line is not believed."""
    prediction: StepPrediction | None = None
    """What the load curve says that the step will read; None before there is one."""
    gauge: str = "ruby"
    """The gauge whose pressure the ramp acts on."""
    successor: str | None = None
    """The one that would take over at this place if that one gave no pressure."""


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """Where a step ended, as measured."""

    point: Point | None
    """None where the gauge in charge gave no pressure; the event says so."""
    failed: GaugeReading | None = None
    """The reading that gave none."""
    beside: frozenset[str] = frozenset()
    """Gauges beside the one in charge that gave a pressure at this step."""

    @property
    def broken(self) -> bool:
        """True where an instrument failed: no other gauge makes up for that."""
        return self.failed is not None and bool(self.failed.failure)

    @property
    def why(self) -> str:
        """One clause that says why nothing was measured."""
        return "" if self.failed is None else self.failed.why_not()


def take_step(
    instruments: Instruments,
    settings: RampSettings,
    aim: StepAim,
    name_branch: Callable[[GaugeReading], str],
) -> MsgGenerator[StepOutcome]:
    """Carry out one step and record it as one event of ``primary``.

    Readings outside the predicted window are taken again; all of them are kept. The ruby is
    measured at every step, also where another gauge is in charge: that it says nothing is
    evidence too. A reference ruby is measured just before the step's own reading, which counts
    from it; the dwell after the next turn does so, too.

    Parameters
    ----------
    aim : StepAim
        Where the screw goes, and what should come of it.
    name_branch : callable
        Given the reading, says what it belongs to: ``load``, ``unload`` or ``dead_band``.

    Raises
    ------
    RampHeld
        If the light that its measurement needs is not left: nothing moves then. If readings
        contradict each other and the prediction, or the drive reports another place than where the
        step began: nothing may move after that. A step without a pressure is returned as such.
    """
    yield from wait_while_held(instruments)
    light = StepLight(
        instruments=instruments,
        settings=settings,
        gauge=aim.gauge,
        successor=aim.successor,
        expected_gpa=aim.expected_gpa,
    )
    if aim.turns is not None:
        light.check_move(aim.number)
    instruments.step.begin(
        aim.number,
        target=float(aim.target),
        target_turns=NOTHING if aim.turns is None else float(aim.turns),
    )
    instruments.step.note(gauge=aim.gauge)
    note_prediction(instruments, aim.prediction)
    if aim.turns is not None:
        yield from turn_to(instruments, aim.turns)
    else:
        # the first readings of a run count from it, too
        yield from measure_reference(instruments, settings.ruby)
    stands_turns = float(instruments.drive.turns.get())
    settled = yield from dwell(
        instruments,
        settings.dwell,
        settings.of_gauge(aim.gauge),
        gauge=aim.gauge,
        expected_gpa=aim.expected_gpa,
        why_not=light.lacks,
    )
    judge = StepJudge(aim.prediction, settings.outliers, _drift_gpa_per_h(settled, settings))
    beside = yield from _others(instruments, settings, aim)
    other_zero = yield from measure_reference(instruments, settings.ruby)
    if aim.gauge != "ruby" or not other_zero:
        judge.add(settled.last)
    # also after a dwell that lost the line, so that the step is on record; then the ramp holds
    note = partial(note_outcome, instruments, settled, judge, name_branch)
    reading = yield from _measure(instruments, settings, aim, settled, judge, note)
    _check_still_there(instruments, aim.number, stands_turns)
    for failed in (settled.last, reading):
        if not failed.measured:
            return StepOutcome(point=None, failed=failed)
    if not judge.accepts:
        raise RampHeld(f"The ramp holds at step {aim.number}: {judge.message}")
    return StepOutcome(
        point=Point(
            turns=stands_turns,
            pressure_gpa=reading.pressure_gpa,
            sigma_gpa=reading.sigma_stat_gpa,
        ),
        beside=beside,
    )


def _check_still_there(instruments: Instruments, number: int, stands_turns: float) -> None:
    """Hold where the drive no longer stands at `stands_turns`, as one that was powered up anew."""
    drive = instruments.drive
    if drive.is_at(stands_turns):
        return
    assert drive.last is not None  # it was read when the step began
    flags = f" (flags {' '.join(drive.last.flags)})" if drive.last.flags else ""
    raise RampHeld(
        f"The ramp holds at step {number}: {drive.name} stood at {stands_turns:.5f} turns before "
        f"the pressure was measured and reports {drive.last.turns:.5f} turns{flags} after it. Was "
        "it switched off? Look at the screw, then say where it stands with "
        "`dac-control drive declare`."
    )


def _drift_gpa_per_h(settled: DwellResult, settings: RampSettings) -> float:
    """Bound of the drift that the dwell ended with; its limit where it has none."""
    upper = settled.drift.upper_gpa_per_h
    return upper if math.isfinite(upper) else settings.dwell.drift_limit_gpa_per_h


def _others(
    instruments: Instruments, settings: RampSettings, aim: StepAim
) -> MsgGenerator[frozenset[str]]:
    """Measure the gauges that are not in charge; one that shows nothing is a gap, no failure.

    Returns
    -------
    frozenset of str
        Those that gave a pressure.
    """
    measured: set[str] = set()
    for name in settings.all_gauges:
        if name not in ("ruby", aim.gauge):
            taken = settings.of_gauge(name)
            reading = yield from measure_pressure(instruments, taken, gauge=name)
            measured |= {name} if reading.measured else set()
    return frozenset(measured)


def _measure(
    instruments: Instruments,
    settings: RampSettings,
    aim: StepAim,
    settled: DwellResult,
    judge: StepJudge,
    note: Callable[[GaugeReading], None],
) -> MsgGenerator[GaugeReading]:
    reading = yield from measure_pressure(
        instruments,
        settings.of_gauge(aim.gauge),
        gauge=aim.gauge,
        exposure_s=settled.last.next_exposure_s or settled.last.exposure_s,
        expected_gpa=aim.expected_gpa,
        stream="primary",
        also=instruments.at_each_step if aim.gauge == "ruby" else (),
        note=note,
        believe=judge.believes,
    )
    if aim.gauge != "ruby":
        ruby = yield from measure_pressure(
            instruments, settings.ruby, stream="primary", also=instruments.at_each_step
        )
        if ruby.failure:
            return ruby
    return reading
