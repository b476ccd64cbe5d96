"""Synthetic ruby spectra, drawn by code that shares nothing with the fit."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import voigt_profile

from dac_control.gauges import Spectrum

BOLTZMANN_CM1_PER_K = 0.695034800
SPECTRA = Path(__file__).parents[4] / "shared" / "data" / "spectra"


@dataclasses.dataclass(frozen=True)
class Ruby:
    """A true ruby spectrum on a detector; `counts` is the expectation above the offset."""

    r1_nm: float = 697.3
    fwhm_nm: float = 0.45
    lorentz_share: float = 0.5
    peak_counts: float = 1e4
    ratio: float = 0.4
    splitting_cm1: float = 29.7
    background_counts: float = 200.0
    pitch_nm: float = 0.03
    pixels: int = 2068
    first_nm: float = 680.0
    gain_e_per_count: float = 2.4
    read_noise_e: float = 10.0
    offset_counts: float = 1000.0
    averages: int = 1
    saturation_counts: float = 65535.0

    @property
    def wavelength_nm(self) -> NDArray[np.float64]:
        return self.first_nm + self.pitch_nm * np.arange(self.pixels, dtype=np.float64)

    @property
    def r2_nm(self) -> float:
        return 1.0 / (1.0 / self.r1_nm + self.splitting_cm1 * 1e-7)

    @property
    def counts(self) -> NDArray[np.float64]:
        line = self.line(self.r1_nm) + self.ratio * self.line(self.r2_nm)
        return self.background_counts + self.peak_counts * line

    def line(self, centre_nm: float) -> NDArray[np.float64]:
        gauss, lorentz = self._widths()
        top = voigt_profile(0.0, gauss, lorentz)
        return voigt_profile(self.wavelength_nm - centre_nm, gauss, lorentz) / top

    def _widths(self) -> tuple[float, float]:
        """Sigma and half-width that give the FWHM (Olivero and Longbothum, 1977)."""
        gauss, lorentz = (1.0 - self.lorentz_share), self.lorentz_share
        fwhm = 0.5346 * lorentz + np.sqrt(0.2166 * lorentz**2 + gauss**2)
        scale = self.fwhm_nm / fwhm
        return scale * gauss / np.sqrt(8.0 * np.log(2.0)), scale * lorentz / 2.0

    def variance(self) -> NDArray[np.float64]:
        read = (self.read_noise_e / self.gain_e_per_count) ** 2
        return (self.counts / self.gain_e_per_count + read) / self.averages

    def expose(
        self, rng: np.random.Generator, extra: NDArray[np.float64] | float = 0.0
    ) -> Spectrum:
        """Draw a spectrum; `extra` counts of light are added to the expectation."""
        gain, n = self.gain_e_per_count, self.averages
        electrons = rng.poisson((self.counts + extra) * gain * n).astype(float)
        electrons += rng.normal(0.0, self.read_noise_e * np.sqrt(n), electrons.size)
        counts = electrons / gain / n + self.offset_counts
        return Spectrum(
            wavelength_nm=self.wavelength_nm,
            counts=np.minimum(counts, self.saturation_counts),
            exposure_s=1.0,
            averages=n,
            gain_e_per_count=gain,
            read_noise_e=self.read_noise_e,
            dark_counts=self.offset_counts,
            saturation_counts=self.saturation_counts,
        )

    def bound_nm(self) -> float:
        """Cramer-Rao bound of R1 with shape, R2 and background unknown, by finite differences."""
        start = np.array(
            [
                self.r1_nm,
                self.fwhm_nm,
                self.lorentz_share,
                self.peak_counts,
                self.ratio,
                self.splitting_cm1,
                self.background_counts,
                0.0,
            ]
        )
        steps = np.array([1e-4, 1e-4, 1e-4, 1.0, 1e-4, 1e-2, 1.0, 1e-3])
        if self.ratio == 0.0:
            used = np.array([0, 1, 2, 3, 6, 7])
        else:
            used = np.arange(8)
        slopes = []
        for i in used:
            up, down = start.copy(), start.copy()
            up[i] += steps[i]
            down[i] -= steps[i]
            slopes.append((self._moved(up) - self._moved(down)) / (2.0 * steps[i]))
        jacobian = np.array(slopes)
        near = np.abs(self.wavelength_nm - self.r1_nm + 0.5) < 4.0
        jacobian, variance = jacobian[:, near], self.variance()[near]
        information = (jacobian / variance) @ jacobian.T
        scale = 1.0 / np.sqrt(np.diag(information))
        inverse = np.linalg.inv(information * np.outer(scale, scale))
        return float(np.sqrt(inverse[0, 0]) * scale[0])

    def _moved(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        r1, fwhm, share, peak, ratio, splitting, background, slope = values
        moved = dataclasses.replace(
            self,
            r1_nm=r1,
            fwhm_nm=fwhm,
            lorentz_share=share,
            peak_counts=peak,
            ratio=ratio,
            splitting_cm1=splitting,
            background_counts=background,
        )
        return moved.counts + slope * (self.wavelength_nm - self.r1_nm)


@pytest.fixture
def ruby() -> Ruby:
    """Return the standard true spectrum: 1e4 counts at 8 GPa and 80 K."""
    return Ruby()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)


@pytest.fixture
def thermal() -> Callable[[float], float]:
    """Return R2 to R1 against temperature in K for a strength ratio of 0.7."""
    return lambda temperature_k: float(0.7 * np.exp(-29.7 / (BOLTZMANN_CM1_PER_K * temperature_k)))


@pytest.fixture
def real_spectrum() -> Callable[[str], Spectrum]:
    """Return a reader of measured spectra; skips where they are not there."""

    def read(name: str) -> Spectrum:
        path = SPECTRA / name
        if not path.is_file():
            pytest.skip(f"the measured spectrum {name} is not on this machine")
        wavelength, counts = np.loadtxt(path).T
        return Spectrum(wavelength_nm=wavelength, counts=counts, exposure_s=1.0, averages=1)

    return read
