"""How far a weak line on a bright background stands out of what that background does elsewhere.

Luminescence of stressed diamond carries fringes and bumps of some per cent of itself. Where the
photons are many, every one of them is a line beyond doubt, and some have the width of a merged
ruby doublet. What tells ruby from them is the rest of the spectrum: a matched filter, run over all
of it, answers to the structure of the luminescence wherever that is, and to ruby at one place.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, LN2_4
from dac_control.gauges.ruby.search import REACH

__all__ = ["LEAST_PROMINENCE", "has_low_contrast", "prominence"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_HIGH_CONTRAST: Final = 0.15
"""Height over background from which a line is no bump of the luminescence: fringes of windows,
gaps and detectors have 1 to 3 per cent."""
LEAST_PROMINENCE: Final = 8.0
"""Two or three sets of fringes together reach 5 where a fit looks for the best place and shape,
noise the same; with 7 a line has been a nanometre's tenth off (benchmarks/gauges.py twin)."""
_REST_NM: Final = 6.0
"""Length of spectrum that must be left beside the lines to compare with,"""
_TYPICAL_STRUCTURE: Final = 0.005
"""and what the scatter of the structure is taken for where it is not, as a share of the
background."""
_GUARD_NM: Final = 1.0
_NARROWEST_PX: Final = 2.5
_NORMAL: Final = 1.4826
"""Standard deviation over median deviation, of a normal distribution."""
_TINY: Final = 1e-300


def has_low_contrast(height: Array, background: Array) -> Mask:
    """True where a line is so low above its background that it may be a bump of it."""
    return height < _HIGH_CONTRAST * background


def prominence(x: Array, counts: Array, usable: Mask, p: Array, offset_counts: float) -> float:
    """Answer of a filter at the line, over the scatter of its answers elsewhere.

    Parameters
    ----------
    x, counts : arrays, shape (pixels,)
        The whole spectrum.
    usable : array of bool, shape (pixels,)
    p : array, shape (11,)
        Parameters of the fit.
    offset_counts : float
        Electronic offset in the counts.
    """
    r1, fwhm = float(p[0]), float(p[1])
    split = r1 - CM1_NM / (CM1_NM / r1 + float(p[9])) if p[8] > 0.0 else 0.0
    assumed = float(p[3]) / max(_TYPICAL_STRUCTURE * (float(p[4]) - offset_counts), _TINY)
    kernel, place = _filter(p, split, float(np.median(np.diff(x))))
    if kernel.size > x.size or np.count_nonzero(usable) < kernel.size:
        return assumed
    answer = np.correlate(np.interp(x, x[usable], counts[usable]), kernel, "valid")
    at = x[place : place + answer.size]
    reach = split + REACH * fwhm + _GUARD_NM
    beside = (at < r1 - split - reach) | (at > r1 + reach)
    here = np.abs(at - r1) <= 0.5 * fwhm
    rest = answer[beside]
    if not here.any() or rest.size < 3 or rest.size * (x[-1] - x[0]) / x.size < _REST_NM:
        return assumed
    scatter = _NORMAL * float(np.median(np.abs(rest - np.median(rest))))
    return float(answer[here].max()) / max(scatter, _TINY)


def _filter(p: Array, split_nm: float, pitch_nm: float) -> tuple[Array, int]:
    """Lines like those of the fit, blind to a parabola; and which pixel of it is R1."""
    width = max(float(p[1]), _NARROWEST_PX * pitch_nm)
    below = max(3, round((REACH * width + split_nm) / pitch_nm))
    above = max(3, round(REACH * width / pitch_nm))
    offset = np.arange(-below, above + 1) * pitch_nm
    line = np.exp(-LN2_4 * (offset / width) ** 2)
    if split_nm > 0.0:
        partner = np.exp(-LN2_4 * ((offset + split_nm) / (width * p[10])) ** 2)
        line += p[8] / p[10] * partner
    u = np.linspace(-1.0, 1.0, offset.size)
    smooth, _r = np.linalg.qr(np.stack((np.ones_like(u), u, u * u), axis=1))
    return line - smooth @ (smooth.T @ line), below
