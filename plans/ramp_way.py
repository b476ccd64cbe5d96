"""The way of a ramp so far, and its next step; what is done where a step gave no pressure."""

from dataclasses import dataclass, field, replace
from typing import NoReturn

from bluesky.utils import MsgGenerator

from dac_control.errors import RampHeld
from dac_control.safety.limits import StepLimits
from plans.gauge_reading import GaugeReading
from plans.in_charge import GaugesInCharge
from plans.instruments import Instruments
from plans.placing import Placing
from plans.ramp_step import StepAim, StepOutcome, take_step
from plans.settings import RampSettings
from plans.step_answer import check_answer
from plans.step_choice import Branch, Point

__all__ = ["Way", "stays_in_range", "step_towards"]

NOISE_SIGMA = 2.0
"""How far below its scale a gauge may read by noise alone: as far as the ruby is not flagged. Its
systematic uncertainty does not count, since the range is stated in pressures of the same scale."""


@dataclass
class Way:
    """Where a ramp stands: its branch, its gauges, its steps."""

    instruments: Instruments
    settings: RampSettings
    branch: Branch = field(init=False)
    number: int = 0
    """Of the last step."""
    unmeasured: int = 0
    """Steps since the last measured one."""
    all_unmeasured: int = 0
    charge: GaugesInCharge = field(init=False)
    _first: StepOutcome = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.charge = GaugesInCharge(
            self.instruments, self.settings.sequence, self.settings.handover
        )

    def begin(self) -> MsgGenerator[Point]:
        """Measure where the cell stands, as the first step; `set_out` comes next.

        Raises
        ------
        RampHeld
            If no pressure was measured: nothing has been moved.
        """
        self.number = 1
        aim = StepAim(number=1, gauge=self.charge.gauge)
        outcome = yield from take_step(self.instruments, self.settings, aim, lambda _: "load")
        if outcome.point is None:
            begin_gpa = self.charge.span_gpa[0]
            hint = (
                f" The scale of {aim.gauge} begins at {begin_gpa:g} GPa; does the cell stand there?"
            )
            _hold(self.number, outcome.failed, hint=hint if begin_gpa > 0.0 else "")
        self._first = outcome
        return outcome.point

    def set_out(self, sign: int) -> None:
        """Let a branch begin where the cell was found: +1 to load, -1 to unload."""
        point = self._first.point
        assert point is not None  # `begin` would have held
        self.branch = Branch(
            sign,
            point,
            self.instruments.limits,
            self.settings.step,
            placing=Placing.of(self.instruments.drive),
        )
        self.charge.note(self.number, self._first, sign)

    def turn_round(self) -> None:
        """Go the other way from here."""
        self.branch = self.branch.reversal()

    @property
    def limits(self) -> StepLimits:
        """Limits of a step, counted from the last measured one.

        Each step without a measurement adds one more to what the pressure may have changed by
        since; the pressure limit stays where it is.
        """
        stated, steps = self.instruments.limits, 1 + self.unmeasured
        return replace(
            stated,
            max_step_turns=min(steps * stated.max_step_turns, stated.max_turns - stated.min_turns),
            max_step_gpa=min(steps * stated.max_step_gpa, stated.pressure_limit_gpa),
        )

    def next_turns(self, unit: str, aim: float) -> float:
        """Absolute turn of the next step; where the screw stands, if it may go no further."""
        branch, limits = self.branch, self.instruments.limits
        branch.limits = self.limits
        wanted = (
            branch.next_turns_for_gpa(aim) if unit == "gpa" else branch.next_turns_for_turns(aim)
        )
        if not self.unmeasured:
            return wanted
        here = float(self.instruments.drive.turns.get())
        step = min((wanted - here) * branch.sign, limits.max_step_turns)
        return here + branch.sign * max(0.0, step)

    def take(self, aim: float, turns: float, *, move: bool) -> MsgGenerator[StepOutcome]:
        """Take one more step: to `turns`, or where the screw stands there already."""
        self.number += 1
        branch = self.branch
        prediction = branch.predict(turns)
        step = StepAim(
            number=self.number,
            target=aim,
            turns=turns if move else None,
            expected_gpa=branch.believed_gpa(prediction),
            prediction=prediction,
            gauge=self.charge.gauge,
            successor=self.charge.ready,
        )
        return (
            yield from take_step(
                self.instruments,
                self.settings,
                step,
                lambda reading: branch.name_of(reading.pressure_gpa, reading.sigma_stat_gpa),
            )
        )

    def keep(self, outcome: StepOutcome) -> None:
        """Take in a measured step."""
        assert outcome.point is not None  # the caller looked
        self.branch.add(outcome.point)
        self.unmeasured = 0
        self.charge.note(self.number, outcome, self.branch.sign)

    def go_on_without(self, failed: GaugeReading) -> None:
        """Let a step stay unmeasured, where somebody wrote that it may.

        Raises
        ------
        RampHeld
            If nobody did, if there have been as many, or if it was an instrument that failed.
        """
        allowed = self.settings.allow_unmeasured_steps
        if failed.failure or self.all_unmeasured >= allowed:
            _hold(self.number, failed, allowed)
        self.unmeasured += 1
        self.all_unmeasured += 1


def step_towards(way: Way, unit: str, aim: float) -> MsgGenerator[Point]:
    """Take the largest step towards `aim` that the bounds allow.

    Where it gives no pressure the next gauge takes over, if there is one and the overlap allows it:
    the same place is then measured again before anything moves.

    Returns
    -------
    Point
        The last measured state; it is part of the branch.

    Raises
    ------
    RampHeld
        If no step is allowed, nothing was measured after it, or it answered beyond a bound.
    """
    instruments = way.instruments
    turns = way.next_turns(unit, aim)
    if (yield from stays_in_range(way, turns)):
        turns = way.next_turns(unit, aim)
    smallest = 0.5 * way.branch.placing.grid_turns
    move = abs(turns - float(instruments.drive.turns.get())) > smallest
    if not way.unmeasured and (turns - way.branch.here.turns) * way.branch.sign <= smallest:
        _end_of_the_road(way, unit, aim)
    outcome = yield from way.take(aim, turns, move=move)
    while outcome.point is None and way.charge.successor is not None and not outcome.broken:
        why = f"{way.charge.gauge} gives no pressure because {outcome.why}"
        way.branch = yield from way.charge.hand_over(way.number, why, way.branch)
        outcome = yield from way.take(aim, turns, move=False)
    if outcome.point is None:
        assert outcome.failed is not None  # a step either measured or failed to
        way.go_on_without(outcome.failed)
        return way.branch.here
    check_answer(way.branch, outcome.point)
    way.keep(outcome)
    return outcome.point


def stays_in_range(way: Way, turns: float) -> MsgGenerator[bool]:
    """Hand over before a step that may leave the scale of the gauge in charge; True if it did."""
    charge, branch = way.charge, way.branch
    (begin_gpa, end_gpa), here_gpa = charge.span_gpa, branch.here.pressure_gpa
    step = branch.predict(turns)
    below = here_gpa + NOISE_SIGMA * branch.here.sigma_gpa < begin_gpa
    ends = f"the scale of {charge.gauge} ends at {end_gpa:g} GPa"
    begins = f"the scale of {charge.gauge} begins at {begin_gpa:g} GPa"
    if step.high_gpa > end_gpa:
        why = f"the next step may reach {step.high_gpa:.1f} GPa and {ends}"
    elif below:
        why = f"the cell stands at {here_gpa:.1f} GPa and {begins}"
    elif branch.sign < 0 and step.low_gpa < begin_gpa:
        why = f"the next step may reach {step.low_gpa:.1f} GPa and {begins}"
    else:
        return False
    if charge.successor is None:
        if here_gpa <= end_gpa and not below:
            return False
        raise RampHeld(f"The ramp holds at step {way.number}: {why}, and no gauge takes over.")
    way.branch = yield from charge.hand_over(way.number, why, branch)
    return True


def _end_of_the_road(way: Way, unit: str, aim: float) -> None:
    limits, here, branch = way.instruments.limits, way.branch.here, way.branch
    placing = branch.placing
    bound_gpa = branch.predict(here.turns + branch.sign * placing.grid_turns).bound_gpa
    if abs(bound_gpa - here.pressure_gpa) > limits.max_step_gpa:
        raise RampHeld(
            f"The ramp holds at {here.pressure_gpa:.2f} GPa and {here.turns:.5f} turns: the "
            f"smallest step of the drive, {placing.grid_turns:.4g} turns, which may end "
            f"{placing.beyond_turns:.4g} turns too far, could bring it to {bound_gpa:.2f} GPa, and "
            f"limits.max_step_gpa allows {limits.max_step_gpa:g} GPa a step. Use a finer drive or "
            "scale, state a smaller tolerance_turns if moves end nearer, or raise the limit."
        )
    raise RampHeld(
        f"The ramp holds at {here.pressure_gpa:.2f} GPa and {here.turns:.5f} turns: "
        f"no further step towards {aim:g} {'GPa' if unit == 'gpa' else 'turns'} is allowed by "
        f"the limits ({limits.min_turns} to {limits.max_turns} turns, at most "
        f"{limits.pressure_limit_gpa} GPa)."
    )


def _hold(number: int, failed: GaugeReading | None, allowed: int = 0, hint: str = "") -> NoReturn:
    assert failed is not None  # a step either measured or failed to
    written = f" ({allowed} unmeasured steps were allowed)" if allowed else ""
    attempts = f"{failed.attempts} attempt{'s' if failed.attempts > 1 else ''}"
    raise RampHeld(
        f"The ramp holds at step {number}: no pressure after {attempts}, "
        f"because {failed.why_not()}{written}. Nothing was moved since.{hint}"
    )
