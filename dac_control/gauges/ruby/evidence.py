"""What tells ruby from a cosmic ray, from one line split in two, and from a line without R2."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import (
    R2_GONE_K,
    SPLITTING_CM1,
    TYPICAL_STRENGTH,
    boltzmann,
)
from dac_control.gauges.ruby.residuals import AT_R1_NM, background
from dac_control.gauges.ruby.result import RubyFits
from dac_control.gauges.ruby.scoring import Windows

__all__ = [
    "NARROW_PX",
    "hides_core",
    "hides_r1",
    "imagines_r2",
    "is_cosmic_ray",
    "is_no_ruby",
    "lacks_r2",
    "shows_partner",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_WEAKEST_STRENGTH: Final = 0.15
"""Of R2 wherever the doublet is fitted, a fifth of the usual one: at 20 K a chip at 13 K has it."""
# No ruby has these: a fit that does has split one line in two, or paired two lines of neon.
_SPLITTING_REACH_CM1: Final = 11.0
_UNSEEN_REACH_CM1: Final = 8.0
"""Two sigma of its prior, which alone places an R2 whose pixels are masked."""
_WIDTH_RATIOS: Final = (0.27, 2.4)
_WIDTH_RATIOS_IF_POOR: Final = (0.45, 1.9)
"""Of a fit that also misses the data: neon beside R1 taken for its partner has 0.3 to 0.4."""
NARROW_PX: Final = 3.0
"""Up to this width a line has to show that it is no cosmic ray: three of its pixels have more than
a quarter of its height, which holds of lines from two pixels on."""
_LIT_SHARE: Final = 0.25
_LIT_PIXELS: Final = 3
_R2_SEEN_SIGMA: Final = 4.0
_R2_SURE_SIGMA: Final = 6.0
"""From which R2 is believed, be it weaker than at any temperature that the sensor allows."""
_HIDDEN_SHARE: Final = 0.5
_WEAK_RATIO: Final = 0.3


def is_cosmic_ray(windows: Windows, p: Array, narrow: Mask) -> Mask:
    """True where one or two pixels, or the rest of a ray that was masked, pass for a line."""
    ray = np.zeros(narrow.size, dtype=bool)
    some = narrow.nonzero()[0]
    if some.size:
        windows, p = windows.take(some), p[some]
        core = np.abs(windows.x - p[:, :1]) < p[:, 1:2]
        lit = windows.y - background(windows.x, p) > _LIT_SHARE * p[:, 3:4]
        seen = np.count_nonzero(core & lit & windows.used, axis=1)
        whole = seen + np.count_nonzero(core & ~windows.used, axis=1)
        ray[some] = (seen < _LIT_PIXELS - 1) | (whole < _LIT_PIXELS)
    return ray


def is_no_ruby(p: Array, ratio_variance: Array, poor: Mask) -> Mask:
    """True where splitting or width ratio are none of ruby, shape (spectra,)."""
    # where R2 drowns in noise, its place and width are those of the noise
    seen = poor | (p[:, 8] > _R2_SEEN_SIGMA * np.sqrt(np.maximum(ratio_variance, 0.0)))
    odd = np.abs(p[:, 9] - SPLITTING_CM1) > _SPLITTING_REACH_CM1
    odd |= _outside(p[:, 10], _WIDTH_RATIOS)
    odd |= poor & _outside(p[:, 10], _WIDTH_RATIOS_IF_POOR)
    return seen & odd


def shows_partner(fits: RubyFits) -> Mask:
    """True where R2 stands beside R1 and is told from it, shape (spectra,): then it is a ruby."""
    sigma = np.sqrt(np.maximum(fits.covariance[:, 8, 8], 0.0))
    seen = (fits.model == 2) & (fits.parameters[:, 8] > _R2_SEEN_SIGMA * sigma)
    return seen & ~fits.flag("merged")


def lacks_r2(
    p: Array,
    ratio_variance: Array,
    doublet: Mask,
    narrow: Mask,
    hidden: Mask,
    doubted: Mask,
    temperature_k: Array,
) -> Mask:
    """True where R2 should be there and is not, shape (spectra,).

    A weak line where R2 belongs and as wide as R1 is R2, unless the fit is doubted otherwise.
    """
    warm = doublet & (temperature_k >= R2_GONE_K)
    sigma = np.sqrt(np.maximum(ratio_variance, 0.0))
    reach = 3.0 * sigma
    population = boltzmann(temperature_k)
    weakest = _WEAKEST_STRENGTH * population
    weak = p[:, 8] + reach < weakest
    if weak.any():
        low, high = _WIDTH_RATIOS_IF_POOR
        seen = (p[:, 8] > _R2_SURE_SIGMA * sigma) & (p[:, 10] > low) & (p[:, 10] < high)
        seen &= np.abs(p[:, 9] - SPLITTING_CM1) < _SPLITTING_REACH_CM1
        weak &= doubted | ~seen
    # a line as narrow as a cosmic ray has to show its partner where that would not drown in noise
    # (of six sigma expected, one in a thousand is seen below three); one with R1's place masked,
    # in any case
    expected = TYPICAL_STRENGTH * population > 2.0 * reach
    unseen = narrow & expected & (p[:, 8] < np.maximum(reach, weakest))
    return warm & (weak | unseen | (hidden & (p[:, 8] < reach)))


def hides_r1(windows: Windows, p: Array, doublet: Mask) -> Mask:
    """True where pixels are masked at the place that R1 has if this line is R2, shape (spectra,).

    With few photons R1 itself may pass for a spike, and noise for the partner of R2.
    """
    weak = doublet & (p[:, 8] < _WEAK_RATIO)
    hidden = np.zeros(doublet.size, dtype=bool)
    some = weak.nonzero()[0]
    if some.size:
        x, r1 = windows.x[some], p[some, 0]
        above = CM1_NM / (CM1_NM / r1 - SPLITTING_CM1)
        at = np.abs(x - above[:, None]) < AT_R1_NM
        hidden[some] = np.any(at & ~windows.used[some], axis=1)
    return hidden


def hides_core(x: Array, masked: Mask, p: Array) -> Mask:
    """True where most of a line is masked, and its feet alone were fitted, shape (rows,).

    Parameters
    ----------
    x : array, shape (rows, pixels)
    masked : array of bool, shape (rows, pixels)
        Saturated pixels left out: there the light is the line's.
    p : array, shape (rows, parameters)
    """
    core = np.abs(x - p[:, :1]) < p[:, 1:2]
    hidden = np.count_nonzero(core & masked, axis=1)
    return np.asarray(hidden > _HIDDEN_SHARE * np.count_nonzero(core, axis=1))


def imagines_r2(x: Array, masked: Mask, p: Array) -> Mask:
    """True where R2 is masked and yet far from its usual place, shape (rows,).

    The feet of another line, of which the core was left out, do that; arguments as of `hides_core`.
    """
    r2 = p.copy()
    r2[:, 0] = CM1_NM / (CM1_NM / p[:, 0] + p[:, 9])
    r2[:, 1] *= p[:, 10]
    far = np.abs(p[:, 9] - SPLITTING_CM1) > _UNSEEN_REACH_CM1
    return far & hides_core(x, masked, r2)


def _outside(values: Array, limits: tuple[float, float]) -> Mask:
    return (values < limits[0]) | (values > limits[1])
