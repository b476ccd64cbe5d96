"""Weighted fit of a Drude model to an absolute reflectance, with everything it leaves open."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import chdtrc

from dac_control.errors import NotMeasured
from dac_control.reflectance.bands import in_bands
from dac_control.reflectance.diamond import culet_index_u, diamond_index
from dac_control.reflectance.drude import (
    BOUNDS,
    DrudeParameters,
    drude_reflectance,
)
from dac_control.reflectance.drude_result import DrudeFit
from dac_control.reflectance.identifiability import identifiability
from dac_control.reflectance.profile import RISE_95, Problem, polish, profile_interval
from dac_control.reflectance.results import AbsoluteReflectance, Reflectance

__all__ = ["fit_drude"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# More points than these say no more about two or three smooth parameters.
_MOST_POINTS: Final = 256
_NAMES: Final = ("plasma_ev", "tau_fs", "eps_inf")
# Grid of the search for the global minimum, per logarithm.
_GRID: Final = (48, 40, 8)
# Minima closer than this, as logarithms, are one.
_DISTINCT: Final = 0.05
# Valleys of that grid that are followed down.
_STARTS: Final = 8


def fit_drude(
    measured: Reflectance, *, eps_inf: float | None = 1.0, index: Vector | float | None = None
) -> DrudeFit:
    """Fit plasma energy and scattering time, and eps_inf where it is left free.

    Generalised least squares with the full covariance of the reflectance, the index of the
    stressed culet among the systematic terms. Spectra of more than 256 points are gathered in
    bands first.

    Parameters
    ----------
    measured : AbsoluteReflectance
        A relative one is refused.
    eps_inf : float or None
        Of the bound electrons; None to fit it.
    index : array, shape (n,), or float, optional
        Of the diamond at the culet; unless given, that of ambient diamond with an uncertainty
        that grows with the pressure. A given one is taken as exact.

    Raises
    ------
    NotMeasured
        The reflectance is relative, or has fewer wavelengths than there are unknowns.
    """
    if not isinstance(measured, AbsoluteReflectance):
        raise NotMeasured(
            f"The reflectance of {measured.sample} is relative ({'; '.join(measured.reasons)}), "
            "and a Drude model needs an absolute one."
        )
    count = 3 if eps_inf is None else 2
    n_measured = int(measured.usable.sum())
    if n_measured < count:
        raise NotMeasured(
            f"The reflectance of {measured.sample} has {n_measured} usable wavelengths for "
            f"{count} unknowns of a Drude model; nothing can be fitted."
        )
    curve = in_bands(measured, _MOST_POINTS)
    base, index_u = _index_at(measured, index, curve.wavelength_nm)
    systematic = curve.systematic
    problem = Problem(
        wavelength_nm=curve.wavelength_nm,
        reflectance=curve.values,
        index=base,
        whitener=_whitener(curve.sigma_stat, systematic),
        fixed_log_eps=float(np.log(1.0 if eps_inf is None else eps_inf)),
        count=count,
    )
    minima = _search(problem)
    if np.any(index_u > 0.0):
        shift = _index_effect(problem, minima[0], index_u)
        systematic = np.vstack([systematic, shift])
        problem = problem.with_whitener(_whitener(curve.sigma_stat, systematic))
        minima = _search(problem)
    return _result(problem, minima, curve.sigma_stat, systematic, n_measured)


def _index_at(
    measured: AbsoluteReflectance, index: Vector | float | None, wavelength: Vector
) -> tuple[Vector, Vector]:
    if index is None:
        base = diamond_index(wavelength)
        return base, culet_index_u(base, measured.pressure.pressure_gpa)
    given = np.broadcast_to(np.asarray(index, dtype=np.float64), measured.wavelength_nm.shape)
    base = np.interp(wavelength, measured.wavelength_nm, given)
    return base, np.zeros(wavelength.size)


def _whitener(sigma_stat: Vector, systematic: Matrix) -> Matrix:
    whole: Matrix = np.diag(sigma_stat**2) + systematic.T @ systematic
    return np.asarray(np.linalg.cholesky(whole), dtype=np.float64)


def _search(problem: Problem) -> list[Vector]:
    """Minima, best first: a grid over the logarithms, then its deepest valleys refined.

    Minima behind the first are kept where the data do not exclude them at 95 %.
    """
    axes = [
        np.linspace(*np.log(BOUNDS[name]), num=points + 2)[1:-1]
        for name, points in zip(_NAMES[: problem.count], _GRID, strict=False)
    ]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=-1)
    chi2 = problem.chi2(grid).reshape([axis.size for axis in axes])
    valleys = np.flatnonzero(
        chi2.ravel() == scipy.ndimage.minimum_filter(chi2, size=3, mode="nearest").ravel()
    )
    starts = grid[valleys[np.argsort(chi2.ravel()[valleys])][:_STARTS]]
    free = range(problem.count)
    found = sorted((polish(problem, start, free) for start in starts), key=lambda pair: pair[1])
    kept: list[Vector] = []
    for point, value in found:
        apart = all(float(np.max(np.abs(point - other))) > _DISTINCT for other in kept)
        if apart and value <= found[0][1] + RISE_95:
            kept.append(point)
    return kept


def _index_effect(problem: Problem, best: Vector, index_u: Vector) -> Vector:
    logs = problem.full(best)
    up = drude_reflectance(problem.wavelength_nm, logs, problem.index + index_u)
    return up - drude_reflectance(problem.wavelength_nm, logs, problem.index)


def _result(
    problem: Problem,
    minima: Sequence[Vector],
    sigma_stat: Vector,
    systematic: Matrix,
    n_measured: int,
) -> DrudeFit:
    best = minima[0]
    parameters = DrudeParameters.from_logarithms(problem.full(best))
    stat, sys = _covariances(problem, best, sigma_stat, systematic)
    chi2 = float(problem.chi2(best[None, :])[0])
    dof = problem.wavelength_nm.size - problem.count
    covariance = np.diag(sigma_stat**2) + systematic.T @ systematic
    low, high = problem.log_bounds
    free = _NAMES[: problem.count]
    near = 1e-3 * (high - low)
    return DrudeFit(
        parameters=parameters,
        others=tuple(DrudeParameters.from_logarithms(problem.full(one)) for one in minima[1:]),
        free=free,
        covariance_stat=stat,
        covariance_sys=sys,
        intervals_95={
            name: profile_interval(problem, minima, which) for which, name in enumerate(free)
        },
        chi2=chi2,
        dof=dof,
        p_value=float(chdtrc(dof, chi2)) if dof > 0 else float("nan"),
        identifiability=identifiability(
            problem.wavelength_nm,
            covariance,
            problem.index,
            parameters,
            eps_inf_free=problem.count == 3,
        ),
        n_wavelengths=n_measured,
        at_bound=tuple(
            name
            for name, value, a, b, edge in zip(free, best, low, high, near, strict=True)
            if value - a < edge or b - value < edge
        ),
    )


def _covariances(
    problem: Problem, best: Vector, sigma_stat: Vector, systematic: Matrix
) -> tuple[Matrix, Matrix]:
    """Noise and systematic terms through the estimator, apart (JCGM 102:2011, 6.2)."""
    white = problem.jacobian(best)
    information = white.T @ white
    values = np.linalg.eigvalsh(information)
    if values[0] <= 1e-13 * values[-1]:
        unknown = np.full((problem.count, problem.count), np.inf)
        return unknown, unknown.copy()
    gain = np.linalg.solve(information, white.T) @ problem.whitening
    noise = gain * sigma_stat
    shared = gain @ systematic.T
    return noise @ noise.T, shared @ shared.T
