"""Is a reading one that the ramp could expect? Pure: numbers in, what to do next out.

A reading far outside what the load curve predicts is a wrong fit, a cosmic ray, a laser that
strayed to another chip, or news: a jump of the cell. One more measurement of the same state tells
which. It does so, too, where the prediction is wide, as at the first steps of a ramp, and two
readings inside it contradict each other. Nothing is averaged: the value of a step is always one
single reading, the last one, all readings are kept, and the verdict says which of them it
contradicts.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal

from dac_control.errors import LimitError
from plans.settings_table import SettingsTable

__all__ = ["Expected", "OutlierSettings", "OutlierVerdict", "Reading", "judge_readings"]

# Half-width of a 95 % interval of a normal distribution, in standard deviations.
_Z_95: Final = 1.959964


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One measured pressure with its statistical standard uncertainty."""

    pressure_gpa: float
    sigma_gpa: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.pressure_gpa) and 0.0 <= self.sigma_gpa < math.inf):
            raise LimitError(
                f"A reading of {self.pressure_gpa} +- {self.sigma_gpa} GPa cannot be judged; only "
                "measured pressures can."
            )


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What was predicted for this step: median and central 95 % interval of the true pressure."""

    median_gpa: float
    low_gpa: float
    high_gpa: float

    def __post_init__(self) -> None:
        values = (self.low_gpa, self.median_gpa, self.high_gpa)
        if not all(map(math.isfinite, values)) or any(b < a for a, b in pairwise(values)):
            raise LimitError(
                f"A prediction needs low <= median <= high, not {self.low_gpa}, "
                f"{self.median_gpa}, {self.high_gpa} GPa."
            )

    def distance(self, reading: Reading) -> float:
        """How many standard deviations the reading lies from the median, its own included."""
        off = reading.pressure_gpa - self.median_gpa
        half = self.high_gpa - self.median_gpa if off > 0 else self.median_gpa - self.low_gpa
        spread = math.hypot(half / _Z_95, reading.sigma_gpa)
        if spread == 0.0:
            return 0.0 if off == 0.0 else math.inf
        return abs(off) / spread


@dataclass(frozen=True, kw_only=True)
class OutlierSettings(SettingsTable):
    """When a reading is measured again, and how often."""

    table: ClassVar[str] = "outliers"

    outside_sigma: float = 3.29
    """Standard deviations from the prediction: 3.29 costs one good reading in 1000 a second one."""
    agree_sigma: float = 2.58
    """Two readings agree within this many standard deviations of their difference: 99 %."""
    contradict_sigma: float = 5.0
    """Two readings inside the prediction that lie further apart are not both of this cell; what
    differs by less is small against any step, and the last one stands."""
    drift_allowance_gpa: float = 0.0
    """The pressure may have moved by this much between two readings."""
    max_readings: int = 3
    """Readings of one step; each costs light."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("outside_sigma", "agree_sigma", "contradict_sigma"):
            if not getattr(self, name) > 0.0:
                raise LimitError(f"outliers.{name} must be above 0, not {getattr(self, name)}.")
        if not self.drift_allowance_gpa >= 0.0:
            raise LimitError(
                f"outliers.drift_allowance_gpa must be 0 or more, not {self.drift_allowance_gpa}."
            )
        if self.max_readings < 2:
            raise LimitError("outliers.max_readings must be at least 2: one to check the other.")


@dataclass(frozen=True, kw_only=True)
class OutlierVerdict:
    """What to do with the readings of a step so far; all of them go into the record."""

    action: Literal["accept", "remeasure", "give_up"]
    outcome: Literal["expected", "not_predicted", "outlier_replaced", "confirmed", "unresolved"]
    """``expected``: inside the prediction; ``not_predicted``: there was none;
    ``outlier_replaced``: the last reading is inside, an earlier one contradicts it;
    ``confirmed``: outside, and seen twice, so the prediction was wrong;
    ``unresolved``: outside, or inside beside another that contradicts it, and not (yet) confirmed.
    """
    used: int | None
    """Index of the reading that is the value of the step; None unless accepted."""
    distances: tuple[float, ...]
    """Of each reading from the prediction, in standard deviations; NaN without one."""
    agreeing: tuple[int, ...]
    """Indices of the earlier readings that agree with the last."""
    contradicting: tuple[int, ...]
    """Indices of the earlier readings that do not: kept, never averaged in."""
    message: str

    def to_dict(self) -> dict[str, Any]:
        """For the record, as JSON takes it."""
        found = asdict(self)
        found["distances"] = [d if math.isfinite(d) else None for d in self.distances]
        found["agreeing"], found["contradicting"] = list(self.agreeing), list(self.contradicting)
        return found


def judge_readings(
    readings: Sequence[Reading], expected: Expected | None, settings: OutlierSettings
) -> OutlierVerdict:
    """Judge all readings of one step, the last one being the newest.

    Parameters
    ----------
    readings : sequence of Reading, one or more
        In the order in which they were taken, all at the same turns and temperature.
    expected : Expected or None
        Prediction; None where there is none, as at the first step of a run: then nothing can be an
        outlier, and the outcome says so.
    settings : OutlierSettings
        When and how often to measure again.

    Returns
    -------
    OutlierVerdict
        ``accept`` with the reading to use, which is always the last; ``remeasure``; or ``give_up``
        after `max_readings`: then the step has no measured pressure and the ramp must hold.

    Raises
    ------
    LimitError
        If there is no reading.
    """
    if not readings:
        raise LimitError("There is no reading to judge; measure one first.")
    last = len(readings) - 1
    value = readings[last]
    agreeing = tuple(
        i for i in range(last) if _agree(readings[i], value, settings.agree_sigma, settings)
    )
    contradicting = tuple(i for i in range(last) if i not in agreeing)
    distances = tuple(math.nan if expected is None else expected.distance(r) for r in readings)
    inside = [expected is None or distance <= settings.outside_sigma for distance in distances]
    # inside all of them: the prediction cannot tell which is wrong
    torn = not agreeing and any(
        inside[i] and not _agree(readings[i], value, settings.contradict_sigma, settings)
        for i in contradicting
    )
    action: Literal["accept", "remeasure", "give_up"] = "accept"
    outcome: Literal["expected", "not_predicted", "outlier_replaced", "confirmed", "unresolved"]
    if inside[last] and not torn and contradicting:
        outcome = "outlier_replaced"
    elif inside[last] and not torn:
        outcome = "not_predicted" if expected is None else "expected"
    elif agreeing:
        outcome = "confirmed"
    else:
        outcome = "unresolved"
        action = "remeasure" if len(readings) < settings.max_readings else "give_up"
    return OutlierVerdict(
        action=action,
        outcome=outcome,
        used=last if action == "accept" else None,
        distances=distances,
        agreeing=agreeing,
        contradicting=contradicting,
        message=_message(outcome, action, readings, expected, contradicting, torn),
    )


def _agree(one: Reading, other: Reading, within_sigma: float, settings: OutlierSettings) -> bool:
    apart = abs(one.pressure_gpa - other.pressure_gpa)
    sigma = math.hypot(one.sigma_gpa, other.sigma_gpa)
    return apart <= within_sigma * sigma + settings.drift_allowance_gpa


def _message(
    outcome: str,
    action: str,
    readings: Sequence[Reading],
    expected: Expected | None,
    contradicting: Sequence[int],
    torn: bool,
) -> str:
    value = f"{readings[-1].pressure_gpa:.2f} GPa"
    others = ", ".join(f"{readings[i].pressure_gpa:.2f}" for i in contradicting)
    window, beside = "", "nothing was predicted"
    if expected is not None:
        window = f"{expected.low_gpa:.2f} to {expected.high_gpa:.2f} GPa"
        beside = f"expected: {window}"
    if outcome == "not_predicted":
        return f"There was no prediction to hold {value} against; it was accepted."
    if outcome == "expected":
        return f"{value} lies within what was expected, {window}."
    if outcome == "outlier_replaced":
        return (
            f"{value} is used ({beside}); the reading of {others} GPa before it "
            "contradicts it and is kept in the record."
        )
    if outcome == "confirmed":
        return (
            f"{value} lies outside what was expected, {window}, and was measured "
            "twice: the cell is there, and the prediction was wrong."
        )
    if action == "give_up":
        return (
            f"The last of {len(readings)} readings, {value}, agrees with none before it ({others} "
            f"GPa; {beside}): this step has no measured pressure. Look at the spectra "
            "before loading on."
        )
    if torn:
        return (
            f"{value} contradicts the reading of {others} GPa before it, and the prediction does "
            f"not tell which is right ({beside}); it is measured again."
        )
    return f"{value} lies outside what was expected, {window}; it is measured again."
