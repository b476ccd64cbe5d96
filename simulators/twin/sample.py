"""Light of the sample, the gasket and the anvils between 400 and 1000 nm.

Hydrogen is transparent, loses the blue, turns black and at last reflects like a Drude metal; the
alumina of a control cell stays a thin dielectric film; an empty hole is two diamonds that touch.
Anvils absorb from the blue end, further into the red the harder they are pressed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.twin.further_draws import Further
from simulators.twin.specimen_settings import SampleSettings

__all__ = ["DIAMOND_INDEX", "Sample", "anvil_transmission", "gasket_reflectance"]

Vector = NDArray[np.float64]

DIAMOND_INDEX = 2.41
"""In the visible; its dispersion of 0.02 is left out."""

HC_EV_NM = 1239.841984
HBAR_EV_S = 6.582119569e-16


def anvil_transmission(wavelength_nm: Vector, pressure_gpa: float) -> Vector:
    """Light that passes one anvil once; the absorption edge moves red, a model default."""
    edge_nm = 230.0 + 0.5 * pressure_gpa
    width_nm = 20.0 + 0.06 * pressure_gpa
    return 1.0 / (1.0 + np.exp(np.clip((edge_nm - wavelength_nm) / width_nm, -50.0, 50.0)))


def gasket_reflectance(wavelength_nm: Vector, pressure_gpa: float) -> Vector:
    """Rhenium against diamond; rises to the red and falls a little with pressure; model default."""
    red = np.clip((wavelength_nm - 400.0) / 600.0, 0.0, 2.0)
    return (0.36 + 0.16 * red) * (1.0 - 0.10 * pressure_gpa / (pressure_gpa + 150.0))


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How far the specimen has come, each 0 to 1."""

    dark: float
    metal: float


class Sample:
    """What lies in the hole.

    Parameters
    ----------
    settings : SampleSettings
        Where hydrogen changes.
    further : Further
        Where it does so in this twin.
    contents : str
        One of `CONTENTS`.
    """

    def __init__(self, settings: SampleSettings, further: Further, contents: str) -> None:
        self._settings = settings
        self._further = further
        self.contents = contents
        self.there = contents in ("hydrogen", "inert")
        """A specimen, to be seen in the picture."""

    def stage(self, pressure_gpa: float) -> Stage:
        """Return how dark and how metallic the specimen is."""
        if self.contents != "hydrogen":
            return Stage(dark=0.0, metal=0.0)
        settings, further = self._settings, self._further
        return Stage(
            dark=_logistic((pressure_gpa - further.dark_gpa) / (0.25 * settings.dark_width_gpa)),
            metal=_logistic((pressure_gpa - further.metal_gpa) / (0.25 * settings.metal_width_gpa)),
        )

    def appearance(self, pressure_gpa: float) -> str:
        """One word: transparent, dark or reflective."""
        stage = self.stage(pressure_gpa)
        if stage.metal > 0.5:
            return "reflective"
        return "dark" if stage.dark > 0.5 else "transparent"

    def transmission(self, wavelength_nm: Vector, pressure_gpa: float) -> Vector:
        """Light that passes the sample once."""
        if self.contents != "hydrogen":
            return np.full_like(wavelength_nm, 0.97 if self.contents == "empty" else 0.92)
        stage = self.stage(pressure_gpa)
        gap_nm = 250.0 + 320.0 * max(pressure_gpa - 150.0, 0.0) / 160.0
        passed = 1.0 / (1.0 + np.exp(np.clip((gap_nm - wavelength_nm) / 30.0, -50.0, 50.0)))
        return 0.95 * passed * (1.0 - 0.985 * stage.dark) * (1.0 - stage.metal)

    def reflectance(self, wavelength_nm: Vector, pressure_gpa: float) -> Vector:
        """Reflectance of the sample against diamond."""
        if self.contents == "alumina_control":
            return self._film(wavelength_nm, pressure_gpa)
        if self.contents == "empty":
            return np.full_like(wavelength_nm, 0.01)
        stage = self.stage(pressure_gpa)
        # dense hydrogen comes near to diamond in its index; black hydrogen absorbs, and reflects
        plain = 0.004 + 0.05 * stage.dark
        return (1.0 - stage.metal) * plain + stage.metal * self._drude(wavelength_nm)

    def _drude(self, wavelength_nm: Vector) -> Vector:
        """Drude metal against diamond, ``eps = 1 - wp^2/(w^2 + i w/tau)``."""
        w = HC_EV_NM / wavelength_nm
        damping_ev = HBAR_EV_S / self._settings.tau_s
        index = np.sqrt(1.0 - self._further.plasma_ev**2 / (w**2 + 1j * w * damping_ev))
        return np.abs((DIAMOND_INDEX - index) / (DIAMOND_INDEX + index)) ** 2

    def _film(self, wavelength_nm: Vector, pressure_gpa: float) -> Vector:
        """Two alumina films pressed together between diamonds: interference of one layer."""
        settings = self._settings
        index = settings.alumina_index + 0.0004 * pressure_gpa
        r = (DIAMOND_INDEX - index) / (DIAMOND_INDEX + index)
        phase = np.exp(4j * math.pi * index * 2.0 * settings.alumina_nm / wavelength_nm)
        return np.abs(r * (1.0 - phase) / (1.0 - r * r * phase)) ** 2


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(x, 60.0), -60.0)))
