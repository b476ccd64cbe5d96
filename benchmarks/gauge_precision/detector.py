"""What a detector makes of light: photon noise, read noise, counts, spikes and full scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gauge_precision.shapes import Array

__all__ = ["Detector", "Mask", "add_spikes"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A detector of which everything is known."""

    gain_e_per_count: float = 1.0
    read_noise_e: float = 5.0
    offset_counts: float = 300.0
    averages: int = 1
    whole_counts: bool = False
    """Round each exposure to whole counts."""

    @property
    def total_read_noise_e(self) -> float:
        """Read noise of all averages together; with that of rounding, in electrons."""
        rounding = self.gain_e_per_count**2 / 12.0 if self.whole_counts else 0.0
        return float(np.sqrt(self.averages * (self.read_noise_e**2 + rounding)))

    def expose(self, expected_e: Array, random: np.random.Generator) -> Array:
        """Draw counts.

        Parameters
        ----------
        expected_e : array, shape (spectra, pixels)
            Electrons of all averages together.
        random : numpy.random.Generator

        Returns
        -------
        counts : array, shape (spectra, pixels)
            Mean over the averages.
        """
        if not self.whole_counts:
            electrons = random.poisson(expected_e).astype(np.float64)
            electrons += self._read(expected_e.shape, random) * np.sqrt(self.averages)
            return self.offset_counts + electrons / (self.averages * self.gain_e_per_count)
        total = np.zeros(expected_e.shape)
        for _ in range(self.averages):
            electrons = random.poisson(expected_e / self.averages)
            electrons = electrons + self._read(expected_e.shape, random)
            total += np.round(self.offset_counts + electrons / self.gain_e_per_count)
        return total / self.averages

    def _read(self, shape: tuple[int, ...], random: np.random.Generator) -> Array:
        return self.read_noise_e * random.standard_normal(shape)


def add_spikes(counts: Array, around: Array, reach_px: int, random: np.random.Generator) -> Mask:
    """Add cosmic rays in place: 1 to 3 of 5e3 to 5e4 counts, over one or two pixels each.

    Parameters
    ----------
    counts : array, shape (spectra, pixels)
    around : array, shape (spectra,)
        Pixel of R1; every second spike falls within `reach_px` of it, where it hurts.
    reach_px : int
    random : numpy.random.Generator

    Returns
    -------
    hit : array of bool, shape (spectra, pixels)
    """
    spectra, pixels = counts.shape
    hit = np.zeros(counts.shape, dtype=bool)
    for nth in range(3):
        struck = np.arange(spectra)[random.integers(1, 4, spectra) > nth]
        near = around[struck] + random.integers(-reach_px, reach_px + 1, struck.size)
        anywhere = random.integers(0, pixels, struck.size)
        first = np.where(random.random(struck.size) < 0.5, near, anywhere).astype(int)
        first = np.clip(first, 0, pixels - 2)
        size = 10.0 ** random.uniform(np.log10(5e3), np.log10(5e4), struck.size)
        share = np.where(random.random(struck.size) < 0.5, 1.0, random.uniform(0.3, 0.7))
        counts[struck, first] += size * share
        counts[struck, first + 1] += size * (1.0 - share)
        hit[struck, first] = True
        hit[struck, first + 1] |= share < 1.0
    return hit
