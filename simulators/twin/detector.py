"""A detector on an axis: electrons to counts, for the ports beside that of the ruby."""

import math

import numpy as np
from numpy.typing import NDArray

from simulators.twin.port_settings import PortSettings

__all__ = ["Detector"]

Vector = NDArray[np.float64]

FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


class Detector:
    """Axis and noise of one port.

    Parameters
    ----------
    settings : PortSettings
        Nominal numbers, taken as true but for the axis.
    axis_error_nm : float
        Reported minus true axis.
    noise, cosmic_rate
        Switch for all noise; cosmic rays per s of exposure.
    rng : numpy.random.Generator
        Stream of this port.
    """

    def __init__(
        self,
        settings: PortSettings,
        axis_error_nm: float,
        *,
        noise: bool,
        cosmic_rate: float,
        rng: np.random.Generator,
    ) -> None:
        self._settings = settings
        self._noise = noise
        self._cosmic_rate = cosmic_rate
        self._rng = rng
        c0, c1, c2, c3 = (float(np.float32(c)) for c in settings.coefficients)
        self.coefficients = (c0, c1, c2, c3)
        index = np.arange(settings.pixels, dtype=np.float64)
        self.true_nm = c0 + index * (c1 + index * (c2 + index * c3)) - axis_error_nm
        """True wavelength of each pixel, nm in air, shape (pixels,)."""
        self.pitch_nm = np.gradient(self.true_nm)
        pattern = settings.dark_pattern_counts * rng.standard_normal(settings.pixels)
        self._dark_counts = settings.dark_counts + pattern

    @property
    def pixels(self) -> int:
        """Pixels of the detector."""
        return self._settings.pixels

    def lines(self, wavelengths_nm: Vector, electrons: Vector) -> Vector:
        """Narrow lines as this instrument shows them, electrons in each pixel."""
        sigma = self._settings.instrument_fwhm_nm / FWHM_PER_SIGMA
        total = np.zeros(self.pixels)
        for nm, strength in zip(wavelengths_nm, electrons, strict=True):
            first, last = np.searchsorted(self.true_nm, (nm - 6.0 * sigma, nm + 6.0 * sigma))
            here = slice(int(first), int(last))
            d = (self.true_nm[here] - nm) / sigma
            profile = np.exp(-0.5 * d * d) / (sigma * math.sqrt(2.0 * math.pi))
            total[here] += float(strength) * profile * self.pitch_nm[here]
        return total

    def counts(self, electrons: Vector, exposure_s: float) -> NDArray[np.uint16]:
        """Counts of one exposure; `electrons` are those of the light, shape (pixels,)."""
        settings = self._settings
        total = electrons + settings.dark_current_e_per_s * exposure_s
        if self._cosmic_rate > 0.0:
            hits = self._rng.poisson(self._cosmic_rate * exposure_s)
            for pixel in self._rng.integers(0, total.size - 1, hits):
                charge = 10.0 ** self._rng.uniform(3.0, 4.7)
                total[pixel : pixel + 2] += charge * np.array((0.7, 0.3))
        if self._noise:
            noise_e = settings.read_noise_e * self._rng.standard_normal(total.size)
            total = self._rng.poisson(total) + noise_e
        counts = np.rint(total / settings.gain_e_per_count + self._dark_counts)
        return np.clip(counts, 0, settings.full_scale).astype(np.uint16)
