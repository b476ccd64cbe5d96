"""Which model a window is fitted with, from where, and when it is fitted again."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.engine import Engine
from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.masked_fit import MaskedFitter
from dac_control.gauges.ruby.r2_population import (
    R2_GONE_K,
    SPLITTING_CM1,
    STRENGTH_MAX,
    WARM_RATIO,
    boltzmann,
    largest_ratio,
)
from dac_control.gauges.ruby.residuals import sees_partner
from dac_control.gauges.ruby.scoring import Noise, Windows
from dac_control.gauges.ruby.species import Species
from dac_control.gauges.ruby.spike_repair import SpikeRepair
from dac_control.gauges.ruby.starts import same_light, starts
from dac_control.gauges.ruby.stress import FreeStress
from dac_control.gauges.ruby.windows import SPLITTING_LIMITS_CM1, expectations

__all__ = ["WindowFitter"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_R2_SIGMA: Final = 5.0
_BRIGHT: Final = (600.0, 300.0)
"""Signal-to-noise ratios from which the 1 % between Voigt and pseudo-Voigt lines may matter: where
R1 and R2 stand apart, and where their wings overlap."""
_OVERLAP_NM: Final = 0.55
_MERGED_WIDTH_NM: Final = 1.0
_BROADEST_NM: Final = 4.0
_BAD_SCATTER: Final = 1.5
_POOR_SIGMA: Final = 4.0
"""Scatter from which another shape is tried,"""
_DOUBTED_SIGMA: Final = 2.0
"""and another start for merged lines."""
_EVEN_SHARE: Final = 0.95
"""Share of the thermal limit of R2 from which a merged doublet is started again,"""
_UNEVEN_SHARE: Final = 0.5
"""and share of its usual strength up to which it is;"""
_ODD_PARTNER: Final = 4.0
"""so is one whose splitting and width ratio are as unlikely as two sigma."""
_WEAK_SHARE: Final = 0.3
"""Share of R2's usual strength that merged doublets are started again with: a weak R2 that is too
near and too broad has every other start in its basin (benchmarks/gauges.py hard --only merged)."""
_SINGLE_WIDTH_NM: Final = 1.0
"""A single line broader than that may be two: the sensor is cold, the chip is not."""


def _is_bright(score: Array, fwhm_nm: Array, *, gain_assumed: bool) -> Mask:
    apart, overlapping = _BRIGHT
    # without a gain the score may be far too low, and the scatter must be noise, not misfit
    overlap = (fwhm_nm > _OVERLAP_NM) | gain_assumed
    return score > np.where(overlap, overlapping, apart)


class WindowFitter:
    """Fits windows with the model that temperature and data ask for.

    Parameters
    ----------
    engine : Engine
    noise : Noise
    species : Species
    gain_assumed : bool
        The variance is known up to a factor only.
    priors : bool
        Whether splitting and width ratio have their weak priors.
    """

    def __init__(
        self,
        engine: Engine,
        noise: Noise,
        species: Species,
        *,
        gain_assumed: bool,
        priors: bool,
    ) -> None:
        self._look = engine.look
        self._fitter = MaskedFitter(engine, noise, priors=priors)
        self._spikes = SpikeRepair(self._fitter, gain_assumed=gain_assumed)
        self._has_partner, self._gain_assumed = species.has_partner, gain_assumed

    def fit(
        self, windows: Windows, r1_nm: Array, fwhm_nm: Array, score: Array, temperature_k: Array
    ) -> Fitted:
        """Fit the lines about first estimates.

        Parameters
        ----------
        windows : Windows
        r1_nm, fwhm_nm, score : arrays, shape (spectra,)
            The candidates; `score` is their signal-to-noise ratio.
        temperature_k : array, shape (spectra,)
            NaN where it is unknown.
        """
        warm = ~(temperature_k < R2_GONE_K) & self._has_partner
        unknown = np.isnan(temperature_k)
        bound = np.where(unknown, STRENGTH_MAX, largest_ratio(temperature_k)) * warm
        ratio = np.where(unknown, WARM_RATIO, 0.75 * boltzmann(temperature_k))
        ratio = np.minimum(ratio, bound)
        start = starts(windows, r1_nm, fwhm_nm, ratio, score, self._look)
        bright = _is_bright(score, fwhm_nm, gain_assumed=self._gain_assumed)
        fitted = self._fitter.fit(windows, start, warm, bound, bright)
        self._spikes.repair(fitted, windows, start, bound)
        self._try_voigt(fitted, bound)
        rows = warm.nonzero()[0]
        self._try_again(fitted, windows, rows, ratio, bound)
        self._release_r2(fitted, rows, temperature_k, bound)
        if self._has_partner and rows.size < warm.size:
            self._add_r2(fitted, (~warm).nonzero()[0], temperature_k)
        return fitted

    def without_priors(self, fitted: Fitted) -> FreeStress:
        """Ratio, splitting and width ratio free of what was expected of them."""
        return self._fitter.without_priors(fitted)

    def _try_voigt(self, fitted: Fitted, bound: Array) -> None:
        """Where a line has another shape than pseudo-Voigt, and fewer photons than usual tell."""
        rows = (~fitted.bright & (fitted.excess > _POOR_SIGMA)).nonzero()[0]
        if not rows.size:
            return
        new = fitted.copy(rows)
        new.bright[:] = True
        every = np.arange(rows.size)
        self._fitter.fit_again(new, every, new.scored.parameters.copy(), bound[rows])
        self._fitter.keep_cheaper(fitted, rows, new)

    def _try_again(
        self, fitted: Fitted, windows: Windows, rows: Rows, ratio: Array, bound: Array
    ) -> None:
        """Start broad and badly fitting doublets once more, in other ways.

        Where R1 and R2 merge, one broad line that leaves R2 nothing is a second solution; so are
        two lines that share the light evenly, and a narrower R1 with a broad R2 close to it.
        """
        broad = fitted.scored.parameters[rows, 1] > _MERGED_WIDTH_NM
        first = rows[broad | (fitted.scatter[rows] > _BAD_SCATTER)]
        if not first.size:
            return
        start = fitted.scored.parameters[first]
        start[:, 0] += 0.2 * start[:, 1]
        start[:, 1] *= 0.6
        start[:, 8], start[:, 9], start[:, 10] = ratio[first], SPLITTING_CM1, 1.0
        self._keep_if_better(fitted, windows, first, start, bound)
        # what is broader, or misses the data by more, is not ruby but something else
        p = fitted.scored.parameters[rows]
        merged = (p[:, 1] > _MERGED_WIDTH_NM) & (p[:, 1] < _BROADEST_NM)
        unlikely = fitted.excess[rows] > _DOUBTED_SIGMA
        unlikely |= (p[:, 8] > _EVEN_SHARE * bound[rows]) | (p[:, 8] < _UNEVEN_SHARE * ratio[rows])
        expected, precision = expectations(bound[rows], priors=True)
        odd = (precision * (p - expected) ** 2)[:, 9:].sum(axis=1)
        unlikely |= odd > _ODD_PARTNER
        again = merged & unlikely
        start = same_light(p[again], _WEAK_SHARE * ratio[rows[again]])
        self._keep_if_better(fitted, windows, rows[again], start, bound)

    def _keep_if_better(
        self, fitted: Fitted, windows: Windows, rows: Rows, start: Array, bound: Array
    ) -> None:
        if not rows.size:
            return
        every = np.ones(rows.size, dtype=bool)
        new = self._fitter.fit(windows.take(rows), start, every, bound[rows], fitted.bright[rows])
        self._fitter.keep_cheaper(fitted, rows, new)

    def _release_r2(self, fitted: Fitted, rows: Rows, temperature_k: Array, bound: Array) -> None:
        """Where R2 is at its thermal limit, let it be as strong as at any temperature."""
        ratio = fitted.scored.parameters[rows, 8]
        rows = rows[(ratio >= bound[rows] * (1.0 - 1e-9)) & (bound[rows] < STRENGTH_MAX)]
        self._keep_better(fitted, rows, fitted.scored.parameters[rows], temperature_k)

    def _add_r2(self, fitted: Fitted, rows: Rows, temperature_k: Array) -> None:
        """Where one line is not enough, or too broad to be one, try two."""
        if not rows.size:
            return
        part = fitted.take(rows)
        partner = sees_partner(part.windows, part.scored)
        broad = part.scored.parameters[:, 1] > _SINGLE_WIDTH_NM
        start = part.scored.parameters.copy()
        start[:, 8], start[:, 9], start[:, 10] = 0.1, SPLITTING_CM1, 1.0
        split = broad & ~partner
        start[split, 0] += 0.4
        start[split, 1] = np.maximum(start[split, 1] - 0.7, 0.5)
        start[split, 8] = WARM_RATIO
        chosen = partner | broad
        self._keep_better(fitted, rows[chosen], start[chosen], temperature_k)

    def _keep_better(self, fitted: Fitted, rows: Rows, start: Array, temperature_k: Array) -> None:
        """Fit doublets of any strength, and keep those that the data insist on."""
        if not rows.size:
            return
        old = fitted.take(rows)
        every = np.ones(rows.size, dtype=bool)
        bound = np.full(rows.size, STRENGTH_MAX)
        new = self._fitter.fit(old.windows, start, every, bound, old.bright)
        splitting = new.scored.parameters[:, 9]
        low, high = SPLITTING_LIMITS_CM1
        # A splitting that ruby never has is bought with a wrong place: it convinces nobody.
        real = (splitting > low) & (splitting < high)
        gain = old.scored.chi2 - new.scored.chi2
        better = real & (gain > _R2_SIGMA**2 * np.maximum(1.0, new.scatter))
        new.unthermal[:] = new.scored.parameters[:, 8] > largest_ratio(temperature_k[rows])
        new.spikes += old.spikes
        new.foreign_nm[:] = np.where(np.isnan(new.foreign_nm), old.foreign_nm, new.foreign_nm)
        fitted.put(rows[better], new.take(np.flatnonzero(better)))
