"""The light of one step of a ramp: it is left before the screw turns, and when the dwell is over.

Openings count for as long as those before them have lasted, and exposures are those that the last
readings ask for. A screw that has turned and is not measured stands at an unknown pressure: where
another gauge would measure it if the one in charge gave nothing, its whole step has to be left too.
"""

from dataclasses import dataclass, replace
from typing import Any

from dac_control.errors import LimitError, RampHeld
from plans.gauge_settings import GaugeSettings
from plans.instruments import Instruments
from plans.light_budget import check_budget, rules_of
from plans.looks import Looks
from plans.ramp_looks import fewest_of_a_dwell, rest_of_step_looks
from plans.settings import RampSettings

__all__ = ["StepLight"]

ITS_OWN, SPARE = 1, 1
"""Readings of the gauge in charge after the dwell: that of the step, and another one where it is
weak, or unlike what was predicted."""


@dataclass(frozen=True, kw_only=True)
class StepLight:
    """What is asked of the budget in the course of a step."""

    instruments: Instruments
    settings: RampSettings
    gauge: str
    """In charge there."""
    successor: str | None
    """Takes over at the same place if that one gives no pressure; None where none may."""
    expected_gpa: tuple[float, float] | None
    """Window of its pressure; None where nobody knows, which counts as high."""

    def check_move(self, number: int) -> None:
        """Hold where the light to measure step `number` is not left; called before it turns.

        Raises
        ------
        RampHeld
            Saying what is left, what the step needs, and what would make it possible.
        """
        taken = self._taken()
        high_from_gpa = rules_of(self.instruments).armed_from_gpa
        expected = self.expected_gpa
        # gauges beside the one in charge are armed without a window
        armed = len(taken) > 1 or expected is None or expected[1] >= high_from_gpa
        try:
            self._check(self._dwell_of(self.gauge, taken), taken, armed=armed)
        except LimitError as error:
            raise RampHeld(
                f"The ramp holds before step {number}, with the screw where it was measured last: "
                f"the light to measure where a turn leads is not left. {error}"
            ) from error

    def lacks(self) -> str:
        """Say why one more reading of the dwell would not leave what the end of the step needs."""
        try:
            self._check(1, self._taken(), armed=False)
        except LimitError as error:
            return str(error)
        return ""

    def _check(self, dwell: int, taken: dict[str, GaugeSettings], *, armed: bool) -> None:
        rules = rules_of(self.instruments)

        def looks(gauge: str, dwell: int, **how: Any) -> tuple[Looks, ...]:
            return rest_of_step_looks(gauge, dwell + ITS_OWN + SPARE, taken, rules, **how)

        wanted = looks(self.gauge, dwell, armed=armed)
        if self.successor is not None:
            dwell = self._dwell_of(self.successor, taken)
            wanted += looks(self.successor, dwell, armed=True, references=2)
        check_budget(self.instruments, wanted, as_seen=True)

    def _dwell_of(self, gauge: str, taken: dict[str, GaugeSettings]) -> int:
        return fewest_of_a_dwell(self.settings.dwell, taken[gauge])

    def _taken(self) -> dict[str, GaugeSettings]:
        names = dict.fromkeys(("ruby", *self.settings.all_gauges))
        return {name: self._as_now(name) for name in names}

    def _as_now(self, name: str) -> GaugeSettings:
        """How the next reading is taken: each is certain, also where the signal says how long."""
        settings = self.settings.of_gauge(name)
        now_s = self.instruments.gauge(name).device.next_exposure_s or settings.exposure_s
        longest_s = max(now_s, settings.longest_exposure_s)
        return replace(
            settings, exposure_s=now_s, longest_exposure_s=longest_s, signal_to_noise=None
        )
