"""The readings of one step as they come, held against what was predicted. Pure.

Between two of them the pressure may go on moving, by as much as the dwell left open.
"""

import math
from dataclasses import dataclass, field, replace

from plans.gauge_reading import GaugeReading
from plans.outliers import Expected, OutlierSettings, OutlierVerdict, Reading, judge_readings
from plans.step_prediction import StepPrediction

__all__ = ["StepJudge"]


@dataclass
class StepJudge:
    """All readings of one step against what was predicted."""

    prediction: StepPrediction | None
    settings: OutlierSettings
    drift_gpa_per_h: float
    """By which the pressure may go on moving between two readings."""
    readings: list[Reading] = field(default_factory=list)
    began_s: float = math.nan
    verdict: OutlierVerdict | None = None

    def add(self, reading: GaugeReading) -> None:
        """Take in a reading; one that measured nothing says nothing here."""
        if reading.measured:
            self.readings.append(
                Reading(pressure_gpa=reading.pressure_gpa, sigma_gpa=reading.sigma_stat_gpa)
            )
            if len(self.readings) == 1:
                self.began_s = reading.lab_time_s
            hours = (reading.lab_time_s - self.began_s) / 3600.0
            drifted_gpa = self.settings.drift_allowance_gpa + hours * self.drift_gpa_per_h
            allowed = replace(self.settings, drift_allowance_gpa=drifted_gpa)
            self.verdict = judge_readings(self.readings, self._expected(), allowed)

    def believes(self, reading: GaugeReading) -> bool:
        """Take in a reading; False if it should be taken again."""
        self.add(reading)
        return self.verdict is not None and self.verdict.action != "remeasure"

    @property
    def accepts(self) -> bool:
        """True where the last reading is the pressure of the step."""
        return self.verdict is not None and self.verdict.action == "accept"

    @property
    def message(self) -> str:
        """What a person is told of the last verdict."""
        return "" if self.verdict is None else self.verdict.message

    @property
    def outcome(self) -> str:
        """The last verdict as the record names it."""
        return "" if self.verdict is None else self.verdict.outcome

    def _expected(self) -> Expected | None:
        if self.prediction is None:
            return None
        return Expected(
            median_gpa=self.prediction.median_gpa,
            low_gpa=self.prediction.low_gpa,
            high_gpa=self.prediction.high_gpa,
        )
