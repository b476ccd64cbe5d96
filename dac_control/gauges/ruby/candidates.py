"""One chunk of spectra on its way through search, fit and verdict."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.choice import is_ambiguous, order
from dac_control.gauges.ruby.engine import Engine
from dac_control.gauges.ruby.fitting import Fitted, WindowFitter
from dac_control.gauges.ruby.r2_population import R2_GONE_K, WARM_RATIO, boltzmann
from dac_control.gauges.ruby.result import RubyFits
from dac_control.gauges.ruby.scoring import Noise
from dac_control.gauges.ruby.search import CANDIDATES, Axis, Found, SearchNoise
from dac_control.gauges.ruby.species import Species
from dac_control.gauges.ruby.verdict import judge, stress_record
from dac_control.gauges.ruby.windows import PIXELS_NEEDED, cut, walked
from dac_control.gauges.spectrum import PhotonNoise, SpectrumStack

__all__ = ["CandidateFitter"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_SATURATED_SHARE: Final = 0.95
"""Share of full scale from which the mean of several exposures may hide a clipped one."""
_NARROWEST_PX: Final = 1.8
"""An optical line is at least two pixels wide; what is narrower fell on the detector."""
_ATTEMPTS: Final = 4
_WORTH_TRYING: Final = 5.0
"""Signal-to-noise ratio below which the next candidate is noise."""
_TYPICAL_STRENGTH: Final = 0.7


@dataclass(frozen=True)
class _Setup:
    """What all spectra of a stack share."""

    axis: Axis
    floor: Array
    """Variance of a pixel without light, shape (pixels,)."""
    search_noise: SearchNoise
    gain_assumed: bool
    engine: Engine
    species: Species
    fitter: WindowFitter
    priors: bool

    @property
    def x(self) -> Array:
        """Wavelength in nm, shape (pixels,)."""
        return self.axis.x

    @property
    def range_nm(self) -> tuple[float, float]:
        """First and last wavelength."""
        return float(self.x[0]), float(self.x[-1])


class CandidateFitter:
    """Fits spectra of one detector on one axis.

    Parameters
    ----------
    stack : SpectrumStack
        Its axis and detector; the spectra are given to `fit`.
    engine : Engine
    species : Species
    priors : bool
        Whether splitting and width ratio have their weak priors.
    """

    def __init__(
        self, stack: SpectrumStack, engine: Engine, species: Species, *, priors: bool
    ) -> None:
        noise = PhotonNoise.of(stack)
        offset, per_count = noise.offset_counts, noise.counts_variance
        floor = np.broadcast_to(noise.floor_variance, stack.wavelength_nm.shape).astype(np.float64)
        self._setup = _Setup(
            axis=Axis.of(stack.wavelength_nm, species.search_nm),
            floor=floor,
            search_noise=SearchNoise(offset, per_count, floor, noise.gain_assumed),
            gain_assumed=noise.gain_assumed,
            engine=engine,
            species=species,
            fitter=WindowFitter(engine, Noise(offset, per_count), species, priors=priors),
            priors=priors,
        )
        self._dark_assumed = stack.dark_counts is None
        self._full_scale = stack.saturation_counts

    def fit(
        self,
        stack: SpectrumStack,
        temperature_k: Array,
        expected_nm: tuple[Array, Array] | None,
        rows: slice = slice(None),
    ) -> RubyFits:
        """Fit some spectra of the stack.

        Parameters
        ----------
        stack : SpectrumStack
        temperature_k : array, shape (spectra of `rows`,)
        expected_nm : tuple of arrays, shape (spectra of `rows`,), optional
        rows : slice
        """
        raw = stack.counts[rows]
        usable = np.abs(raw) < 1e12
        good = np.all(usable, axis=1)
        counts = stack.levelled_counts[rows]
        if not good.all():
            counts = np.where(good[:, None], counts, 0.0)
        saturated = np.zeros(raw.shape, dtype=bool)
        if self._full_scale is not None:
            saturated = raw >= _SATURATED_SHARE * self._full_scale
        with np.errstate(all="ignore"):
            fits = _Chunk(self._setup, counts, saturated, temperature_k, expected_nm).run()
        self._finish(fits, good, expected_nm)
        return fits

    def _finish(self, fits: RubyFits, good: Mask, expected_nm: tuple[Array, Array] | None) -> None:
        bad = np.flatnonzero(~good)
        if bad.size:
            fits.put(bad, RubyFits.empty(bad.size, self._setup.range_nm))
            fits.flag("bad_counts")[bad] = True
            fits.flag("no_line")[bad] = True
        if expected_nm is not None:
            with np.errstate(invalid="ignore"):
                outside = (fits.r1_nm < expected_nm[0]) | (fits.r1_nm > expected_nm[1])
            fits.flag("outside_window")[:] = outside & (fits.model > 0)
        fits.flag("gain_assumed")[:] = self._setup.gain_assumed
        fits.flag("dark_assumed")[:] = self._dark_assumed


class _Chunk:
    """Spectra that are searched and fitted together."""

    def __init__(
        self,
        setup: _Setup,
        counts: Array,
        saturated: Mask,
        temperature_k: Array,
        expected_nm: tuple[Array, Array] | None,
    ) -> None:
        self.setup = setup
        self.y, self.saturated = counts, saturated
        self.temperature_k, self.expected_nm = temperature_k, expected_nm
        self.spikes = np.zeros(counts.shape, dtype=bool)

    def run(self) -> RubyFits:
        setup = self.setup
        fits = RubyFits.empty(self.y.shape[0], setup.range_nm)
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
        """Search and fit; returns spectra in which something too narrow for light was masked."""
        setup = self.setup
        known = self.spikes[rows]
        ratio = self._partner_ratio(rows)
        found = setup.engine.find_lines(setup.axis, self.y[rows], known, setup.search_noise, ratio)
        self.spikes[rows] = found.spikes
        expected = self.expected_nm
        if expected is not None:
            expected = (expected[0][rows], expected[1][rows])
        sequence = order(found, expected)
        narrow = self._fit_candidates(fits, rows, found, sequence)
        return narrow

    def _fit_candidates(
        self, fits: RubyFits, rows: Rows, found: Found, sequence: NDArray[np.intp]
    ) -> Rows:
        """Fit the first candidate; where it is no ruby, the others, and keep the first that is."""
        local = np.arange(rows.size)
        narrow = np.zeros(rows.size, dtype=bool)
        for attempt in range(CANDIDATES):
            chosen = sequence[local, attempt]
            worth = found.score[local, chosen] > (0.0 if attempt == 0 else _WORTH_TRYING)
            local, chosen = local[worth], chosen[worth]
            if not local.size:
                break
            part, thin = self._fit_one(rows[local], found, local, chosen)
            if attempt == 0:
                narrow[local] = thin
                better = ~thin
            else:
                better = part.ok & ~thin
            fits.put(rows[local[better]], part.take(np.flatnonzero(better)))
            local = local[~(fits.ok[rows[local]] | narrow[local])]
        return rows[narrow]

    def _fit_one(
        self, rows: Rows, found: Found, local: Rows, chosen: NDArray[np.intp]
    ) -> tuple[RubyFits, Mask]:
        r1, fwhm = found.r1_nm[local, chosen], found.fwhm_nm[local, chosen]
        score = found.score[local, chosen]
        fits, fitted = self._fit_at(rows, r1, fwhm, score)
        p = fitted.scored.parameters
        again = (p[:, 1] > np.maximum(1.0, fwhm + 0.5)) | walked(p[:, 0], r1, fwhm)
        wide = np.flatnonzero(again & (fits.model > 0))
        if wide.size:
            at, wider = p[wide, 0], p[wide, 1]
            part, refitted = self._fit_at(rows[wide], at, wider, score[wide])
            part.flag("not_converged")[:] |= walked(refitted.scored.parameters[:, 0], at, wider)
            fits.put(wide, part)
        alone = not self.setup.species.has_partner
        cold = (alone | (self.temperature_k[rows] < R2_GONE_K)) & (fits.model == 1)
        if cold.any() and self.expected_nm is None:
            rivals = Found(
                found.r1_nm[local], found.fwhm_nm[local], found.score[local], found.spikes[:0],
                found.level[local],
            )  # fmt: skip
            fits.flag("ambiguous")[:] = cold & is_ambiguous(rivals, chosen)
        return fits, self._mask_narrow(rows, fits, fitted)

    def _fit_at(
        self, rows: Rows, r1_nm: Array, fwhm_nm: Array, score: Array
    ) -> tuple[RubyFits, Fitted]:
        setup = self.setup
        usable = ~(self.saturated[rows] | self.spikes[rows])
        windows, first = cut(setup.x, self.y[rows], usable, setup.floor, r1_nm, fwhm_nm)
        index = np.minimum(first[:, None] + np.arange(windows.x.shape[1]), setup.x.size - 1)
        inside = np.take_along_axis(usable, index, 1) == windows.used
        saturated = np.take_along_axis(self.saturated[rows], index, 1) & inside
        spikes = np.take_along_axis(self.spikes[rows], index, 1) & inside
        fitted = setup.fitter.fit(windows, r1_nm, fwhm_nm, score, self.temperature_k[rows])
        fits = judge(
            fitted,
            saturated=saturated,
            known_spikes=spikes.sum(axis=1),
            temperature_k=self.temperature_k[rows],
            range_nm=self.setup.range_nm,
            gain_assumed=setup.gain_assumed,
        )
        few = windows.used.sum(axis=1) < PIXELS_NEEDED
        fits.model[few] = 0
        fits.flagged[few] = False
        fits.flag("no_line")[few] = True
        stress_record(fits, fitted, setup.fitter, again=setup.priors)
        return fits, fitted

    def _mask_narrow(self, rows: Rows, fits: RubyFits, fitted: Fitted) -> Mask:
        """Mask what is narrower than any optical line; True where that was done."""
        x = self.setup.x
        at = np.clip(np.searchsorted(x, fitted.scored.parameters[:, 0]), 1, x.size - 2)
        pitch = 0.5 * (x[at + 1] - x[at - 1])
        thin = (fits.model > 0) & (fitted.scored.parameters[:, 1] < _NARROWEST_PX * pitch)
        for row in np.flatnonzero(thin):
            self.spikes[rows[row], max(0, at[row] - 2) : at[row] + 3] = True
        return thin

    def _partner_ratio(self, rows: Rows) -> Array:
        if not self.setup.species.has_partner:
            return np.zeros(rows.size)
        temperature = self.temperature_k[rows]
        thermal = _TYPICAL_STRENGTH * boltzmann(temperature)
        return np.where(np.isnan(temperature), WARM_RATIO, thermal)
