"""Profile likelihood of one Drude parameter: how far it can go while the rest makes up for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.reflectance.drude import BOUNDS, drude_jacobian, drude_reflectance

__all__ = ["RISE_95", "Interval", "Problem", "polish", "profile_interval"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_NAMES: Final = ("plasma_ev", "tau_fs", "eps_inf")
RISE_95: Final = 3.841
"""Quantile of chi squared with one degree of freedom at 95 %."""
# Steps outwards grow from a ten-thousandth of the way to the bound, so that sharp minima are
# resolved as well as flat ones.
_STEPS: Final = 16
_FIRST_STEP: Final = 1e-4
# Resolution of an end, as a logarithm.
_END_TOLERANCE: Final = 1e-4
_NUISANCE_GRID: Final = (64, 12)
_MOST_ITERATIONS: Final = 200


@dataclass(frozen=True)
class Interval:
    """A 95 % interval; an end that the data do not set is 0 or inf."""

    low: float
    high: float

    def text(self, unit: str) -> str:
        """The interval in words."""
        if self.low > 0.0 and np.isfinite(self.high):
            return f"{self.low:.3g} to {self.high:.3g} {unit}"
        if self.low > 0.0:
            return f"{self.low:.3g} {unit} and above, with no upper end"
        if np.isfinite(self.high):
            return f"{self.high:.3g} {unit} and below, with no lower end"
        return "everything: the data exclude no value"

    def to_list(self) -> list[float | None]:
        """Return it as JSON takes it; a missing end is None."""
        return [
            float(self.low) if self.low > 0.0 else None,
            float(self.high) if np.isfinite(self.high) else None,
        ]


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """A Drude fit with its covariance."""

    wavelength_nm: Vector
    reflectance: Vector
    index: Vector
    whitener: Matrix
    """Lower Cholesky factor of the covariance, shape (n, n)."""
    fixed_log_eps: float
    """Used where eps_inf is not fitted."""
    count: int
    """Number of free parameters, 2 or 3."""

    def with_whitener(self, whitener: Matrix) -> "Problem":
        """Return the same problem with another covariance."""
        return replace(self, whitener=whitener)

    @property
    def log_bounds(self) -> tuple[Vector, Vector]:
        """Lower and upper bounds of the logarithms, each shape (count,)."""
        bounds = np.log([BOUNDS[name] for name in _NAMES[: self.count]])
        return bounds[:, 0], bounds[:, 1]

    def full(self, free: Matrix) -> Matrix:
        """Append the fixed logarithm of eps_inf where it is not free, shape (..., 3)."""
        if self.count == 3:
            return free
        fixed = np.full((*free.shape[:-1], 1), self.fixed_log_eps)
        return np.concatenate([free, fixed], axis=-1)

    def residual(self, free: Vector) -> Vector:
        """Whitened residual, shape (n,)."""
        model = drude_reflectance(self.wavelength_nm, self.full(free), self.index)
        return self._white(model - self.reflectance)

    def jacobian(self, free: Vector) -> Matrix:
        """Whitened derivatives by the free logarithms, shape (n, count)."""
        by_log = drude_jacobian(self.wavelength_nm, self.full(free), self.index)
        return self._white(by_log[:, : self.count])

    def _white(self, columns: Matrix) -> Matrix:
        return self.whitening @ columns

    @cached_property
    def whitening(self) -> Matrix:
        """Inverse of the whitener: a fit whitens some 500 times, and a product is far quicker."""
        return np.asarray(np.linalg.inv(self.whitener), dtype=np.float64)

    def chi2(self, free: Matrix) -> Vector:
        """Chi squared of many parameter sets, shape (m,)."""
        model = drude_reflectance(self.wavelength_nm, self.full(free), self.index)
        white = self._white((model - self.reflectance).T)
        return np.sum(white**2, axis=0)


def profile_interval(problem: Problem, minima: Sequence[Vector], which: int) -> Interval:
    """95 % interval of a parameter, the others free.

    Walks outwards from the outermost minima until chi squared has risen by 3.84, the other
    parameters minimised anew at each step; an end at the bound of the search is no end. What
    lies between two minima belongs to the interval.

    Parameters
    ----------
    problem : Problem
    minima : sequence of arrays, shape (count,)
        Logarithms; the best first, then others that the data do not exclude.
    which : int
        Index of the parameter.
    """
    limit = float(problem.chi2(minima[0][None, :])[0]) + RISE_95
    lower, upper = (float(bound[which]) for bound in problem.log_bounds)
    low = _end(problem, min(minima, key=lambda one: one[which]), which, lower, limit)
    high = _end(problem, max(minima, key=lambda one: one[which]), which, upper, limit)
    return Interval(
        float(np.exp(low)) if low is not None else 0.0,
        float(np.exp(high)) if high is not None else float("inf"),
    )


def _end(problem: Problem, best: Vector, which: int, bound: float, limit: float) -> float | None:
    """Logarithm at which the profile crosses the limit on one side; None where it does not."""
    centre = float(best[which])
    way = bound - centre

    def excess(log_value: float) -> float:
        return _profile(problem, best, which, log_value) - limit

    inside = centre
    for fraction in np.geomspace(_FIRST_STEP, 1.0, _STEPS):
        trial = centre + way * float(fraction)
        if excess(trial) > 0.0:
            if excess(inside) >= 0.0:
                return inside
            # each command would wait a sixth of a second for it
            from scipy.optimize import root_scalar

            return float(root_scalar(excess, bracket=(inside, trial), xtol=_END_TOLERANCE).root)
        inside = trial
    return None


def _profile(problem: Problem, warm: Vector, which: int, value: float) -> float:
    """Smallest chi squared with one logarithm held at a value."""
    others = [i for i in range(problem.count) if i != which]
    low, high = problem.log_bounds
    axes = [
        np.linspace(low[i], high[i], points)
        for i, points in zip(others, _NUISANCE_GRID, strict=False)
    ]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=-1)
    grid = np.vstack([grid, warm[others]])
    full = np.empty((grid.shape[0], problem.count))
    full[:, which], full[:, others] = value, grid
    chi2 = problem.chi2(full)
    start = int(np.argmin(chi2))
    return min(float(chi2[start]), polish(problem, full[start], others)[1])


def polish(problem: Problem, start: Vector, free: Sequence[int]) -> tuple[Vector, float]:
    """Minimise chi squared over some of the logarithms from a near start (Levenberg-Marquardt).

    Parameters
    ----------
    problem : Problem
    start : array, shape (count,)
    free : sequence of int
        The logarithms that may move, within their bounds.

    Returns
    -------
    tuple of array and float
        Logarithms and chi squared.
    """
    free = list(free)
    low, high = (bound[free] for bound in problem.log_bounds)
    point, damping = start.copy(), 1e-3
    residual = problem.residual(point)
    chi2 = float(residual @ residual)
    for _ in range(_MOST_ITERATIONS):
        jacobian = problem.jacobian(point)[:, free]
        gradient = jacobian.T @ residual
        # a logarithm that stands at its bound and is pushed against it takes no part in the step
        held = ((point[free] <= low) & (gradient > 0.0)) | (
            (point[free] >= high) & (gradient < 0.0)
        )
        jacobian = np.where(held, 0.0, jacobian)
        hessian = jacobian.T @ jacobian
        scaled = hessian + damping * np.diag(np.diag(hessian)) + np.diag(np.where(held, 1.0, 1e-30))
        step = -np.linalg.lstsq(scaled, np.where(held, 0.0, gradient), rcond=None)[0]
        trial = point.copy()
        trial[free] = np.clip(point[free] + np.clip(step, -2.0, 2.0), low, high)
        residual_there = problem.residual(trial)
        chi2_there = float(residual_there @ residual_there)
        if chi2_there < chi2:
            gained, moved = chi2 - chi2_there, float(np.max(np.abs(trial - point)))
            point, residual, chi2 = trial, residual_there, chi2_there
            damping = max(damping / 10.0, 1e-12)
            if moved < 1e-9 or gained < 1e-9:
                break
        elif damping > 1e8:
            break
        else:
            damping *= 10.0
    return point, chi2
