"""Where the optics look, and what the instruments behind them say of themselves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ILLUMINATIONS", "PORTS", "SPOTS", "PortInfo", "View"]

PORTS = ("ruby", "raman", "vis")
SPOTS = (
    "chip",
    "chip 2",
    "reference",
    "sample",
    "gasket",
    "anvil near",
    "anvil far",
    "lamp",
    "neon",
)
"""Where the optics can look. "lamp" is the calibration lamp (neon and argon lines) for the ruby
and Raman ports and the white lamp itself for "vis"; "neon" is the calibration lamp everywhere."""

ILLUMINATIONS = ("reflected", "transmitted")


@dataclass(frozen=True, kw_only=True)
class PortInfo:
    """What the instrument behind a port says of itself."""

    pixels: int
    full_scale: int
    coefficients: tuple[float, float, float, float]
    """Axis polynomial in the pixel index, nm in air."""

    @property
    def wavelength_nm(self) -> NDArray[np.float64]:
        """Stated wavelength of each pixel in air, shape (pixels,)."""
        c0, c1, c2, c3 = self.coefficients
        index = np.arange(self.pixels, dtype=np.float64)
        return c0 + index * (c1 + index * (c2 + index * c3))


@dataclass
class View:
    """How the optics stand."""

    spot: str = "chip"
    illumination: str = "reflected"
    lamp_on: bool = True
    lamp_on_all_ports: bool = False
    """True while the white lamp that is on falls on the slits of the ruby and Raman ports, too."""
