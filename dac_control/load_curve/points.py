"""The measured points of one branch, checked, in rising order and scaled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.load_curve.errors import LoadCurveError

__all__ = ["SAME_PLACE_TURNS", "Points", "points_of"]

Array = NDArray[np.float64]

SAME_PLACE_TURNS = 1e-6
"""Points closer than this are one place: it is far below the step of any drive."""


@dataclass(frozen=True)
class Points:
    """Measured points of a branch in rising order of turns."""

    turns: Array
    u: Array
    """Turns scaled to 0 at the first and 1 at the last point, shape (n,)."""
    pressure_gpa: Array
    sigma_gpa: Array
    sigma_u: float
    """Error in turns (k = 1) as a part of the measured range."""

    @property
    def places(self) -> int:
        """Number of different positions."""
        return 1 + int(np.count_nonzero(np.diff(self.turns) > SAME_PLACE_TURNS))

    def scaled(self, turns: ArrayLike) -> Array:
        """Scale turns as the points are, shape as given."""
        values = np.asarray(turns, dtype=float)
        return (values - self.turns[0]) / (self.turns[-1] - self.turns[0])

    def variance(self, slope_gpa: Array, scatter_gpa: float | Array = 0.0) -> Array:
        """Effective variance of each point, GPa², at slopes in GPa per range.

        The error in turns enters as slope times error (Orear, Am. J. Phys. 50 (1982) 912).
        """
        return self.sigma_gpa**2 + (slope_gpa * self.sigma_u) ** 2 + scatter_gpa**2


def points_of(
    turns: ArrayLike,
    pressure_gpa: ArrayLike,
    sigma_gpa: ArrayLike,
    sigma_turns: float,
    branch: str,
) -> Points:
    """Check and order the points; raises `LoadCurveError` as `fit_load_curve` says."""
    try:
        x, y, sigma = (np.asarray(a, dtype=float) for a in (turns, pressure_gpa, sigma_gpa))
    except (TypeError, ValueError) as error:
        raise LoadCurveError(
            f"The {branch} curve takes numbers that a gauge measured, nothing else ({error}). "
            "A value predicted by a load curve is not a measurement."
        ) from error
    _require(x, y, sigma, branch)
    if not (np.isfinite(sigma_turns) and sigma_turns >= 0):
        raise LoadCurveError(
            f"The {branch} curve needs an error in turns of 0 or more, not {sigma_turns!r}."
        )
    order = np.argsort(x, kind="stable")
    x, y, sigma = x[order], y[order], sigma[order]
    reach = x[-1] - x[0]
    return Points(x, (x - x[0]) / reach, y, sigma, float(sigma_turns / reach))


def _require(turns: Array, pressure_gpa: Array, sigma_gpa: Array, branch: str) -> None:
    if turns.ndim != 1 or not turns.shape == pressure_gpa.shape == sigma_gpa.shape:
        raise LoadCurveError(
            f"The {branch} curve needs turns, pressures and uncertainties as lists of one length; "
            f"got shapes {turns.shape}, {pressure_gpa.shape} and {sigma_gpa.shape}."
        )
    if not all(np.all(np.isfinite(a)) for a in (turns, pressure_gpa, sigma_gpa)):
        raise LoadCurveError(
            f"The {branch} curve takes measured points only, but one of the values is not finite; "
            "leave out the steps at which no pressure was measured."
        )
    if np.any(sigma_gpa <= 0):
        raise LoadCurveError(
            f"The {branch} curve needs a statistical uncertainty above 0 GPa at every point; the "
            f"smallest is {float(np.min(sigma_gpa)):g} GPa."
        )
    if turns.size < 2 or float(np.ptp(turns)) <= SAME_PLACE_TURNS:
        raise LoadCurveError(
            f"The {branch} curve needs two measured points at different turns; got {turns.size} "
            "point(s) at one position. Measure another step first."
        )
