"""The pixels about a candidate for R1: which ones, and what binds their fit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import DOUBLET
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1, ratio_prior
from dac_control.gauges.ruby.scoring import Constraints, Windows

__all__ = [
    "PIXELS_NEEDED",
    "PRIORS",
    "SPLITTING_LIMITS_CM1",
    "constraints",
    "cut",
    "unlikeliness",
    "walked",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

# Window about R1: R2 and the feet of both lines, short of the pair lines (N2 at +6.7 nm).
_BELOW_NM: Final = 4.5
_ABOVE_NM: Final = 3.5
_WIDEST_NM: Final = 5.0
# Per nm of width beyond 1 nm: the background of merged lines is known from far feet, or else it
# costs a quarter of what the photons know of R1 (benchmarks/gauges.py hard --only merged).
_BELOW_PER_NM: Final = 6.0
_ABOVE_PER_NM: Final = 4.0
_MORE_NM: Final = 1.5
# On a steep background the window is shorter, since a parabola follows luminescence that rises
# e-fold in 11 nm over 6 nm well enough, and not over 8: the lines and some feet beside them.
_STEEP_PER_NM: Final = 2.0
_STEEP_NM: Final = (1.5, 0.5)
_STEEP_WIDTHS: Final = 3.4

# Weak priors, mean and sigma. A splitting of 4 cm-1 is 0.2 nm; both lines broaden together.
_SPLITTING_SIGMA_CM1: Final = 4.0
_WIDTH_RATIO_SIGMA: Final = 0.3
PRIORS: Final = (
    np.array([SPLITTING_CM1, 1.0]),
    np.array([_SPLITTING_SIGMA_CM1**-2.0, _WIDTH_RATIO_SIGMA**-2.0]),
)
"""Centres of the priors on splitting and width ratio, and 1 / sigma**2 of each."""
# Our choice, three and a half sigma of the prior: beyond, a fit splits one line to mend its shape.
SPLITTING_LIMITS_CM1: Final = (16.0, 43.4)
# Shape parameters have these priors always: where photons are few they would run to a limit.
_ETA: Final = (0.5, 0.5)
_VOIGT: Final = (0.5, 0.5)

# How far R1 may lie from its first estimate, whose error is a tenth of the width: less than half
# the way to R2, or else a weak doublet may be fitted with R1 on R2.
_WANDER_NM: Final = 0.6
_WANDER_WIDTHS: Final = 0.8

_NARROWER: Final = 0.2
"""Share of its first estimate below which a width is not sought: where the top of a line is cut
off, its flanks alone are also those of a line without width and without end."""
PIXELS_NEEDED: Final = len(DOUBLET) + 3


def cut(
    x: Array,
    y: Array,
    usable: Mask,
    floor: Array,
    r1_nm: Array,
    fwhm_nm: Array,
    *,
    steep: bool = False,
) -> tuple[Windows, Rows, Mask]:
    """Cut one window a spectrum.

    Parameters
    ----------
    x, floor : arrays, shape (pixels,)
    y, usable : arrays, shape (spectra, pixels)
    r1_nm, fwhm_nm : arrays, shape (spectra,)
    steep : bool
        Shorter windows, for a background that a parabola follows over a short way only.

    Returns
    -------
    windows : Windows
        Rows are filled up with pixels that are not used.
    index : array of int, shape (spectra, pixels of the windows)
        Pixels of the spectra.
    inside : array of bool, shape (spectra, pixels of the windows)
        False for those that only fill a row.
    """
    more = np.clip(fwhm_nm - 1.0, 0.0, _MORE_NM)
    if steep:
        feet = _STEEP_WIDTHS * fwhm_nm
        below = np.minimum(_BELOW_NM + _STEEP_PER_NM * more, _STEEP_NM[0] + feet)
        above = np.minimum(_ABOVE_NM + _STEEP_PER_NM * more, _STEEP_NM[1] + feet)
    else:
        below, above = _BELOW_NM + _BELOW_PER_NM * more, _ABOVE_NM + _ABOVE_PER_NM * more
    first, last = np.searchsorted(x, r1_nm - below), np.searchsorted(x, r1_nm + above)
    width = max(int((last - first).max(initial=0)), 1)
    index = first[:, None] + np.arange(width)
    inside = index < last[:, None]
    index = np.minimum(index, x.size - 1)
    flat = index + (np.arange(r1_nm.size) * x.size)[:, None]
    used = usable.take(flat) & inside
    windows = Windows(x.take(index), y.take(flat), used, floor.take(index))
    return windows, index, inside


def constraints(
    windows: Windows,
    start: Array,
    *,
    doublet: Mask,
    largest_ratio: Array,
    bright: Mask,
    priors: bool,
) -> Constraints:
    """Limits and priors of the fits of some windows.

    Parameters
    ----------
    windows : Windows
    start : array, shape (spectra, parameters)
        A fit may not wander from its line to another one.
    doublet : array of bool, shape (spectra,)
        Whether R2 takes part.
    largest_ratio : array, shape (spectra,)
        Upper limit of R2 to R1; below that of any temperature it brings the prior with it.
    bright : array of bool, shape (spectra,)
        Whether there are photons enough to tell a Voigt line from a pseudo-Voigt one.
    priors : bool
        Whether splitting, width ratio and R2 to R1 have their weak priors.
    """
    spectra = doublet.size
    inf = np.inf
    lowest = np.min(np.where(windows.used, windows.y, inf), axis=1)
    highest = np.max(np.where(windows.used, windows.y, -inf), axis=1)
    span = np.where(np.isfinite(highest - lowest), highest - lowest, 0.0)
    count = windows.used.sum(axis=1)
    x_first, x_last = windows.x[:, 0], windows.x.max(axis=1)
    pitch = (x_last - x_first) / np.maximum(count - 1, 1)
    lower = np.full((spectra, len(DOUBLET)), -inf)
    upper = np.full((spectra, len(DOUBLET)), inf)
    reach = _reach_nm(start[:, 1])
    lower[:, 0] = np.maximum(x_first, start[:, 0] - reach)
    upper[:, 0] = np.minimum(x_last, start[:, 0] + reach)
    lower[:, 1] = np.maximum(0.8 * pitch, _NARROWER * start[:, 1])
    upper[:, 1] = np.maximum(_WIDEST_NM, 3.0 * pitch)
    lower[:, 2], upper[:, 2] = 0.0, 1.0
    # Above 0, for a line without height has neither place nor width.
    lower[:, 3] = 1e-4 * span + 1e-9
    lower[:, 7], upper[:, 7] = -0.5, 1.5
    lower[:, 8], upper[:, 8] = 0.0, largest_ratio
    lower[:, 9], upper[:, 9] = SPLITTING_LIMITS_CM1
    lower[:, 10], upper[:, 10] = 0.25, 2.5
    expected = np.zeros((spectra, len(DOUBLET)))
    expected[:, [2, 7]] = _ETA[0], _VOIGT[0]
    expected[:, 9:] = PRIORS[0]
    precision = np.zeros((spectra, len(DOUBLET)))
    precision[:, 2], precision[:, 7] = _ETA[1] ** -2.0, _VOIGT[1] ** -2.0
    if priors:
        precision[:, 9:] = PRIORS[1]
        expected[:, 8], precision[:, 8] = ratio_prior(largest_ratio)
    active = np.ones((spectra, len(DOUBLET)), dtype=bool)
    active[:, 7] = bright
    active[:, 8:] = doublet[:, None]
    return Constraints(lower, upper, expected, precision, active)


def unlikeliness(p: Array, active: Mask, largest_ratio: Array, *, priors: bool) -> Array:
    """What the priors add to chi squared, shape (spectra,)."""
    total = active[:, 2] * ((p[:, 2] - _ETA[0]) / _ETA[1]) ** 2
    total += active[:, 7] * ((p[:, 7] - _VOIGT[0]) / _VOIGT[1]) ** 2
    if priors:
        total += active[:, 9] * np.sum((p[:, 9:] - PRIORS[0]) ** 2 * PRIORS[1], axis=1)
        expected, precision = ratio_prior(largest_ratio)
        total += active[:, 8] * precision * (p[:, 8] - expected) ** 2
    return total


def walked(r1_nm: Array, start_nm: Array, fwhm_nm: Array) -> Mask:
    """True where R1 went as far from its first estimate as it may, shape (spectra,)."""
    return np.abs(r1_nm - start_nm) > 0.99 * _reach_nm(fwhm_nm)


def _reach_nm(fwhm_nm: Array) -> Array:
    return np.maximum(_WANDER_NM, _WANDER_WIDTHS * fwhm_nm)
