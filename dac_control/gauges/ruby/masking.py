"""What is masked after a fit, so that the next search finds what it hid."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.result import RubyFits
from dac_control.gauges.ruby.search import Axis

__all__ = ["mark_foreign", "mask_foreign", "mask_narrow", "stands_on"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_NARROWEST_PX: Final = 1.8
"""An optical line is at least two pixels wide; what is narrower fell on the detector."""
_WIDEST_FOREIGN_NM: Final = 0.3
_FOREIGN_CORE: Final = 2.0
"""Full widths about a foreign line that are masked: ten sigma of a Gaussian to either side."""


def mask_narrow(axis: Axis, spikes: Mask, rows: Rows, fits: RubyFits) -> Mask:
    """Mask what is narrower than any optical line.

    Parameters
    ----------
    axis : Axis
    spikes : array of bool, shape (all spectra, pixels)
        Changed in place.
    rows : array, shape (spectra,)
        The spectra of `fits` among all.
    fits : RubyFits

    Returns
    -------
    done : array of bool, shape (spectra,)
    """
    x, limit = axis.x, _NARROWEST_PX * axis.widest_nm
    thin = (fits.model > 0) & (fits.parameters[:, 1] < limit)
    for row in thin.nonzero()[0]:
        at = min(max(int(x.searchsorted(fits.r1_nm[row])), 1), x.size - 2)
        thin[row] = fits.parameters[row, 1] < _NARROWEST_PX * 0.5 * (x[at + 1] - x[at - 1])
        if thin[row]:
            spikes[rows[row], max(0, at - 2) : at + 3] = True
    return thin


def mask_foreign(x: Array, foreign: Mask, rows: Rows, fits: RubyFits) -> Mask:
    """Mask narrow lines that have no partner of ruby; arguments as of `mask_narrow`."""
    alone = (fits.flag("no_r2") | fits.flag("misfit")) & (fits.model == 2)
    alone &= fits.parameters[:, 1] < _WIDEST_FOREIGN_NM
    done = np.zeros(rows.size, dtype=bool)
    for k in alone.nonzero()[0]:
        r1, fwhm = fits.parameters[k, :2]
        core = np.abs(x - r1) < _FOREIGN_CORE * fwhm
        done[k] = bool((core & ~foreign[rows[k]]).any())
        foreign[rows[k]] |= core
    return done


def stands_on(x: Array, foreign: Mask, rows: Rows, fits: RubyFits) -> Mask:
    """True where R1 lies in what was masked: the feet of that line, and no other one.

    Arguments as of `mask_narrow`.
    """
    at = np.minimum(np.searchsorted(x, fits.r1_nm), x.size - 1)
    return np.asarray(foreign[rows, at])


def mark_foreign(x: Array, foreign: Mask, fits: RubyFits) -> None:
    """Flag what was masked as another line; its pixels do not count as spikes.

    Parameters
    ----------
    x : array, shape (pixels,)
    foreign : array of bool, shape (spectra, pixels)
    fits : RubyFits
        Changed in place.
    """
    inside = (x >= fits.window_nm[:, :1]) & (x <= fits.window_nm[:, 1:])
    seen = foreign.any(axis=1) & (fits.model > 0)
    fits.flag("foreign_line")[:] |= seen
    fits.masked_pixels[seen] -= (foreign & inside).sum(axis=1)[seen]
    fits.flag("spike")[:] &= fits.masked_pixels > 0
