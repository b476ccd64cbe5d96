"""Which reading of the lines is the ruby where one of something else took the place of R1 or R2."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.placed import Place, Spectra
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1, TYPICAL_STRENGTH, boltzmann
from dac_control.gauges.ruby.result import RubyFits

__all__ = ["OtherLines"]

Array = NDArray[np.float64]

_EQUAL_NM: Final = 0.6
_LIKELY_RATIO_LOG: Final = 0.4
_LIKELY_WIDTH_RATIO: Final = 0.3
_LIKELY_SPLITTING_CM1: Final = 2.0
_POOR_PENALTY: Final = 16.0
"""Of a reading that misses the data, however likely its doublet: four sigma."""
_CONVINCING: Final = 4.0
"""Difference of the penalties, in units of chi squared, that decides."""
_INCREDIBLE: Final = 36.0
"""Penalty beyond which a reading with another line next to it is no better than any other."""
_NARROW_PARTNER: Final = 0.45
_FOREIGN_CORE: Final = 1.5
"""Full widths about such a line that are masked: nine sigma of a Gaussian to either side."""


@dataclass(frozen=True)
class OtherLines:
    """Fits again where a line that is none of ruby took the place of one.

    Parameters
    ----------
    x : array, shape (pixels,)
        Wavelength in nm.
    fit : callable
        Fits spectra at given places.
    """

    x: Array
    fit: Callable[[Spectra, Place], tuple[RubyFits, Fitted]]

    def try_other_reading(
        self, fits: RubyFits, fitted: Fitted, spectra: Spectra, place: Place
    ) -> None:
        """Where a foreign line makes it three at equal distances, try the other two as R1 and R2.

        The likelier reading by ratio, widths and splitting is kept; where both are likely, the
        line is called ambiguous. `fits` is changed in place.
        """
        if np.isnan(fitted.foreign_nm).all():
            return
        p = fitted.scored.parameters
        r2 = CM1_NM / (CM1_NM / p[:, 0] + SPLITTING_CM1)
        distance = p[:, 0] - r2
        below = np.abs(fitted.foreign_nm - (r2 - distance)) < _EQUAL_NM
        above = np.abs(fitted.foreign_nm - (p[:, 0] + distance)) < _EQUAL_NM
        rows = ((below | above) & fitted.doublet & (fits.model > 0)).nonzero()[0]
        if not rows.size:
            return
        other = np.where(above, fitted.foreign_nm, r2)[rows]
        some = spectra.take(rows)
        at = Place(other, place.fwhm_nm[rows], place.score[rows])
        part, _refitted = self.fit(some, at)
        self.leave_out_partner(part, some, at)
        mine = _penalty(fits.take(rows), some.temperature_k)
        # a fit that went back to the first reading is no other one
        stayed = np.abs(part.r1_nm - other) < _EQUAL_NM
        theirs = np.where(stayed, _penalty(part, some.temperature_k), np.inf)
        better = theirs < mine
        fits.put(rows[better], part.take(np.flatnonzero(better)))
        open_question = np.abs(theirs - mine) < _CONVINCING
        open_question |= np.minimum(mine, theirs) > _INCREDIBLE
        fits.flag("ambiguous")[rows] |= open_question

    def leave_out_partner(self, fits: RubyFits, spectra: Spectra, place: Place) -> None:
        """Where R2 is too narrow to be any, another line stands upon it: leave that one out."""
        p = fits.parameters
        narrow = (fits.model == 2) & (p[:, 10] < _NARROW_PARTNER)
        rows = np.flatnonzero(fits.flag("misfit") & narrow)
        if not rows.size:
            return
        p = p[rows]
        r2 = CM1_NM / (CM1_NM / p[:, 0] + p[:, 9])
        reach = _FOREIGN_CORE * p[:, 1] * p[:, 10]
        some = spectra.take(rows)
        core = (np.abs(self.x - r2[:, None]) < reach[:, None]) & ~some.spikes
        some = replace(some, spikes=some.spikes | core)
        part, _refitted = self.fit(some, Place(p[:, 0], p[:, 1], place.score[rows]))
        part.masked_pixels[:] -= core.sum(axis=1)
        part.flag("spike")[:] = part.masked_pixels > 0
        part.flag("foreign_line")[:] = True
        # what was left out may have been R1, and the feet of that line pass for another one
        good = np.flatnonzero(part.ok & (np.abs(part.r1_nm - r2) > reach))
        fits.put(rows[good], part.take(good))


def _penalty(fits: RubyFits, temperature_k: Array) -> Array:
    """How unlike a ruby doublet the fits are, in units of chi squared; infinite if not ok."""
    p = fits.parameters
    warm = np.where(np.isnan(temperature_k), 296.0, temperature_k)
    expected = TYPICAL_STRENGTH * boltzmann(warm)
    with np.errstate(all="ignore"):
        ratio = np.log(np.maximum(p[:, 8], 1e-3) / expected) / _LIKELY_RATIO_LOG
        width = (p[:, 10] - 1.0) / _LIKELY_WIDTH_RATIO
        splitting = (p[:, 9] - SPLITTING_CM1) / _LIKELY_SPLITTING_CM1
        total = ratio**2 + width**2 + splitting**2 + _POOR_PENALTY * fits.flag("poor_fit")
    return np.where(fits.ok & (fits.model == 2), total, np.inf)
