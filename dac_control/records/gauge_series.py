"""What each gauge of a run said at each step, and which of them was in charge there.

The ruby is in the events of ``primary`` at every step. Every further gauge has a stream of its own
name, with any number of spectra for a step; the last that gave a pressure counts for the step, and
what was not taken, or gave none, stays a gap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.records.reader import Run

__all__ = [
    "REFERENCE_GAUGE",
    "GaugeSeries",
    "base_gauge",
    "device_of",
    "gauges_in_charge",
    "numbers_of",
    "read_gauges",
]

Array = NDArray[np.float64]

NOT_MEASURED = "not_measured"
"""``outcome`` of a step that has no pressure, whatever its gauge read in the course of it."""

REFERENCE_GAUGE = "reference_ruby"
"""A chip outside the pressure chamber: it checks the axis and says nothing of the cell."""

# Roles with a spectrometer of their own that say nothing of pressure.
_NO_GAUGES = frozenset(("reflectance", "picture"))

# Attributes that hold what a gauge observes, its sigma, and their unit; the first that is there.
_OBSERVABLES = (
    ("r1_nm", "r1_sigma_nm", "nm"),
    ("edge_cm1", "edge_sigma_cm1", "cm-1"),
    ("line_cm1", "line_sigma_cm1", "cm-1"),
)


@dataclass(frozen=True, kw_only=True)
class GaugeSeries:
    """One gauge over the steps of a run; arrays of shape (steps,), NaN where there is nothing."""

    gauge: str
    scale: str
    """Empty where the record does not name it."""
    taken: NDArray[np.bool_]
    """True where a spectrum was taken for it."""
    measured: NDArray[np.bool_]
    """True where that gave a pressure."""
    pressure_gpa: Array
    sigma_stat_gpa: Array
    sigma_sys_gpa: Array
    flags: tuple[tuple[str, ...], ...]
    observable: Array
    observable_sigma: Array
    observable_unit: str
    temperature_k: Array
    """Temperature that the gauge used."""
    lab_time_s: Array
    events: NDArray[np.intp]
    """Row of its stream's table that counts for the step; -1 for none."""
    spectra: NDArray[np.int64]
    """Events of its own stream that belong to the step; of the ruby, that of ``primary``."""

    @property
    def of_the_cell(self) -> bool:
        """True for a gauge inside the pressure chamber."""
        return self.gauge != REFERENCE_GAUGE


def base_gauge(run: Run) -> str:
    """The gauge whose readings stand in ``primary``."""
    return str(run.start.get("gauge") or "ruby")


def gauges_in_charge(run: Run) -> tuple[str, ...]:
    """Name the gauge that the plan acted on at each step; older runs knew the ruby only."""
    count, base = _count(run), base_gauge(run)
    found = run.table("primary").get(f"{device_of(run, 'step')}_gauge")
    if found is None:
        return (base,) * count
    # a step whose measurement failed altogether names none
    meant = str(run.start.get("gauge_in_charge") or base)
    return tuple(str(name) if name else meant for name in found)


def read_gauges(run: Run) -> tuple[GaugeSeries, ...]:
    """Read every gauge of a run, that of ``primary`` first.

    Where a step has no pressure, its gauge in charge has measured nothing, although it may have
    read something while the cell settled, or what the ramp could not believe: line and flags are
    kept, and no pressure.
    """
    devices = run.start.get("devices") or {}
    base = base_gauge(run)
    further = [
        role
        for role in devices
        # `Instruments.names` names the spectrometer of each further gauge beside it
        if role != base and f"{role}_spectrometer" in devices and role not in _NO_GAUGES
    ]
    found = (_of_primary(run, base), *(_of_own_stream(run, gauge) for gauge in further))
    gaps = _without_pressure(run)
    if not gaps.any():
        return found
    charged = np.array(gauges_in_charge(run))
    return tuple(_without(each, gaps & (charged == each.gauge)) for each in found)


def _without_pressure(run: Run) -> NDArray[np.bool_]:
    found = run.table("primary").get(f"{device_of(run, 'step')}_outcome")
    if found is None:
        return np.zeros(_count(run), dtype=bool)
    return np.array([each == NOT_MEASURED for each in found], dtype=bool)


def _without(series: GaugeSeries, steps: NDArray[np.bool_]) -> GaugeSeries:
    return replace(
        series,
        measured=series.measured & ~steps,
        pressure_gpa=np.where(steps, np.nan, series.pressure_gpa),
        sigma_stat_gpa=np.where(steps, np.nan, series.sigma_stat_gpa),
        sigma_sys_gpa=np.where(steps, np.nan, series.sigma_sys_gpa),
    )


def _of_primary(run: Run, gauge: str) -> GaugeSeries:
    table = run.table("primary")
    return _series(run, gauge, table, np.arange(_count(run)), np.ones(_count(run), dtype=np.int64))


def _of_own_stream(run: Run, gauge: str) -> GaugeSeries:
    table = run.table(gauge)
    step_key = f"{device_of(run, 'step')}_number"
    of_event = numbers_of(table, step_key, len(table.get("seq_num", ())))
    usable = _measured(run, gauge, table)
    rows = np.full(_count(run), -1)
    spectra = np.zeros(_count(run), dtype=np.int64)
    for row, number in enumerate(_step_numbers(run)):
        events = np.flatnonzero(of_event == number)
        spectra[row] = events.size
        good = events[usable[events]]
        if events.size:
            rows[row] = good[-1] if good.size else events[-1]
    return _series(run, gauge, table, rows, spectra)


def _series(
    run: Run,
    gauge: str,
    table: Mapping[str, NDArray[Any]],
    rows: NDArray[np.intp],
    spectra: NDArray[np.int64],
) -> GaugeSeries:
    """Take `rows` of a table, -1 for none."""
    events = len(table.get("seq_num", ()))
    device = device_of(run, gauge)
    taken = rows >= 0

    def pick(values: Array) -> Array:
        found = np.full(rows.size, np.nan)
        found[taken] = values[rows[taken]]
        return found

    def numbers(name: str) -> Array:
        return pick(numbers_of(table, f"{device}_{name}", events))

    measured = np.zeros(rows.size, dtype=bool)
    measured[taken] = _measured(run, gauge, table)[rows[taken]]
    value, sigma, unit = next(
        (each for each in _OBSERVABLES if f"{device}_{each[0]}" in table), _OBSERVABLES[0]
    )
    flags = table.get(f"{device}_flags")
    return GaugeSeries(
        gauge=gauge,
        scale=_scale(run, gauge),
        taken=taken,
        measured=measured,
        pressure_gpa=np.where(measured, numbers("pressure_gpa"), np.nan),
        sigma_stat_gpa=np.where(measured, numbers("pressure_sigma_stat_gpa"), np.nan),
        sigma_sys_gpa=np.where(measured, numbers("pressure_sigma_sys_gpa"), np.nan),
        flags=tuple(
            tuple(str(flags[row] or "").split()) if flags is not None and row >= 0 else ()
            for row in rows
        ),
        observable=numbers(value),
        observable_sigma=numbers(sigma),
        observable_unit=unit,
        temperature_k=numbers("temperature_k"),
        lab_time_s=pick(numbers_of(table, f"{device_of(run, 'clock')}_lab_time_s", events)),
        events=np.asarray(rows, dtype=np.intp),
        spectra=spectra,
    )


def _measured(run: Run, gauge: str, table: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Events with a pressure; what is not finite is no measurement, whatever the record says."""
    events, device = len(table.get("seq_num", ())), device_of(run, gauge)
    said = numbers_of(table, f"{device}_measured", events) == 1.0
    return said & np.isfinite(numbers_of(table, f"{device}_pressure_gpa", events))


def numbers_of(table: Mapping[str, NDArray[Any]], key: str, count: int) -> Array:
    """A column of `count` numbers, NaN where there is none."""
    found = table.get(key)
    if found is None:
        return np.full(count, np.nan)
    return np.array([np.nan if value is None else value for value in found], dtype=float)


def _step_numbers(run: Run) -> Array:
    table = run.table("primary")
    number = numbers_of(table, f"{device_of(run, 'step')}_number", _count(run))
    return number if np.any(np.isfinite(number)) else np.asarray(table.get("seq_num", ()), float)


def _scale(run: Run, gauge: str) -> str:
    scales = run.start.get("gauge_scales")
    found = scales.get(gauge) if isinstance(scales, Mapping) else None
    if found is None and gauge in (base_gauge(run), REFERENCE_GAUGE):
        found = run.start.get("scale")
    return "" if found is None else str(found)


def device_of(run: Run, role: str) -> str:
    """Name of the device in a role, by which its columns begin; the role where none is named."""
    return str((run.start.get("devices") or {}).get(role, role))


def _count(run: Run) -> int:
    return len(run.table("primary").get("seq_num", ()))
