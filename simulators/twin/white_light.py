"""White light that comes back from, or through, what lies between the anvils."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.twin.physics import Moment
from simulators.twin.sample import (
    DIAMOND_INDEX,
    Sample,
    anvil_transmission,
    gasket_reflectance,
)

__all__ = ["WhiteLight"]

Vector = NDArray[np.float64]

TABLE_REFLECTANCE = ((DIAMOND_INDEX - 1.0) / (DIAMOND_INDEX + 1.0)) ** 2
"""Of the anvil's table against vacuum, 0.17."""

STRAY = 0.004
"""Light of the optics themselves, as part of the lamp; model default."""

THROUGH_PART = 0.25
"""Light of the lamp behind the cell against the one in front; model default."""
BROKEN_PART = 0.15
"""What a cracked anvil lets through; model default."""


class WhiteLight:
    """The lamp on its way to one detector.

    Parameters
    ----------
    wavelength_nm : array, shape (pixels,)
        True wavelength of each pixel.
    e_per_s : float or array, shape (pixels,)
        Electrons of the lamp's strongest light off a perfect mirror.
    sample : Sample
        What lies in the hole.
    """

    def __init__(self, wavelength_nm: Vector, e_per_s: Vector | float, sample: Sample) -> None:
        self._sample = sample
        self._nm = nm = wavelength_nm
        # a halogen lamp on a silicon detector: a hump about 650 nm
        hump = np.exp(-0.5 * ((nm - 660.0) / 170.0) ** 2) * (1.0 - 0.15 * (nm - 660.0) / 300)
        self._lamp_e_per_s = e_per_s * hump

    def electrons(
        self, nodes: Sequence[tuple[float, Moment]], view: tuple[str, str], lit_s: float
    ) -> Vector:
        """Electrons of one exposure, shape (pixels,).

        Parameters
        ----------
        nodes : sequence of (weight, Moment)
            The exposure's moments; weights sum to 1.
        view : tuple of str
            Where the optics look, and "reflected" or "transmitted".
        lit_s : float
            Exposure, times lamp and window: 1 for new ones, 0 for a lamp that is off.
        """
        spot, illumination = view
        returned = np.zeros_like(self._nm)
        for weight, moment in nodes:
            returned += weight * self._returned(spot, moment, illumination)
        return lit_s * self._lamp_e_per_s * returned

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
