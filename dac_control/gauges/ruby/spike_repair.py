"""Repairs what spikes do to fits: those that hide upon a line, and those that take its place."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.hidden_spikes import (
    LOST_PX,
    brightest_pairs,
    is_narrow,
    lost_pixels,
    most_harmful,
)
from dac_control.gauges.ruby.masked_fit import MaskedFitter
from dac_control.gauges.ruby.scoring import Windows
from dac_control.gauges.ruby.windows import PIXELS_NEEDED

__all__ = ["SpikeRepair"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_SUSPECT_SIGMA: Final = 3.0
"""Scatter from which spikes are sought that hide upon a line."""
_GOOD_SIGMA: Final = 4.0
_BROADEST_NM: Final = 4.0
_HIDDEN_SPIKES: Final = 4


class SpikeRepair:
    """Fits again without spikes that a first fit missed, or with pixels that were none.

    Parameters
    ----------
    fitter : MaskedFitter
    gain_assumed : bool
        The variance is known up to a factor only: nothing is repaired.
    """

    def __init__(self, fitter: MaskedFitter, *, gain_assumed: bool) -> None:
        self._fitter, self._gain_assumed = fitter, gain_assumed

    def repair(self, fitted: Fitted, windows: Windows, start: Array, bound: Array) -> None:
        """Replace the fits that can be mended.

        Parameters
        ----------
        fitted : Fitted
        windows : Windows
            As they were before the fit.
        start : array, shape (spectra, 11)
            Where the fit started.
        bound : array, shape (spectra,)
            Largest ratio of R2 to R1.
        """
        # without a gain chi squared has no scale, and no price can be put on a pixel
        if not self._gain_assumed:
            self._restore(fitted, windows, start, bound)
            self._cure(fitted, bound)

    def _restore(self, fitted: Fitted, windows: Windows, start: Array, bound: Array) -> None:
        """Where a narrow line lost pixels, see whether something else explains more of them."""
        poor = fitted.excess > _GOOD_SIGMA
        rows = ((fitted.spikes > 0) | poor).nonzero()[0]
        if not rows.size:
            return
        part = fitted.take(rows)
        narrow = is_narrow(part.windows, part.scored)
        rows, part = rows[narrow], part.take(np.flatnonzero(narrow))
        if not rows.size:
            return
        lost = lost_pixels(part.windows, part.scored, windows.used[rows])
        some = lost.any(axis=1)
        if some.any():
            self._give_back(fitted, rows[some], lost[some], bound)
        # a spike that took the place of the line is the brightest of all
        rows = rows[(fitted.spikes[rows] >= LOST_PX) | poor[rows]]
        if not rows.size:
            return
        whole, begin = windows.take(rows), start[rows].copy()
        begin[:, 1] = np.maximum(begin[:, 1], 2.0 * fitted.scored.parameters[rows, 1])
        doublet, bright = fitted.doublet[rows], fitted.bright[rows]
        for pair in brightest_pairs(whole, fitted.scored.parameters[rows, 0], begin[:, 1]):
            thinned = Windows(whole.x, whole.y, whole.used & ~pair, whole.floor)
            new = self._fitter.fit(thinned, begin, doublet, bound[rows], bright)
            new.spikes += np.sum(pair & whole.used, axis=1)
            self._fitter.keep_cheaper(fitted, rows, new)

    def _give_back(self, fitted: Fitted, rows: Rows, lost: Mask, bound: Array) -> None:
        """Fit with the pixels that the lines lost, which need not have been spikes."""
        new = fitted.copy(rows)
        new.windows.used[:] |= lost
        new.spikes -= lost.sum(axis=1)
        start = new.scored.parameters.copy()
        start[:, 10] = 1.0
        self._fitter.fit_again(new, np.arange(rows.size), start, bound[rows])
        self._fitter.keep_cheaper(fitted, rows, new)

    def _cure(self, fitted: Fitted, bound: Array) -> None:
        """Mask spikes that hide upon a line, where that makes a suspicious fit good."""
        suspect = fitted.excess > _SUSPECT_SIGMA
        rows = (suspect & (fitted.scored.parameters[:, 1] < _BROADEST_NM)).nonzero()[0]
        if not rows.size:
            return
        trial = fitted.copy(rows)
        going = np.arange(rows.size)
        for _ in range(_HIDDEN_SPIKES):
            going = self._cure_once(trial, going, bound[rows])
            if not going.size:
                break
        good = trial.excess <= _GOOD_SIGMA
        cured = np.flatnonzero(good & (trial.spikes > fitted.spikes[rows]))
        fitted.put(rows[cured], trial.take(cured))

    def _cure_once(self, trial: Fitted, going: Rows, bound: Array) -> Rows:
        """Leave out the most harmful pixels and fit again; returns the rows that stay poor."""
        part = trial.take(going)
        mask = most_harmful(part.windows, part.scored, part.active)
        left = (part.windows.used & ~mask).sum(axis=1) >= PIXELS_NEEDED
        found = np.flatnonzero(mask.any(axis=1) & left)
        going, mask = going[found], mask[found]
        if not going.size:
            return going
        trial.windows.used[going] &= ~mask
        trial.spikes[going] += mask.sum(axis=1)
        self._fitter.fit_again(trial, going, trial.scored.parameters[going], bound[going])
        poor = trial.excess[going] > _GOOD_SIGMA
        return going[poor]
