"""A spectrum as it was measured, alone or in a stack."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.spectrum_checks import (
    LARGEST_COUNTS,
    MIN_PIXELS,
    WAVELENGTH,
    as_numbers,
    check_axis,
    check_counts,
    check_detector,
    check_sizes,
    one_dimensional,
    ordered,
    read_only,
)

__all__ = ["MIN_PIXELS", "Spectrum", "SpectrumStack", "usable_rows"]


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
    dark_sigma_counts: float | NDArray[np.float64] | None = None
    """Standard uncertainty of the offset of a pixel, one value or shape (pixels,)."""

    def __post_init__(self) -> None:
        wavelength, counts = one_dimensional(self.wavelength_nm), one_dimensional(self.counts)
        check_sizes(WAVELENGTH, wavelength.size, counts.size)
        check_counts(counts)
        order = np.argsort(wavelength, kind="stable")
        wavelength, counts = wavelength[order], counts[order]
        check_axis(WAVELENGTH, wavelength)
        check_detector(self)
        _store(self, wavelength, counts, order)

    @property
    def offset_counts(self) -> float:
        """One electronic offset for all pixels; 0 where it is unknown."""
        return _offset(self.dark_counts)

    @property
    def levelled_counts(self) -> NDArray[np.float64]:
        """Counts with the pixel pattern of the offset removed and its median kept."""
        return _levelled(self.counts, self.dark_counts)


_SHARED: Final = tuple(field.name for field in fields(Spectrum) if field.name != "counts")
"""What spectra of one stack have in common."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SpectrumStack:
    """Many spectra of one detector on one axis; the fields are those of `Spectrum`.

    A spectrum with counts that are no numbers stays in the stack, so that a batch goes on; its
    fit says ``bad_counts``.

    Raises
    ------
    NotMeasured, ConfigurationError
        As for `Spectrum`, where it concerns all spectra.
    """

    wavelength_nm: NDArray[np.float64]
    """Axis in air, shape (pixels,)."""
    counts: NDArray[np.float64]
    """Mean raw counts, shape (spectra, pixels)."""
    exposure_s: float
    averages: int
    gain_e_per_count: float | None = None
    read_noise_e: float | None = None
    dark_counts: float | NDArray[np.float64] | None = None
    saturation_counts: float | None = None
    dark_sigma_counts: float | NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        wavelength = one_dimensional(self.wavelength_nm)
        counts = as_numbers("counts", self.counts)
        if counts.ndim != 2:
            raise ConfigurationError(
                f"A stack of spectra needs counts of shape (spectra, pixels), not {counts.shape}."
            )
        check_sizes(WAVELENGTH, wavelength.size, counts.shape[1])
        order = np.argsort(wavelength, kind="stable")
        check_axis(WAVELENGTH, wavelength[order])
        check_detector(self)
        sorted_already = bool((order[1:] > order[:-1]).all())
        counts = counts if sorted_already else counts[:, order]
        _store(self, wavelength[order], counts, order)

    @classmethod
    def of(cls, spectra: Sequence[Spectrum]) -> "SpectrumStack":
        """Stack spectra that share axis and detector.

        Raises
        ------
        ConfigurationError
            There is none, or they differ in more than their counts.
        """
        if not spectra:
            raise ConfigurationError("There is no spectrum to stack.")
        first, shared = spectra[0], _SHARED
        for index, other in enumerate(spectra[1:], start=1):
            for name in shared:
                if not np.array_equal(getattr(first, name), getattr(other, name)):
                    raise ConfigurationError(
                        f"Spectrum {index} of the stack differs from the first in {name}; "
                        "stack only spectra of one detector on one axis."
                    )
        # each of them was checked, ordered and made read-only when it was made
        stack = cls.__new__(cls)
        counts = read_only(np.array([spectrum.counts for spectrum in spectra]))
        for name, value in {"counts": counts, **{n: getattr(first, n) for n in shared}}.items():
            object.__setattr__(stack, name, value)
        return stack

    def __len__(self) -> int:
        return self.counts.shape[0]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """False for spectra with counts that are no numbers, shape (spectra,)."""
        return usable_rows(self.counts)

    @property
    def offset_counts(self) -> float:
        """One electronic offset for all pixels; 0 where it is unknown."""
        return _offset(self.dark_counts)

    def levelled(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Some of the counts with the pixel pattern of the offset removed and its median kept."""
        return _levelled(counts, self.dark_counts)


def usable_rows(counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows in which every count is a number that a detector can report, shape (spectra,)."""
    return (counts.min(axis=1) > -LARGEST_COUNTS) & (counts.max(axis=1) < LARGEST_COUNTS)


def _offset(dark: float | NDArray[np.float64] | None) -> float:
    if dark is None or isinstance(dark, (int, float)):
        return 0.0 if dark is None else float(dark)
    return float(np.median(dark))


def _levelled(
    counts: NDArray[np.float64], dark: float | NDArray[np.float64] | None
) -> NDArray[np.float64]:
    if dark is None or isinstance(dark, float):
        return counts
    return counts - (dark - float(np.median(dark)))


def _store(
    spectrum: Spectrum | SpectrumStack,
    wavelength: NDArray[np.float64],
    counts: NDArray[np.float64],
    order: NDArray[np.intp],
) -> None:
    dark = ordered("dark counts", spectrum.dark_counts, order)
    dark_sigma = ordered("dark uncertainty", spectrum.dark_sigma_counts, order)
    object.__setattr__(spectrum, "wavelength_nm", read_only(wavelength))
    object.__setattr__(spectrum, "counts", read_only(counts))
    object.__setattr__(spectrum, "dark_counts", dark)
    object.__setattr__(spectrum, "dark_sigma_counts", dark_sigma)
