"""The refractive index of diamond, and what its faces reflect."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError

__all__ = [
    "INDEX_RANGE_NM",
    "INDEX_U",
    "culet_index_u",
    "diamond_index",
    "face_reflectance",
]

Vector = NDArray[np.float64]

INDEX_RANGE_NM: Final = (225.0, 50_000.0)
"""Where the dispersion formula is stated; its upper end is "infinity", bounded here by the axis."""

# n**2 - 1 = sum B L**2 / (L**2 - C**2), L in um, C in um: F. Peter, Z. Phys. 15, 358 (1923), as
# tabulated in the Handbook of Optics, 3rd ed., vol. 4 (2009), and the Handbook of Optical
# Materials (2003), 0.225 um to infinity, room temperature. dn/dT is 4e-6 to 1e-5 per K: below
# 0.003 between 4 and 300 K, inside INDEX_U.
_SELLMEIER: Final = ((4.3356, 0.1060), (0.3306, 0.1750))

INDEX_U: Final = 0.005
"""Standard uncertainty of the index of an unstressed anvil: formulas of several authors and the
temperature, assessed."""

# Relative change of the index per GPa of hydrostatic pressure near ambient, recalled and not
# verified against its source; used as the size of what is unknown, never as a correction, for
# the stress at a culet is not hydrostatic and no measurement of its index was found.
_UNKNOWN_PER_GPA: Final = 3.6e-4
_LARGEST_UNKNOWN: Final = 0.1


def diamond_index(wavelength_nm: Vector) -> Vector:
    """Refractive index of unstressed diamond at room temperature.

    Parameters
    ----------
    wavelength_nm : array, shape (n,)

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ConfigurationError
        A wavelength lies outside `INDEX_RANGE_NM`.
    """
    wavelength = np.asarray(wavelength_nm, dtype=np.float64)
    low, high = INDEX_RANGE_NM
    if not np.all((wavelength >= low) & (wavelength <= high)):
        raise ConfigurationError(
            f"The index of diamond is stated from {low:g} to {high:g} nm; leave out the other "
            "wavelengths."
        )
    square = (wavelength / 1000.0) ** 2
    return np.sqrt(1.0 + sum(b * square / (square - c * c) for b, c in _SELLMEIER))


def culet_index_u(index: Vector, pressure_gpa: float) -> Vector:
    """Standard uncertainty of the index of a stressed culet, taken as that of ambient diamond.

    A rectangle from the ambient index to one that fell linearly with the pressure (at most by
    a tenth), its end being the value used: width over sqrt(3) (GUM, F.2.4.5).

    Parameters
    ----------
    index : array, shape (n,)
    pressure_gpa : float
        NaN where unknown: then the largest uncertainty.
    """
    change = _UNKNOWN_PER_GPA * abs(pressure_gpa) if np.isfinite(pressure_gpa) else np.inf
    return np.hypot(INDEX_U, index * min(change, _LARGEST_UNKNOWN) / np.sqrt(3.0))


def face_reflectance(index: Vector) -> Vector:
    """Return the reflectance of a polished face against air or vacuum at normal incidence.

    Fresnel's equation; rays of a numerical aperture of 0.4 meet the culet within 10 degrees of
    the normal, where the mean over both polarisations differs by less than 1e-3 of it.
    """
    return ((index - 1.0) / (index + 1.0)) ** 2
