"""A run recomputed: every stored spectrum on another scale, beside what was recorded."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dac_control.app.fit.adapter import flag_message
from dac_control.app.readings import Readings, Steps, read_dwell, read_steps
from dac_control.app.reduction.refit import refit_stream
from dac_control.app.reduction.request import Chosen, ReduceRequest, choose_gauge
from dac_control.app.reduction.stored_lines import (
    StoredLine,
    largest_difference_gpa,
    measured_with_ruby,
    on_every_scale,
    stored_line,
)
from dac_control.errors import DacError, RecordError
from dac_control.gauges import (
    DISQUALIFYING,
    RUBY_FLAGS,
    OnScale,
    PressureMeasurement,
    RubyFit,
    RubyGauge,
)
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.records import Run

__all__ = ["Reduced", "Reduction", "reduce_run"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """One spectrum of a run, recorded and recomputed; numbers are NaN where there are none."""

    stream: str
    seq_num: int
    step: int
    time: float
    """Seconds since the epoch."""
    lab_time_s: float
    branch: str
    turns: float
    recorded_gpa: float
    """NaN where the run measured no pressure."""
    recorded_nm: float
    line: StoredLine
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
    def moved_nm(self) -> float:
        """The line minus the recorded one."""
        return self.line.line_nm - self.recorded_nm


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """A run, recomputed."""

    run: Run
    request: ReduceRequest
    chosen: Chosen
    steps: tuple[Reduced, ...]
    dwell: tuple[Reduced, ...]
    """Empty unless it was asked for."""
    top: Reduced | None
    """The highest of the recomputed steps."""
    others: tuple[OnScale, ...]
    """The line of the highest step on every ruby scale, by pressure."""
    record_difference_gpa: float
    """Largest difference between recorded pressures and those that the run's own settings give;
    anything but rounding means that the record does not hold. NaN where it cannot be known."""

    @property
    def complete(self) -> bool:
        """True where every pressure of the run was recomputed, and there is one at all."""
        return self.top is not None and not any(each.lost for each in self.steps + self.dwell)


def reduce_run(run: Run, request: ReduceRequest) -> Reduction:
    """Recompute a run; its folder is only read.

    Raises
    ------
    ConfigurationError
        A name is unknown, or a number is none that it can be.
    RecordError
        The run did not measure with ruby, or its record lacks what pressures follow from.
    """
    if not measured_with_ruby(run.start):
        raise RecordError(
            f"The run {run.folder.name} measured with the gauge '{run.start['gauge']}'; "
            "only runs with ruby lines can be recomputed."
        )
    chosen = choose_gauge(run, request)
    steps = read_steps(run)
    reduced = _stream(run, steps, chosen.ruby, request)
    dwell = _stream(run, read_dwell(run), chosen.ruby, request) if request.dwell else ()
    measured = [each for each in reduced if each.measured]
    top = max(measured, key=lambda each: each.pressure_gpa, default=None)
    return Reduction(
        run=run,
        request=request,
        chosen=chosen,
        steps=reduced,
        dwell=dwell,
        top=top,
        others=() if top is None else on_every_scale(chosen.settings, top.line),
        record_difference_gpa=_record_difference_gpa(chosen, steps),
    )


def _stream(
    run: Run, readings: Readings, ruby: RubyGauge, request: ReduceRequest
) -> tuple[Reduced, ...]:
    fits: Sequence[RubyFit | DacError | None] = [None] * readings.count
    if request.refit and readings.count:
        fits = refit_stream(run, readings.stream)
        if not fits:
            raise RecordError(
                f"The run {run.folder.name} holds no spectra in its stream '{readings.stream}', "
                "so nothing can be fitted again; leave out --refit."
            )
    return tuple(
        _row(readings, row, fit, ruby) for row, fit in zip(range(readings.count), fits, strict=True)
    )


def _row(readings: Readings, row: int, fit: RubyFit | DacError | None, ruby: RubyGauge) -> Reduced:
    line, flags, message = _line(readings, row, fit)
    measurement = None
    if not message:
        measurement, message = _measure(line, ruby)
    if measurement is not None:
        flags = (*flags, *measurement.flags)
    of_step = isinstance(readings, Steps)
    step = readings.step[row]
    return Reduced(
        stream=readings.stream,
        seq_num=int(readings.seq_num[row]),
        step=int(step) if np.isfinite(step) else 0,
        time=float(readings.time[row]),
        lab_time_s=float(readings.lab_time_s[row]),
        branch=readings.branch[row] if of_step else "",
        turns=float(readings.turns[row]) if of_step else math.nan,
        recorded_gpa=float(readings.pressure_gpa[row]) if readings.measured[row] else math.nan,
        recorded_nm=float(readings.r1_nm[row]),
        line=line,
        measurement=measurement,
        flags=flags,
        message=message,
    )


def _line(
    readings: Readings, row: int, fit: RubyFit | DacError | None
) -> tuple[StoredLine, tuple[str, ...], str]:
    """The line of a row with the flags of its fit, and what speaks against its use."""
    stored = stored_line(readings, row)
    if isinstance(fit, DacError):
        return _without_line(stored), ("fit_failed",), str(fit)
    if fit is not None:
        fresh = StoredLine(
            line_nm=fit.r1_nm,
            sigma_nm=fit.r1_sigma_nm,
            temperature_k=stored.temperature_k,
            asymmetry_sigma_nm=fit.asymmetry_sigma_nm,
        )
        return (
            fresh,
            fit.flags,
            "" if fit.ok else flag_message(fit.flags, RUBY_FLAGS, DISQUALIFYING),
        )
    # what a gauge says of the pressure is said anew
    flags = tuple(flag for flag in readings.flags[row] if flag not in MEASUREMENT_FLAGS)
    if readings.measured[row]:
        return stored, flags, ""
    why = flag_message(flags, RUBY_FLAGS, DISQUALIFYING) if flags else ""
    return stored, flags, f"Not measured in the run. {why}".strip()


def _without_line(stored: StoredLine) -> StoredLine:
    return StoredLine(line_nm=math.nan, sigma_nm=math.nan, temperature_k=stored.temperature_k)


def _measure(line: StoredLine, ruby: RubyGauge) -> tuple[PressureMeasurement | None, str]:
    try:
        found = line.measure(ruby)
    except DacError as error:
        return None, str(error)
    if math.isfinite(found.pressure_gpa):
        return found, ""
    return None, f"The scale {ruby.scale.name} has no pressure for a line at {line.line_nm:.4f} nm."


def _record_difference_gpa(chosen: Chosen, steps: Steps) -> float:
    try:
        return largest_difference_gpa(ruby_gauge_from(chosen.recorded), steps)
    except (DacError, KeyError, TypeError, ValueError) as error:
        logger.info("the record cannot be checked against itself: %s", error)
        return math.nan
