"""Where the fit of a window starts: the nearer to its end, the fewer steps it takes."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, DOUBLET
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.scoring import Windows
from dac_control.gauges.ruby.windows import SPLITTING_LIMITS_CM1

__all__ = ["same_light", "starts"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_NARROW_NM: Final = 0.35
"""Narrower than the prior of the splitting: R2 has to be looked for,"""
_RESOLVED_NM: Final = 0.8
_CLEAR_SCORE: Final = 50.0
"""and may be where R2 stands apart and out of the noise: a fit that starts at a splitting two
sigma off takes five times as long."""

_FWHM_SQUARE: Final = 8.0 * np.log(2.0)
"""Square of the full width over the variance of a Gaussian."""
_NOT_NARROWER: Final = 0.5


_USUAL: Final = dict.fromkeys(DOUBLET, 0.0) | {
    "eta": 0.5,
    "splitting_cm1": SPLITTING_CM1,
    "width_ratio": 1.0,
}
"""What a fit starts from where nothing is seen yet."""


def starts(windows: Windows, r1_nm: Array, fwhm_nm: Array, ratio: Array, score: Array) -> Array:
    """Parameters to start from: background from the darkest pixels, height by least squares."""
    start = np.tile([*_USUAL.values()], (r1_nm.size, 1))
    splitting = start[:, 9]
    sought = (fwhm_nm < _RESOLVED_NM) & (ratio > 0.0)
    narrow = fwhm_nm < _NARROW_NM
    clear = sought & (score > _CLEAR_SCORE) & ~narrow
    for chosen, brightness in ((narrow & sought, _three_pixels), (clear, _least_of_three)):
        rows = chosen.nonzero()[0]
        if rows.size:
            splitting[rows] = _seen_splitting(windows, rows, r1_nm[rows], brightness)
    level = _dark_level(windows)
    r2 = CM1_NM / (CM1_NM / r1_nm + splitting)
    line = _line(windows.x - r2[:, None], fwhm_nm)
    line *= ratio[:, None]
    line += _line(windows.x - r1_nm[:, None], fwhm_nm)
    line *= windows.used
    height = np.einsum("bk,bk->b", line, windows.y - level[:, None])
    height /= np.maximum(np.einsum("bk,bk->b", line, line), 1e-12)
    start[:, 0], start[:, 1], start[:, 3], start[:, 4] = r1_nm, fwhm_nm, height, level
    start[:, 8] = ratio
    return start


def same_light(p: Array, ratio: Array) -> Array:
    """Doublets with the usual partner that spread their light as other ones do.

    Light, centre of gravity and variance are kept: where R1 and R2 merge, a fit knows these well,
    and may have come to rest with the wrong partner.

    Parameters
    ----------
    p : array, shape (spectra, parameters)
    ratio : array, shape (spectra,)
        Area of R2 over that of R1 in the new doublets.
    """
    start = p.copy()
    r1, fwhm = p[:, 0], p[:, 1]
    old_share, share = p[:, 8] / (1.0 + p[:, 8]), ratio / (1.0 + ratio)
    old_nm = r1 - CM1_NM / (CM1_NM / r1 + p[:, 9])
    apart_nm = r1 - CM1_NM / (CM1_NM / r1 + SPLITTING_CM1)
    square = fwhm**2 * (1.0 + old_share * (p[:, 10] ** 2 - 1.0))
    square += _FWHM_SQUARE * old_share * (1.0 - old_share) * old_nm**2
    square -= _FWHM_SQUARE * share * (1.0 - share) * apart_nm**2
    start[:, 0] = r1 - old_share * old_nm + share * apart_nm
    start[:, 1] = np.sqrt(np.maximum(square, (_NOT_NARROWER * fwhm) ** 2))
    start[:, 3] = p[:, 3] * fwhm / start[:, 1] * (1.0 + p[:, 8]) / (1.0 + ratio)
    start[:, 8], start[:, 9], start[:, 10] = ratio, SPLITTING_CM1, 1.0
    return start


def _seen_splitting(
    windows: Windows, rows: Rows, r1_nm: Array, brightness: Callable[[Array, Mask], Array]
) -> Array:
    """Where it is brightest among the places that R2 can have; the middle of a plateau.

    Not at the end of these places, where it is the flank of something else.
    """
    high, low = (CM1_NM / (CM1_NM / r1_nm[:, None] + limit) for limit in SPLITTING_LIMITS_CM1)
    inside = (windows.x[rows] > low) & (windows.x[rows] < high)
    columns = np.flatnonzero(inside.any(axis=0))
    if not columns.size:
        return np.full(r1_nm.size, SPLITTING_CM1)
    # two pixels more, since brightness is that of three and is compared with its neighbours'
    near = slice(max(int(columns[0]) - 2, 0), int(columns[-1]) + 3)
    x, inside = windows.x[rows, near], inside[:, near]
    bright = brightness(windows.y[rows, near], windows.used[rows, near])
    allowed = np.where(inside, bright, -np.inf)
    first = allowed.argmax(axis=1)
    last = allowed.shape[1] - 1 - allowed[:, ::-1].argmax(axis=1)
    row = np.arange(r1_nm.size)
    top = allowed[row, first]
    seen = np.isfinite(top) & (bright[row, first - 1] <= top)
    seen &= bright[row, np.minimum(last + 1, allowed.shape[1] - 1)] <= top
    place = x[row, (first + last) // 2]
    return np.where(seen, CM1_NM / place - CM1_NM / r1_nm, SPLITTING_CM1)


def _three_pixels(y: Array, used: Mask) -> Array:
    """Sums of neighbouring pixels: a narrow R2 must be met."""
    y = np.where(used, y, -np.inf)
    brightness = np.full(y.shape, -np.inf)
    brightness[:, 1:-1] = y[:, :-2] + y[:, 1:-1] + y[:, 2:]
    return brightness


def _least_of_three(y: Array, used: Mask) -> Array:
    """Least of neighbouring pixels: no spike is as broad as that, and a clipped line is."""
    top = np.where(used, y, -np.inf).max(axis=1)
    y = np.minimum(y, top[:, None])
    brightness = np.full(y.shape, -np.inf)
    brightness[:, 1:-1] = np.minimum(np.minimum(y[:, :-2], y[:, 2:]), y[:, 1:-1])
    return brightness


def _dark_level(windows: Windows) -> Array:
    """About the level of the darkest fifth of each window, shape (spectra,)."""
    values = np.where(windows.used, windows.y, np.inf)
    count = np.sort(windows.used.sum(axis=1))
    usual = 0.5 * float(count[(count.size - 1) // 2] + count[count.size // 2])
    rank = max(int(0.2 * (usual - 1.0)), 0)
    values.partition(rank, axis=1)
    level = values[:, rank]
    if not np.isfinite(level).all():
        level = np.where(np.isfinite(level), level, values.min(axis=1))
        level = np.where(np.isfinite(level), level, 0.0)
    return level


def _line(offset_nm: Array, fwhm_nm: Array) -> Array:
    """Pearson VII line of exponent 2: between Gauss and Lorentz, and without an exponential."""
    per_fwhm = np.sqrt(4.0 * (np.sqrt(2.0) - 1.0)) / fwhm_nm
    u = offset_nm * per_fwhm[:, None]
    u *= u
    u += 1.0
    u *= u
    return np.reciprocal(u, out=u)
