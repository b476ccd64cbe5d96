"""One spectrum of a run, recorded and recomputed."""

import math
from dataclasses import dataclass

from dac_control.app.reduction.stored_lines import StoredLine
from dac_control.app.reduction.stored_shifts import StoredShift
from dac_control.gauges import PressureMeasurement

__all__ = ["Reduced"]


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """One spectrum of a run, recorded and recomputed; numbers are NaN where there are none."""

    stream: str
    of_step: bool
    """False for a spectrum between the steps."""
    seq_num: int
    step: int
    time: float
    """Seconds since the epoch."""
    lab_time_s: float
    branch: str
    turns: float
    recorded_gpa: float
    """NaN where the run measured no pressure."""
    recorded_value: float
    """Line or edge, in the unit of the gauge."""
    line: StoredLine | StoredShift
    """What the pressure was recomputed from: the recorded line, or that of the refit."""
    measurement: PressureMeasurement | None
    """None where there is no line, or no pressure for it."""
    flags: tuple[str, ...]
    message: str
    """Why there is no pressure; empty where there is one."""

    @property
    def measured(self) -> bool:
        """True where a pressure came out."""
        return self.measurement is not None

    @property
    def lost(self) -> bool:
        """True where the run has a pressure and this has none."""
        return self.measurement is None and math.isfinite(self.recorded_gpa)

    @property
    def pressure_gpa(self) -> float:
        """The recomputed pressure; NaN where there is none."""
        return math.nan if self.measurement is None else self.measurement.pressure_gpa

    @property
    def difference_gpa(self) -> float:
        """Recomputed minus recorded pressure; NaN unless there are both."""
        return self.pressure_gpa - self.recorded_gpa

    @property
    def moved(self) -> float:
        """The line minus the recorded one, in the unit of the gauge."""
        return self.line.value - self.recorded_value
