"""The detector: light on pixels, photons to counts.

A line is a Voigt profile (Lorentzian of the ruby, Gaussian of the instrument) averaged over
each pixel; electrons are Poisson, read noise is Gaussian, counts are rounded and clipped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

from simulators.twin.anvil_light import AnvilLight
from simulators.twin.draws import Drawn
from simulators.twin.lamp_lines import LAMP_LINES_NM, LAMP_STRENGTHS
from simulators.twin.port_settings import RubyShapeSettings
from simulators.twin.ruby import RubyLines
from simulators.twin.ruby_shape import RubyShape
from simulators.twin.settings import SpectrometerSettings

__all__ = ["LitMoment", "Spectrometer"]

CORE_NM = 5.0
"""Beyond this distance the Gaussian part changes a wing by less than 1e-3 of the wing."""

BEND_FROM_NM, BEND_REACH_NM = 694.25, 50.0
"""Where the axis is right although it is bent, and where it is wrong by the stated error."""

GAUSS_LEGENDRE_2 = 0.5 / math.sqrt(3.0)
"""Two-point rule over a pixel: relative error below 1e-5 at eight pixels per FWHM."""

LAMP_E_PER_S = 2.0e6
LAMP_FWHM_NM = 0.002
"""Strongest line of the calibration lamp, and its natural width; model defaults."""

FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


@dataclass(frozen=True, kw_only=True)
class LitMoment:
    """What the slit sees at one moment of an exposure."""

    weight: float
    """Part of the exposure that this moment stands for."""
    lines: RubyLines
    axis_error_nm: float
    """Reported minus true axis."""
    light_mw: float
    pressure_gpa: float
    window: float = 1.0
    """Light that passes window and sample, both ways together."""


class Spectrometer:
    """Axis and detector of one twin.

    Parameters
    ----------
    settings : SpectrometerSettings
        Nominal numbers.
    drawn : Drawn
        True gain, noise, offset and axis errors.
    noise, cosmic_rate
        Switch for all noise; cosmic rays per s.
    rng, pattern_rng : numpy.random.Generator
        Streams of exposures and of the fixed pattern.
    shape : RubyShapeSettings, optional
        What the lines have beyond two Voigt profiles.
    anvil_light : AnvilLight, optional
        Luminescence and absorption of the diamonds, fringes; none without it.
    axis_bend_nm, axis_drift_nm_per_h : float
        Errors of the axis that no budget models.
    """

    def __init__(
        self,
        settings: SpectrometerSettings,
        drawn: Drawn,
        *,
        noise: bool,
        cosmic_rate: float,
        rng: np.random.Generator,
        pattern_rng: np.random.Generator,
        shape: RubyShapeSettings | None = None,
        anvil_light: AnvilLight | None = None,
        axis_bend_nm: float = 0.0,
        axis_drift_nm_per_h: float = 0.0,
    ) -> None:
        self._settings = settings
        self._drawn = drawn
        self._anvil_light = anvil_light
        self._bend_nm = axis_bend_nm
        self._drift_nm_per_s = axis_drift_nm_per_h / 3600.0
        self._noise = noise
        self._cosmic_rate = cosmic_rate
        self._rng = rng
        # the instrument's memory holds single precision; the axis it reports is made of that
        c0, c1, c2, c3 = (float(np.float32(c)) for c in settings.coefficients)
        self.coefficients = (c0, c1, c2, c3)
        index = np.arange(settings.pixels, dtype=np.float64)
        self._axis_nm = self._at(index)
        self._pitch_nm = c1 + index * (2.0 * c2 + 3.0 * c3 * index)
        self._nodes_nm = np.stack(
            (self._at(index - GAUSS_LEGENDRE_2), self._at(index + GAUSS_LEGENDRE_2))
        )
        pattern = settings.dark_pattern_counts * pattern_rng.standard_normal(settings.pixels)
        self._dark_counts = drawn.dark_counts + pattern
        self._shape = None
        if shape is not None and shape.real:
            self._shape = RubyShape(
                shape, self._axis_nm, self._pitch_nm, settings.instrument_fwhm_nm
            )
        span = 2.0 * index / (settings.pixels - 1) - 1.0
        self._background = (
            1.0 + drawn.background_slope * span + drawn.background_curvature * (span**2 - 1.0 / 3.0)
        )

    @property
    def pitch_nm(self) -> NDArray[np.float64]:
        """Width of each pixel, nm, shape (pixels,)."""
        return self._pitch_nm

    @property
    def axis_nm(self) -> NDArray[np.float64]:
        """Reported wavelength of each pixel, nm in air, shape (pixels,)."""
        return self._axis_nm

    def axis_error_nm(self, lab_s: float) -> float:
        """Reported minus true axis in nm at a laboratory time."""
        turn = 2.0 * math.pi * lab_s / self._settings.axis_wander_period_s
        wander = self._settings.axis_wander_nm * (
            math.sin(turn + self._drawn.axis_wander_phase) - math.sin(self._drawn.axis_wander_phase)
        )
        drift_nm = self._drift_nm_per_s * lab_s
        return self._drawn.axis_offset_nm + self._drawn.axis_drift_nm + wander + drift_nm

    def bent_nm(self, true_nm: float) -> float:
        """Where a line stands on an axis of the wrong curvature, nm, without its other errors."""
        return true_nm + self._bend_nm * ((true_nm - BEND_FROM_NM) / BEND_REACH_NM) ** 2

    def mean_electrons(
        self,
        moments: Sequence[LitMoment],
        exposure_s: float,
        white: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Expected electrons in each pixel, with those of white light, shape (pixels,)."""
        settings = self._settings
        electrons = np.full(settings.pixels, settings.dark_current_e_per_s * exposure_s)
        for moment in moments:
            dose = moment.light_mw * exposure_s * moment.weight
            if dose <= 0.0:
                continue
            # luminescence of the anvils rises towards 100 GPa: Xu et al., Science 232, 1404 (1986)
            rise = 1.0 + (moment.pressure_gpa / 100.0) ** 2
            level = settings.background_e_per_s_mw * rise
            if self._anvil_light is not None:
                level += self._anvil_light.electrons_per_s_mw(moment.pressure_gpa)
            electrons += level * moment.window * dose * self._background
            self._add_lines(electrons, moment, dose)
        if white is not None:
            electrons += white
        if self._anvil_light is not None and self._anvil_light.fringes is not None:
            electrons *= self._anvil_light.fringes
        if self._shape is not None:
            electrons += self._shape.stray(exposure_s)
        return electrons

    def lamp_electrons(self, lab_s: float, exposure_s: float) -> NDArray[np.float64]:
        """Expected electrons of the calibration lamp in each pixel, shape (pixels,)."""
        electrons = np.full(self._settings.pixels, self._settings.dark_current_e_per_s * exposure_s)
        for true_nm, strength in zip(LAMP_LINES_NM, LAMP_STRENGTHS, strict=True):
            centre_nm = self.bent_nm(float(true_nm)) + self.axis_error_nm(lab_s)
            if self._axis_nm[0] < centre_nm < self._axis_nm[-1]:
                total = LAMP_E_PER_S * float(strength) * exposure_s
                electrons += total * self._profile(centre_nm, LAMP_FWHM_NM)
        return electrons

    def expose_lamp(self, lab_s: float, exposure_s: float, lamp: float = 1.0) -> NDArray[np.uint16]:
        """Counts of one exposure of the calibration lamp, shape (pixels,); `lamp` 0: dead."""
        dark = self._settings.dark_current_e_per_s * exposure_s
        light = self.lamp_electrons(lab_s, exposure_s) - dark if lamp > 0.0 else 0.0
        return self._counts(np.full(self._settings.pixels, dark) + lamp * light, exposure_s)

    def expose(
        self,
        moments: Sequence[LitMoment],
        exposure_s: float,
        white: NDArray[np.float64] | None = None,
    ) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,); `white` are electrons of a lamp."""
        return self._counts(self.mean_electrons(moments, exposure_s, white), exposure_s)

    def _add_lines(self, electrons: NDArray[np.float64], moment: LitMoment, dose: float) -> None:
        """Add the light of the chip, in place."""
        lines = moment.lines
        if lines.brightness <= 0.0:
            return
        total = self._settings.line_e_per_s_mw * lines.brightness * moment.window * dose
        if self._anvil_light is not None:
            total *= self._anvil_light.transmission(moment.pressure_gpa)
        if self._shape is not None:
            bend_nm = self.bent_nm(lines.r1_nm) - lines.r1_nm
            electrons += self._shape.electrons(lines, moment.axis_error_nm + bend_nm, total)
            return
        for true_nm, share in ((lines.r1_nm, lines.r1_share), (lines.r2_nm, _rest(lines))):
            centre_nm = self.bent_nm(true_nm) + moment.axis_error_nm
            electrons += total * share * self._profile(centre_nm, lines.fwhm_nm)

    def _counts(self, electrons: NDArray[np.float64], exposure_s: float) -> NDArray[np.uint16]:
        """Cosmic rays, noise, converter."""
        if self._cosmic_rate > 0.0:
            self._add_cosmic_rays(electrons, exposure_s)
        if self._noise:
            electrons = self._rng.poisson(electrons) + self._drawn.read_noise_e * (
                self._rng.standard_normal(electrons.size)
            )
        counts = np.rint(electrons / self._drawn.gain_e_per_count + self._dark_counts)
        return np.clip(counts, 0, self._settings.full_scale).astype(np.uint16)

    def _at(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Reported axis at any pixel index."""
        c0, c1, c2, c3 = self.coefficients
        return c0 + index * (c1 + index * (c2 + index * c3))

    def _profile(self, centre_nm: float, fwhm_nm: float) -> NDArray[np.float64]:
        """Part of a line's light in each pixel, shape (pixels,)."""
        sigma = self._settings.instrument_fwhm_nm / FWHM_PER_SIGMA
        gamma = 0.5 * fwhm_nm
        # at least the core lies in Voigt, and the core is where the light is
        reach = max(CORE_NM, 10.0 * gamma)
        first, last = np.searchsorted(self._axis_nm, (centre_nm - reach, centre_nm + reach))
        far_nm2 = (self._axis_nm - centre_nm) ** 2
        profile = gamma / math.pi / (far_nm2 + gamma**2)
        core = voigt_profile(self._nodes_nm[:, first:last] - centre_nm, sigma, gamma)
        profile[first:last] = 0.5 * (core[0] + core[1])
        return profile * self._pitch_nm

    def _add_cosmic_rays(self, electrons: NDArray[np.float64], exposure_s: float) -> None:
        """Add tracks of one or two pixels, 2e3 to 1e5 electrons, in place."""
        for _ in range(self._rng.poisson(self._cosmic_rate * exposure_s)):
            pixel = int(self._rng.integers(0, electrons.size - 1))
            charge = 10.0 ** self._rng.uniform(3.3, 5.0)
            shared = self._rng.uniform(0.0, 0.5)
            electrons[pixel] += charge * (1.0 - shared)
            electrons[pixel + 1] += charge * shared


def _rest(lines: RubyLines) -> float:
    """Share of R2."""
    return 1.0 - lines.r1_share
