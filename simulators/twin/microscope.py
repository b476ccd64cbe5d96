"""What the camera sees through the anvil: a lit hole in a dark gasket, chips, a sample.

Everything that does not move is computed once. Edges are smooth steps over the blur, which
looks like a convolved image at a fraction of the time.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulators.twin.draws import Drawn
from simulators.twin.settings import MicroscopeSettings

__all__ = ["Microscope"]

Image = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Patch:
    """An ellipse in the hole; place as a part of the hole's radius, size in um."""

    x: float
    y: float
    semi_x_um: float
    semi_y_um: float
    transmission: float
    follows_hole: bool


PATCHES = (
    # the specimen, a pale plate that is squeezed with the hole, and two chips of ruby
    Patch(x=-0.10, y=0.06, semi_x_um=26.0, semi_y_um=21.0, transmission=0.78, follows_hole=True),
    Patch(x=0.52, y=-0.34, semi_x_um=5.5, semi_y_um=4.5, transmission=0.42, follows_hole=False),
    Patch(x=-0.44, y=-0.56, semi_x_um=3.5, semi_y_um=4.0, transmission=0.50, follows_hole=False),
)

NORMAL_TABLE = ndtri((np.arange(65536) + 0.5) / 65536).astype(np.float32)
"""Quantiles of the normal distribution: a 16-bit random index gives noise, at a fifth of the
time of the generator's own normals; cut at 4.3 sigma."""

GASKET_LEVEL = 0.06
"""Light that a metal gasket scatters back, of that through the hole."""


class Microscope:
    """The camera of one twin.

    Parameters
    ----------
    settings : MicroscopeSettings
        Scale, levels and noise.
    drawn : Drawn
        Diameter of this hole at 0 GPa.
    noise : bool
        Photon and read noise.
    rng, pattern_rng : numpy.random.Generator
        Streams of frames and of the gasket's texture.
    """

    def __init__(
        self,
        settings: MicroscopeSettings,
        drawn: Drawn,
        *,
        noise: bool,
        rng: np.random.Generator,
        pattern_rng: np.random.Generator,
    ) -> None:
        self._settings = settings
        self._open_um = drawn.hole_um
        self._noise = noise
        self._rng = rng
        shape = (settings.height, settings.width)
        scale = settings.um_per_pixel
        self._x_um = (np.arange(shape[1], dtype=np.float32) - 0.5 * (shape[1] - 1)) * scale
        self._y_um = (np.arange(shape[0], dtype=np.float32) - 0.5 * (shape[0] - 1)) * scale
        x, y = self._x_um[None, :], self._y_um[:, None]
        self._radius_um = np.hypot(x, y).astype(np.float32)
        corner_um = float(self._radius_um.max())
        self._vignette = 1.0 - 0.25 * (self._radius_um / np.float32(corner_um)) ** 2
        grain = pattern_rng.standard_normal(shape).astype(np.float32)
        self._gasket = (GASKET_LEVEL * (1.0 + 0.12 * grain)).astype(np.float32)

    def hole_um(self, pressure_gpa: float) -> float:
        """Diameter of the hole in um."""
        settings = self._settings
        lost = settings.hole_shrink * -math.expm1(-pressure_gpa / settings.hole_scale_gpa)
        return self._open_um * (1.0 - lost)

    def frame(self, pressure_gpa: float, exposure_s: float) -> NDArray[np.uint8]:
        """Take one frame, shape (height, width)."""
        settings = self._settings
        counts = self._scene(0.5 * self.hole_um(pressure_gpa))
        counts *= np.float32(settings.nominal_counts * exposure_s / settings.nominal_exposure_s)
        if self._noise:
            noise = counts * np.float32(1.0 / settings.electrons_per_count)
            noise += np.float32(settings.read_noise_counts**2)
            np.sqrt(noise, out=noise)
            index = self._rng.integers(0, 65536, counts.shape, dtype=np.uint16)
            noise *= NORMAL_TABLE[index]
            counts += noise
        counts += np.float32(settings.black_counts + 0.5)  # 0.5: truncation then rounds
        return np.clip(counts, 0.0, 255.0, out=counts).astype(np.uint8)

    def _scene(self, radius_um: float) -> Image:
        """Light on each pixel, 1 in the middle of the open hole."""
        lit = _inside(np.float32(radius_um) - self._radius_um, self._settings.blur_um)
        shrunk = 2.0 * radius_um / self._open_um
        through = np.ones_like(lit)
        for patch in PATCHES:
            self._darken(through, patch, radius_um, shrunk)
        through *= lit
        through += self._gasket * (1.0 - lit)
        through *= self._vignette
        return through

    def _darken(self, image: Image, patch: Patch, radius_um: float, shrunk: float) -> None:
        """Multiply an ellipse into `image`, touching only the pixels around it."""
        size = shrunk if patch.follows_hole else 1.0
        semi_x, semi_y = patch.semi_x_um * size, patch.semi_y_um * size
        centre_x, centre_y = patch.x * radius_um, patch.y * radius_um
        margin = 2.0 * self._settings.blur_um
        columns = _window(self._x_um, centre_x, semi_x + margin)
        rows = _window(self._y_um, centre_y, semi_y + margin)
        x = (self._x_um[columns][None, :] - np.float32(centre_x)) / np.float32(semi_x)
        y = (self._y_um[rows][:, None] - np.float32(centre_y)) / np.float32(semi_y)
        depth_um = (1.0 - np.hypot(x, y).astype(np.float32)) * np.float32(min(semi_x, semi_y))
        inside = _inside(depth_um, self._settings.blur_um)
        image[rows, columns] *= 1.0 - np.float32(1.0 - patch.transmission) * inside


def _inside(depth_um: Image, blur_um: float) -> Image:
    """0 outside, 1 inside, a smooth step over twice the blur at the edge."""
    t = depth_um * np.float32(0.5 / blur_um)
    t += np.float32(0.5)
    np.clip(t, 0.0, 1.0, out=t)
    return (t * t * (np.float32(3.0) - np.float32(2.0) * t)).astype(np.float32, copy=False)


def _window(axis_um: NDArray[np.float32], centre_um: float, half_um: float) -> slice:
    """Pixels of an axis within `half_um` of a place."""
    first, last = np.searchsorted(axis_um, (centre_um - half_um, centre_um + half_um))
    return slice(int(first), int(last))
