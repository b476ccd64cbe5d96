"""A spectrum as it was measured, and the noise that photons and electronics put on it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured

__all__ = ["MIN_PIXELS", "PhotonNoise", "Spectrum"]

MIN_PIXELS: Final = 32
"""Three times the unknowns of the largest line model: fewer pixels decide nothing."""

# Nothing that counts photons reports more; larger numbers are corrupt transfers and would
# overflow when squared.
_LARGEST_COUNTS: Final = 1e12
_AXIS_LIMITS_NM: Final = (50.0, 50_000.0)
_SMALLEST_STEP_NM: Final = 1e-6

# Variance of rounding to whole counts, in counts squared: one twelfth of a step squared.
_ROUNDING_VARIANCE: Final = 1.0 / 12.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectrum:
    """One spectrum with everything that the weights of a fit need.

    The pixels are put in order of rising wavelength; the arrays are made read-only.

    Raises
    ------
    NotMeasured
        The data cannot be a spectrum: not finite, too few pixels, two pixels at one wavelength.
    ConfigurationError
        A value that describes the detector or the exposure is impossible, or shapes differ.
    """

    wavelength_nm: NDArray[np.float64]
    """Axis in air, shape (pixels,)."""
    counts: NDArray[np.float64]
    """Mean raw counts over the averages, nothing subtracted, shape (pixels,)."""
    exposure_s: float
    """Length of one exposure in s."""
    averages: int
    """Number of exposures that were averaged."""
    gain_e_per_count: float | None = None
    """Photo-electrons per count; None where nobody has measured it."""
    read_noise_e: float | None = None
    """Read noise of one exposure in electrons; None where nobody has measured it."""
    dark_counts: float | NDArray[np.float64] | None = None
    """Electronic offset in counts, one value or shape (pixels,).

    The offset only, not the dark current, whose electrons make shot noise as light does.
    """
    saturation_counts: float | None = None
    """Full scale in counts."""

    def __post_init__(self) -> None:
        wavelength, counts = _one_dimensional(self.wavelength_nm), _one_dimensional(self.counts)
        _check_arrays(wavelength, counts)
        order = np.argsort(wavelength, kind="stable")
        wavelength, counts = wavelength[order], counts[order]
        _check_axis(wavelength)
        dark = _ordered_dark(self.dark_counts, order)
        self._check_detector()
        object.__setattr__(self, "wavelength_nm", _read_only(wavelength))
        object.__setattr__(self, "counts", _read_only(counts))
        object.__setattr__(self, "dark_counts", dark)

    def _check_detector(self) -> None:
        _positive("exposure", "s", self.exposure_s)
        if self.averages < 1:
            raise ConfigurationError(
                f"The spectrum says it averages {self.averages} exposures; give 1 or more."
            )
        if self.gain_e_per_count is not None:
            _positive("gain", "electrons per count", self.gain_e_per_count)
        if self.saturation_counts is not None:
            _positive("saturation", "counts", self.saturation_counts)
        if self.read_noise_e is not None and not 0.0 <= self.read_noise_e < _LARGEST_COUNTS:
            raise ConfigurationError(
                f"The read noise of the spectrum is {self.read_noise_e} electrons; "
                "give 0 or more, or None where it is unknown."
            )

    @property
    def offset_counts(self) -> float:
        """One electronic offset for all pixels; 0 where it is unknown."""
        return 0.0 if self.dark_counts is None else float(np.median(self.dark_counts))

    @property
    def levelled_counts(self) -> NDArray[np.float64]:
        """Counts with the pixel pattern of the offset removed and its median kept."""
        if self.dark_counts is None or isinstance(self.dark_counts, float):
            return self.counts
        return self.counts - (self.dark_counts - self.offset_counts)


@dataclass(frozen=True, kw_only=True)
class PhotonNoise:
    """Variance of a pixel from the counts that a model expects there.

    ``((counts - offset) / gain + (read / gain)**2) / averages``: shot noise of the electrons
    behind the counts and read noise, both in counts (photon transfer; Janesick, "Photon
    Transfer", SPIE Press, 2007).
    """

    gain_e_per_count: float
    read_noise_e: float
    offset_counts: float
    averages: int
    gain_assumed: bool
    """True where the gain is not known: the scale of the variance then comes from the scatter."""

    @classmethod
    def of(cls, spectrum: Spectrum) -> "PhotonNoise":
        """Take the noise of a spectrum, one electron per count where the gain is unknown."""
        gain = spectrum.gain_e_per_count
        return cls(
            gain_e_per_count=1.0 if gain is None else gain,
            read_noise_e=0.0 if spectrum.read_noise_e is None else spectrum.read_noise_e,
            offset_counts=spectrum.offset_counts,
            averages=spectrum.averages,
            gain_assumed=gain is None,
        )

    def variance(self, expected_counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance in counts squared, shape as given, never 0."""
        shot = np.maximum(expected_counts - self.offset_counts, 0.0) / self.gain_e_per_count
        read = (self.read_noise_e / self.gain_e_per_count) ** 2
        return (shot + max(read, _ROUNDING_VARIANCE)) / self.averages


def _one_dimensional(values: NDArray[np.float64]) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1:
        raise ConfigurationError(
            f"A spectrum needs arrays of one dimension, not of shape {array.shape}."
        )
    return array


def _check_arrays(wavelength: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
    if wavelength.shape != counts.shape:
        raise ConfigurationError(
            f"The spectrum has {wavelength.size} wavelengths and {counts.size} counts; "
            "give one of each for every pixel."
        )
    if counts.size < MIN_PIXELS:
        raise NotMeasured(
            f"The spectrum has {counts.size} pixels; a line needs {MIN_PIXELS} or more."
        )
    bad = ~(np.isfinite(counts) & (np.abs(counts) < _LARGEST_COUNTS))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise NotMeasured(
            f"The spectrum has {int(bad.sum())} pixels that are no counts, the first is "
            f"pixel {first} with {counts[first]}; measure it again."
        )


def _check_axis(wavelength: NDArray[np.float64]) -> None:
    low, high = _AXIS_LIMITS_NM
    if not (np.isfinite(wavelength).all() and low < wavelength[0] and wavelength[-1] < high):
        raise NotMeasured(
            f"The wavelength axis runs from {wavelength[0]} to {wavelength[-1]} nm and must be "
            f"finite and between {low:g} and {high:g} nm; check the spectrometer's calibration."
        )
    step = np.diff(wavelength)
    if step.min() < _SMALLEST_STEP_NM:
        at = float(wavelength[int(step.argmin())])
        raise NotMeasured(
            f"Two pixels of the wavelength axis stand at {at} nm; every pixel needs a "
            "wavelength of its own, so check the spectrometer's calibration."
        )


def _ordered_dark(
    dark: float | NDArray[np.float64] | None, order: NDArray[np.intp]
) -> float | NDArray[np.float64] | None:
    if dark is None:
        return None
    array = np.array(dark, dtype=np.float64)
    if not (np.isfinite(array).all() and (np.abs(array) < _LARGEST_COUNTS).all()):
        raise NotMeasured("The dark counts of the spectrum are not finite; measure them again.")
    if array.ndim == 0:
        return float(array)
    if array.shape != order.shape:
        raise ConfigurationError(
            f"The spectrum has {order.size} pixels and dark counts of shape {array.shape}; "
            "give one value, or one for every pixel."
        )
    return _read_only(array[order])


def _positive(name: str, unit: str, value: float) -> None:
    if not 0.0 < value < _LARGEST_COUNTS:
        raise ConfigurationError(
            f"The {name} of the spectrum is {value} {unit}; give a number above 0."
        )


def _read_only(array: NDArray) -> NDArray:
    array.setflags(write=False)
    return array
