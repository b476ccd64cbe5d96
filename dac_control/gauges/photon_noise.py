"""The noise that photons and electronics put on the pixels of a spectrum."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.spectrum import Spectrum, SpectrumStack, usable_rows
from dac_control.gauges.unlit_scatter import unlit_variance

__all__ = ["PhotonNoise"]

# Variance of rounding to whole counts, in counts squared: one twelfth of a step squared.
_ROUNDING_VARIANCE: Final = 1.0 / 12.0


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
    dark_variance: float | NDArray[np.float64] = 0.0
    """Variance of the offset that was subtracted, in counts squared; a number, or one a pixel."""
    unlit_variance: float = 0.0
    """Variance of a pixel without light that the scatter shows, where no read noise is known."""

    @classmethod
    def of(cls, spectrum: Spectrum | SpectrumStack) -> "PhotonNoise":
        """Take the noise of a spectrum, one electron per count where the gain is unknown.

        Where the read noise is unknown, the scatter of the darkest pixels stands for it.
        """
        gain = spectrum.gain_e_per_count
        noise = cls(
            gain_e_per_count=1.0 if gain is None else gain,
            read_noise_e=0.0 if spectrum.read_noise_e is None else spectrum.read_noise_e,
            offset_counts=spectrum.offset_counts,
            averages=spectrum.averages,
            gain_assumed=gain is None,
            dark_variance=(
                0.0 if spectrum.dark_sigma_counts is None else np.square(spectrum.dark_sigma_counts)
            ),
        )
        if spectrum.read_noise_e is not None:
            return noise
        counts = np.atleast_2d(spectrum.counts)
        lit = counts[usable_rows(counts)], noise.offset_counts, noise.counts_variance
        return replace(noise, unlit_variance=unlit_variance(*lit))

    @property
    def counts_variance(self) -> float:
        """Variance per count of light."""
        return 1.0 / (self.gain_e_per_count * self.averages)

    @property
    def floor_variance(self) -> float | NDArray[np.float64]:
        """Variance of a pixel without light, in counts squared."""
        read = (self.read_noise_e / self.gain_e_per_count) ** 2
        known = max(read, _ROUNDING_VARIANCE) / self.averages
        return max(known, self.unlit_variance) + self.dark_variance

    def variance(self, expected_counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance in counts squared, shape as given, never 0."""
        light = np.maximum(expected_counts - self.offset_counts, 0.0)
        return light * self.counts_variance + self.floor_variance
