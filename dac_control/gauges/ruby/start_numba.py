"""What is seen in windows before any fit, in compiled code; see `start_numpy`."""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.compiled import compilable, helper, vector_helper
from dac_control.gauges.ruby.levels_numba import select
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.scoring import Windows
from dac_control.gauges.ruby.sources import SOURCES
from dac_control.gauges.ruby.starts import BY_LEAST, BY_SUM, DARK_SHARE, FirstLook
from dac_control.gauges.ruby.windows import SPLITTING_LIMITS_CM1

__all__ = ["look"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_LEAST_CM1, _LARGEST_CM1 = SPLITTING_LIMITS_CM1
_PER_WIDTH = math.sqrt(4.0 * (math.sqrt(2.0) - 1.0))


def look(windows: Windows, r1_nm: Array, fwhm_nm: Array, ratio: Array, how: Ints) -> FirstLook:
    """Background from the darkest pixels, height by least squares; see `starts`."""
    seen = FirstLook(*np.empty((3, r1_nm.size)))
    _look_all(
        compilable(windows.x), compilable(windows.y), compilable(windows.used, np.bool_),
        compilable(r1_nm), compilable(fwhm_nm), compilable(ratio), compilable(how, np.int64), *seen,
    )  # fmt: skip
    return seen


def _compiled(sources: int) -> Any:
    """Compile the loop over all windows; it returns the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def look_all(
        x: Array, y: Array, used: Mask, r1: Array, fwhm: Array, ratio: Array, how: Ints,
        splitting: Array, level: Array, height: Array,
    ) -> int:  # fmt: skip
        spectra, width = x.shape
        scratch = np.empty(width)
        for i in range(spectra):
            begin, end = _where_r2_can_be(x[i], r1[i])
            splitting[i] = SPLITTING_CM1
            if how[i] in (BY_SUM, BY_LEAST) and begin < end:
                splitting[i] = _seen_splitting(
                    x[i, begin:end], y[i, begin:end], used[i, begin:end], r1[i], how[i],
                    scratch[: end - begin],
                )  # fmt: skip
            level[i] = _level(y[i], used[i], scratch)
            r2 = _r2(r1[i], splitting[i])
            height[i] = _height(x[i], y[i], used[i], r1[i], r2, fwhm[i], ratio[i], level[i])
        return sources

    return look_all


@helper
def _where_r2_can_be(x: Array, r1: float) -> tuple[int, int]:
    """First pixel, and one after the last, of the places of R2; two more at either end.

    Brightness is that of three pixels and is compared with its neighbours'.
    """
    low, high = _r2(r1, _LARGEST_CM1), _r2(r1, _LEAST_CM1)
    first, last = x.size, -1
    for k in range(x.size):
        if low < x[k] < high:
            first, last = min(first, k), k
    return max(first - 2, 0), (min(last + 3, x.size) if last >= 0 else 0)


@helper
def _r2(r1: float, splitting: float) -> float:
    return CM1_NM / (CM1_NM / r1 + splitting)


@helper
def _seen_splitting(
    x: Array, y: Array, used: Mask, r1: float, way: int, brightness: Array,
) -> float:  # fmt: skip
    """Where it is brightest among the places that R2 can have; the middle of a plateau."""
    size = x.size
    top = -np.inf
    for k in range(size):
        top = max(top, y[k] if used[k] else -np.inf)
    for k in range(size):
        brightness[k] = -np.inf
    for k in range(1, size - 1):
        if way == BY_LEAST:
            brightness[k] = min(min(y[k - 1], y[k], y[k + 1]), top)
        elif used[k - 1] and used[k] and used[k + 1]:
            brightness[k] = y[k - 1] + y[k] + y[k + 1]
    best, first, last = -np.inf, 0, 0
    low, high = _r2(r1, _LARGEST_CM1), _r2(r1, _LEAST_CM1)
    for k in range(size):
        if low < x[k] < high:
            if brightness[k] > best:
                best, first = brightness[k], k
            if brightness[k] == best:
                last = k
    if not (math.isfinite(best) and brightness[first - 1] <= best and brightness[last + 1] <= best):
        return SPLITTING_CM1
    return CM1_NM / x[(first + last) // 2] - CM1_NM / r1


@helper
def _level(y: Array, used: Mask, scratch: Array) -> float:
    count = 0
    for k in range(y.size):
        scratch[count] = y[k]
        count += used[k]
    if count == 0:
        return 0.0
    return select(scratch[:count], int(DARK_SHARE * (count - 1.0)))


@vector_helper
def _height(
    x: Array, y: Array, used: Mask, r1: float, r2: float, fwhm: float, ratio: float, level: float,
) -> float:  # fmt: skip
    """Height of Pearson VII lines of exponent 2: between Gauss and Lorentz, no exponential."""
    per_fwhm = _PER_WIDTH / fwhm
    light = norm = 0.0
    for k in range(x.size):
        u1, u2 = (x[k] - r1) * per_fwhm, (x[k] - r2) * per_fwhm
        one, two = 1.0 / (1.0 + u1 * u1), 1.0 / (1.0 + u2 * u2)
        line = one * one + ratio * two * two
        line = line if used[k] else 0.0
        light += line * (y[k] - level)
        norm += line * line
    return light / max(norm, 1e-12)


_look_all = _compiled(SOURCES)
