"""Which gauge a ramp acts on, and how the next one takes over: across an overlap, never at a point.

Beside the gauge in charge its successor is measured at every step. Where the one in charge has
no pressure to give any more, or its scale ends, the pairs of the steps before decide
(`dac_control.gauges.handover`); without enough of them, or where they contradict each other, the
ramp holds and says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.errors import DacError, LimitError, RampHeld
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.handover import GaugeSequence, HandOver, hand_over
from plans.instruments import Instruments
from plans.ramp_step import StepOutcome
from plans.settings import HandOverSettings
from plans.step_choice import Branch, Point
from plans.stubs.work_out import work_out

__all__ = ["GaugesInCharge", "check_ranges", "scale_end_gpa"]


def scale_end_gpa(instruments: Instruments, gauge: str) -> float:
    """Upper end of the pressures that the scale of a gauge was made for, in GPa."""
    device: Any = instruments.gauge(gauge).device
    return float(device.gauge.scale.range_gpa[1])


def check_ranges(tops_gpa: Mapping[str, float], gauges: Sequence[str], top_gpa: float) -> None:
    """Refuse a pressure that the last gauge of a sequence has no scale for.

    Parameters
    ----------
    tops_gpa : mapping
        Upper end of each gauge's scale, by name.
    gauges : sequence of str
        In the order in which they take over.
    top_gpa : float
        Highest target.

    Raises
    ------
    LimitError
        Saying which gauge ends where; nothing was moved.
    """
    last = gauges[-1]
    end_gpa = tops_gpa[last]
    if top_gpa <= end_gpa:
        return
    able = [name for name, top in tops_gpa.items() if top >= top_gpa and name not in gauges]
    written = ", ".join(f'"{name}"' for name in (*gauges, *able[:1]))
    remedy = (
        f"let {able[0]} take over: gauge = [{written}]"
        if able
        else "lower the target, or choose a scale in the station file that was made for it"
    )
    raise LimitError(
        f"A target of {top_gpa:g} GPa lies beyond the scale of {last}, which ends at {end_gpa:g} "
        f"GPa, and no gauge takes over; {remedy}. Nothing was moved."
    )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Both gauges at one step of a branch."""

    step: int
    turns: float
    sign: int
    first: PressureMeasurement
    second: PressureMeasurement


class GaugesInCharge:
    """The gauges of one ramp in the order in which they take over.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    gauges : sequence of str
        Names; the first begins.
    settings : HandOverSettings, optional
        What a hand-over rests on.
    """

    def __init__(
        self,
        instruments: Instruments,
        gauges: Sequence[str],
        settings: HandOverSettings | None = None,
    ) -> None:
        self._settings = settings or HandOverSettings()
        self._instruments = instruments
        self._gauges = tuple(gauges)
        self._sequence = GaugeSequence(self._gauges[0])
        self._pairs: list[_Pair] = []

    @property
    def gauge(self) -> str:
        """The gauge in charge."""
        return self._sequence.gauges[-1]

    @property
    def successor(self) -> str | None:
        """The gauge that takes over from it; None where there is none."""
        at = len(self._sequence.gauges)
        return self._gauges[at] if at < len(self._gauges) else None

    @property
    def ready(self) -> str | None:
        """The successor, once the overlap is long enough for it to take over."""
        return self.successor if len(self._pairs) >= self._settings.fewest_pairs else None

    @property
    def end_gpa(self) -> float:
        """Where the scale of the gauge in charge ends."""
        return scale_end_gpa(self._instruments, self.gauge)

    def note(self, number: int, outcome: StepOutcome, sign: int) -> None:
        """Take in what both gauges say at a step that was measured."""
        point = outcome.point
        if self.successor is None or point is None or self.successor not in outcome.beside:
            return
        first, second = (self._last(name) for name in (self.gauge, self.successor))
        if first is None or second is None or not (first.measured and second.measured):
            return
        ends = scale_end_gpa(self._instruments, self.successor)
        if first.pressure_gpa <= self.end_gpa and second.pressure_gpa <= ends:
            self._pairs.append(
                _Pair(step=number, turns=point.turns, sign=sign, first=first, second=second)
            )

    def hand_over(self, number: int, why: str, branch: Branch) -> MsgGenerator[Branch]:
        """Let the successor take over, and record it as one event of the stream ``hand_over``.

        Parameters
        ----------
        number : int
            Of the step at which it happens.
        why : str
            What the gauge in charge lacks, as a clause.
        branch : Branch
            As measured by the gauge that was in charge.

        Returns
        -------
        Branch
            The same as the successor measured it.

        Raises
        ------
        RampHeld
            If the overlap is too short or the gauges contradict each other.
        """
        first, second = self.gauge, self.successor
        if second is None:
            raise RampHeld(f"The ramp holds at step {number}: {why}, and no gauge takes over.")
        pairs = self._pairs[-self._settings.last_pairs :]
        scatter_gpa = [self._settings.scatter_at_gpa(pair.first.pressure_gpa) for pair in pairs]
        found: list[HandOver] = []

        def compare() -> dict[str, Any]:
            result = hand_over(
                [(pair.first, pair.second) for pair in pairs],
                steps=[pair.step for pair in pairs],
                scatter_gpa=scatter_gpa,
                fewest_pairs=self._settings.fewest_pairs,
            )
            self._sequence.add(result)
            found.append(result)
            return {**result.to_dict(), "at_step": number, "why": why}

        try:
            yield from work_out(
                self._instruments, f"hand_over {first} {second}", compare, stream="hand_over"
            )
        except RampHeld:
            raise  # the specimen is too warm, which says nothing of the gauges
        except DacError as error:
            raise RampHeld(
                f"The ramp holds at step {number}: {why}, and {second} cannot take over from "
                f"{first}: {error}"
            ) from error
        self._pairs.clear()
        return _as_measured_by_second(branch, pairs)

    def _last(self, name: str) -> PressureMeasurement | None:
        return self._instruments.gauge(name).device.last


def _as_measured_by_second(branch: Branch, pairs: Sequence[_Pair]) -> Branch:
    """Build a branch again from what the second gauge said at the steps of the overlap.

    A load curve through points of two gauges would take their offset for a slope.
    """
    own = [
        Point(p.turns, p.second.pressure_gpa, p.second.sigma_stat_gpa)
        for p in pairs
        if p.sign == branch.sign and math.isfinite(p.turns)
    ]
    slope = branch.local_slope_gpa_per_turn()
    if not own:
        # the overlap lies on the other branch: the offset is all that is known of this one
        last = pairs[-1]
        off_gpa = last.second.pressure_gpa - last.first.pressure_gpa
        here = branch.here
        own = [Point(here.turns, here.pressure_gpa + off_gpa, last.second.sigma_stat_gpa)]
    again = Branch(
        branch.sign, own[0], branch.limits, branch.settings, slope, placing=branch.placing
    )
    for point in own[1:]:
        again.add(point)
    return again
