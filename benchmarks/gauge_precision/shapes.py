"""Line shapes of height 1, written apart from the fit's own.

`fwhm_nm` and `share` (the Lorentzian part, 0 to 1) may be arrays that broadcast against
`offset_nm`.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

__all__ = [
    "ARGON_AIR_NM",
    "NEON_AIR_NM",
    "SHAPES",
    "Array",
    "Shape",
    "gaussian",
    "pseudo_voigt",
    "voigt",
]

Array = NDArray[np.float64]
Shape = Callable[[Array, Array, Array], Array]

NEON_AIR_NM: Final = (692.9467, 702.4050, 703.2413, 705.9107, 717.3938, 724.5167, 743.8898)
"""Wavelengths in air of neon's lines near ruby (NIST Atomic Spectra Database, Ne I)."""

ARGON_AIR_NM: Final = ((696.5431, 1.0), (706.7218, 0.5), (714.7042, 0.1), (727.2936, 0.3))
"""The same of argon (Ar I), with rough relative heights."""

# Olivero and Longbothum, JQSRT 17, 233 (1977): full width of a Voigt line to 0.02 %.
_LORENTZ_PART, _LORENTZ_SQUARED = 0.5346, 0.2166
_SIGMA_OF_FWHM: Final = 1.0 / (2.0 * np.sqrt(2.0 * np.log(2.0)))


def gaussian(offset_nm: Array, fwhm_nm: Array) -> Array:
    """Gaussian line of full width `fwhm_nm`."""
    return np.exp2(-((2.0 * offset_nm / fwhm_nm) ** 2))


def pseudo_voigt(offset_nm: Array, fwhm_nm: Array, share: Array) -> Array:
    """Sum of a Lorentzian and a Gaussian of one full width."""
    lorentzian = 1.0 / (1.0 + (2.0 * offset_nm / fwhm_nm) ** 2)
    return share * lorentzian + (1.0 - share) * gaussian(offset_nm, fwhm_nm)


def voigt(offset_nm: Array, fwhm_nm: Array, share: Array) -> Array:
    """True Voigt line of full width `fwhm_nm`; `share` is Lorentzian over full width."""
    lorentz = share * fwhm_nm
    squared = (fwhm_nm - _LORENTZ_PART * lorentz) ** 2 - _LORENTZ_SQUARED * lorentz**2
    sigma = _SIGMA_OF_FWHM * np.sqrt(np.maximum(squared, 0.0))
    top = voigt_profile(np.zeros_like(lorentz), sigma, lorentz / 2.0)
    return voigt_profile(offset_nm, sigma, lorentz / 2.0) / top


SHAPES: Final[dict[str, Shape]] = {"pseudo_voigt": pseudo_voigt, "voigt": voigt}
