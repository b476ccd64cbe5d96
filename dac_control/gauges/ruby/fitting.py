"""Which model a window is fitted with, what is masked in it, and when it is fitted again."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.engine import Engine
from dac_control.gauges.ruby.r2_population import (
    R2_GONE_K,
    SPLITTING_CM1,
    STRENGTH_MAX,
    WARM_RATIO,
    boltzmann,
    largest_ratio,
)
from dac_control.gauges.ruby.residuals import foreign_lines, lone_spikes, sees_partner
from dac_control.gauges.ruby.scoring import Noise, Scored, Windows
from dac_control.gauges.ruby.species import Species
from dac_control.gauges.ruby.stress import FreeStress, prior_free
from dac_control.gauges.ruby.windows import (
    PIXELS_NEEDED,
    SPLITTING_LIMITS_CM1,
    constraints,
    starts,
)

__all__ = ["Fitted", "WindowFitter"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_MASK_ROUNDS: Final = 6
_R2_SIGMA: Final = 5.0
_BRIGHT: Final = (3000.0, 300.0)
"""Signal-to-noise ratios from which the 1 % between Voigt and pseudo-Voigt lines may matter: where
R1 and R2 stand apart, and where their wings overlap."""
_OVERLAP_NM: Final = 0.55
_MERGED_WIDTH_NM: Final = 1.0
_BAD_SCATTER: Final = 1.5
_SINGLE_WIDTH_NM: Final = 1.0
"""A single line broader than that may be two: the sensor is cold, the chip is not."""


@dataclass
class Fitted:
    """Windows with what was fitted to them; all arrays have one row a spectrum."""

    windows: Windows
    scored: Scored
    doublet: Mask
    bright: Mask
    spikes: NDArray[np.intp]
    """Pixels masked because they stood out of the model alone."""
    foreign_nm: Array
    """Where a line of something else was masked; NaN where none was."""
    unthermal: Mask
    """R2 is stronger than the temperature allows."""

    @property
    def freedom(self) -> NDArray[np.intp]:
        """Degrees of freedom."""
        count = np.where(self.doublet, 10, 7) + self.bright
        return np.maximum(self.windows.used.sum(axis=1) - count, 1)

    @property
    def scatter(self) -> Array:
        """Chi squared per degree of freedom."""
        return self.scored.chi2 / self.freedom

    def take(self, rows: Rows) -> "Fitted":
        """Some of the rows; the very object where it is all of them."""
        if rows.size == self.doublet.size:
            return self
        return Fitted(
            self.windows.take(rows),
            self.scored.take(rows),
            *(getattr(self, name)[rows] for name in _ROW_FIELDS),
        )

    def put(self, rows: Rows, other: "Fitted") -> None:
        """Replace some of the rows; the windows are the same, their masks may differ."""
        self.windows.used[rows] = other.windows.used
        self.scored.put(rows, other.scored)
        for name in _ROW_FIELDS:
            getattr(self, name)[rows] = getattr(other, name)


def _is_bright(score: Array, fwhm_nm: Array, *, gain_assumed: bool) -> Mask:
    apart, overlapping = _BRIGHT
    # without a gain the score may be far too low, and the scatter must be noise, not misfit
    overlap = (fwhm_nm > _OVERLAP_NM) | gain_assumed
    return score > np.where(overlap, overlapping, apart)


_ROW_FIELDS: Final = ("doublet", "bright", "spikes", "foreign_nm", "unthermal")


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
        self._engine, self._noise, self._priors = engine, noise, priors
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
        bound = np.where(np.isnan(temperature_k), STRENGTH_MAX, largest_ratio(temperature_k))
        ratio = np.where(
            np.isnan(temperature_k), WARM_RATIO, np.minimum(0.75 * boltzmann(temperature_k), bound)
        )
        ratio = np.where(warm, ratio, 0.0)
        start = starts(windows, r1_nm, fwhm_nm, ratio)
        bright = _is_bright(score, fwhm_nm, gain_assumed=self._gain_assumed)
        fitted = self._masked(windows, start, warm, np.where(warm, bound, 0.0), bright)
        self._try_narrower(fitted, windows, np.flatnonzero(warm), ratio, bound)
        self._release_r2(fitted, np.flatnonzero(warm), temperature_k, bound)
        if self._has_partner:
            self._add_r2(fitted, np.flatnonzero(~warm), temperature_k)
        return fitted

    def without_priors(self, fitted: Fitted) -> FreeStress:
        """Ratio, splitting and width ratio free of what was expected of the latter two.

        Taking weak priors away moves most fits by a small part of sigma, which is one linear
        step; the others are fitted again.
        """
        free, far = prior_free(fitted.scored, largest_ratio=STRENGTH_MAX)
        rows = np.flatnonzero(far)
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

    def _try_narrower(
        self, fitted: Fitted, windows: Windows, rows: Rows, ratio: Array, bound: Array
    ) -> None:
        """Start broad and badly fitting doublets once more, narrower.

        Where R1 and R2 merge, one broad line that leaves R2 nothing is a second solution.
        """
        p = fitted.scored.parameters[rows]
        rows = rows[(p[:, 1] > _MERGED_WIDTH_NM) | (fitted.scatter[rows] > _BAD_SCATTER)]
        if not rows.size:
            return
        start = fitted.scored.parameters[rows].copy()
        start[:, 0] += 0.2 * start[:, 1]
        start[:, 1] *= 0.6
        start[:, 8], start[:, 9], start[:, 10] = ratio[rows], SPLITTING_CM1, 1.0
        every = np.ones(rows.size, dtype=bool)
        new = self._masked(windows.take(rows), start, every, bound[rows], fitted.bright[rows])
        better = new.scored.chi2 / new.freedom < fitted.scored.chi2[rows] / fitted.freedom[rows]
        fitted.put(rows[better], new.take(np.flatnonzero(better)))

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
        new = self._masked(old.windows, start, every, bound, old.bright)
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

    def _masked(
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
        )
        going = np.arange(doublet.size)
        for _ in range(_MASK_ROUNDS):
            going = self._mask_once(fitted, going)
            if not going.size:
                break
            again = self._engine.score_windows(
                windows.take(going), scored.parameters[going], limits.take(going), self._noise
            )
            scored.put(going, again)
        return fitted

    def _mask_once(self, fitted: Fitted, going: Rows) -> Rows:
        """Mask spikes, or else a foreign line; returns the rows that lost pixels."""
        part = fitted.take(going)
        spikes = lone_spikes(part.windows, part.scored)
        foreign, place_nm = foreign_lines(part.windows, part.scored)
        spiked = spikes.any(axis=1)
        foreign[spiked] = False
        mask = spikes | foreign
        enough = (part.windows.used & ~mask).sum(axis=1) >= PIXELS_NEEDED
        mask[~enough] = False
        lost = mask.any(axis=1)
        fitted.spikes[going] += np.where(spiked & lost, spikes.sum(axis=1), 0)
        seen = foreign.any(axis=1) & lost & np.isnan(fitted.foreign_nm[going])
        fitted.foreign_nm[going[seen]] = place_nm[seen]
        fitted.windows.used[going] &= ~mask
        return going[lost]
