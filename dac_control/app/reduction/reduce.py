"""A run recomputed: every stored spectrum on another scale, beside what was recorded."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dac_control.app.fit.adapter import flag_message
from dac_control.app.readings import Readings, Steps, read_dwell, read_steps
from dac_control.app.reduction.reduced import Reduced
from dac_control.app.reduction.refit import refit_stream
from dac_control.app.reduction.request import Chosen, ReduceRequest, choose_gauge
from dac_control.app.reduction.shifts import (
    ChosenShift,
    choose_shift_gauge,
    largest_shift_difference_gpa,
    reduce_shifts,
)
from dac_control.app.reduction.stored_lines import (
    StoredLine,
    by_pressure,
    largest_difference_gpa,
    on_every_scale,
    stored_line,
)
from dac_control.errors import ConfigurationError, DacError, RecordError
from dac_control.gauges import (
    DISQUALIFYING,
    RUBY_FLAGS,
    OnScale,
    PressureMeasurement,
    RubyFit,
    RubyGauge,
    get_scale,
    scales_of,
)
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.gauges.scales import gauges
from dac_control.records import Run
from dac_control.records.gauge_series import GaugeSeries, base_gauge, read_gauges

__all__ = ["Reduction", "reduce_run"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """A run, recomputed."""

    run: Run
    request: ReduceRequest
    chosen: Chosen | ChosenShift
    steps: tuple[Reduced, ...]
    dwell: tuple[Reduced, ...]
    """Empty unless it was asked for."""
    top: Reduced | None
    """The highest of the recomputed steps."""
    others: tuple[OnScale, ...]
    """The line of the highest step on every scale of its gauge, by pressure."""
    record_difference_gpa: float
    """Largest difference between recorded pressures and those that the run's own settings give;
    anything but rounding means that the record does not hold. NaN where it cannot be known."""
    left: tuple[GaugeSeries, ...] = ()
    """Other gauges of the run, which stay as they were recorded."""

    @property
    def complete(self) -> bool:
        """True where every pressure of the run was recomputed, and there is one at all."""
        return self.top is not None and not any(each.lost for each in self.steps + self.dwell)


def reduce_run(run: Run, request: ReduceRequest) -> Reduction:
    """Recompute the readings of the gauge that the scale is of; the run's folder is only read.

    Raises
    ------
    ConfigurationError
        A name is unknown, or a number is none that it can be.
    RecordError
        The record lacks what pressures follow from.
    """
    gauge = _gauge_meant(run, request.scale)
    series = [each for each in read_gauges(run) if each.of_the_cell]
    left = tuple(each for each in series if each.gauge != gauge and np.any(each.measured))
    if gauge != "ruby":
        own = next(each for each in series if each.gauge == gauge)
        return _of_shifts(run, request, own, left)
    chosen = choose_gauge(run, request)
    steps = read_steps(run)
    reduced = _stream(run, steps, chosen.ruby, request)
    dwell = _stream(run, read_dwell(run), chosen.ruby, request) if request.dwell else ()
    top = _highest(reduced)
    others: tuple[OnScale, ...] = ()
    if top is not None and isinstance(top.line, StoredLine):
        others = on_every_scale(chosen.settings, top.line)
    return Reduction(
        run=run,
        request=request,
        chosen=chosen,
        steps=reduced,
        dwell=dwell,
        top=top,
        others=others,
        record_difference_gpa=_record_difference_gpa(chosen, steps),
        left=left,
    )


def _gauge_meant(run: Run, scale: str | None) -> str:
    """The gauge of the run that has the scale; without one, the first gauge of the run."""
    base = base_gauge(run)
    if scale is None:
        return base
    known = gauges()
    held = [each.gauge for each in read_gauges(run) if each.of_the_cell and each.gauge in known]
    for gauge in held:
        if scale in scales_of(gauge):
            return gauge
    # says what the name is of, or that it is unknown
    get_scale(scale, base if base in known else "ruby")
    raise ConfigurationError(
        f"'{scale}' is a scale of ruby, and the run {run.folder.name} measured with "
        f"{', '.join(each.gauge for each in read_gauges(run))}."
    )


def _of_shifts(
    run: Run, request: ReduceRequest, series: GaugeSeries, left: tuple[GaugeSeries, ...]
) -> Reduction:
    chosen = choose_shift_gauge(run, series.gauge, request)
    steps, dwell = reduce_shifts(run, series, chosen, dwell=request.dwell)
    top = _highest(steps)
    others = () if top is None or top.measurement is None else top.measurement.alternatives
    return Reduction(
        run=run,
        request=request,
        chosen=chosen,
        steps=steps,
        dwell=dwell,
        top=top,
        others=tuple(sorted(others, key=by_pressure)),
        record_difference_gpa=largest_shift_difference_gpa(chosen, steps),
        left=left,
    )


def _highest(rows: Sequence[Reduced]) -> Reduced | None:
    measured = [each for each in rows if each.measured]
    return max(measured, key=lambda each: each.pressure_gpa, default=None)


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
        of_step=of_step,
        seq_num=int(readings.seq_num[row]),
        step=int(step) if np.isfinite(step) else 0,
        time=float(readings.time[row]),
        lab_time_s=float(readings.lab_time_s[row]),
        branch=readings.branch[row] if of_step else "",
        turns=float(readings.turns[row]) if of_step else math.nan,
        recorded_gpa=float(readings.pressure_gpa[row]) if readings.measured[row] else math.nan,
        recorded_value=float(readings.r1_nm[row]),
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
