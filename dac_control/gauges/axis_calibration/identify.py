"""Which line is which peak, on an axis that is wrong by up to 1 nm and 1e-3 of its scale.

Every pair of a peak and a line that the window allows votes for the shift that would join them.
Wrong pairs scatter, right ones agree, so the shift and scale with most votes is the axis. Votes
count by the strength of the line, and each peak and each line only once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import NotMeasured
from dac_control.gauges.axis_calibration.lamp_lines import LampLine
from dac_control.gauges.axis_calibration.peaks import LampPeak

__all__ = ["FEWEST_LINES", "Match", "identify"]

FEWEST_LINES: Final = 5
"""A straight correction and three lines that test it."""

_SCALES: Final = np.linspace(-1.0, 1.0, 41)
# Of the brightest peaks, and of the strong lines in range, at least so many must be accounted for.
_LEAST_PART: Final = 0.5
_BRIGHTEST: Final = 12


@dataclass(frozen=True)
class Match:
    """A peak and the line it is."""

    peak: LampPeak
    line: LampLine
    blended: bool
    """True where another line of the lamp is too close for the peak to be one line's."""


def identify(
    peaks: Sequence[LampPeak],
    lines: Sequence[LampLine],
    lamp: str,
    *,
    window_nm: float,
    scale_window: float,
    covered_nm: tuple[float, float],
) -> tuple[Match, ...]:
    """Name the peaks.

    Parameters
    ----------
    peaks : sequence of LampPeak
        On the instrument's own axis.
    lines : sequence of LampLine
        Of the lamp.
    lamp : str
        Its name, for messages.
    window_nm : float
        Largest error of the axis as a whole.
    scale_window : float
        Largest relative error of its scale.
    covered_nm : tuple of float
        First and last wavelength of the axis.

    Raises
    ------
    NotMeasured
        There are too few peaks, or they do not show the pattern of this lamp.
    """
    low, high = covered_nm
    inside = [line for line in lines if low - window_nm < line.wavelength_nm < high + window_nm]
    if len(inside) < FEWEST_LINES:
        raise NotMeasured(
            f"A lamp of {lamp} has {len(inside)} lines between {low:.1f} and {high:.1f} nm and an "
            f"axis needs {FEWEST_LINES}; use another lamp, or another grating position."
        )
    if len(peaks) < FEWEST_LINES:
        raise NotMeasured(
            f"The spectrum has {len(peaks)} peaks and an axis needs {FEWEST_LINES} lines; expose "
            f"longer, and check that the lamp of {lamp} is on and in front of the fibre."
        )
    position = np.array([peak.position_nm for peak in peaks])
    wavelength = np.array([line.wavelength_nm for line in inside])
    strength = np.array([float(line.strength) for line in inside])
    width = float(np.median([peak.fwhm_nm for peak in peaks if not peak.saturated] or [0.1]))
    middle = 0.5 * (low + high)
    shift, scale = _vote(position, wavelength, strength, middle, window_nm, scale_window, width)
    moved = position + shift + scale * (position - middle)
    found = _joined(peaks, inside, moved, max(0.6 * width, 0.05), width)
    _check_pattern(peaks, inside, found, lamp, (low + window_nm, high - window_nm))
    return found


def _vote(
    position: NDArray[np.float64],
    wavelength: NDArray[np.float64],
    strength: NDArray[np.float64],
    middle: float,
    window_nm: float,
    scale_window: float,
    width: float,
) -> tuple[float, float]:
    """Return the shift at the middle of the axis and the relative change of scale."""
    tolerance = max(0.3 * width, 0.03)
    off = wavelength[None, :] - position[:, None]
    reach = window_nm + scale_window * np.abs(position - middle)[:, None] + tolerance
    peak_at, line_at = np.nonzero(np.abs(off) <= reach)
    raw = off[peak_at, line_at]
    best, chosen = -1.0, (0.0, 0.0)
    for scale in scale_window * _SCALES[np.argsort(np.abs(_SCALES), kind="stable")]:
        shift = raw - scale * (position[peak_at] - middle)
        usable = np.abs(shift) <= window_nm + tolerance
        order = np.argsort(shift[usable])
        ordered = shift[usable][order]
        votes = strength[line_at[usable][order]]
        total = np.concatenate([[0.0], np.cumsum(votes)])
        end = np.searchsorted(ordered, ordered + 2.0 * tolerance, side="right")
        for begin in np.argsort(-(total[end] - total[:-1]), kind="stable")[:3]:
            inside = slice(int(begin), int(end[begin]))
            lines_here = np.unique(line_at[usable][order][inside])
            peaks_here = np.unique(peak_at[usable][order][inside])
            found = ordered[inside]
            # of two equal votes the tighter one
            score = min(float(strength[lines_here].sum()), 3.0 * peaks_here.size)
            score -= 0.5 * float(np.std(found)) / tolerance
            if score > best:
                best, chosen = score, (float(np.median(found)), float(scale))
    return chosen


def _joined(
    peaks: Sequence[LampPeak],
    lines: Sequence[LampLine],
    moved: NDArray[np.float64],
    tolerance: float,
    width: float,
) -> tuple[Match, ...]:
    """Pairs that are each other's nearest, after the joint shift, within the tolerance."""
    wavelength = np.array([line.wavelength_nm for line in lines])
    bright = np.array([line.strength for line in lines])
    apart = np.abs(wavelength[None, :] - moved[:, None])
    # a strong line near by is more likely the peak than a weak one a little nearer
    cost = apart + 0.15 * width * (3 - bright)[None, :]
    found: list[Match] = []
    for index, peak in enumerate(peaks):
        line = int(np.argmin(cost[index]))
        nearest = int(np.argmin(apart[:, line]))
        if apart[index, line] > tolerance or nearest != index:
            continue
        beside = np.abs(wavelength - wavelength[line])
        near = (beside > 0.0) & (beside < 2.0 * width) & (bright >= bright[line] - 1)
        near |= (beside > 0.0) & (beside < 1.2 * width)
        found.append(Match(peak, lines[line], bool(near.any())))
    return tuple(found)


def _check_pattern(
    peaks: Sequence[LampPeak],
    lines: Sequence[LampLine],
    found: Sequence[Match],
    lamp: str,
    surely_nm: tuple[float, float],
) -> None:
    named = {match.peak.position_nm for match in found}
    brightest = sorted(peaks, key=lambda peak: -peak.height_counts)[:_BRIGHTEST]
    part = sum(peak.position_nm in named for peak in brightest) / len(brightest)
    seen = {match.line.wavelength_nm for match in found}
    strong = [
        line
        for line in lines
        if line.strength == 3 and surely_nm[0] < line.wavelength_nm < surely_nm[1]
    ]
    share = sum(line.wavelength_nm in seen for line in strong) / len(strong) if strong else 1.0
    if part >= _LEAST_PART and share >= _LEAST_PART:
        return
    raise NotMeasured(
        f"The peaks do not show the lines of {lamp}: {100 * part:.0f} % of the {len(brightest)} "
        f"brightest peaks and {100 * share:.0f} % of its {len(strong)} strong lines were found. "
        "Check which lamp is on, whether other light falls in, whether it is saturated, and "
        "whether the axis is wrong by more than the search window."
    )
