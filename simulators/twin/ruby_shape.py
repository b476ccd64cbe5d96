"""Ruby as it looks through a real spectrometer, beyond two Voigt lines.

Everything is put together in Fourier space: a Lorentzian with tails that end, a box of pressures
within the chip, an exponential tail towards low pressure (the rim of the chip sits lower than its
middle), the slit's box, the Gaussian rest of the instrument, the pixel. The mean of all that is
zero: the true wavelength is the mean over the chip of where the unstrained line has its maximum.
A wing of acoustic phonons to the red, N lines, vibronic sidebands and stray neon come on top.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.twin.lamp_lines import NEON_LINES_NM, NEON_STRENGTHS
from simulators.twin.port_settings import RubyShapeSettings
from simulators.twin.ruby import RubyLines

__all__ = ["RubyShape"]

Vector = NDArray[np.float64]

GRID_NM = 0.01
GRID = 4096
"""41 nm about R1; what wraps around from further wings is below 1e-4 of the peak."""

NM_PER_GPA = 0.365
"""Slope of R1, Piermarini et al., J. Appl. Phys. 46, 2774 (1975)."""

GAUSS_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))

COARSE = 4
"""Sidebands are so broad that every fourth pixel tells them."""

N_LINES_NM = (6.65, 9.85)
"""N1 and N2 of chromium pairs near 700.9 and 704.1 nm, from R1."""
N_LINE_FWHM_NM = 0.35
N_LINES_COLD_K = 120.0
"""Pairs shine by transfer from single ions, which warmth undoes; model default."""

SIDEBANDS = (
    # from R1 in cm-1, standard deviation in cm-1, light as part of both lines
    (-75.0, 22.0, 0.015), (-113.0, 12.0, 0.0015), (-165.0, 45.0, 0.052), (-272.0, 45.0, 0.176),
    (-400.0, 40.0, 0.227), (-462.0, 55.0, 0.165), (-555.0, 60.0, 0.083), (-640.0, 90.0, 0.096),
    (-850.0, 110.0, 0.068),
)  # fmt: skip
"""Stokes side of the vibronic spectrum; lights are least squares to two spectra of ruby at room
temperature (`tests/simulators/twin/test_real_ruby.py`), all bands together."""
ANTI_STOKES = ((200.0, 90.0, 0.016), (390.0, 90.0, 0.012))
"""The other side, at room temperature; it freezes out."""

HC_OVER_K = 1.438776877


class RubyShape:
    """Draws ruby on one axis.

    Parameters
    ----------
    settings : RubyShapeSettings
        How much of what.
    axis_nm, pitch_nm : arrays, shape (pixels,)
        Reported wavelength of each pixel, and the width of each.
    instrument_fwhm_nm : float
        Width of the instrument.
    """

    def __init__(
        self,
        settings: RubyShapeSettings,
        axis_nm: Vector,
        pitch_nm: Vector,
        instrument_fwhm_nm: float,
    ) -> None:
        self._settings = settings
        self._axis_nm = axis_nm
        self._pitch_nm = pitch_nm
        self._grid_nm = GRID_NM * (np.arange(GRID) - GRID // 2)
        box_nm = settings.slit_part * instrument_fwhm_nm
        rest_nm = math.sqrt(1.0 - settings.slit_part**2) * instrument_fwhm_nm * GAUSS_PER_FWHM
        pixel_nm = float(np.median(pitch_nm))
        omega = 2.0 * math.pi * np.fft.rfftfreq(GRID, GRID_NM)
        # the instrument passes nothing beyond
        self._omega = omega[omega * rest_nm < 6.0]
        signs = np.where(np.arange(self._omega.size) % 2 == 0, 1.0, -1.0)
        self._instrument = (
            np.sinc(self._omega * box_nm / (2.0 * math.pi))
            * np.sinc(self._omega * pixel_nm / (2.0 * math.pi))
            * np.exp(-0.5 * (self._omega * rest_nm) ** 2)
            * (signs / GRID_NM)  # puts 0 in the middle of the grid
        )
        pair = 0.6 * np.exp(-1j * self._omega * N_LINES_NM[0])
        pair += 0.4 * np.exp(-1j * self._omega * N_LINES_NM[1])
        self._pairs = settings.n_line_part * pair * np.exp(-0.5 * N_LINE_FWHM_NM * self._omega)
        # an exponential wing to the red, rounded a little
        wing = np.exp(-0.15 * settings.wing_nm * self._omega)
        self._wing = wing / (1.0 + 1j * settings.wing_nm * self._omega)
        # what broadens a line has a spectrum of its own, and the tails end with it
        bend = 1.0 / settings.tail_nm
        self._tails = np.hypot(self._omega, bend) - bend
        width_nm = math.hypot(0.7 * box_nm, 2.2 * rest_nm)
        self._neon = self._neon_lines(width_nm / 2.2)
        self._lead_by_key: dict[tuple[int, int], float] = {}

    def electrons(self, lines: RubyLines, axis_error_nm: float, total_e: float) -> Vector:
        """Electrons in each pixel of `total_e` in both R lines, shape (pixels,)."""
        centre_nm = lines.r1_nm + axis_error_nm
        density = np.fft.irfft(self._transform(lines) * self._instrument, GRID)
        light = np.interp(self._axis_nm - centre_nm, self._grid_nm, density, left=0.0, right=0.0)
        light += self._sidebands(centre_nm, lines.temperature_k)
        return total_e * light * self._pitch_nm

    def stray(self, exposure_s: float) -> Vector:
        """Electrons of a neon lamp in the room, shape (pixels,)."""
        return self._settings.stray_neon_e_per_s * exposure_s * self._neon

    def _transform(self, lines: RubyLines) -> NDArray[np.complex128]:
        """Fourier transform of all lines about R1, before the instrument."""
        omega = self._omega
        lorentz_nm = max(lines.fwhm_nm - lines.strain_fwhm_nm, 0.0)
        core = self._core(lorentz_nm, lines.temperature_k)
        core = core * np.exp(1j * omega * self._lead_nm(lorentz_nm, lines.temperature_k))
        split = np.exp(-1j * omega * (lines.r2_nm - lines.r1_nm))
        both = lines.r1_share + (1.0 - lines.r1_share) * split
        cold = 1.0 / (1.0 + (lines.temperature_k / N_LINES_COLD_K) ** 3)
        lit = core * both
        lit += (lines.r1_share * (0.1 + 0.9 * cold)) * self._pairs
        return lit * self._strain(lines)

    def _core(self, lorentz_nm: float, temperature_k: float) -> NDArray[np.complex128]:
        """Fourier transform of one line with its phonon wing."""
        wing = self._settings.wing_part * (0.25 + 0.75 * min(temperature_k / 296.0, 1.5))
        return np.exp(-0.5 * lorentz_nm * self._tails) * (1.0 - wing + wing * self._wing)

    def _lead_nm(self, lorentz_nm: float, temperature_k: float) -> float:
        """How far the wing pulls the maximum of an unstrained line to the red.

        The wavelength of a line is that of its maximum, so this is taken off again.
        """
        key = round(temperature_k), round(1e3 * lorentz_nm)
        if key not in self._lead_by_key:
            core = self._core(lorentz_nm, temperature_k) * self._instrument
            density = np.fft.irfft(core, GRID)
            top = int(density.argmax())
            low, mid, high = density[top - 1 : top + 2]
            part = 0.5 * (low - high) / (low - 2.0 * mid + high)
            self._lead_by_key[key] = float(self._grid_nm[top] + GRID_NM * part)
        return self._lead_by_key[key]

    def _strain(self, lines: RubyLines) -> NDArray[np.complex128]:
        """Fourier transform of the spread of pressure over the chip, with mean 0."""
        settings, omega = self._settings, self._omega
        per_part = NM_PER_GPA * lines.pressure_gpa
        tail_nm = settings.gradient_part * per_part
        half_nm = settings.chip_part * per_part + 0.5 * lines.strain_fwhm_nm
        box = np.sinc(omega * half_nm / math.pi)
        # an exponential tail to the blue, moved back by its mean
        return box * np.exp(-1j * omega * tail_nm) / (1.0 - 1j * omega * tail_nm)

    def _sidebands(self, centre_nm: float, temperature_k: float) -> Vector:
        """Vibronic light per nm, as part of that in the lines."""
        part = self._settings.sideband_part
        if part <= 0.0:
            return np.zeros_like(self._axis_nm)
        nm = self._axis_nm[::COARSE]
        shift = 1e7 / nm - 1e7 / centre_nm
        total = _bumps(shift, SIDEBANDS)
        hot = math.exp(-HC_OVER_K * 250.0 * (1.0 / max(temperature_k, 4.0) - 1.0 / 296.0))
        if hot > 0.01:
            total += hot * _bumps(shift, ANTI_STOKES)
        return np.interp(self._axis_nm, nm, part * total * 1e7 / nm**2)

    def _neon_lines(self, sigma_nm: float) -> Vector:
        """Neon lines of strength 1 at their peak, shape (pixels,)."""
        total = np.zeros_like(self._axis_nm)
        for nm, strength in zip(NEON_LINES_NM, NEON_STRENGTHS, strict=True):
            total += strength * np.exp(-0.5 * ((self._axis_nm - nm) / sigma_nm) ** 2)
        return total


def _bumps(shift_cm1: Vector, bumps: Sequence[tuple[float, float, float]]) -> Vector:
    """Sum of Gaussians per cm-1."""
    centre, sigma, part = (np.array(column)[:, None] for column in zip(*bumps, strict=True))
    d = (shift_cm1 - centre) / sigma
    height = part[:, 0] / (sigma[:, 0] * math.sqrt(2.0 * math.pi))
    return height @ np.exp(-0.5 * d * d)
