"""How steep the load curve is just now, on the safe side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.load_curve.errors import LoadCurveError

__all__ = ["LocalSlope", "local_slope_gpa_per_turn"]

Array = NDArray[np.float64]

COVERAGE = 2.0
"""Coverage factor of the upper bound; with equal steps on a parabola it also covers the slope
of the next step exactly (the chord then lies twice the largest chord excess above the line)."""

SAME_PLACE_TURNS = 1e-6
"""Points closer than this are one place: it is far below the step of any drive."""

UNSEEN_CURVATURE = 0.5
"""Relative uncertainty of a slope from two points, which cannot show any curvature: the slope
may change by half over their distance. A convention of this package."""


@dataclass(frozen=True, kw_only=True)
class LocalSlope:
    """dP/dturns at the last measured point; an estimate for planning, not a measurement."""

    gpa_per_turn: float
    sigma_gpa_per_turn: float
    """Standard uncertainty (k = 1) with what the recent chords show of curvature."""
    upper_gpa_per_turn: float
    """Conservative value: divide an allowed rise of pressure by this one."""


def local_slope_gpa_per_turn(
    turns: ArrayLike,
    pressure_gpa: ArrayLike,
    sigma_gpa: ArrayLike | None = None,
    *,
    points: int = 4,
    floor_gpa_per_turn: float = 0.0,
) -> LocalSlope:
    """Estimate dP/dturns at the last point from the last few measured points of one branch.

    The value is the slope of a weighted line through the last `points` points. Its uncertainty
    joins the propagated noise with the largest amount by which a chord between neighbours
    differs from the line beyond the chord's own noise (curvature, stick-slip); the upper bound
    is value + 2 sigma and never below `floor_gpa_per_turn`.

    Parameters
    ----------
    turns, pressure_gpa : array_like, shape (n,)
        Measured points in the order in which they were taken, n >= 2; on unloading both fall.
    sigma_gpa : array_like, shape (n,), optional
        Statistical uncertainty of each pressure; without it all points count alike, as exact.
    points : int
        How many of the last points are used.
    floor_gpa_per_turn : float
        Least upper bound, e.g. from the steepest part of the run: inside the dead band of a
        reversal the measured slope is near 0 and says nothing of what follows.

    Raises
    ------
    LoadCurveError
        With fewer than two points, a value that is not finite, or points at one position.
    """
    x, y = np.asarray(turns, dtype=float)[-points:], np.asarray(pressure_gpa, dtype=float)[-points:]
    sigma = np.zeros_like(y) if sigma_gpa is None else np.asarray(sigma_gpa, dtype=float)[-points:]
    _require(x, y, sigma)
    weights = 1.0 / sigma**2 if np.all(sigma > 0) else np.ones_like(y)
    value = _weighted_slope(x, y, weights)
    centred = x - np.average(x, weights=weights)
    pull = weights * centred / np.sum(weights * centred**2)
    noise = float(np.sqrt(np.sum((pull * sigma) ** 2)))
    spread = float(np.hypot(noise, _chord_excess(x, y, sigma, value)))
    upper = max(value + COVERAGE * spread, floor_gpa_per_turn)
    return LocalSlope(
        gpa_per_turn=value, sigma_gpa_per_turn=spread, upper_gpa_per_turn=float(upper)
    )


def _require(turns: Array, pressure_gpa: Array, sigma_gpa: Array) -> None:
    if turns.ndim != 1 or not turns.shape == pressure_gpa.shape == sigma_gpa.shape:
        raise LoadCurveError(
            "A local slope needs turns, pressures and uncertainties as lists of one length; "
            f"got shapes {turns.shape}, {pressure_gpa.shape} and {sigma_gpa.shape}."
        )
    if not all(np.all(np.isfinite(a)) for a in (turns, pressure_gpa, sigma_gpa)):
        raise LoadCurveError(
            "A local slope takes measured points only, but one of the values is not finite; "
            "leave out the steps at which no pressure was measured."
        )
    if turns.size < 2 or float(np.ptp(turns)) <= SAME_PLACE_TURNS:
        raise LoadCurveError(
            f"A local slope needs two measured points at different turns; got {turns.size} "
            "point(s) at one position. Measure another small step first."
        )


def _weighted_slope(turns: Array, pressure_gpa: Array, weights: Array) -> float:
    x = turns - np.average(turns, weights=weights)
    return float(np.sum(weights * x * pressure_gpa) / np.sum(weights * x**2))


def _chord_excess(turns: Array, pressure_gpa: Array, sigma_gpa: Array, value: float) -> float:
    """Largest deviation of a chord from the line beyond twice the chord's own noise."""
    steps = np.diff(turns)
    moved = np.abs(steps) > SAME_PLACE_TURNS
    if np.count_nonzero(moved) < 2:
        return UNSEEN_CURVATURE * abs(value)
    chords = np.diff(pressure_gpa)[moved] / steps[moved]
    noise = np.hypot(sigma_gpa[1:], sigma_gpa[:-1])[moved] / np.abs(steps[moved])
    return float(np.max(np.maximum(np.abs(chords - value) - 2 * noise, 0.0)))
