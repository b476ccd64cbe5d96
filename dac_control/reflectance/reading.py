"""Counts as they were taken, a dark of the same exposure, and the light that is left.

The same type holds a spectrum and the readings at a few laser lines: one number per wavelength.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured

__all__ = ["PIXEL_FLAGS", "DarkReading", "Light", "LightReading"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

PIXEL_FLAGS: Final = {
    "bad_counts": "the counts are not finite numbers",
    "saturated": "the detector was at full scale",
    "dark_too_high": "the light lies far below its dark, so the dark is not that of this reading",
    "no_reference_light": "the reference gave no light to divide by",
    "reference_unknown": "the reflectance of the reference is not known at this wavelength",
    "absorption_unknown": "the absorption of the anvil is not known at this wavelength",
}
"""Why a wavelength was left out."""

# Variance of rounding to whole counts, in counts squared: one twelfth of a step squared.
_ROUNDING_VARIANCE: Final = 1.0 / 12.0
# Light this many standard deviations below zero is no fluctuation: 3e-7 of clean pixels.
_IMPOSSIBLE_SIGMA: Final = 5.0
# Nothing that counts photons reports more; larger numbers are corrupt transfers.
_LARGEST_COUNTS: Final = 1e12
_AXIS_LIMITS_NM: Final = (50.0, 50_000.0)
_SAME_NM: Final = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class DarkReading:
    """Counts with the light off."""

    counts: Vector
    """Mean counts over the averages, shape (n,)."""
    exposure_s: float | Vector
    """One for all, or one per wavelength, shape (n,)."""
    averages: int = 1

    def __post_init__(self) -> None:
        counts = _vector("dark", self.counts)
        _check_exposure("dark", self.exposure_s, self.averages, counts.size)
        object.__setattr__(self, "counts", counts)


@dataclass(frozen=True, kw_only=True, eq=False)
class LightReading:
    """Counts from one spot, with everything that its weights need.

    Raises
    ------
    NotMeasured
        The arrays cannot be a reading: empty, not finite on the axis, two points at one
        wavelength.
    ConfigurationError
        Shapes differ, or a number that describes exposure or detector is impossible.
    """

    spot: str
    """Where the optics looked: "sample", "gasket", "lamp", ..."""
    wavelength_nm: Vector
    """Shape (n,), any order."""
    counts: Vector
    """Mean raw counts over the averages, nothing subtracted, shape (n,)."""
    exposure_s: float | Vector
    """One for a spectrum; laser lines may have one each, shape (n,)."""
    averages: int = 1
    dark: DarkReading
    """With the same exposure and the same axis."""
    gain_e_per_count: float | None = None
    """Photo-electrons per count; None where nobody has measured it, and 1 is assumed."""
    read_noise_e: float = 0.0
    """Read noise of one exposure in electrons."""
    saturation_counts: float | None = None
    lab_time_s: float = float("nan")
    """Laboratory time of the middle of the exposure; NaN where unknown."""

    def __post_init__(self) -> None:
        wavelength = _vector(self.spot, self.wavelength_nm)
        counts = _vector(self.spot, self.counts)
        _check_shapes(self.spot, wavelength, counts, self.dark)
        _check_exposure(self.spot, self.exposure_s, self.averages, wavelength.size)
        _check_detector(self)
        if not np.allclose(self.dark.exposure_s, self.exposure_s, rtol=1e-3, atol=0.0):
            raise ConfigurationError(
                f"The reading of the {self.spot} has {self.exposure_s} s and its dark "
                f"{self.dark.exposure_s} s; take a dark with the same exposure."
            )
        _check_axis(self.spot, wavelength)
        object.__setattr__(self, "wavelength_nm", wavelength)
        object.__setattr__(self, "counts", counts)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        numbers = asdict(self)
        return {key: _plain(value) for key, value in numbers.items() if key != "dark"} | {
            "dark": {key: _plain(value) for key, value in numbers["dark"].items()}
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "LightReading":
        """Read what `to_dict` gave.

        Raises
        ------
        ConfigurationError
            It is none.
        """
        try:
            return cls(**{**stored, "dark": DarkReading(**stored["dark"])})
        except (KeyError, TypeError) as error:
            raise ConfigurationError(
                f"What was stored as a reading of light is none ({error}); take it again."
            ) from None

    def light(self) -> "Light":
        """Subtract the dark and attach the photon noise.

        The electrons that make shot noise are those above the median of the dark: of the dark
        itself, only read noise and rounding are counted, for its offset carries no noise and
        cannot be told from its current.
        """
        order = np.argsort(self.wavelength_nm, kind="stable")
        counts, dark = self.counts[order], self.dark.counts[order]
        bad = ~(np.isfinite(counts) & np.isfinite(dark))
        bad |= (np.abs(np.nan_to_num(counts)) > _LARGEST_COUNTS) | (
            np.abs(np.nan_to_num(dark)) > _LARGEST_COUNTS
        )
        counts, dark = np.where(bad, 0.0, counts), np.where(bad, 0.0, dark)
        gain = 1.0 if self.gain_e_per_count is None else self.gain_e_per_count
        floor = (self.read_noise_e / gain) ** 2 + _ROUNDING_VARIANCE
        offset = float(np.median(dark[~bad])) if not bad.all() else 0.0
        shot = np.maximum(counts - offset, 0.0) / gain
        variance, dark_variance = (shot + floor) / self.averages, floor / self.dark.averages
        above = counts - dark
        exposure = np.broadcast_to(np.asarray(self.exposure_s, dtype=np.float64), order.shape)[
            order
        ]
        limit = _IMPOSSIBLE_SIGMA * np.sqrt(variance + dark_variance)
        flags = {"bad_counts": bad, "dark_too_high": ~bad & (above < -limit)}
        if self.saturation_counts is not None:
            flags["saturated"] = ~bad & (counts >= self.saturation_counts)
        return Light(
            spot=self.spot,
            wavelength_nm=self.wavelength_nm[order],
            counts=above,
            rate=above / exposure,
            sigma_rate=np.sqrt(variance) / exposure,
            sigma_dark_rate=np.sqrt(dark_variance) / exposure,
            dark=self.dark,
            flags=flags,
            lab_time_s=self.lab_time_s,
            gain_assumed=self.gain_e_per_count is None,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Light:
    """Dark-subtracted counts per second, in order of rising wavelength."""

    spot: str
    wavelength_nm: Vector
    counts: Vector
    """Above the dark, shape (n,)."""
    rate: Vector
    """Counts per second above the dark, shape (n,)."""
    sigma_rate: Vector
    """Standard uncertainty of `rate` from this exposure alone."""
    sigma_dark_rate: Vector
    """Standard uncertainty of `rate` from the dark alone."""
    dark: DarkReading
    flags: dict[str, Mask]
    lab_time_s: float
    gain_assumed: bool

    @property
    def usable(self) -> Mask:
        """True where nothing speaks against the pixel, shape (n,)."""
        return ~np.any(list(self.flags.values()), axis=0)

    def require_axis_of(self, other: "Light") -> None:
        """Raise where the other light was not taken at the same wavelengths.

        Raises
        ------
        ConfigurationError
            The axes differ.
        """
        mine, theirs = self.wavelength_nm, other.wavelength_nm
        if mine.size != theirs.size:
            raise ConfigurationError(
                f"The readings of the {self.spot} and the {other.spot} have {mine.size} and "
                f"{theirs.size} wavelengths; take both with the same axis."
            )
        apart = float(np.max(np.abs(mine - theirs)))
        if apart > _SAME_NM:
            raise ConfigurationError(
                f"The readings of the {self.spot} and the {other.spot} were taken at wavelengths "
                f"up to {apart:.3g} nm apart; take both with the same axis."
            )


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _vector(spot: str, values: Vector) -> Vector:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise NotMeasured(
            f"The reading of the {spot} has the shape {array.shape}; one row with at least one "
            "wavelength is needed."
        )
    array.flags.writeable = False
    return array


def _check_exposure(spot: str, exposure_s: float | Vector, averages: int, size: int) -> None:
    exposure = np.asarray(exposure_s, dtype=np.float64)
    if exposure.shape not in ((), (size,)):
        raise ConfigurationError(
            f"The reading of the {spot} has {size} wavelengths and {exposure.size} exposures; give "
            "one exposure for all, or one for each."
        )
    if not np.all(np.isfinite(exposure) & (exposure > 0.0)) or averages < 1:
        raise ConfigurationError(
            f"The reading of the {spot} states {averages} exposures of {exposure_s} s; both must "
            "be positive."
        )


def _check_shapes(spot: str, wavelength: Vector, counts: Vector, dark: DarkReading) -> None:
    if not wavelength.size == counts.size == dark.counts.size:
        raise ConfigurationError(
            f"The reading of the {spot} has {wavelength.size} wavelengths, {counts.size} counts "
            f"and {dark.counts.size} dark counts; the numbers must agree."
        )


def _check_detector(reading: LightReading) -> None:
    gain, noise, full = (
        reading.gain_e_per_count,
        reading.read_noise_e,
        reading.saturation_counts,
    )
    positive = [value for value in (gain, full) if value is not None]
    if not all(np.isfinite(value) and value > 0.0 for value in positive) or not (
        np.isfinite(noise) and noise >= 0.0
    ):
        raise ConfigurationError(
            f"The detector of the {reading.spot} states gain {gain}, read noise {noise} e and "
            f"full scale {full}; gain and full scale are positive, the noise not negative."
        )


def _check_axis(spot: str, wavelength: Vector) -> None:
    low, high = _AXIS_LIMITS_NM
    if not np.all((wavelength >= low) & (wavelength <= high)):
        raise NotMeasured(
            f"The wavelengths of the {spot} are not all between {low:g} and {high:g} nm; check "
            "the axis and its unit."
        )
    if wavelength.size > 1 and float(np.min(np.diff(np.sort(wavelength)))) <= _SAME_NM:
        raise NotMeasured(f"The reading of the {spot} has two points at one wavelength.")
