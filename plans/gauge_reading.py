"""What a gauge said of one spectrum, or why it said nothing."""

import math
from dataclasses import dataclass

from bluesky.utils import FailedStatus

from dac_control.errors import DacError
from plans.failures import cause_of
from plans.instruments import Instruments

__all__ = ["GaugeReading", "failed_reading", "pressure_notes", "reading_of"]


@dataclass(frozen=True, kw_only=True)
class GaugeReading:
    """Outcome of a measurement; `pressure_gpa` is NaN unless `measured`."""

    gauge: str
    measured: bool
    pressure_gpa: float
    sigma_stat_gpa: float
    flags: tuple[str, ...]
    lab_time_s: float
    exposure_s: float
    attempts: int
    next_exposure_s: float | None = None
    """What the next reading of this gauge needs by this one; None where nothing was exposed."""
    failure: str = ""
    """Why the measurement is not complete, where an instrument failed."""

    def why_not(self) -> str:
        """One clause that says why nothing was measured."""
        if self.failure:
            return self.failure.removesuffix(".")
        return f"the spectrum is flagged {', '.join(self.flags) or 'not measured'}"


def reading_of(
    instruments: Instruments, gauge: str, exposure_s: float, attempt: int
) -> GaugeReading:
    """What the device of a gauge holds after a spectrum."""
    device = instruments.gauge(gauge).device
    return GaugeReading(
        gauge=gauge,
        measured=bool(device.measured.get()),
        pressure_gpa=float(device.pressure_gpa.get()),
        sigma_stat_gpa=float(device.pressure_sigma_stat_gpa.get()),
        flags=tuple(str(device.flags.get()).split()),
        lab_time_s=float(instruments.clock_reading.lab_time_s.get()),
        exposure_s=exposure_s,
        attempts=attempt,
    )


def pressure_notes(
    instruments: Instruments, reading: GaugeReading, *, believed: bool = True
) -> dict[str, float]:
    """What the step notes of a pressure, right after its reading; NaN unless it is believed."""
    device = instruments.gauge(reading.gauge).device
    noted = {
        "pressure_gpa": reading.pressure_gpa,
        "pressure_sigma_stat_gpa": reading.sigma_stat_gpa,
        "pressure_sigma_sys_gpa": float(device.pressure_sigma_sys_gpa.get()),
        "pressure_half_width_95_gpa": float(device.pressure_half_width_95_gpa.get()),
    }
    return noted if believed else dict.fromkeys(noted, math.nan)


def failed_reading(
    instruments: Instruments,
    gauge: str,
    exposure_s: float,
    attempt: int,
    error: FailedStatus | DacError,
) -> GaugeReading:
    """A measurement that an instrument failed."""
    cause = cause_of(error) if isinstance(error, FailedStatus) else error
    return GaugeReading(
        gauge=gauge,
        measured=False,
        pressure_gpa=float("nan"),
        sigma_stat_gpa=float("nan"),
        flags=(),
        lab_time_s=instruments.clock.now(),
        exposure_s=exposure_s,
        attempts=attempt,
        failure=str(cause),
    )
