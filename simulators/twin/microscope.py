"""What the camera sees through the anvil: a lit hole in a dark gasket, chips, a sample.

Everything that does not move is computed once. Edges are smooth steps over the blur, which
looks like a convolved image at a fraction of the time; only pixels around the hole are drawn.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.twin.cracks import cracked
from simulators.twin.settings import MicroscopeSettings

__all__ = ["Look", "Microscope"]

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
    what: str


PATCHES = (
    # the specimen, a pale plate that is squeezed with the hole, and two chips of ruby
    Patch(x=-0.10, y=0.06, semi_x_um=26.0, semi_y_um=21.0, transmission=0.78, follows_hole=True,
          what="sample"),
    Patch(x=0.52, y=-0.34, semi_x_um=5.5, semi_y_um=4.5, transmission=0.42, follows_hole=False,
          what="chip"),
    Patch(x=-0.44, y=-0.56, semi_x_um=3.5, semi_y_um=4.0, transmission=0.50, follows_hole=False,
          what="chip 2"),
)  # fmt: skip
"""For a hole of `PATCH_HOLE_UM`; smaller holes have smaller ones."""

PATCH_HOLE_UM = 120.0

GASKET_LEVEL = 0.06
"""Light that a metal gasket scatters back, of that through the hole."""

FRONT_LEVEL = GASKET_LEVEL / 0.45
"""The same off a perfect mirror: a reflecting sample outshines the gasket."""

CHANNELS_NM = (620.0, 540.0, 460.0)
"""Red, green and blue of a colour frame; a monochrome one is taken as red,
where halogen lamps and silicon meet."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """All that a frame depends on, at one moment."""

    hole_um: float
    blown: float = 0.0
    """0 for a round hole, 1 for a gasket that has blown out."""
    angle: float = 0.0
    """Direction of blow-out or crack, rad."""
    fractured: bool = False
    chip_lost: bool = False
    sample_there: bool = True
    through: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Light through sample and anvils in red, green and blue, 1 for a new cell."""
    reflected: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Reflectance of the sample times what the anvil lets through and back."""
    light: float = 1.0
    """Lamp against a new one."""
    ice: float = 0.0
    """0 for a clean window, 1 for what a grown film takes; here of contrast and of light."""
    defocus: float = 0.0
    """In units of the depth of focus."""

    @property
    def semi_um(self) -> tuple[float, float]:
        """Half axes of the hole, long one first, um."""
        half = 0.5 * self.hole_um
        return half * (1.0 + 1.1 * self.blown), half * (1.0 + 0.25 * self.blown)


class Microscope:
    """The camera of one twin.

    Parameters
    ----------
    settings : MicroscopeSettings
        Scale, levels and noise.
    open_um : float
        Diameter of this hole at 0 GPa.
    noise : bool
        Photon and read noise.
    rng, pattern_rng : numpy.random.Generator
        Streams of frames and of the gasket's texture.
    """

    def __init__(
        self,
        settings: MicroscopeSettings,
        open_um: float,
        *,
        noise: bool,
        rng: np.random.Generator,
        pattern_rng: np.random.Generator,
    ) -> None:
        self._settings = settings
        self._open_um = open_um
        self._noise = noise
        self._rng = rng
        shape = (settings.height, settings.width)
        scale = settings.um_per_pixel
        self._x_um = (np.arange(shape[1], dtype=np.float32) - 0.5 * (shape[1] - 1)) * scale
        self._y_um = (np.arange(shape[0], dtype=np.float32) - 0.5 * (shape[0] - 1)) * scale
        square_um = self._x_um[None, :] ** 2 + self._y_um[:, None] ** 2
        self._vignette = 1.0 - np.float32(0.25) * square_um / square_um.max()
        grain = pattern_rng.standard_normal(shape).astype(np.float32)
        grain = GASKET_LEVEL * (1.0 + np.float32(0.12) * grain)
        self._gasket = (grain * self._vignette).astype(np.float32)
        # a fresh megabyte costs more than what is done with it
        self._counts = np.empty(shape, dtype=np.float32)
        self._deviates = np.empty(shape, dtype=np.float32)

    def frame(self, look: Look, exposure_s: float, *, colour: bool = False) -> NDArray[np.uint8]:
        """Take one frame, shape (height, width), or (height, width, 3) in colour."""
        if colour:
            channels = [self._channel(look, exposure_s, number) for number in range(3)]
            return np.stack(channels, axis=-1)
        return self._channel(look, exposure_s, 0)

    def _channel(self, look: Look, exposure_s: float, channel: int) -> NDArray[np.uint8]:
        settings = self._settings
        counts = self._scene(look, channel)
        full = look.light * settings.nominal_counts * exposure_s / settings.nominal_exposure_s
        if look.ice > 0.0:
            # ice scatters: less light arrives, and some of it from everywhere
            haze = np.float32(0.5 * look.ice * float(counts.mean()))
            counts *= np.float32((1.0 - look.ice) ** 2)
            counts += haze
        counts *= np.float32(full)
        if self._noise:
            noise = self._deviates
            np.multiply(counts, np.float32(1.0 / settings.electrons_per_count), out=noise)
            noise += np.float32(settings.read_noise_counts**2)
            np.sqrt(noise, out=noise)
            first = int(self._rng.integers(0, _normals().size - counts.size))
            noise *= _normals()[first : first + counts.size].reshape(counts.shape)
            counts += noise
        counts += np.float32(settings.black_counts + 0.5)  # 0.5: truncation then rounds
        return np.clip(counts, 0.0, 255.0, out=counts).astype(np.uint8)

    def _scene(self, look: Look, channel: int) -> Image:
        """Light on each pixel, 1 in the middle of the open hole."""
        image = self._counts
        image[:] = self._gasket
        # ice blurs as well as a lens out of focus does
        spread = 1.0 + 3.0 * look.defocus**2 + 4.0 * look.ice**2
        blur_um = self._settings.blur_um * math.sqrt(spread)
        long_um, short_um = look.semi_um
        columns = _window(self._x_um, 0.0, long_um + blur_um)
        rows = _window(self._y_um, 0.0, long_um + blur_um)
        x, y = self._x_um[columns][None, :], self._y_um[rows][:, None]
        lit = _inside(_depth(x, y, (long_um, short_um), look.angle), blur_um)
        through = np.full_like(lit, look.through[channel])
        for patch in PATCHES:
            here = look.sample_there if patch.what == "sample" else True
            if here and not (look.chip_lost and patch.what == "chip"):
                self._darken(through, (x[0], y[:, 0]), patch, look, blur_um)
        through += np.float32(FRONT_LEVEL * look.reflected[channel])
        through *= lit * self._vignette[rows, columns]
        image[rows, columns] *= 1.0 - lit
        image[rows, columns] += through
        if look.fractured:
            image *= cracked(self._x_um, self._y_um, look.angle, 0.5 * look.hole_um)
        return image

    def _darken(
        self, image: Image, axes: tuple[Image, Image], patch: Patch, look: Look, blur_um: float
    ) -> None:
        """Multiply an ellipse into `image`, touching only the pixels around it."""
        size = self._open_um / PATCH_HOLE_UM
        if patch.follows_hole:
            size *= look.hole_um / self._open_um
        semi_x, semi_y = patch.semi_x_um * size, patch.semi_y_um * size
        centre_x, centre_y = (0.5 * look.hole_um * part for part in (patch.x, patch.y))
        columns = _window(axes[0], centre_x, semi_x + 2.0 * blur_um)
        rows = _window(axes[1], centre_y, semi_y + 2.0 * blur_um)
        x = axes[0][columns][None, :] - np.float32(centre_x)
        y = axes[1][rows][:, None] - np.float32(centre_y)
        inside = _inside(_depth(x, y, (semi_x, semi_y), 0.0), blur_um)
        image[rows, columns] *= 1.0 - np.float32(1.0 - patch.transmission) * inside


@functools.cache
def _normals() -> Image:
    """Standard normal deviates; a frame takes a stretch of them that begins at random.

    At a twentieth of the time of drawing them anew; no pixel has the same one in two frames but
    once in a million.
    """
    return np.random.default_rng(20261122).standard_normal(1 << 20, dtype=np.float32)


def _depth(x: Image, y: Image, semi_um: tuple[float, float], angle: float) -> Image:
    """How far inside an ellipse each pixel lies, um; below 0 outside."""
    long_um, short_um = semi_um
    if long_um == short_um:
        return np.float32(long_um) - np.sqrt(x * x + y * y)
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    u = (x * cos + y * sin) * np.float32(1.0 / long_um)
    v = (y * cos - x * sin) * np.float32(1.0 / short_um)
    return (np.float32(1.0) - np.sqrt(u * u + v * v)) * np.float32(min(semi_um))


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
