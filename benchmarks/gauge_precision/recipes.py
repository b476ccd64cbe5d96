"""What light reaches the detector: many scenes at once, as functions of named parameters.

A scene's parameters: ``r1_nm`` (the mean line), ``fwhm_nm``, ``eta`` (Lorentzian share),
``height_e`` (electrons at R1's top, without gradient), ``ratio`` (area of R2 over that of R1),
``splitting_cm1``, ``width_ratio`` (R2 over R1), ``level_e``, ``slope_e`` (per nm), ``curve_e``
(per nm squared), ``rise_e`` and ``rise_nm`` (an exponential luminescence and its length), and for
each further Gaussian line k ``line{k}_nm`` (with R1 at `REFERENCE_NM`, where lines follow R1),
``line{k}_fwhm_nm``, ``line{k}_e``. What is not named is 0. Backgrounds are taken at
`REFERENCE_NM`, so that they do not move with R1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from gauge_precision.shapes import SHAPES, Array, gaussian

__all__ = ["REFERENCE_NM", "Axis", "Recipe", "Scenes"]

Scenes = Mapping[str, Array]
"""Parameters of many scenes, each of shape (scenes,)."""

REFERENCE_NM: Final = 694.25


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A wavelength axis of even pitch, in air."""

    first_nm: float = 684.0
    pitch_nm: float = 0.03
    pixels: int = 1024

    @property
    def wavelength_nm(self) -> Array:
        """Centres of the pixels, shape (pixels,)."""
        return self.first_nm + self.pitch_nm * np.arange(self.pixels, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The kind of light; its numbers come as `Scenes`."""

    axis: Axis = Axis()
    shape: str = "pseudo_voigt"
    gradient: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    """Distribution of the line over the chip: (shift in units of FWHM, weight) of its parts."""
    further_lines: int = 0
    lines_follow: bool = False
    """Whether further lines are ruby's own and shift in proportion to R1."""

    def expected_e(self, scenes: Scenes) -> Array:
        """Expected electrons, shape (scenes, pixels)."""
        x = self.axis.wavelength_nm[None, :]
        columns = {name: values[:, None] for name, values in scenes.items()}
        light = _background(columns, x) + self._ruby(columns, x)
        for k in range(self.further_lines):
            follow = columns["r1_nm"] / REFERENCE_NM if self.lines_follow else 1.0
            offset = x - columns[f"line{k}_nm"] * follow
            light += columns[f"line{k}_e"] * gaussian(offset, columns[f"line{k}_fwhm_nm"])
        return light

    def _ruby(self, columns: Mapping[str, Array], x: Array) -> Array:
        r1, fwhm, height = columns["r1_nm"], columns["fwhm_nm"], columns["height_e"]
        lines = height * self._line(x - r1, fwhm, columns["eta"])
        if "ratio" not in columns:
            return lines
        r2 = 1e7 / (1e7 / r1 + columns["splitting_cm1"])
        widths = columns["width_ratio"]
        partner = self._line(x - r2, fwhm * widths, columns["eta"])
        return lines + height * columns["ratio"] / widths * partner

    def _line(self, offset: Array, fwhm: Array, eta: Array) -> Array:
        shape = SHAPES[self.shape]
        total = sum(weight for _shift, weight in self.gradient)
        mean = sum(shift * weight for shift, weight in self.gradient) / total
        line = np.zeros(np.broadcast_shapes(offset.shape, fwhm.shape))
        for shift, weight in self.gradient:
            line += weight / total * shape(offset - (shift - mean) * fwhm, fwhm, eta)
        return line


def _background(columns: Mapping[str, Array], x: Array) -> Array:
    away = x - REFERENCE_NM
    light = columns["level_e"] + columns.get("slope_e", 0.0) * away
    if "curve_e" in columns:
        light = light + columns["curve_e"] * away**2
    if "rise_e" in columns:
        light = light + columns["rise_e"] * np.exp(away / columns["rise_nm"])
    return np.maximum(light, 0.0)
