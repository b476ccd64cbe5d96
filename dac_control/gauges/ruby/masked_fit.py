"""One model to one set of windows: mask what is not of the lines, and fit until nothing is left."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.engine import Engine
from dac_control.gauges.ruby.evidence import hides_core
from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.residuals import foreign_lines, stands_out
from dac_control.gauges.ruby.scoring import Noise, Windows
from dac_control.gauges.ruby.stress import FreeStress, prior_free
from dac_control.gauges.ruby.windows import (
    PIXELS_NEEDED,
    constraints,
    expectations,
    unlikeliness,
)

__all__ = ["MaskedFitter"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_MASK_ROUNDS: Final = 6
_PRICE: Final = 36.0
"""In chi squared, of a pixel that is left out as a spike: six sigma."""


class MaskedFitter:
    """Fits windows with one model, without the pixels that are none of it.

    Parameters
    ----------
    engine : Engine
    noise : Noise
    priors : bool
        Whether splitting and width ratio have their weak priors.
    """

    def __init__(self, engine: Engine, noise: Noise, *, priors: bool) -> None:
        self._engine, self._noise, self._priors = engine, noise, priors

    def fit(
        self, windows: Windows, start: Array, doublet: Mask, bound: Array, bright: Mask
    ) -> Fitted:
        """Fit, mask what is not of the lines, and fit again until nothing stands out."""
        windows = Windows(windows.x, windows.y, windows.used.copy(), windows.floor)
        limits = constraints(
            windows, start, doublet=doublet, largest_ratio=bound, bright=bright, priors=self._priors
        )
        scored = self._engine.score_windows(windows, start, limits, self._noise)
        fitted = Fitted(
            windows=windows,
            scored=scored,
            doublet=doublet.copy(),
            bright=bright.copy(),
            spikes=np.zeros(doublet.size, dtype=np.intp),
            foreign_nm=np.full(doublet.size, np.nan),
            unthermal=np.zeros(doublet.size, dtype=bool),
            largest_ratio=bound.copy(),
        )
        going = np.arange(doublet.size)
        for _ in range(_MASK_ROUNDS):
            going = self._mask_once(fitted, going)
            if not going.size:
                break
            self._engine.score_again(windows, scored, going, limits, self._noise)
        return fitted

    def fit_again(self, fitted: Fitted, rows: Rows, start: Array, bound: Array) -> None:
        """Fit some of the rows again with the pixels that they have now."""
        windows = fitted.windows.take(rows)
        limits = constraints(
            windows,
            start,
            doublet=fitted.doublet[rows],
            largest_ratio=np.maximum(bound, start[:, 8]),
            bright=fitted.bright[rows],
            priors=self._priors,
        )
        fitted.scored.put(rows, self._engine.score_windows(windows, start, limits, self._noise))

    def without_priors(self, fitted: Fitted) -> FreeStress:
        """Ratio, splitting and width ratio free of what was expected of them.

        Taking weak priors away moves most fits by a small part of sigma, which is one linear
        step; the others are fitted again.
        """
        known = expectations(fitted.largest_ratio, priors=True)
        free, far = prior_free(fitted.scored, *known)
        rows = far.nonzero()[0]
        if rows.size:
            part = fitted.take(rows)
            start = part.scored.parameters
            limits = constraints(
                part.windows,
                start,
                doublet=part.doublet,
                largest_ratio=np.full(rows.size, 3.0),
                bright=part.bright,
                priors=False,
            )
            again = self._engine.score_windows(part.windows, start, limits, self._noise)
            free.put(rows, FreeStress.of(again))
        return free

    def cost(self, fitted: Fitted) -> Array:
        """Chi squared and priors beyond what is expected, with a price for every spike."""
        p, largest = fitted.scored.parameters, fitted.largest_ratio
        away = unlikeliness(p, fitted.active, largest, priors=self._priors)
        return fitted.scored.chi2 - fitted.freedom + away + _PRICE * fitted.spikes

    def keep_cheaper(self, fitted: Fitted, rows: Rows, new: Fitted) -> None:
        """Replace those of the rows whose new fit costs less.

        Not where it costs less for leaving out its own line as if that were spikes.
        """
        old = fitted.take(rows)
        cheaper = self.cost(new) < self.cost(old)
        if new.spikes.any():
            masked = old.windows.used & ~new.windows.used
            cheaper &= ~hides_core(new.windows.x, masked, new.scored.parameters)
        better = cheaper.nonzero()[0]
        fitted.put(rows[better], new.take(better))

    def _mask_once(self, fitted: Fitted, going: Rows) -> Rows:
        """Mask spikes, or else a foreign line; returns the rows that lost pixels."""
        going = going[stands_out(fitted.scored, going)]
        if not going.size:
            return going
        mask = self._engine.lone_spikes(fitted.windows, fitted.scored, going)
        spikes = mask.sum(axis=1)
        rest = np.flatnonzero(spikes == 0)
        place_nm = np.full(going.size, np.nan)
        if rest.size:
            found = foreign_lines(fitted.windows, fitted.scored, going[rest])
            mask[rest], place_nm[rest] = found
        left = (fitted.windows.used[going] & ~mask).sum(axis=1)
        lost = np.flatnonzero(mask.any(axis=1) & (left >= PIXELS_NEEDED))
        going, place_nm = going[lost], place_nm[lost]
        fitted.spikes[going] += spikes[lost]
        seen = ~np.isnan(place_nm) & np.isnan(fitted.foreign_nm[going])
        fitted.foreign_nm[going[seen]] = place_nm[seen]
        fitted.windows.used[going] &= ~mask[lost]
        return going
