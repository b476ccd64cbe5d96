"""What is wrong with a line that was fitted, flag by flag."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.evidence import (
    NARROW_PX,
    hides_core,
    hides_r1,
    imagines_r2,
    is_cosmic_ray,
    is_no_ruby,
    lacks_r2,
)
from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.leftovers import USED
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.residuals import misfit_share
from dac_control.gauges.ruby.result import RubyFits

__all__ = ["flag_lines"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_RELIABLE_SIGMA: Final = 10.0
_BROAD_NM: Final = 1.0
_RELIABLE_BROAD_SIGMA: Final = 15.0
"""Of a broad line, which with few photons may be both lines taken for one."""
# Nothing but its shape tells a doublet this broad from a band of the diamond's luminescence.
_BAND_NM: Final = 1.55
_RELIABLE_BAND_SIGMA: Final = 60.0
_LARGEST_SIGMA_NM: Final = 0.1
"""0.27 GPa: beyond it a ruby reading steers nothing."""
_MERGED_SHARE: Final = 0.8
# Measured ruby spectra leave 1 % (feet, sidebands); a line on the slope of another leaves 13 %.
_MISFIT_SHARE: Final = 0.08
_MISFIT_AT_LINES: Final = 0.05
_MASKED_SHARE: Final = 0.05
"""Share of its pixels that a fit may mask as spikes and still be poor: rays are not that many,
and it is another line then (benchmarks/gauges.py gross)."""
_DOUBTED_SIGMA: Final = 3.0


def flag_lines(
    fits: RubyFits,
    fitted: Fitted,
    poor: Mask,
    saturated: Mask,
    temperature_k: Array,
    range_nm: tuple[float, float],
) -> None:
    """Set the flags of lines and windows.

    Parameters
    ----------
    fits : RubyFits
        What was fitted; only `flagged` changes.
    fitted : Fitted
    poor : array of bool, shape (spectra,)
        Where the residual is not noise alone.
    saturated : array of bool, shape (spectra, pixels of the windows)
    temperature_k : array, shape (spectra,)
        NaN where unknown.
    range_nm : tuple of float
        First and last wavelength of the spectra.
    """
    p, sigma, strength = fits.parameters, fits.r1_sigma_nm, fits.signal_to_noise
    r1, fwhm = p[:, 0], p[:, 1]
    windows, doublet, ratio_variance = fitted.windows, fitted.doublet, fits.covariance[:, 8, 8]
    r2 = CM1_NM / (CM1_NM / r1 + doublet * p[:, 9])
    margin, narrow = 0.5 * fwhm, fwhm < NARROW_PX * windows.pitch_nm
    # where something else shines beside the lines, less misfit makes them doubtful
    crowded = ~np.isnan(fitted.foreign_nm)
    poor = poor | (crowded & (fitted.excess > _DOUBTED_SIGMA))
    everywhere, at_lines = misfit_share(windows, fitted.scored)
    columns = {
        "low_signal": (strength < _RELIABLE_SIGMA)
        | ((fwhm > _BROAD_NM) & (strength < _RELIABLE_BROAD_SIGMA))
        | ((fwhm > _BAND_NM) & (strength < _RELIABLE_BAND_SIGMA))
        | (sigma > _LARGEST_SIGMA_NM),
        "at_edge": (r1 - margin < range_nm[0]) | (r1 + margin > range_nm[1]) | (fwhm >= 4.99),
        "no_r2": lacks_r2(
            p,
            ratio_variance,
            doublet,
            narrow,
            hides_r1(windows, p, doublet),
            poor | crowded,
            temperature_k,
        ),
        "misfit": (everywhere > _MISFIT_SHARE)
        | (at_lines > _MISFIT_AT_LINES)
        | (poor & (fitted.spikes > _MASKED_SHARE * fitted.scored.leftovers[:, USED]))
        | (doublet & is_no_ruby(p, ratio_variance, poor))
        # a lamp's line, and what is foreign beside it may be the ruby
        | (narrow & poor & crowded)
        | is_cosmic_ray(windows, p, narrow),
        "spike": fits.masked_pixels > 0,
        "foreign_line": crowded,
        "merged": doublet & (fwhm > _MERGED_SHARE * (r1 - r2)),
        "r2_above_thermal": fitted.unthermal,
    }
    for name, column in columns.items():
        fits.flag(name)[:] = column
    masked = (crowded | (fits.masked_pixels != 0)).nonzero()[0]
    if masked.size:
        hidden = ~(windows.used[masked] | saturated[masked])
        x, some = windows.x[masked], p[masked]
        lost = hides_core(x, hidden, some) | (doublet[masked] & imagines_r2(x, hidden, some))
        fits.flag("misfit")[masked] |= lost
    if saturated.any():
        fits.flag("saturated")[:] = _line_saturates(fitted, saturated, r2, sigma)


def _line_saturates(fitted: Fitted, saturated: Mask, r2: Array, sigma: Array) -> Mask:
    """True where the light of the line fills the well; a cosmic ray in a dark pixel does not."""
    at = np.flatnonzero(saturated)
    row = at // saturated.shape[1]
    x, r1, fwhm = fitted.windows.x.take(at), *fitted.scored.parameters[row, :2].T
    core = np.abs(x - r1) <= np.maximum(fwhm, 2.0 * sigma[row])
    core |= np.abs(x - r2[row]) <= fwhm
    bright = fitted.scored.model.take(at) > 0.7 * fitted.windows.y.take(at)
    filled = np.zeros(sigma.size, dtype=bool)
    filled[row[core & bright]] = True
    return filled
