"""Spectra on their way through the fit, and where in them a line is thought to be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "Spectra"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Spectra:
    """Some spectra with what is known of their pixels; one row a spectrum."""

    y: Array
    """Counts, shape (spectra, pixels)."""
    saturated: Mask
    spikes: Mask
    """Pixels masked before any fit."""
    temperature_k: Array
    """NaN where unknown."""

    def take(self, rows: Rows) -> "Spectra":
        """Some of them."""
        return Spectra(
            self.y[rows], self.saturated[rows], self.spikes[rows], self.temperature_k[rows]
        )


@dataclass(frozen=True)
class Place:
    """First estimates of the lines, each of shape (spectra,)."""

    r1_nm: Array
    fwhm_nm: Array
    score: Array
    """Signal-to-noise ratio."""
