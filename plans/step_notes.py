"""What a step of a ramp writes down of itself, beside what the devices read."""

from collections.abc import Callable

from plans.gauge_reading import GaugeReading, pressure_notes
from plans.instruments import Instruments
from plans.step_judge import StepJudge
from plans.step_prediction import StepPrediction
from plans.stubs.dwell import DwellResult

__all__ = ["note_outcome", "note_prediction"]


def note_prediction(instruments: Instruments, prediction: StepPrediction | None) -> None:
    """Note what the step should read, where there is a load curve that says it."""
    if prediction is not None:
        instruments.step.note(
            predicted_gpa=prediction.median_gpa,
            predicted_low_gpa=prediction.low_gpa,
            predicted_high_gpa=prediction.high_gpa,
            bound_gpa=prediction.bound_gpa,
        )


def note_outcome(
    instruments: Instruments,
    settled: DwellResult,
    judge: StepJudge,
    name_branch: Callable[[GaugeReading], str],
    reading: GaugeReading,
) -> None:
    """Note how the step ended, with the reading that ended it.

    A reading that the judge does not accept is no pressure of the step: its spectrum and its line
    are kept with the gauge, and ``surprise`` says why the step has none.
    """
    drift = settled.drift
    believed = reading.measured and judge.accepts
    instruments.step.note(
        branch=name_branch(reading),
        outcome=drift.outcome if believed else "not_measured",
        drift_gpa_per_h=drift.slope_gpa_per_h,
        drift_bound_gpa_per_h=drift.upper_gpa_per_h,
        dwell_s=settled.dwell_s,
        readings=drift.readings,
        attempts=reading.attempts,
        gauge=reading.gauge,
        surprise=judge.outcome if reading.measured else "",
        **pressure_notes(instruments, reading, believed=believed),
    )
