"""Edges and Raman lines of a run as they were recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges import PressureMeasurement
from dac_control.gauges.diamond_edge import DiamondEdgeGauge
from dac_control.gauges.vibron import RamanLineGauge
from dac_control.records import Run
from dac_control.records.gauge_series import base_gauge, device_of, numbers_of

__all__ = ["StoredShift", "StoredShifts", "stored_shifts"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StoredShift:
    """What a pressure is computed from, beside the gauge."""

    value: float
    """Raman shift in cm-1, reckoned from wavelengths in vacuum as every run reckons it."""
    sigma: float
    """Statistical standard uncertainty."""
    temperature_k: float
    definition_cm1: float | None = None
    """Of an edge: how far the derivative minimum, by which scales were made, lies from it."""

    def measure(self, gauge: DiamondEdgeGauge | RamanLineGauge) -> PressureMeasurement:
        """Compute the pressure; raises as the gauge does."""
        if isinstance(gauge, RamanLineGauge):
            return gauge.pressure_from_line(
                self.value, self.sigma, self.temperature_k, convention="vacuum"
            )
        return gauge.pressure_from_edge(
            self.value,
            self.sigma,
            self.temperature_k,
            convention="vacuum",
            definition_cm1=self.definition_cm1,
        )


@dataclass(frozen=True, kw_only=True)
class StoredShifts:
    """Every spectrum of one gauge; arrays of shape (n,), NaN where there is nothing."""

    run: Run
    stream: str
    shifts: tuple[StoredShift, ...]
    measured: NDArray[np.bool_]
    pressure_gpa: Array
    flags: tuple[tuple[str, ...], ...]
    seq_num: Array
    step: Array
    time: Array
    lab_time_s: Array

    def of_run(self, table: Mapping[str, Any], role: str, attribute: str) -> Array:
        """A column of another table of the run."""
        return _column(self.run, table, role, attribute)


def stored_shifts(run: Run, gauge: str) -> StoredShifts:
    """Read the edges or lines that a gauge recorded, at the steps and between them."""
    stream = "primary" if gauge == base_gauge(run) else gauge
    table = run.table(stream)

    def numbers(role: str, attribute: str) -> Array:
        return _column(run, table, role, attribute)

    name = "edge" if gauge == "diamond_edge" else "line"
    value = numbers(gauge, f"{name}_cm1")
    sigma = numbers(gauge, f"{name}_sigma_cm1")
    definition = numbers(gauge, "definition_shift_cm1")
    # older records have the derivative minimum of the model only
    of_model = np.abs(numbers(gauge, "derivative_minimum_cm1") - value)
    definition = np.where(np.isfinite(definition), definition, of_model)
    temperature_k = numbers(gauge, "temperature_k")
    pressure_gpa = numbers(gauge, "pressure_gpa")
    flags = table.get(f"{device_of(run, gauge)}_flags", ("",) * value.size)
    return StoredShifts(
        run=run,
        stream=stream,
        shifts=tuple(
            StoredShift(
                value=float(value[row]),
                sigma=float(sigma[row]),
                temperature_k=float(temperature_k[row]),
                definition_cm1=float(definition[row]) if np.isfinite(definition[row]) else None,
            )
            for row in range(value.size)
        ),
        measured=(numbers(gauge, "measured") == 1.0) & np.isfinite(pressure_gpa),
        pressure_gpa=pressure_gpa,
        flags=tuple(tuple(str(each or "").split()) for each in flags),
        seq_num=np.asarray(table.get("seq_num", ()), dtype=float),
        step=numbers("step", "number"),
        time=np.asarray(table.get("time", ()), dtype=float),
        lab_time_s=numbers("clock", "lab_time_s"),
    )


def _column(run: Run, table: Mapping[str, Any], role: str, attribute: str) -> Array:
    count = len(table.get("seq_num", ()))
    return numbers_of(table, f"{device_of(run, role)}_{attribute}", count)
