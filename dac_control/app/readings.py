"""The measurements of a run as arrays that exist even where the run has gaps.

Roles, streams and columns may be absent (a station without a microscope, a run that was killed
before its first step); numbers are then NaN and texts empty, so that every run has a report.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.records import Run
from dac_control.records.gauge_series import base_gauge, read_gauges

__all__ = ["Readings", "Steps", "read_dwell", "read_further", "read_steps"]

Array = NDArray[np.float64]

_NO_SURPRISE = ("", "expected", "not_predicted")


@dataclass(frozen=True)
class _Stream:
    """One stream of a run, with a default for whatever is missing."""

    run: Run
    name: str

    @cached_property
    def count(self) -> int:
        return len(self.run.table(self.name).get("seq_num", ()))

    def column(self, role: str, attribute: str) -> NDArray[Any] | None:
        try:
            return self.run.column(role, attribute, self.name)
        except RecordError:
            return None

    def numbers(self, role: str, attribute: str) -> Array:
        found = self.column(role, attribute)
        if found is None:
            return np.full(self.count, np.nan)
        return np.array([np.nan if value is None else value for value in found], dtype=float)

    def texts(self, role: str, attribute: str) -> tuple[str, ...]:
        found = self.column(role, attribute)
        if found is None:
            return ("",) * self.count
        return tuple("" if value is None else str(value) for value in found)

    def flags(self, role: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(text.split()) for text in self.texts(role, "flags"))

    def own(self, name: str) -> Array:
        return np.asarray(self.run.table(self.name).get(name, ()), dtype=float)


@dataclass(frozen=True, kw_only=True)
class Readings:
    """One entry per spectrum; all arrays of shape (n,)."""

    stream: str
    seq_num: Array
    time: Array
    lab_time_s: Array
    step: Array
    pressure_gpa: Array
    """NaN where nothing was measured."""
    sigma_stat_gpa: Array
    sigma_sys_gpa: Array
    measured: NDArray[np.bool_]
    flags: tuple[tuple[str, ...], ...]
    r1_nm: Array
    r1_sigma_nm: Array
    r1_fwhm_nm: Array
    r1_asymmetry_sigma_nm: Array
    """Systematic uncertainty of the line from its shape."""
    chi2_reduced: Array
    reference_line_nm: Array
    """Of the reference ruby that stood in for lambda0; NaN where a stored one did."""
    reference_line_sigma_nm: Array
    reference_temperature_k: Array
    reference_time_s: Array
    ruby_temperature_k: Array
    """Temperature that the gauge used."""
    chip_temperature_k: Array
    """Temperature of the ruby from its own lines; NaN where they do not tell."""
    chip_temperature_sigma_k: Array
    """Not finite where R2/R1 does not bound it."""
    ratio: Array
    """Area of R2 over area of R1."""
    ratio_sigma: Array
    stage_temperature_k: Array
    cell_temperature_k: Array
    setpoint_k: Array
    exposure_s: Array
    averages: Array

    @property
    def count(self) -> int:
        """Number of spectra."""
        return self.seq_num.size

    @property
    def lab_time_h(self) -> Array:
        """Laboratory time in hours."""
        return self.lab_time_s / 3600.0


@dataclass(frozen=True, kw_only=True)
class Steps(Readings):
    """The measurement at each step, with what the plan noted."""

    turns: Array
    branch: tuple[str, ...]
    target: Array
    outcome: tuple[str, ...]
    drift_gpa_per_h: Array
    drift_bound_gpa_per_h: Array
    dwell_s: Array
    attempts: Array
    drive_flags: tuple[tuple[str, ...], ...]
    gauge: tuple[str, ...]
    """Whose pressure this is, step by step."""
    scale: tuple[str, ...]
    observable: Array
    observable_sigma: Array
    observable_unit: tuple[str, ...]
    predicted_gpa: Array
    """What the load curve said before the screw was turned; never a pressure. NaN without one."""
    predicted_low_gpa: Array
    predicted_high_gpa: Array
    bound_gpa: Array
    surprise: tuple[str, ...]
    """What came of the reading against the predicted window, as `plans.outliers` names it."""
    signs: tuple[tuple[str, ...], ...]
    """What the frame showed of a failing cell."""

    @property
    def surprising(self) -> NDArray[np.bool_]:
        """Mask of the steps at which a reading lay outside the window, by the run's own word."""
        return ~np.isin(np.array(self.surprise, dtype=str), _NO_SURPRISE)

    def on(self, *branches: str) -> NDArray[np.bool_]:
        """Mask of the measured steps on any of `branches`."""
        return self.measured & np.isin(np.array(self.branch, dtype=str), branches)


def read_dwell(run: Run) -> Readings:
    """Read every spectrum that was taken for the first gauge between the step measurements."""
    return Readings(**_common(_Stream(run, "dwell"), base_gauge(run)))


def read_further(run: Run, gauge: str) -> Readings:
    """Read every spectrum that was taken for a further gauge, at steps and between them."""
    return Readings(**_common(_Stream(run, gauge), gauge, f"{gauge}_spectrometer"))


def read_steps(run: Run) -> Steps:
    """Read what the first gauge of the run, the ruby, said at every step, in charge or not."""
    stream, gauge = _Stream(run, "primary"), base_gauge(run)
    notes = ("target", "drift_gpa_per_h", "drift_bound_gpa_per_h", "dwell_s", "attempts")
    predictions = ("predicted_gpa", "predicted_low_gpa", "predicted_high_gpa", "bound_gpa")
    noted: dict[str, Any] = {name: stream.numbers("step", name) for name in notes + predictions}
    series = read_gauges(run)[0]
    # a reading that the ramp could not believe is none
    pressures = {
        "measured": series.measured,
        "pressure_gpa": series.pressure_gpa,
        "sigma_stat_gpa": series.sigma_stat_gpa,
        "sigma_sys_gpa": series.sigma_sys_gpa,
    }
    return Steps(
        **(_common(stream, gauge) | pressures),
        **noted,
        turns=stream.numbers("drive", "turns"),
        branch=stream.texts("step", "branch"),
        outcome=stream.texts("step", "outcome"),
        drive_flags=stream.flags("drive"),
        gauge=(gauge,) * stream.count,
        scale=(series.scale,) * stream.count,
        observable=series.observable,
        observable_sigma=series.observable_sigma,
        observable_unit=(series.observable_unit,) * stream.count,
        surprise=stream.texts("step", "surprise"),
        signs=tuple(tuple(dict.fromkeys(text.split())) for text in stream.texts("step", "signs")),
    )


def _common(stream: _Stream, gauge: str, spectrometer: str = "spectrometer") -> dict[str, Any]:
    pressure = stream.numbers(gauge, "pressure_gpa")
    step = stream.numbers("step", "number")
    if stream.name == "primary" and np.all(np.isnan(step)):
        step = stream.own("seq_num")
    return {
        "stream": stream.name,
        "seq_num": stream.own("seq_num"),
        "time": stream.own("time"),
        "lab_time_s": stream.numbers("clock", "lab_time_s"),
        "step": step,
        "pressure_gpa": pressure,
        "sigma_stat_gpa": stream.numbers(gauge, "pressure_sigma_stat_gpa"),
        "sigma_sys_gpa": stream.numbers(gauge, "pressure_sigma_sys_gpa"),
        # A value that is not finite is no measurement, whatever the record says of it.
        "measured": (stream.numbers(gauge, "measured") == 1.0) & np.isfinite(pressure),
        "flags": stream.flags(gauge),
        **{
            name: stream.numbers(gauge, name)
            for name in (
                "r1_nm",
                "r1_sigma_nm",
                "r1_fwhm_nm",
                "r1_asymmetry_sigma_nm",
                "chi2_reduced",
                "reference_line_nm",
                "reference_line_sigma_nm",
                "reference_temperature_k",
                "reference_time_s",
            )
        },
        "ruby_temperature_k": stream.numbers(gauge, "temperature_k"),
        **{
            name: stream.numbers(gauge, name)
            for name in ("chip_temperature_k", "chip_temperature_sigma_k", "ratio", "ratio_sigma")
        },
        **{
            name: stream.numbers("cryostat", name)
            for name in ("stage_temperature_k", "cell_temperature_k", "setpoint_k")
        },
        "exposure_s": stream.numbers(spectrometer, "exposure_s"),
        "averages": stream.numbers(spectrometer, "averages"),
    }
