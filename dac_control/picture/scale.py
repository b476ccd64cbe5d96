"""What must be known of a camera and a cell before a frame's pixels mean anything."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from dac_control.errors import ConfigurationError

__all__ = ["BAYER_PATTERNS", "BayerPattern", "PictureScale"]

BayerPattern = Literal["RG", "GR", "GB", "BG"]

BAYER_PATTERNS: Final = ("RG", "GR", "GB", "BG")
"""First two pixels of the first row, as in GenICam's names ``BayerRG8`` and so on."""


@dataclass(frozen=True, kw_only=True)
class PictureScale:
    """Scale and levels of one camera, and the culet behind the hole.

    Everything may be left out: without `um_per_pixel` lengths are in pixels only, and without
    `culet_um` nothing is said about the culet's edge.

    Raises
    ------
    ConfigurationError
        If a number cannot be right on any camera.
    """

    um_per_pixel: float | None = None
    """Size of a pixel on the specimen in um."""
    um_per_pixel_sigma: float = 0.0
    """Its standard uncertainty: all frames share it, so it is systematic."""
    culet_um: float | None = None
    """Diameter of the culet in um."""
    culet_centre_px: tuple[float, float] | None = None
    """Column and row of the culet's centre; without it only a hole that is larger than the
    culet is known to have reached its edge."""
    bits: int | None = None
    """Bits of a pixel; without it 8 for bytes, and the fewest of 10, 12, 16 that hold the frame."""
    black_counts: float = 0.0
    """Level of a pixel without light."""
    bayer: BayerPattern | None = None
    """Pattern of a raw colour frame of shape (h, w); None for a monochrome one."""

    def __post_init__(self) -> None:
        for name in ("um_per_pixel", "culet_um"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ConfigurationError(f"{name} is {value}; give a length above 0 um.")
        for name in ("um_per_pixel_sigma", "black_counts"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name} is {value}; give a number of at least 0.")
        if self.bits is not None and not 1 <= self.bits <= 16:
            raise ConfigurationError(f"bits is {self.bits}; give 8, 10, 12 or 16.")
        if self.bayer is not None and self.bayer not in BAYER_PATTERNS:
            known = ", ".join(BAYER_PATTERNS)
            raise ConfigurationError(f"bayer is {self.bayer!r}; give one of {known}, or nothing.")

    @property
    def relative_sigma(self) -> float:
        """Relative standard uncertainty of the scale; 0 without one."""
        return 0.0 if self.um_per_pixel is None else self.um_per_pixel_sigma / self.um_per_pixel
