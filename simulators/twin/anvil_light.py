"""What diamonds do to ruby: they outshine it, they absorb its light, and they make fringes."""

import math

import numpy as np
from numpy.typing import NDArray

from simulators.twin.specimen_settings import AnvilSettings

__all__ = ["AnvilLight", "fringes"]

Vector = NDArray[np.float64]

PATHS_UM = ((2.0 * 1.1 * 22.0, 0.5), (2.0 * 3.7 * 14.5, 0.3), (2.0 * 1.46 * 48.0, 0.2))
"""Optical paths and weights: the gap between the culets, the detector's silicon, a filter."""


def fringes(wavelength_nm: Vector, amplitude: float, phase: float) -> Vector | None:
    """Factor that multiple reflections put on a spectrum; None where there are none."""
    if amplitude <= 0.0:
        return None
    total = np.ones_like(wavelength_nm)
    for number, (path_um, weight) in enumerate(PATHS_UM):
        angle = 2e3 * math.pi * path_um / wavelength_nm + (number + 1) * phase
        total += amplitude * weight * np.cos(angle)
    return total


class AnvilLight:
    """Luminescence and absorption of the anvils about the ruby lines.

    Parameters
    ----------
    settings : AnvilSettings
        Magnitudes and the switch.
    fringes : array of shape (pixels,) or None
        Factor on all light.
    """

    def __init__(self, settings: AnvilSettings, fringes: Vector | None) -> None:
        self._settings = settings
        self.fringes = fringes

    def electrons_per_s_mw(self, pressure_gpa: float) -> float:
        """Luminescence per pixel in the middle of the ruby port."""
        settings = self._settings
        if not settings.luminescence:
            return 0.0
        width = settings.luminescence_width_gpa
        rise = 1.0 / (1.0 + math.exp(-(pressure_gpa - settings.luminescence_gpa) / width))
        fall = 1.0 / (1.0 + math.exp((pressure_gpa - settings.luminescence_end_gpa) / width))
        return settings.luminescence_e_per_s_mw * rise * fall

    def transmission(self, pressure_gpa: float) -> float:
        """Part of the ruby's light, excitation included, that the anvils let through."""
        settings = self._settings
        if not settings.luminescence or pressure_gpa <= 100.0:
            return 1.0
        return math.exp(-(pressure_gpa - 100.0) / settings.absorption_gpa)
