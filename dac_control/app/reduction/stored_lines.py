"""Pressures again from the stored lines of a run.

The line and its temperature are the datum, so anybody can repeat this from the record.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dac_control.app.readings import Readings
from dac_control.gauges import OnScale, PressureMeasurement, RubyGauge, scales_of
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from

__all__ = [
    "ROUNDING_GPA",
    "StoredLine",
    "by_pressure",
    "gauge_settings",
    "largest_difference_gpa",
    "measured_with_ruby",
    "on_every_scale",
    "stored_line",
    "top_row",
]

ROUNDING_GPA: Final = 1e-5
"""Numbers are recorded in full, so that only the order of operations may show."""


@dataclass(frozen=True, kw_only=True)
class StoredLine:
    """What a pressure is computed from, beside the gauge."""

    line_nm: float
    sigma_nm: float
    """Statistical standard uncertainty."""
    temperature_k: float
    asymmetry_sigma_nm: float = 0.0
    """Systematic, from the shape of the line."""
    beside: tuple[float, float, float, float] | None = None
    """Line, its sigma, temperature and time of the reference ruby that stood in for lambda0."""

    @property
    def value(self) -> float:
        """The line in nm."""
        return self.line_nm

    @property
    def sigma(self) -> float:
        """Its statistical standard uncertainty in nm."""
        return self.sigma_nm

    def measure(self, ruby: RubyGauge) -> PressureMeasurement:
        """Compute the pressure; raises as `RubyGauge.pressure_from_line` does.

        A gauge that knows of no reference ruby counts from its lambda0.
        """
        return ruby.pressure_from_line(
            self.line_nm,
            self.sigma_nm,
            self.temperature_k,
            asymmetry_sigma_nm=self.asymmetry_sigma_nm,
            reference=None if self.beside is None else ruby.seen_beside(*self.beside),
        )


def measured_with_ruby(start: Mapping[str, Any]) -> bool:
    """True where the pressures of a run come from ruby lines."""
    return (start.get("gauge") or "ruby") == "ruby"


def gauge_settings(start: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the pressures follow from; older records hold it in the start document itself."""
    found = start.get("gauge_settings")
    return found if isinstance(found, Mapping) else start


def top_row(readings: Readings) -> int | None:
    """Row of the highest measured pressure; None without a measured one."""
    if not np.any(readings.measured):
        return None
    return int(np.nanargmax(np.where(readings.measured, readings.pressure_gpa, np.nan)))


def stored_line(readings: Readings, row: int) -> StoredLine:
    """Line and temperature of a row, as they were recorded."""
    asymmetry_nm = float(readings.r1_asymmetry_sigma_nm[row])
    return StoredLine(
        line_nm=float(readings.r1_nm[row]),
        sigma_nm=float(readings.r1_sigma_nm[row]),
        temperature_k=float(readings.ruby_temperature_k[row]),
        # records from before this was looked for have none
        asymmetry_sigma_nm=asymmetry_nm if math.isfinite(asymmetry_nm) else 0.0,
        beside=_beside(readings, row),
    )


def _beside(readings: Readings, row: int) -> tuple[float, float, float, float] | None:
    if not math.isfinite(readings.reference_line_nm[row]):
        return None
    return (
        float(readings.reference_line_nm[row]),
        float(readings.reference_line_sigma_nm[row]),
        float(readings.reference_temperature_k[row]),
        float(readings.reference_time_s[row]),
    )


def on_every_scale(settings: Mapping[str, Any], line: StoredLine) -> tuple[OnScale, ...]:
    """One line on every ruby scale, by pressure; settings as for `ruby_gauge_from`."""
    others = [
        _on_scale(ruby_gauge_from(settings, scale), line) for scale in scales_of("ruby").values()
    ]
    return tuple(sorted(others, key=by_pressure))


def largest_difference_gpa(ruby: RubyGauge, readings: Readings) -> float:
    """How far recorded pressures lie from those that a gauge computes; NaN if there are none.

    Raises
    ------
    NotMeasured
        A recorded temperature is none.
    """
    rows = readings.measured
    if not np.any(rows):
        return math.nan
    again = ruby.pressures_gpa(readings.r1_nm[rows], readings.ruby_temperature_k[rows])
    for place, row in enumerate(np.flatnonzero(rows)):
        if _beside(readings, int(row)) is not None:
            again[place] = stored_line(readings, int(row)).measure(ruby).pressure_gpa
    return float(np.max(np.abs(again - readings.pressure_gpa[rows])))


def _on_scale(ruby: RubyGauge, line: StoredLine) -> OnScale:
    measurement = line.measure(ruby)
    return OnScale(
        scale=ruby.scale.name,
        pressure_gpa=measurement.pressure_gpa,
        sigma_sys_gpa=measurement.sigma_sys_gpa,
        in_range=measurement.in_range,
        range_gpa=ruby.scale.range_gpa,
        citation=ruby.scale.citation,
        evidence=ruby.scale.evidence,
    )


def by_pressure(other: OnScale) -> tuple[bool, float]:
    """Key to sort by; what has no pressure comes last."""
    return math.isnan(other.pressure_gpa), other.pressure_gpa
