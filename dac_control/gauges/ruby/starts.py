"""Where the fit of a window starts: the nearer to its end, the fewer steps it takes."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, DOUBLET
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.scoring import Windows

__all__ = ["BY_LEAST", "BY_SUM", "NOT", "FirstLook", "Look", "same_light", "starts"]

Array = NDArray[np.float64]

_NARROW_NM: Final = 0.35
"""Narrower than the prior of the splitting: R2 has to be looked for,"""
_RESOLVED_NM: Final = 0.8
_CLEAR_SCORE: Final = 50.0
"""and may be where R2 stands apart and out of the noise: a fit that starts at a splitting two
sigma off takes five times as long."""

DARK_SHARE: Final = 0.2
"""Share of the pixels that are darker than the level to start from."""

_FWHM_SQUARE: Final = 8.0 * np.log(2.0)
"""Square of the full width over the variance of a Gaussian."""
_NOT_NARROWER: Final = 0.5


_USUAL: Final = np.array(
    [*(dict.fromkeys(DOUBLET, 0.0) | {"eta": 0.5, "width_ratio": 1.0}).values()]
)
"""What a fit starts from where nothing can be seen yet."""


class FirstLook(NamedTuple):
    """What is seen in a window before any fit, each of shape (spectra,)."""

    splitting_cm1: Array
    """The usual one where R2 was not looked for, or not seen."""
    level: Array
    """About the level of the darkest fifth."""
    height: Array
    """Of R1 above it, by least squares."""


Look = Callable[[Windows, Array, Array, Array, NDArray[np.int64]], FirstLook]
"""Windows, R1, its width, R2 to R1, and how R2 is looked for: `NOT`, `BY_SUM`, `BY_LEAST`."""

NOT: Final = 0
BY_SUM: Final = 1
"""Where three neighbouring pixels have most light together: a narrow R2 must be met."""
BY_LEAST: Final = 2
"""Where the least of three has most: no spike is as broad as that, and a clipped line is."""


def starts(
    windows: Windows, r1_nm: Array, fwhm_nm: Array, ratio: Array, score: Array, look: Look
) -> Array:
    """Parameters to start from; `look` is the engine's."""
    sought = (fwhm_nm < _RESOLVED_NM) & (ratio > 0.0)
    narrow = fwhm_nm < _NARROW_NM
    how = np.where(narrow, BY_SUM, np.where(score > _CLEAR_SCORE, BY_LEAST, NOT)) * sought
    seen = look(windows, r1_nm, fwhm_nm, ratio, how)
    start = np.empty((r1_nm.size, len(DOUBLET)))
    start[:] = _USUAL
    start[:, 0], start[:, 1], start[:, 3], start[:, 4] = r1_nm, fwhm_nm, seen.height, seen.level
    start[:, 8], start[:, 9] = ratio, seen.splitting_cm1
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
