"""Wavelengths in air and in vacuum."""

from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["AxisConvention", "air_index"]

AxisConvention = Literal["vacuum", "air", "unknown"]
"""Whether a Raman shift was computed from vacuum or from air wavelengths."""

Length = TypeVar("Length", float, NDArray[np.float64])


def air_index(vacuum_nm: Length) -> Length:
    """Refractive index of standard air (15 C, 1013.25 hPa, 450 ppm CO2).

    Ciddor, Appl. Opt. 35, 1566 (1996), eq. 1; 230 to 1690 nm.
    """
    square = (1e3 / vacuum_nm) ** 2
    return 1.0 + 1e-8 * (5792105.0 / (238.0185 - square) + 167917.0 / (57.362 - square))
