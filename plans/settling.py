"""When has the pressure settled? Pure: readings in, a judgement out.

A slope that is consistent with zero proves nothing if its error is large, so the judgement is
on the upper 95 % bound of its absolute value. It is made after every reading, and a bound that
may be looked at a hundred times and is believed the first time it is small enough is no 95 %
bound: without control, 7 to 9 of 10 dwells that drift just above the limit are called settled at
some look (``benchmarks/dwell_looks.py``). So the 5 % are spent over all looks of a dwell
(Lan & DeMets, Biometrika 70, 659 (1983)): look k of at most K gets ``0.05 / (k H_K)``, with H_K the
sum of 1/k, shared out evenly among the windows that are looked at. Boole's inequality then
holds the sum whatever the correlation between looks, which share most of their readings.

What ``settled`` claims: the drift at the end of the window is below the limit. The pressure after a
step relaxes along no line but like exponentials and a logarithm. The slope of a least-squares
line is an average of the drift over its window, with weights that are nowhere negative, so where
the drift only ever falls in size, the drift at the end is no larger than that average, and the
claim errs on the safe side. Where two relaxations of opposite sign meet, or creep sets in anew, an
average may be small and the end steep; therefore no window is believed while the shortest one, or
its later half, says ``still_drifting``. That helps and is no proof: see the benchmark.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from dac_control.errors import LimitError
from plans.settings import DwellSettings

__all__ = ["ERROR_LEVEL", "Drift", "assess_drift"]

ERROR_LEVEL: Final = 0.05
"""Chance that a dwell whose drift stays above the limit is ever called settled."""

# Readings come at intervals, so the oldest inside lies up to one interval behind the edge.
_EDGE_INTERVALS: Final = 1.05


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Slope of the measured pressure over the window that says most, with its bounds."""

    slope_gpa_per_h: float
    lower_gpa_per_h: float
    """95 % of slopes that could have given these readings are steeper than this (one look)."""
    upper_gpa_per_h: float
    """The absolute slope is below this, and with 95 % so were the bounds of all earlier looks."""
    readings: int
    """In the window."""
    outcome: str
    """``settled``, ``still_drifting`` or ``undetermined``."""
    window_s: float = math.nan
    """Laboratory time from its first reading to its last."""
    look: int = 0
    """Number of this look in the dwell; 0 before the first."""


@dataclass(frozen=True)
class _Line:
    slope: float
    error: float
    readings: int
    covered_s: float

    def bound(self, tail: float) -> float:
        """Distance from the slope that is exceeded with chance `tail`."""
        return self.error * float(stdtrit(self.readings - 2, 1.0 - tail))


def assess_drift(
    times_s: Sequence[float],
    pressures_gpa: Sequence[float],
    sigmas_gpa: Sequence[float],
    settings: DwellSettings,
) -> Drift:
    """Judge the drift after the last reading of a dwell.

    Parameters
    ----------
    times_s : sequence of float, shape (n,)
        Laboratory times, increasing, of all readings since the dwell began: their number says how
        often the drift was looked at.
    pressures_gpa, sigmas_gpa : sequence of float, shape (n,)
        Measured pressures and their statistical standard uncertainties.
    settings : DwellSettings
        Window, limit, least number of readings, and interval and longest dwell, which limit the
        number of looks.

    Returns
    -------
    Drift
        ``settled`` if the upper bound of the absolute slope, good for all looks together, is below
        the limit; ``still_drifting`` if the lower bound over the last `window_s`, or over its later
        half, is above it; else ``undetermined``.

    Raises
    ------
    LimitError
        If the readings are not of one length, or a number among them cannot be a reading.

    Notes
    -----
    Weighted least squares of a line, over the last `window_s` and, as the dwell goes on, over two,
    four, eight ... times as much: where single readings are uncertain the slope error falls with
    the 3/2 power of the window, and a drift that is slow after an hour is slow on the scale of an
    hour. The error of the slope is the larger of what the statistical uncertainties predict and
    what the residuals show (scaled by the reduced chi-square, Student's t with n - 2 degrees of
    freedom), so scatter that the fit does not know of cannot make a drift look settled.
    """
    time, pressure, sigma = _checked(times_s, pressures_gpa, sigmas_gpa)
    lines = _lines(time, pressure, sigma, settings)
    if not lines:
        return _too_early(time, settings)
    look, level = _look(time, settings)
    tail = level / len(lines)
    best = min(lines, key=lambda line: abs(line.slope) + line.bound(tail))
    upper = abs(best.slope) + best.bound(tail)
    limit = settings.drift_limit_gpa_per_h
    steepest = max(
        (lines[0], *_later_half(time, pressure, sigma, settings)),
        key=lambda line: abs(line.slope) - line.bound(ERROR_LEVEL),
    )
    if abs(steepest.slope) - steepest.bound(ERROR_LEVEL) > limit:
        outcome = "still_drifting"
    elif upper < limit and look > 0:
        outcome = "settled"
    else:
        outcome = "undetermined"
    shown = steepest if outcome == "still_drifting" else best
    return Drift(
        slope_gpa_per_h=shown.slope,
        lower_gpa_per_h=max(0.0, abs(shown.slope) - shown.bound(ERROR_LEVEL)),
        upper_gpa_per_h=abs(shown.slope) + shown.bound(tail),
        readings=shown.readings,
        outcome=outcome,
        window_s=shown.covered_s,
        look=look,
    )


def _too_early(time: NDArray[np.float64], settings: DwellSettings) -> Drift:
    inside = time.size - _first_of(settings.window_s, time, settings) if time.size else 0
    return Drift(
        slope_gpa_per_h=math.nan,
        lower_gpa_per_h=0.0,
        upper_gpa_per_h=math.inf,
        readings=inside,
        outcome="undetermined",
    )


def _lines(
    time: NDArray[np.float64],
    pressure: NDArray[np.float64],
    sigma: NDArray[np.float64],
    settings: DwellSettings,
) -> list[_Line]:
    """Lines over the windows that the readings fill, the shortest first."""
    found: list[_Line] = []
    window_s = settings.window_s
    while time.size:
        first = _first_of(window_s, time, settings)
        covered_s = float(time[-1] - time[first])
        if time.size - first < settings.min_readings:
            break
        if window_s - covered_s > _EDGE_INTERVALS * settings.interval_s:
            break
        found.append(_line(time[first:], pressure[first:], sigma[first:]))
        window_s *= 2.0
    return found


def _first_of(window_s: float, time: NDArray[np.float64], settings: DwellSettings) -> int:
    """Index of the oldest reading in a window that ends with the last one."""
    return int(np.searchsorted(time, time[-1] - window_s * (1.0 + settings.late_part)))


def _later_half(
    time: NDArray[np.float64],
    pressure: NDArray[np.float64],
    sigma: NDArray[np.float64],
    settings: DwellSettings,
) -> list[_Line]:
    first = _first_of(0.5 * settings.window_s, time, settings)
    enough = time.size - first >= 3  # a slope has an error
    return [_line(time[first:], pressure[first:], sigma[first:])] if enough else []


def _look(time: NDArray[np.float64], settings: DwellSettings) -> tuple[int, float]:
    """Number of this look, 0 before the shortest dwell, and the chance of error it may have."""
    begin_s = max(settings.window_s, settings.min_dwell_s) - _EDGE_INTERVALS * settings.interval_s
    look = int(np.sum(time - time[0] >= begin_s))
    most = math.floor((settings.max_dwell_s - begin_s) / settings.interval_s) + 2
    harmonic = float(np.sum(1.0 / np.arange(1, max(most, look, 1) + 1)))
    return look, ERROR_LEVEL / (max(look, 1) * harmonic)


def _line(
    time: NDArray[np.float64], pressure: NDArray[np.float64], sigma: NDArray[np.float64]
) -> _Line:
    """Weighted line; the standard error of its slope is inflated where residuals ask for it."""
    x = time / 3600.0
    unit = float(sigma.min())  # keeps the squares of any uncertainty within floating point
    weight = np.square(unit / sigma)
    total = float(weight.sum())
    x_off = x - float(weight @ x) / total
    y_off = pressure - float(weight @ pressure) / total
    spread = float(weight @ np.square(x_off))
    slope = float((weight * x_off) @ y_off) / spread
    scatter = math.sqrt(float(weight @ np.square(y_off - slope * x_off)) / (x.size - 2))
    error = max(unit, scatter) / math.sqrt(spread)
    return _Line(slope, error, x.size, float(time[-1] - time[0]))


def _checked(
    times_s: Sequence[float], pressures_gpa: Sequence[float], sigmas_gpa: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    time, pressure, sigma = (
        np.asarray(values, float) for values in (times_s, pressures_gpa, sigmas_gpa)
    )
    if not time.shape == pressure.shape == sigma.shape or time.ndim != 1:
        raise LimitError(
            f"A drift needs one time, pressure and uncertainty for each reading, not {time.size}, "
            f"{pressure.size} and {sigma.size} of them."
        )
    finite = np.isfinite(time) & np.isfinite(pressure) & np.isfinite(sigma) & (sigma > 0.0)
    if not finite.all():
        bad = int(np.flatnonzero(~finite)[0])
        raise LimitError(
            f"Reading {bad} of the dwell has the time {time[bad]} s, the pressure {pressure[bad]} "
            f"GPa and the uncertainty {sigma[bad]} GPa; leave out what was not measured."
        )
    if np.any(np.diff(time) <= 0.0):
        raise LimitError("The times of a dwell must increase from reading to reading.")
    return time, pressure, sigma
