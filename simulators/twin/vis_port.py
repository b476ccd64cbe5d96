"""White light that comes back from, or through, what lies between the anvils."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.twin.anvil_light import fringes
from simulators.twin.detector import Detector
from simulators.twin.further_draws import Further
from simulators.twin.lamp_lines import LAMP_LINES_NM, LAMP_STRENGTHS
from simulators.twin.physics import Moment
from simulators.twin.sample import (
    DIAMOND_INDEX,
    Sample,
    anvil_transmission,
    gasket_reflectance,
)
from simulators.twin.settings import TwinSettings

__all__ = ["VisPort"]

Vector = NDArray[np.float64]

TABLE_REFLECTANCE = ((DIAMOND_INDEX - 1.0) / (DIAMOND_INDEX + 1.0)) ** 2
"""Of the anvil's table against vacuum, 0.17."""

STRAY = 0.004
"""Light of the optics themselves, as part of the lamp; model default."""

LAMP_E_PER_S = 2.0e5
THROUGH_PART = 0.25
"""Light of the lamp behind the cell against the one in front; model default."""
BROKEN_PART = 0.15
"""What a cracked anvil lets through; model default."""


class VisPort:
    """Spectra of one twin at its port for white light.

    Parameters
    ----------
    settings : TwinSettings
        Port and fringes.
    further : Further
        True axis.
    sample : Sample
        What lies in the hole.
    rng : numpy.random.Generator
        Stream of this port.
    """

    def __init__(
        self, settings: TwinSettings, further: Further, sample: Sample, rng: np.random.Generator
    ) -> None:
        self._sample = sample
        self._full = settings.vis.light_e_per_s
        self.detector = Detector(
            settings.vis,
            further.vis_axis_nm,
            noise=settings.noise,
            cosmic_rate=settings.cosmic_rate,
            rng=rng,
        )
        nm = self.detector.true_nm
        self._nm = nm
        # a halogen lamp on a silicon detector: a hump about 650 nm
        self._lamp = np.exp(-0.5 * ((nm - 660.0) / 170.0) ** 2) * (1.0 - 0.15 * (nm - 660.0) / 300)
        self._fringes = fringes(nm, settings.disturbance.etalon, further.etalon_phase)

    def expose(
        self,
        nodes: Sequence[tuple[float, Moment]],
        exposure_s: float,
        view: tuple[str, str],
        light: float,
    ) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,).

        Parameters
        ----------
        nodes : sequence of (weight, Moment)
            The exposure's moments; weights sum to 1.
        exposure_s : float
        view : tuple of str
            Where the optics look, and "reflected" or "transmitted".
        light : float
            Lamp and window, 1 for new ones, 0 for a lamp that is off.
        """
        spot, illumination = view
        returned = np.zeros_like(self._nm)
        for weight, moment in nodes:
            returned += weight * self._returned(spot, moment, illumination)
        electrons = self._full * exposure_s * light * self._lamp * returned
        if self._fringes is not None and spot != "lamp":
            electrons *= self._fringes
        return self.detector.counts(electrons, exposure_s)

    def expose_lines(self, exposure_s: float, lamp: float) -> NDArray[np.uint16]:
        """Counts of the calibration lamp, shape (pixels,)."""
        electrons = self.detector.lines(LAMP_LINES_NM, LAMP_E_PER_S * exposure_s * LAMP_STRENGTHS)
        return self.detector.counts(lamp * electrons, exposure_s)

    def reflectance(self, spot: str, moment: Moment, wavelength_nm: Vector) -> Vector:
        """True reflectance of sample or gasket against diamond, nothing in front of it."""
        if spot == "gasket":
            return gasket_reflectance(wavelength_nm, moment.pressure_gpa)
        if moment.condition.failure:
            return np.full_like(wavelength_nm, 0.02)
        return self._sample.reflectance(wavelength_nm, moment.pressure_gpa)

    def _returned(self, spot: str, moment: Moment, illumination: str) -> Vector:
        """Part of the lamp that reaches the detector, shape (pixels,)."""
        nm = self._nm
        if spot == "lamp":
            return np.ones_like(nm) if illumination == "reflected" else THROUGH_PART + 0.0 * nm
        if spot == "reference":
            return np.full_like(nm, 0.55 if illumination == "reflected" else 0.0)
        passed = anvil_transmission(nm, moment.pressure_gpa)
        if moment.condition.fractured(moment.lab_s):
            passed = BROKEN_PART * passed
        if illumination == "transmitted":
            if spot not in ("sample", "chip", "chip 2"):
                return np.zeros_like(nm)
            through = self._sample.transmission(nm, moment.pressure_gpa)
            share = 1.0 if spot == "sample" else 0.5
            return THROUGH_PART * share * (1.0 - TABLE_REFLECTANCE) ** 2 * passed**2 * through
        if spot in ("anvil near", "anvil far"):
            return np.full_like(nm, TABLE_REFLECTANCE + STRAY)
        inner = self.reflectance("gasket" if spot == "gasket" else "sample", moment, nm)
        # light that bounces between table and culet, all orders
        inside = inner * passed**2
        both = (1.0 - TABLE_REFLECTANCE) ** 2 * inside / (1.0 - TABLE_REFLECTANCE * inside)
        return TABLE_REFLECTANCE + both + STRAY
