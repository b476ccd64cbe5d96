"""When has the pressure settled? Pure: readings in, a judgement out.

A slope that is consistent with zero proves nothing if its error is large, so the judgement is
on the upper 95 % bound of its absolute value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from plans.settings import DwellSettings

__all__ = ["Drift", "assess_drift"]

_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Slope of the measured pressure over the window, with its bounds."""

    slope_gpa_per_h: float
    lower_gpa_per_h: float
    """95 % of slopes that could have given these readings are steeper than this."""
    upper_gpa_per_h: float
    """95 % of slopes that could have given these readings are flatter than this."""
    readings: int
    outcome: str
    """``settled``, ``still_drifting`` or ``undetermined``."""


def assess_drift(
    times_s: Sequence[float],
    pressures_gpa: Sequence[float],
    sigmas_gpa: Sequence[float],
    settings: DwellSettings,
) -> Drift:
    """Judge the drift of the readings in the last window.

    Parameters
    ----------
    times_s : sequence of float, shape (n,)
        Laboratory times, increasing.
    pressures_gpa, sigmas_gpa : sequence of float, shape (n,)
        Measured pressures and their statistical standard uncertainties.
    settings : DwellSettings
        Window, limit and the least number of readings.

    Returns
    -------
    Drift
        ``settled`` if the upper bound of the absolute slope is below the limit,
        ``still_drifting`` if the lower bound is above it, else ``undetermined``.

    Notes
    -----
    Weighted least squares of a line. The error of the slope is the larger of what the
    statistical uncertainties predict and what the residuals show (scaled by the reduced
    chi-square, Student's t with n - 2 degrees of freedom), so scatter that the fit does not
    know of cannot make a drift look settled.
    """
    time = np.asarray(times_s, float)
    inside = time >= time[-1] - settings.window_s if time.size else np.zeros(0, bool)
    time = time[inside]
    pressure = np.asarray(pressures_gpa, float)[inside]
    sigma = np.asarray(sigmas_gpa, float)[inside]
    covered_s = float(time[-1] - time[0]) if time.size else 0.0
    # readings come at intervals, so the oldest inside lies up to one interval behind the edge
    missing_s = settings.window_s - covered_s
    if time.size < settings.min_readings or missing_s > 1.05 * settings.interval_s:
        return Drift(
            slope_gpa_per_h=math.nan,
            lower_gpa_per_h=0.0,
            upper_gpa_per_h=math.inf,
            readings=int(time.size),
            outcome="undetermined",
        )
    slope, slope_error = _slope(time / 3600.0, pressure, sigma)
    factor = float(stdtrit(time.size - 2, _CONFIDENCE))
    lower = max(0.0, abs(slope) - factor * slope_error)
    upper = abs(slope) + factor * slope_error
    if upper < settings.drift_limit_gpa_per_h:
        outcome = "settled"
    elif lower > settings.drift_limit_gpa_per_h:
        outcome = "still_drifting"
    else:
        outcome = "undetermined"
    return Drift(
        slope_gpa_per_h=slope,
        lower_gpa_per_h=lower,
        upper_gpa_per_h=upper,
        readings=int(time.size),
        outcome=outcome,
    )


def _slope(x: np.ndarray, y: np.ndarray, sigma: np.ndarray) -> tuple[float, float]:
    """Slope of a weighted line and its standard error, inflated where residuals ask for it."""
    weight = 1.0 / np.square(sigma)
    x_mean = np.average(x, weights=weight)
    y_mean = np.average(y, weights=weight)
    spread = float(np.sum(weight * (x - x_mean) ** 2))
    slope = float(np.sum(weight * (x - x_mean) * (y - y_mean)) / spread)
    residual = y - y_mean - slope * (x - x_mean)
    chi2_reduced = float(np.sum(weight * residual**2)) / (x.size - 2)
    return slope, math.sqrt(max(1.0, chi2_reduced) / spread)
