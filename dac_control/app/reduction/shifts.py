"""A run recomputed from its recorded edges of the anvil, or its Raman lines of the specimen."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dac_control.app.fit.adapter import flag_message
from dac_control.app.recorded_gauges import recorded_edge, recorded_line, recorded_settings
from dac_control.app.reduction.reduced import Reduced
from dac_control.app.reduction.request import ReduceRequest
from dac_control.app.reduction.stored_shifts import StoredShift, stored_shifts
from dac_control.errors import ConfigurationError, DacError, RecordError
from dac_control.gauges import PressureMeasurement, Scale, get_scale, scales_of
from dac_control.gauges.diamond_edge import DISQUALIFYING_EDGE, EDGE_FLAGS, DiamondEdgeGauge
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.vibron import DISQUALIFYING_LINE, RAMAN_LINE_FLAGS, RamanLineGauge
from dac_control.records import Run
from dac_control.records.gauge_series import GaugeSeries, device_of

__all__ = ["ChosenShift", "choose_shift_gauge", "largest_shift_difference_gpa", "reduce_shifts"]

_EDGE: Final = "diamond_edge"


@dataclass(frozen=True, kw_only=True)
class ChosenShift:
    """The gauge to compute with, beside what the record names; as `Chosen` is for ruby."""

    gauge: str
    maker: DiamondEdgeGauge | RamanLineGauge
    recorded: Mapping[str, Any]
    from_scale: str | None
    changes: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def unchanged(self) -> str:
        """What may be other than in the run."""
        return "scale, settings and shifts"

    @property
    def scale(self) -> Scale:
        """The scale to compute on."""
        return self.maker.scale

    @property
    def key(self) -> str:
        """Name of the observable in tables."""
        return "edge_cm1" if self.gauge == _EDGE else "line_cm1"

    @property
    def symbol(self) -> str:
        """The same for people."""
        return "edge/cm-1" if self.gauge == _EDGE else "line/cm-1"

    @property
    def details(self) -> dict[str, Any]:
        """What else pressures follow from, as JSON takes it."""
        return {"settings": {**self.recorded, "scale": self.scale.name}}


def choose_shift_gauge(run: Run, gauge: str, request: ReduceRequest) -> ChosenShift:
    """Take a gauge of a run that reads Raman, on another scale if one was asked for.

    Raises
    ------
    ConfigurationError
        A name is unknown, or an option is one of ruby.
    RecordError
        The record lacks what pressures follow from.
    """
    if request.correction is not None or request.lambda0 or request.refit:
        raise ConfigurationError(
            f"--correction, lambda0 and --refit are of ruby, and this recomputes {gauge}; leave "
            f"them out. To fit its spectra again: dac-control fit RUN --gauge {gauge}."
        )
    settings = recorded_settings(run.start, gauge)
    if settings is None:
        raise RecordError(
            f"The record of {run.folder.name} does not say what the pressures of {gauge} follow "
            "from (nu0 or range, laser), so they cannot be recomputed."
        )
    scale = None if request.scale is None else get_scale(request.scale, gauge)
    maker = _made(gauge, settings, scale)
    before = settings.get("scale")
    changes = (
        () if maker.scale.name == before else (f"Scale: {maker.scale.name} instead of {before}.",)
    )
    return ChosenShift(
        gauge=gauge,
        maker=maker,
        recorded=settings,
        from_scale=None if before is None else str(before),
        changes=changes,
    )


def reduce_shifts(
    run: Run, series: GaugeSeries, chosen: ChosenShift, *, dwell: bool
) -> tuple[tuple[Reduced, ...], tuple[Reduced, ...]]:
    """Recompute what a gauge recorded: at the steps, and with `dwell` between them."""
    table = _Table(run, series, chosen)
    steps = tuple(table.row(int(row)) for row in series.events if row >= 0)
    if not dwell:
        return steps, ()
    between = np.setdiff1d(np.arange(table.count), series.events)
    return steps, tuple(table.row(int(row), of_step=False) for row in between)


def largest_shift_difference_gpa(chosen: ChosenShift, steps: tuple[Reduced, ...]) -> float:
    """How far recorded pressures lie from what the run's own settings give; NaN if unknown."""
    if chosen.from_scale not in scales_of(chosen.gauge):
        return math.nan
    own = _made(chosen.gauge, chosen.recorded)
    away = [
        abs(each.line.measure(own).pressure_gpa - each.recorded_gpa)
        for each in steps
        if math.isfinite(each.recorded_gpa) and isinstance(each.line, StoredShift)
    ]
    return max(away, default=math.nan)


def _made(
    gauge: str, settings: Mapping[str, Any], scale: Scale | None = None
) -> DiamondEdgeGauge | RamanLineGauge:
    if gauge == _EDGE:
        return recorded_edge(settings, scale=None if scale is None else scale.name)
    return recorded_line(settings, scale=scale)


class _Table:
    """The stream of a gauge, row by row."""

    def __init__(self, run: Run, series: GaugeSeries, chosen: ChosenShift) -> None:
        self._chosen = chosen
        self._stored = stored_shifts(run, chosen.gauge)
        self.count = len(self._stored.shifts)
        primary = run.table("primary")
        self._turns = self._stored.of_run(primary, "drive", "turns")
        branch = primary.get(f"{device_of(run, 'step')}_branch", ())
        self._branch = [str(each or "") for each in branch]
        self._steps: dict[int, int] = {
            int(row): place for place, row in enumerate(series.events) if row >= 0
        }

    def row(self, row: int, *, of_step: bool = True) -> Reduced:
        stored, shift = self._stored, self._stored.shifts[row]
        flags = tuple(each for each in stored.flags[row] if each not in MEASUREMENT_FLAGS)
        measurement, message = None, ""
        if stored.measured[row]:
            measurement, message = _measure(shift, self._chosen)
        else:
            edge = self._chosen.gauge == _EDGE
            meanings, fatal = (
                (EDGE_FLAGS, DISQUALIFYING_EDGE) if edge else (RAMAN_LINE_FLAGS, DISQUALIFYING_LINE)
            )
            why = flag_message(flags, meanings, fatal) if flags else ""
            message = f"Not measured in the run. {why}".strip()
        place = self._steps.get(row) if of_step else None
        return Reduced(
            stream=stored.stream,
            of_step=of_step,
            seq_num=int(stored.seq_num[row]),
            step=int(stored.step[row]) if math.isfinite(stored.step[row]) else 0,
            time=float(stored.time[row]),
            lab_time_s=float(stored.lab_time_s[row]),
            branch="" if place is None or place >= len(self._branch) else self._branch[place],
            turns=math.nan if place is None else float(self._turns[place]),
            recorded_gpa=float(stored.pressure_gpa[row]) if stored.measured[row] else math.nan,
            recorded_value=shift.value,
            line=shift,
            measurement=measurement,
            flags=flags if measurement is None else (*flags, *measurement.flags),
            message=message,
        )


def _measure(shift: StoredShift, chosen: ChosenShift) -> tuple[PressureMeasurement | None, str]:
    try:
        found = shift.measure(chosen.maker)
    except DacError as error:
        return None, str(error)
    if math.isfinite(found.pressure_gpa):
        return found, ""
    return None, f"The scale {chosen.scale.name} has no pressure for {shift.value:.2f} cm-1."
