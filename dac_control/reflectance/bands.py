"""Neighbouring wavelengths gathered in bands, before covariances are made of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.reflectance.results import Reflectance
from dac_control.reflectance.uncertainty import Scope

__all__ = ["Curve", "in_bands"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# From so many bands on, systematic terms are replaced by polynomials of this degree.
_SMOOTH_FROM = 12
_DEGREE = 4
# Standard uncertainty below which no reflectance is believed: keeps covariances invertible where
# somebody states that counts have no noise.
_SMALLEST_SIGMA = 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Values with independent noise and shared errors."""

    wavelength_nm: Vector
    """Weighted mean of each band, shape (b,)."""
    values: Vector
    sigma_stat: Vector
    systematic: Matrix
    """One row per systematic term, signed, shape (k, b)."""
    names: tuple[str, ...]
    scopes: tuple[Scope, ...]
    """Of each systematic term, as in `Term`."""


def in_bands(result: Reflectance, most: int, usable: NDArray[np.bool_] | None = None) -> Curve:
    """Gather the usable wavelengths in at most so many bands of equal numbers of points.

    Points are weighted by their statistical variance; systematic terms are averaged with the
    same weights, keeping their signs. Where there are many bands they are smoothed: a term that
    is proportional to the value carries its noise, and a least-squares fit with such a covariance
    is drawn to low values (Peelle's puzzle; G. D'Agostini, Nucl. Instrum. Methods A 346, 306,
    1994). Lamps, tables and anvils vary slowly with wavelength, so their errors do too.

    Parameters
    ----------
    result : AbsoluteReflectance or RelativeReflectance
    most : int
    usable : array of bool, shape (n,), optional
        Where to look; unless given, all that `result` has.
    """
    chosen = np.flatnonzero(result.usable if usable is None else usable)
    sigma = np.maximum(result.sigma_stat[chosen], _SMALLEST_SIGMA)
    groups = np.array_split(np.arange(chosen.size), min(most, chosen.size))
    weights = np.zeros((len(groups), chosen.size))
    for row, group in enumerate(groups):
        inverse = sigma[group] ** -2
        weights[row, group] = inverse / np.sum(inverse)
    systematic = [term for term in result.terms if term.kind == "systematic"]
    rows = np.array([term.sigma[chosen] for term in systematic]).reshape(-1, chosen.size)
    axis = weights @ result.wavelength_nm[chosen]
    noise = np.sqrt((weights**2) @ sigma**2)
    return Curve(
        wavelength_nm=axis,
        values=weights @ result.values[chosen],
        sigma_stat=noise,
        systematic=_smoothed(rows @ weights.T, axis, noise),
        names=tuple(term.name for term in systematic),
        scopes=tuple(term.scope for term in systematic),
    )


def _smoothed(rows: Matrix, axis: Vector, sigma: Vector) -> Matrix:
    if axis.size < _SMOOTH_FROM:
        return rows
    x = 2.0 * (axis - axis[0]) / (axis[-1] - axis[0]) - 1.0
    base = np.polynomial.legendre.legvander(x, _DEGREE)
    coefficients = np.linalg.lstsq(base / sigma[:, None], (rows / sigma).T, rcond=None)[0]
    return (base @ coefficients).T
