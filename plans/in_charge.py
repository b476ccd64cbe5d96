"""Which gauge a ramp acts on, and how the next one takes over: across an overlap, never at a point.

Beside the gauge in charge its successor is measured at every step. Where the one in charge has
no pressure to give any more, or its scale ends, the pairs of the steps before decide
(`dac_control.gauges.handover`); without enough of them, or where they contradict each other, the
ramp holds and says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.errors import DacError, RampHeld
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.handover import GaugeSequence, HandOver, hand_over
from plans.gauge_ranges import Span, span_gpa
from plans.instruments import Instruments
from plans.ramp_step import StepOutcome
from plans.settings import HandOverSettings
from plans.step_choice import Branch, Point
from plans.stubs.work_out import work_out

__all__ = ["GaugesInCharge", "scale_span_gpa"]


def scale_span_gpa(instruments: Instruments, gauge: str) -> Span:
    """Pressures that a gauge may be in charge at, in GPa; see `span_gpa`."""
    device: Any = instruments.gauge(gauge).device
    return span_gpa(device.gauge.scale)


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
    def span_gpa(self) -> Span:
        """Where the scale of the gauge in charge begins and ends."""
        return scale_span_gpa(self._instruments, self.gauge)

    def note(self, number: int, outcome: StepOutcome, sign: int) -> None:
        """Take in what both gauges say at a step that was measured."""
        point = outcome.point
        if self.successor is None or point is None or self.successor not in outcome.beside:
            return
        first, second = (self._last(name) for name in (self.gauge, self.successor))
        if first is None or second is None or not (first.measured and second.measured):
            return
        low, high = scale_span_gpa(self._instruments, self.successor)
        begin, end = self.span_gpa
        if begin <= first.pressure_gpa <= end and low <= second.pressure_gpa <= high:
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
            raise  # for the cell or an instrument, whichever watch it was: not for the gauges
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
