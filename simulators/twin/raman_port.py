"""What the Raman spectrometer sees: edges of the anvils, the vibron, luminescence, lamp lines."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.twin.anvil import Anvil, vibron_cm1
from simulators.twin.anvil_light import AnvilLight, fringes
from simulators.twin.detector import Detector
from simulators.twin.further_draws import Further
from simulators.twin.lamp_lines import LAMP_LINES_NM, LAMP_STRENGTHS
from simulators.twin.physics import Moment
from simulators.twin.sample import Sample
from simulators.twin.settings import TwinSettings

__all__ = ["RamanPort"]

Vector = NDArray[np.float64]

NEAR_AND_FAR = {
    "anvil near": (1.0, 0.06),
    "anvil far": (0.2, 0.45),
    "sample": (0.7, 0.12),
    "chip": (0.7, 0.12),
    "chip 2": (0.7, 0.12),
    "gasket": (0.7, 0.0),
}
"""Light of either anvil's band by where the optics look; model defaults."""

LAMP_E_PER_S = 4.0e4
VIBRON_E_PER_S_MW = 4000.0
VIBRON_FWHM_CM1 = 9.0
BACKGROUND_E_PER_S_MW = 25.0
"""Model defaults."""
LUMINESCENCE_PART = 4e-4
"""Of the anvils' luminescence in the ruby port, further away from the laser; model default."""
BROKEN_CM1, BROKEN_SIGMA_CM1 = 600.0, 220.0
"""Broad band of a fractured anvil, as seen at 197 GPa: Chin. Phys. B 30, 016301 (2021)."""


class RamanPort:
    """Spectra of one twin at its Raman port.

    Parameters
    ----------
    settings : TwinSettings
        Port, anvils, fringes.
    further : Further
        True axis, laser, scale.
    anvil, sample : Anvil, Sample
        What the light comes from.
    rng : numpy.random.Generator
        Stream of this port.
    """

    def __init__(
        self,
        settings: TwinSettings,
        further: Further,
        anvil: Anvil,
        sample: Sample,
        rng: np.random.Generator,
    ) -> None:
        self._port = settings.raman
        self._far_part = further.far_part
        self._anvil = anvil
        self._sample = sample
        self._glow = AnvilLight(settings.anvil, None)
        self.detector = Detector(
            settings.raman,
            further.raman_axis_nm,
            noise=settings.noise,
            cosmic_rate=settings.cosmic_rate,
            rng=rng,
        )
        true_nm = self.detector.true_nm
        vacuum_nm = true_nm * _air_index(true_nm)
        self._shift_cm1 = 1e7 / (settings.laser_nm + further.laser_error_nm) - 1e7 / vacuum_nm
        self._per_pixel = np.gradient(self._shift_cm1)
        span = np.linspace(-1.0, 1.0, true_nm.size)
        self._background = 1.0 + 0.35 * span - 0.20 * span**2 + 0.08 * np.sin(2.3 * span)
        self._fringes = fringes(true_nm, settings.disturbance.etalon, further.etalon_phase)

    def pressures_gpa(self, pressure_gpa: float) -> tuple[float, float]:
        """Pressure at the tips of near and far anvil."""
        return pressure_gpa, max(pressure_gpa * (1.0 + self._far_part), 0.0)

    def expose(
        self,
        nodes: Sequence[tuple[float, Moment]],
        exposure_s: float,
        spot: str,
        dose: tuple[float, float],
        white: Vector | None = None,
    ) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,).

        Parameters
        ----------
        nodes : sequence of (weight, Moment)
            The exposure's moments; weights sum to 1.
        exposure_s : float
        spot : str
            Where the optics look.
        dose : tuple of float
            Light in mW, and the part of it that window and optics let through both ways.
        white : array, optional
            Electrons of a lamp, shape (pixels,).
        """
        light_mw, window = dose
        electrons = np.zeros(self.detector.pixels) if white is None else white.copy()
        for weight, moment in nodes:
            scale = weight * exposure_s * light_mw * window
            if scale > 0.0:
                electrons += scale * self._light(moment, spot)
        if self._fringes is not None:
            electrons *= self._fringes
        return self.detector.counts(electrons, exposure_s)

    def expose_lamp(self, exposure_s: float, lamp: float) -> NDArray[np.uint16]:
        """Counts of the calibration lamp, shape (pixels,); `lamp` 0 is a dead one."""
        electrons = self.detector.lines(LAMP_LINES_NM, LAMP_E_PER_S * exposure_s * LAMP_STRENGTHS)
        return self.detector.counts(lamp * electrons, exposure_s)

    def _light(self, moment: Moment, spot: str) -> Vector:
        """Electrons per s and mW in each pixel."""
        glow = LUMINESCENCE_PART * self._glow.electrons_per_s_mw(moment.pressure_gpa)
        rise = 1.0 + (moment.pressure_gpa / 100.0) ** 2
        light = (BACKGROUND_E_PER_S_MW * rise + glow) * self._background
        if spot == "reference":
            return light + self._band(0.0, moment, 1.0, broken=False)
        near, far = NEAR_AND_FAR[spot]
        near_gpa, far_gpa = self.pressures_gpa(moment.pressure_gpa)
        broken = moment.condition.fractured(moment.lab_s)
        if broken:
            d = (self._shift_cm1 - BROKEN_CM1) / BROKEN_SIGMA_CM1
            light += 6.0 * self._port.light_e_per_s * near * np.exp(-0.5 * d * d)
        light += self._band(near_gpa, moment, near, broken=broken)
        if far:
            light += self._band(far_gpa, moment, far, broken=False)
        if spot == "sample":
            light += self._vibron(moment)
        return light

    def _band(self, pressure_gpa: float, moment: Moment, part: float, *, broken: bool) -> Vector:
        band = self._anvil.band(pressure_gpa, moment.cell_k, broken=broken)
        density = np.interp(self._shift_cm1, band.shift_cm1, band.density, left=0.0, right=0.0)
        return part * self._port.light_e_per_s * density * self._per_pixel

    def _vibron(self, moment: Moment) -> Vector | float:
        """The line of hydrogen while it is there and lets light through."""
        if self._sample.contents != "hydrogen" or moment.condition.failure:
            return 0.0
        stage = self._sample.stage(moment.pressure_gpa)
        half = 0.5 * VIBRON_FWHM_CM1 * (1.0 + moment.pressure_gpa / 100.0)
        d = self._shift_cm1 - vibron_cm1(moment.pressure_gpa)
        strength = VIBRON_E_PER_S_MW * (1.0 - stage.dark) ** 2
        return strength * half / math.pi / (d * d + half * half) * self._per_pixel


def _air_index(wavelength_nm: Vector) -> Vector:
    """Refractive index of standard air, Ciddor, Appl. Opt. 35, 1566 (1996), eq. 1."""
    square = (1e3 / wavelength_nm) ** 2
    return 1.0 + 1e-8 * (5792105.0 / (238.0185 - square) + 167917.0 / (57.362 - square))
