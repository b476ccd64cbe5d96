"""The result of an axis calibration: a correction, its uncertainty, and its age."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from dac_control.errors import ConfigurationError, StaleReading

__all__ = ["AxisCalibration", "CalibrationLine"]

# Clocks of two computers differ by less.
_FUTURE_S = 300.0


@dataclass(frozen=True, kw_only=True)
class CalibrationLine:
    """One line of the lamp as it was seen."""

    species: str
    wavelength_nm: float
    """In air, of the tables."""
    measured_nm: float
    """On the instrument's own axis."""
    sigma_nm: float
    """Of the difference, without the scatter that the fit found."""
    residual_nm: float
    """Line minus corrected position."""
    left_out_nm: float
    """The same with this line left out of the fit."""
    used: bool
    reason: str = ""
    """Why it was not used: ``blended``, ``saturated`` or ``outlier``."""


@dataclass(frozen=True, kw_only=True)
class AxisCalibration:
    """Correction of a wavelength axis: true = reported + polynomial(reported).

    A Legendre series in ``(reported - centre_nm) / half_span_nm``; beyond the outermost lines it
    goes on as a straight line, with an uncertainty that grows.
    """

    instrument: str
    lamp: str
    time: datetime.datetime
    """When the lamp was measured, with its time zone."""
    centre_nm: float
    half_span_nm: float
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    scatter_nm: float
    """Scatter of the lines about the polynomial beyond their own uncertainties."""
    left_out_rms_nm: float
    """Root mean square of the leave-one-out residuals of the lines used."""
    chi2_reduced: float
    """With the scatter included; without it, if there is none."""
    fwhm_nm: float
    """Median width of the lines: the resolution of the instrument."""
    lines: tuple[CalibrationLine, ...]

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ConfigurationError(
                "The time of an axis calibration needs its time zone; give one, e.g. UTC."
            )
        size = len(self.coefficients)
        values = [*self.coefficients, self.centre_nm, self.scatter_nm]
        values += [value for row in self.covariance for value in row]
        square = len(self.covariance) == size and all(len(row) == size for row in self.covariance)
        if not (size and square and np.isfinite(values).all() and self.half_span_nm > 0.0):
            raise ConfigurationError(
                f"The axis calibration of {self.instrument} is damaged: its coefficients and their "
                "covariance do not fit together; calibrate the axis again."
            )

    @property
    def used(self) -> tuple[CalibrationLine, ...]:
        """The lines that the fit used."""
        return tuple(line for line in self.lines if line.used)

    def covers(self, low_nm: float, high_nm: float) -> bool:
        """True if lines were used on both sides of the whole range."""
        return self._low <= low_nm and high_nm <= self._high

    def apply(self, wavelength_nm: ArrayLike) -> NDArray[np.float64]:
        """Return the corrected wavelengths of an axis, shape as given."""
        reported = np.asarray(wavelength_nm, np.float64)
        # legvander makes an array of a number
        moved = self._basis(np.atleast_1d(reported)) @ np.asarray(self.coefficients)
        return reported + moved.reshape(reported.shape)

    def axis_sigma_nm(self, wavelength_nm: float) -> float:
        """Standard uncertainty of a corrected wavelength: fit and scatter of the lines.

        The scatter counts in full, since what makes lines scatter (blends, shape of the lines, an
        axis that is no polynomial) is there at wavelengths between the lines too. This is
        ``axis_offset_sigma_nm`` of a ruby gauge whose axis was corrected.
        """
        row = self._basis(np.array([float(wavelength_nm)]))[0]
        beyond = max(self._low - wavelength_nm, wavelength_nm - self._high, 0.0) / self.half_span_nm
        scatter = self.scatter_nm * (1.0 + 4.0 * beyond)
        return float(np.sqrt(row @ np.asarray(self.covariance) @ row + scatter**2))

    def dispersion_sigma(self, first_nm: float, second_nm: float) -> float:
        """Relative standard uncertainty of the distance between two corrected wavelengths.

        ``axis_dispersion_sigma`` of a ruby gauge, e.g. between lambda0 and the line at the highest
        pressure.

        Raises
        ------
        ConfigurationError
            The two are one.
        """
        distance = abs(float(second_nm) - float(first_nm))
        if not distance > 0.0:
            raise ConfigurationError("A dispersion needs two different wavelengths.")
        rows = self._basis(np.array([float(first_nm), float(second_nm)]))
        row = rows[1] - rows[0]
        variance = float(row @ np.asarray(self.covariance) @ row)
        # wiggles of the axis are no larger than the scatter, and the same for close neighbours
        wiggle = np.sqrt(2.0) * self.scatter_nm * min(1.0, distance / self._spacing)
        return float(np.sqrt(variance + wiggle**2)) / distance

    def drift_nm(self, older: "AxisCalibration", wavelength_nm: float) -> tuple[float, float]:
        """Drift of the axis since an older calibration, and its standard uncertainty, in nm.

        Of one instrument and one lamp. The larger of both, in size, is a fair
        ``axis_sigma_nm`` for a ruby gauge.
        """
        reported = np.array([float(wavelength_nm)])
        drift = float((self.apply(reported) - older.apply(reported))[0])
        variance = 0.0
        for one in (self, older):
            variance += one.axis_sigma_nm(wavelength_nm) ** 2
        return drift, float(np.sqrt(variance))

    def age_h(self, now: datetime.datetime) -> float:
        """Hours since it was measured."""
        return (now - self.time).total_seconds() / 3600.0

    def check_age(self, now: datetime.datetime, limit_h: float) -> None:
        """Refuse a calibration that is too old, or from the future.

        Raises
        ------
        StaleReading
        """
        age_h = self.age_h(now)
        day = self.time.isoformat(timespec="minutes")
        if age_h * 3600.0 < -_FUTURE_S:
            raise StaleReading(
                f"The axis calibration of {self.instrument} is dated {day}, {-age_h:.1f} h from "
                "now; set the clock of this computer right, or calibrate the axis again."
            )
        if age_h > limit_h:
            raise StaleReading(
                f"The wavelength axis of {self.instrument} was calibrated {age_h:.1f} h ago "
                f"({day}, {self.lamp}), and {limit_h:g} h are allowed; "
                "run calibrate_axis, or allow more."
            )

    def describe(self) -> str:
        """Lamp, date, number of lines and their scatter, for a budget or a report."""
        return (
            f"{self.instrument}, {self.lamp}, {self.time.isoformat(timespec='minutes')}: "
            f"{len(self.used)} lines from {self._low:.1f} to {self._high:.1f} nm, left out one by "
            f"one they scatter by {1000 * self.left_out_rms_nm:.2g} pm"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self) | {
            "time": self.time.isoformat(),
            "coefficients": list(self.coefficients),
            "covariance": [list(row) for row in self.covariance],
            "lines": [asdict(line) for line in self.lines],
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "AxisCalibration":
        """Build it again from `to_dict`; further keys are not looked at.

        Raises
        ------
        ConfigurationError
            Something is missing or of the wrong kind.
        """
        try:
            values = {field.name: found[field.name] for field in fields(cls)}
            values["time"] = datetime.datetime.fromisoformat(str(found["time"]))
            values["coefficients"] = tuple(float(value) for value in found["coefficients"])
            values["covariance"] = tuple(
                tuple(float(value) for value in row) for row in found["covariance"]
            )
            for name in ("centre_nm", "half_span_nm", "scatter_nm", "fwhm_nm"):
                values[name] = float(found[name])
            names = {field.name for field in fields(CalibrationLine)}
            values["lines"] = tuple(
                CalibrationLine(**{k: v for k, v in line.items() if k in names})
                for line in found["lines"]
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"This is no stored axis calibration ({error!r}); calibrate the axis again with "
                "the plan calibrate_axis."
            ) from error
        return cls(**values)

    @property
    def _low(self) -> float:
        return self.centre_nm - self.half_span_nm

    @property
    def _high(self) -> float:
        return self.centre_nm + self.half_span_nm

    @property
    def _spacing(self) -> float:
        return 2.0 * self.half_span_nm / max(len(self.used) - 1, 1)

    def _basis(self, reported_nm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Legendre polynomials, straight on beyond the lines; shape (..., coefficients)."""
        degree = len(self.coefficients) - 1
        place = (reported_nm - self.centre_nm) / self.half_span_nm
        inside = np.clip(place, -1.0, 1.0)
        slopes = np.stack(
            [legendre.legval(inside, legendre.legder(unit)) for unit in np.eye(degree + 1)],
            axis=-1,
        )
        return legendre.legvander(inside, degree) + (place - inside)[..., None] * slopes
