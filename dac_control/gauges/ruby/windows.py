"""The pixels about a candidate for R1: which ones, and what binds their fit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import DOUBLET
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1, ratio_prior
from dac_control.gauges.ruby.scoring import Constraints, Windows

__all__ = [
    "PIXELS_NEEDED",
    "SPLITTING_LIMITS_CM1",
    "constraints",
    "cut",
    "expectations",
    "parameters_in_use",
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
# Per nm of width beyond 0.6 nm: the background of broad lines is known from far feet, or else it
# costs up to a quarter of what the photons know of R1 (benchmarks/gauges.py hard --only merged).
_BROAD_NM: Final = 0.6
_BELOW_PER_NM: Final = 8.0
_ABOVE_PER_NM: Final = 6.0
_BROADEST_NM: Final = 2.5
# On a steep background the window is shorter, since a parabola follows luminescence that rises
# e-fold in 11 nm over 6 nm well enough, and not over 8: the lines and some feet beside them.
_STEEP_PER_NM: Final = 2.0
_STEEP_NM: Final = (1.5, 0.5)
_STEEP_WIDTHS: Final = 3.4

SPLITTING_LIMITS_CM1: Final = (16.0, 43.4)
"""Our choice, three and a half sigma of the prior: beyond, a fit splits one line to mend its
shape."""
_NO_LIMIT: Final = (-np.inf, np.inf)
_LIMITS: Final = dict.fromkeys(DOUBLET, _NO_LIMIT) | {
    "eta": (0.0, 1.0),
    "voigt": (-0.5, 1.5),
    "ratio": (0.0, np.inf),
    "splitting_cm1": SPLITTING_LIMITS_CM1,
    "width_ratio": (0.25, 2.5),
}
_LOWER, _UPPER = np.array([*_LIMITS.values()]).T

# Weak priors, mean and sigma. A splitting of 4 cm-1 is 0.2 nm; both lines broaden together. Those
# of the shape hold always: where photons are few it would run to a limit.
_NOTHING_KNOWN: Final = (0.0, np.inf)
_PRIORS: Final = dict.fromkeys(DOUBLET, _NOTHING_KNOWN) | {
    "eta": (0.5, 0.5),
    "voigt": (0.5, 0.5),
    "splitting_cm1": (SPLITTING_CM1, 4.0),
    "width_ratio": (1.0, 0.3),
}
_MEAN, _SIGMA = np.array([*_PRIORS.values()]).T
_PRECISION: Final = _SIGMA**-2.0

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
        Rows are filled up with their last pixel, which is not used again.
    index : array of int, shape (spectra, pixels of the windows)
        Their pixels, counted through all spectra.
    inside : array of bool, shape (spectra, pixels of the windows)
        False for those that only fill a row.
    """
    if steep:
        feet, more = _STEEP_WIDTHS * fwhm_nm, np.clip(fwhm_nm, 1.0, _BROADEST_NM) - 1.0
        below = np.minimum(_BELOW_NM + _STEEP_PER_NM * more, _STEEP_NM[0] + feet)
        above = np.minimum(_ABOVE_NM + _STEEP_PER_NM * more, _STEEP_NM[1] + feet)
    else:
        more = np.clip(fwhm_nm, _BROAD_NM, _BROADEST_NM) - _BROAD_NM
        below, above = _BELOW_NM + _BELOW_PER_NM * more, _ABOVE_NM + _ABOVE_PER_NM * more
    first, last = x.searchsorted(r1_nm - below), x.searchsorted(r1_nm + above)
    width = max(int((last - first).max(initial=0)), 1)
    pixel = first[:, None] + np.arange(width)
    inside = pixel < last[:, None]
    # the last pixel again, so that the ends of a row are its own, whatever else is in the batch
    np.minimum(pixel, np.maximum(last - 1, 0)[:, None], out=pixel)
    index = pixel + (np.arange(r1_nm.size) * x.size)[:, None]
    used = usable.take(index) & inside
    windows = Windows(x.take(pixel), y.take(index), used, floor.take(pixel))
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
    used, y, x_first, x_last = windows.used, windows.y, windows.x[:, 0], windows.x[:, -1]
    span = y.max(axis=1, where=used, initial=-np.inf) - y.min(axis=1, where=used, initial=np.inf)
    pitch = (x_last - x_first) / np.maximum(used.sum(axis=1) - 1, 1)
    reach = _reach_nm(start[:, 1])
    lower, upper = np.empty(start.shape), np.empty(start.shape)
    lower[:], upper[:] = _LOWER, _UPPER
    lower[:, 0] = np.maximum(x_first, start[:, 0] - reach)
    upper[:, 0] = np.minimum(x_last, start[:, 0] + reach)
    lower[:, 1] = np.maximum(0.8 * pitch, _NARROWER * start[:, 1])
    upper[:, 1] = np.maximum(_WIDEST_NM, 3.0 * pitch)
    # Above 0, for a line without height has neither place nor width.
    lower[:, 3] = 1e-4 * np.maximum(span, 0.0) + 1e-9
    upper[:, 8] = largest_ratio
    expected, precision = expectations(largest_ratio, priors=priors)
    return Constraints(lower, upper, expected, precision, parameters_in_use(doublet, bright))


def expectations(largest_ratio: Array, *, priors: bool) -> tuple[Array, Array]:
    """Means of the priors and 1 / sigma squared of each, shape (spectra, 11)."""
    expected = _MEAN[None].repeat(largest_ratio.size, axis=0)
    precision = _PRECISION[None].repeat(largest_ratio.size, axis=0)
    expected[:, 8], precision[:, 8] = ratio_prior(largest_ratio)
    if not priors:
        precision[:, 8:] = 0.0
    return expected, precision


def parameters_in_use(doublet: Mask, bright: Mask) -> Mask:
    """Parameters that are fitted, shape (spectra, 11)."""
    active = np.ones((doublet.size, len(DOUBLET)), dtype=bool)
    active[:, 7] = bright
    active[:, 8:] = doublet[:, None]
    return active


def unlikeliness(p: Array, active: Mask, largest_ratio: Array, *, priors: bool) -> Array:
    """What the priors add to chi squared, shape (spectra,)."""
    expected, precision = expectations(largest_ratio, priors=priors)
    return np.sum(active * precision * (p - expected) ** 2, axis=1)


def walked(r1_nm: Array, start_nm: Array, fwhm_nm: Array) -> Mask:
    """True where R1 went as far from its first estimate as it may, shape (spectra,)."""
    return np.abs(r1_nm - start_nm) > 0.99 * _reach_nm(fwhm_nm)


def _reach_nm(fwhm_nm: Array) -> Array:
    return np.maximum(_WANDER_NM, _WANDER_WIDTHS * fwhm_nm)
