"""The Drude model of free carriers, and what such a solid reflects inside diamond.

``eps(w) = eps_inf - wp**2 / (w**2 + i w / tau)``; the face against diamond of index n reflects
``|(sqrt(eps) - n) / (sqrt(eps) + n)|**2`` at normal incidence (Fresnel). Energies are in eV: wp
stands for hbar wp, and 1/tau for hbar/tau. Parameters are handled as logarithms, so that plasma
energy, scattering time and eps_inf stay positive whatever a fit tries.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError

__all__ = [
    "BOUNDS",
    "HBAR_EV_FS",
    "HC_EV_NM",
    "DrudeParameters",
    "drude_jacobian",
    "drude_reflectance",
]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# CODATA 2018, exact since the SI of 2019.
HC_EV_NM: Final = 1239.841984
HBAR_EV_FS: Final = 0.6582119569

BOUNDS: Final = {"plasma_ev": (0.1, 300.0), "tau_fs": (1e-3, 1e4), "eps_inf": (1.0, 30.0)}
"""Within which parameters are looked for: wider than any solid, so that an interval that ends at
one has no end."""

_STEP: Final = 1e-5
"""Of the logarithm, for central differences: truncation and rounding are both below 1e-9."""


@dataclass(frozen=True, kw_only=True)
class DrudeParameters:
    """One Drude solid."""

    plasma_ev: float
    """hbar wp."""
    tau_fs: float
    """Scattering time in 1e-15 s."""
    eps_inf: float = 1.0
    """Of the bound electrons."""

    def __post_init__(self) -> None:
        values = (self.plasma_ev, self.tau_fs, self.eps_inf)
        if not all(np.isfinite(value) and value > 0.0 for value in values):
            raise ConfigurationError(
                f"A Drude model needs positive parameters, not {self.plasma_ev} eV, "
                f"{self.tau_fs} fs and eps_inf {self.eps_inf}."
            )

    @property
    def logarithms(self) -> Vector:
        """Logarithms of plasma energy, scattering time and eps_inf."""
        return np.log([self.plasma_ev, self.tau_fs, self.eps_inf])

    @classmethod
    def from_logarithms(cls, logarithms: Vector) -> "DrudeParameters":
        """Inverse of `logarithms`."""
        plasma, tau, eps = (float(value) for value in np.exp(logarithms))
        return cls(plasma_ev=plasma, tau_fs=tau, eps_inf=eps)


def drude_reflectance(wavelength_nm: Vector, logarithms: Matrix, index: Vector) -> Matrix:
    """Reflectance of the face against diamond.

    Parameters
    ----------
    wavelength_nm : array, shape (n,)
        Taken as in vacuum; the 3e-4 of air lie far below any uncertainty here.
    logarithms : array, shape (..., 3)
        ln of plasma energy in eV, scattering time in fs, eps_inf.
    index : array, shape (n,)
        Of the diamond at the culet.

    Returns
    -------
    array, shape (..., n)
    """
    plasma, tau, eps_inf = np.exp(np.moveaxis(np.asarray(logarithms), -1, 0))[..., None]
    energy = HC_EV_NM / wavelength_nm
    eps = eps_inf - plasma**2 / (energy * (energy + 1j * HBAR_EV_FS / tau))
    # the root with a positive imaginary part decays into the solid
    root = np.sqrt(eps)
    return np.abs((root - index) / (root + index)) ** 2


def drude_jacobian(wavelength_nm: Vector, logarithms: Vector, index: Vector) -> Matrix:
    """Derivatives of the reflectance by the three logarithms, shape (n, 3)."""
    steps = _STEP * np.eye(3)
    up = drude_reflectance(wavelength_nm, logarithms + steps, index)
    down = drude_reflectance(wavelength_nm, logarithms - steps, index)
    return ((up - down) / (2.0 * _STEP)).T
