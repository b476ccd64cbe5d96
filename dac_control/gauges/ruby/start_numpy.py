"""What is seen in windows before any fit, with NumPy, all spectra of a chunk together.

For machines without numba. Same interface and same steps as `start_numba`; a test holds them
together.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.scoring import Windows
from dac_control.gauges.ruby.starts import BY_LEAST, BY_SUM, DARK_SHARE, FirstLook
from dac_control.gauges.ruby.windows import SPLITTING_LIMITS_CM1

__all__ = ["look"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


def look(
    windows: Windows, r1_nm: Array, fwhm_nm: Array, ratio: Array, how: NDArray[np.int64]
) -> FirstLook:
    """Background from the darkest pixels, height by least squares; see `starts`."""
    splitting = np.full(r1_nm.size, SPLITTING_CM1)
    for way, brightness in ((BY_SUM, _three_pixels), (BY_LEAST, _least_of_three)):
        rows = (how == way).nonzero()[0]
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
    return FirstLook(splitting, level, height)


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
    beside = np.pad(inside, ((0, 0), (2, 2)))
    around = np.any([beside[:, k : k + inside.shape[1]] for k in range(5)], axis=0)
    bright = brightness(windows.y[rows, near], windows.used[rows, near] & around)
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
    """Sums of neighbouring pixels."""
    y = np.where(used, y, -np.inf)
    brightness = np.full(y.shape, -np.inf)
    brightness[:, 1:-1] = y[:, :-2] + y[:, 1:-1] + y[:, 2:]
    return brightness


def _least_of_three(y: Array, used: Mask) -> Array:
    """Least of neighbouring pixels."""
    top = np.where(used, y, -np.inf).max(axis=1)
    y = np.minimum(y, top[:, None])
    brightness = np.full(y.shape, -np.inf)
    brightness[:, 1:-1] = np.minimum(np.minimum(y[:, :-2], y[:, 2:]), y[:, 1:-1])
    return brightness


def _dark_level(windows: Windows) -> Array:
    """About the level of the darkest fifth of each window, shape (spectra,)."""
    values = np.where(windows.used, windows.y, np.inf)
    values.sort(axis=1)
    rank = (DARK_SHARE * np.maximum(windows.used.sum(axis=1) - 1.0, 0.0)).astype(np.intp)
    level = np.take_along_axis(values, rank[:, None], axis=1)[:, 0]
    return np.where(np.isfinite(level), level, 0.0)


def _line(offset_nm: Array, fwhm_nm: Array) -> Array:
    """Pearson VII line of exponent 2: between Gauss and Lorentz, and without an exponential."""
    per_fwhm = np.sqrt(4.0 * (np.sqrt(2.0) - 1.0)) / fwhm_nm
    u = offset_nm * per_fwhm[:, None]
    u *= u
    u += 1.0
    u *= u
    return np.reciprocal(u, out=u)
