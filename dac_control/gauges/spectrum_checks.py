"""What an axis, counts and a detector must be like, for every kind of spectrum."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.errors import ConfigurationError, NotMeasured

if TYPE_CHECKING:
    from dac_control.gauges.spectrum import Spectrum, SpectrumStack

__all__ = [
    "LARGEST_COUNTS",
    "MIN_PIXELS",
    "RAMAN",
    "WAVELENGTH",
    "AxisKind",
    "as_numbers",
    "check_axis",
    "check_counts",
    "check_detector",
    "check_sizes",
    "one_dimensional",
    "ordered",
    "read_only",
]

MIN_PIXELS: Final = 32
"""Three times the unknowns of the largest line model: fewer pixels decide nothing."""

# Nothing that counts photons reports more; larger numbers are corrupt transfers and would
# overflow when squared.
LARGEST_COUNTS: Final = 1e12


@dataclass(frozen=True, kw_only=True)
class AxisKind:
    """One kind of axis, and what to say of one that is none."""

    name: str
    value: str
    """What a pixel has."""
    unit: str
    limits: tuple[float, float]
    advice: str
    smallest_step: float = 1e-6


WAVELENGTH: Final = AxisKind(
    name="wavelength axis",
    value="wavelength",
    unit="nm",
    limits=(50.0, 50_000.0),
    advice="check the spectrometer's calibration",
)
# The largest Raman shift that a cell shows is the H2 vibron at 4250 cm-1, its overtone below
# 9000; absolute wavenumbers and wavelengths in angstrom lie beyond.
RAMAN: Final = AxisKind(
    name="Raman axis",
    value="shift",
    unit="cm-1",
    limits=(-6000.0, 10_000.0),
    advice="absolute wavenumbers need the laser's subtracted",
)


def one_dimensional(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A copy as numbers; raises `ConfigurationError` where they are none or not of shape (n,)."""
    array = as_numbers("values", values)
    if array.ndim != 1:
        raise ConfigurationError(
            f"A spectrum needs arrays of one dimension, not of shape {array.shape}."
        )
    return array


def check_sizes(kind: AxisKind, values: int, pixels: int) -> None:
    """Refuse an axis of another length than the counts, and one that is too short."""
    if values != pixels:
        raise ConfigurationError(
            f"The spectrum has {values} {kind.value}s and {pixels} counts; "
            "give one of each for every pixel."
        )
    if pixels < MIN_PIXELS:
        word = "pixel" if pixels == 1 else "pixels"
        raise NotMeasured(f"The spectrum has {pixels} {word}; a line needs {MIN_PIXELS} or more.")


def check_counts(counts: NDArray[np.float64]) -> None:
    """Refuse counts that no detector reports."""
    good = np.abs(counts) < LARGEST_COUNTS
    if not good.all():
        bad = ~good
        first, number = int(np.flatnonzero(bad)[0]), int(bad.sum())
        what = "1 pixel that is no count" if number == 1 else f"{number} pixels that are no counts"
        raise NotMeasured(
            f"The spectrum has {what}, the first is pixel {first} with {counts[first]}; "
            "measure it again."
        )


def check_axis(kind: AxisKind, axis: NDArray[np.float64]) -> None:
    """Refuse an axis, in rising order, that is not finite, of another unit or ambiguous."""
    low, high = kind.limits
    if not (np.isfinite(axis).all() and low < axis[0] and axis[-1] < high):
        raise NotMeasured(
            f"The {kind.name} runs from {axis[0]} to {axis[-1]} {kind.unit} and must be "
            f"finite and between {low:g} and {high:g} {kind.unit}; {kind.advice}."
        )
    step = axis[1:] - axis[:-1]
    if step.size and step.min() < kind.smallest_step:
        at = float(axis[int(step.argmin())])
        raise NotMeasured(
            f"Two pixels of the {kind.name} stand at {at} {kind.unit}; every pixel needs a "
            f"{kind.value} of its own, so check the spectrometer's calibration."
        )


def check_detector(spectrum: "Spectrum | SpectrumStack") -> None:
    """Refuse what no exposure and no detector can be."""
    _positive("exposure", "s", spectrum.exposure_s)
    if spectrum.averages < 1:
        raise ConfigurationError(
            f"The spectrum says it averages {spectrum.averages} exposures; give 1 or more."
        )
    if spectrum.gain_e_per_count is not None:
        _positive("gain", "electrons per count", spectrum.gain_e_per_count)
    if spectrum.saturation_counts is not None:
        _positive("saturation", "counts", spectrum.saturation_counts)
    if spectrum.read_noise_e is not None and not 0.0 <= spectrum.read_noise_e < LARGEST_COUNTS:
        raise ConfigurationError(
            f"The read noise of the spectrum is {spectrum.read_noise_e} electrons; "
            "give 0 or more, or None where it is unknown."
        )


def ordered(
    what: str, values: float | NDArray[np.float64] | None, order: NDArray[np.intp]
) -> float | NDArray[np.float64] | None:
    """One value, or one a pixel in the order of the axis.

    Raises
    ------
    NotMeasured
        They are not finite.
    ConfigurationError
        They are no numbers, or not as many as pixels.
    """
    if values is None or (isinstance(values, float) and abs(values) < LARGEST_COUNTS):
        return values
    array = as_numbers(what, values)
    if not (np.isfinite(array).all() and (np.abs(array) < LARGEST_COUNTS).all()):
        raise NotMeasured(f"The {what} of the spectrum are not finite; measure them again.")
    if array.ndim == 0:
        return float(array)
    if array.shape != order.shape:
        raise ConfigurationError(
            f"The spectrum has {order.size} pixels and {what} of shape {array.shape}; "
            "give one value, or one for every pixel."
        )
    return read_only(array[order])


def read_only(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same array, which nobody changes by mistake any more."""
    array.setflags(write=False)
    return array


def as_numbers(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """A copy as numbers; raises `ConfigurationError` where they are none."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"The {what} of a spectrum must be numbers in one row or column, and these are not: "
            f"{error}."
        ) from None


def _positive(name: str, unit: str, value: float) -> None:
    if not 0.0 < value < LARGEST_COUNTS:
        raise ConfigurationError(
            f"The {name} of the spectrum is {value} {unit}; give a number above 0."
        )
