"""Spectra that are searched and fitted together: candidate by candidate, until one is a ruby."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.choice import is_apart, is_rival, order, strong
from dac_control.gauges.ruby.engine import Engine
from dac_control.gauges.ruby.evidence import shows_partner
from dac_control.gauges.ruby.line_fit import LineFitter
from dac_control.gauges.ruby.masking import mark_foreign, mask_foreign, mask_narrow, stands_on
from dac_control.gauges.ruby.placed import Place, Spectra
from dac_control.gauges.ruby.r2_population import TYPICAL_STRENGTH, WARM_RATIO, boltzmann
from dac_control.gauges.ruby.result import RubyFits
from dac_control.gauges.ruby.search import CANDIDATES, Axis, Found, SearchNoise
from dac_control.gauges.ruby.species import Species

__all__ = ["Chunk", "Setup"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_ATTEMPTS: Final = 6
_WORTH_TRYING: Final = 5.0
"""Signal-to-noise ratio below which the next candidate is noise."""


@dataclass(frozen=True)
class Setup:
    """What all spectra of a stack share."""

    axis: Axis
    search_noise: SearchNoise
    engine: Engine
    species: Species
    lines: LineFitter


class Chunk:
    """Spectra of one stack on their way through search, fit and choice.

    Parameters
    ----------
    setup : Setup
    counts : array, shape (spectra, pixels)
        Levelled.
    saturated : array of bool, shape (spectra, pixels)
    temperature_k : array, shape (spectra,)
        NaN where unknown.
    expected_nm : tuple of arrays, shape (spectra,), optional
        Between which wavelengths R1 is expected.
    """

    def __init__(
        self,
        setup: Setup,
        counts: Array,
        saturated: Mask,
        temperature_k: Array,
        expected_nm: tuple[Array, Array] | None,
    ) -> None:
        self.setup = setup
        # compiled code takes arrays that may be written to, and would copy this one every time
        self.y = counts if counts.flags.writeable else counts.copy()
        self.saturated = saturated
        self.temperature_k, self.expected_nm = temperature_k, expected_nm
        self.spikes = np.zeros(counts.shape, dtype=bool)
        self.foreign = np.zeros(counts.shape, dtype=bool)

    def run(self) -> RubyFits:
        """Search and fit until nothing more is masked that hid the line."""
        setup = self.setup
        fits = RubyFits.empty(self.y.shape[0], setup.lines.range_nm)
        fits.flag("no_line")[:] = True
        todo = np.arange(self.y.shape[0])
        if not setup.axis.filters:
            return fits
        for _ in range(_ATTEMPTS):
            todo = self._search_and_fit(fits, todo)
            if not todo.size:
                break
        return fits

    def _search_and_fit(self, fits: RubyFits, rows: Rows) -> Rows:
        """Search and fit; returns spectra in which something was masked that hid the line."""
        setup = self.setup
        y, foreign = _of(self.y, rows), _of(self.foreign, rows)
        known = _of(self.spikes, rows) | foreign
        ratio = self._partner_ratio(rows)
        found = setup.engine.find_lines(setup.axis, y, known, setup.search_noise, ratio)
        self.spikes[rows] = found.spikes & ~foreign
        expected = self.expected_nm
        if expected is not None:
            expected = (expected[0][rows], expected[1][rows])
        return self._fit_candidates(fits, rows, found, order(found, expected))

    def _fit_candidates(
        self, fits: RubyFits, rows: Rows, found: Found, sequence: NDArray[np.intp]
    ) -> Rows:
        """Fit the first candidate; where it is no ruby, the others, and keep the first that is."""
        local = np.arange(rows.size)
        masked = np.zeros(rows.size, dtype=bool)
        won = np.full(rows.size, CANDIDATES)
        tried: list[tuple[Rows, RubyFits]] = []
        axis = self.setup.axis
        for attempt in range(CANDIDATES):
            chosen = sequence[local, attempt]
            worth = found.score[local, chosen] > (0.0 if attempt == 0 else _WORTH_TRYING)
            local, chosen = local[worth], chosen[worth]
            if not local.size:
                break
            part = self._fit_one(rows[local], found, local, chosen)
            tried.append((local, part))
            thin = mask_narrow(axis, self.spikes, rows[local], part)
            masked[local] |= thin & (attempt == 0)
            # a line that is no ruby is better than none, and the first is the strongest
            empty = (fits.model[rows[local]] == 0) & (attempt == 0)
            better = (part.looks_like_ruby | empty) & ~thin
            better &= ~stands_on(axis.x, self.foreign, rows[local], part)
            fits.put(rows[local[better]], part.take(better.nonzero()[0]))
            won[local[better]] = attempt
            local = local[~(fits.looks_like_ruby[rows[local]] | masked[local])]
        left = ~(fits.looks_like_ruby[rows] | masked)
        for at, part in tried if left.any() else ():
            none = left[at].nonzero()[0]
            masked[at[none]] |= mask_foreign(axis.x, self.foreign, rows[at[none]], part.take(none))
        if self.expected_nm is None:
            self._mark_rivals(fits, rows, found, sequence, won)
        return rows[masked]

    def _mark_rivals(
        self, fits: RubyFits, rows: Rows, found: Found, sequence: NDArray[np.intp], won: Rows
    ) -> None:
        """Flag lines beside which another one, fitted, could be R1 as well.

        Parameters
        ----------
        won : array, shape (spectra,)
            Place in `sequence` of the candidate that was taken; `CANDIDATES` where none was.
        """
        last_nm = self.setup.lines.range_nm[1]
        taken = sequence[np.arange(rows.size), np.minimum(won, CANDIDATES - 1)]
        score = found.score[np.arange(rows.size), taken]
        several = np.count_nonzero(strong(found, score), axis=1) > 1
        local = ((won < CANDIDATES) & several & fits.ok[rows]).nonzero()[0]
        if not local.size:
            return
        here, some = fits.take(rows[local]), found.take(local)
        won, score = won[local], score[local]
        shown, ambiguous = shows_partner(here), np.zeros(local.size, dtype=bool)
        # neither partner nor temperature says that this is ruby: so may be what was no doublet
        unknown = np.isnan(self.temperature_k[rows[local]]) & ~shown
        for attempt in range(CANDIDATES):
            other = sequence[local, attempt]
            rival = (won != attempt) & is_rival(some, here.r1_nm, score, other, last_nm)
            ambiguous |= rival & unknown
            at = (rival & (won < attempt) & ~ambiguous).nonzero()[0]
            if at.size:
                part = self._fit_one(rows[local[at]], found, local[at], other[at])
                as_good = part.ok & (shows_partner(part) | ~shown[at])
                ambiguous[at] = as_good & is_apart(part.r1_nm, here.r1_nm[at])
        fits.flag("ambiguous")[rows[local]] |= ambiguous

    def _fit_one(self, rows: Rows, found: Found, local: Rows, chosen: NDArray[np.intp]) -> RubyFits:
        place = Place(
            found.r1_nm[local, chosen], found.fwhm_nm[local, chosen], found.score[local, chosen]
        )
        foreign = _of(self.foreign, rows)
        masked = _of(self.spikes, rows) | foreign
        spectra = Spectra(
            _of(self.y, rows), _of(self.saturated, rows), masked, self.temperature_k[rows]
        )
        fits = self.setup.lines.fit(spectra, place)
        if foreign.any():
            mark_foreign(self.setup.axis.x, foreign, fits)
        return fits

    def _partner_ratio(self, rows: Rows) -> Array:
        if not self.setup.species.has_partner:
            return np.zeros(rows.size)
        temperature = self.temperature_k[rows]
        thermal = TYPICAL_STRENGTH * boltzmann(temperature)
        return np.where(np.isnan(temperature), WARM_RATIO, thermal)


def _of(array: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """Some rows; the very array where it is all of them, for a chunk is some megabytes."""
    return array if rows.size == array.shape[0] else array[rows]
