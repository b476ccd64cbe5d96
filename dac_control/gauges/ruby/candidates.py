"""Spectra of one detector from raw counts to fits: levelled, clipped pixels found, flags set."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.ruby.chunk import Chunk, Setup
from dac_control.gauges.ruby.clipped import clipped_from, flat_tops
from dac_control.gauges.ruby.engine import Engine
from dac_control.gauges.ruby.fitting import WindowFitter
from dac_control.gauges.ruby.line_fit import LineFitter
from dac_control.gauges.ruby.result import RubyFits
from dac_control.gauges.ruby.scoring import Noise
from dac_control.gauges.ruby.search import Axis, SearchNoise
from dac_control.gauges.ruby.species import Species
from dac_control.gauges.spectrum import SpectrumStack, usable_rows

__all__ = ["CandidateFitter"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_ALL_SHARE: Final = 0.5
"""Share of saturated pixels from which that is why no line was found."""


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
        floor = np.zeros(stack.wavelength_nm.shape) + noise.floor_variance
        fitter = WindowFitter(
            engine,
            Noise(offset, per_count),
            species,
            gain_assumed=noise.gain_assumed,
            priors=priors,
        )
        self._setup = Setup(
            axis=Axis.of(stack.wavelength_nm, species.search_nm),
            search_noise=SearchNoise(offset, per_count, floor, noise.gain_assumed),
            engine=engine,
            species=species,
            lines=LineFitter(
                stack.wavelength_nm,
                floor,
                offset,
                fitter,
                gain_assumed=noise.gain_assumed,
                priors=priors,
            ),
        )
        self._noise = noise
        self._dark_assumed = stack.dark_counts is None
        self._clipped_from = clipped_from(stack, noise)

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
        good = usable_rows(raw)
        counts = stack.levelled(raw)
        if not good.all():
            counts = np.where(good[:, None], counts, 0.0)
        saturated = np.zeros(raw.shape, dtype=bool)
        if self._clipped_from is not None:
            saturated = raw >= self._clipped_from
        flat = flat_tops(raw, self._noise, np.count_nonzero(saturated, axis=1) == 0)
        if flat is not None:
            saturated |= flat
        with np.errstate(all="ignore"):
            fits = Chunk(self._setup, counts, saturated, temperature_k, expected_nm).run()
        lost = fits.flag("no_line").nonzero()[0]
        if self._clipped_from is not None and lost.size:
            fits.flag("saturated")[lost] |= saturated[lost].mean(axis=1) > _ALL_SHARE
        self._finish(fits, good, expected_nm)
        return fits

    def _finish(self, fits: RubyFits, good: Mask, expected_nm: tuple[Array, Array] | None) -> None:
        if not good.all():
            bad = (~good).nonzero()[0]
            fits.put(bad, RubyFits.empty(bad.size, self._setup.lines.range_nm))
            fits.flag("bad_counts")[bad] = True
            fits.flag("no_line")[bad] = True
        if expected_nm is not None:
            outside = (fits.r1_nm < expected_nm[0]) | (fits.r1_nm > expected_nm[1])
            fits.flag("outside_window")[:] = outside & (fits.model > 0)
        fits.flag("gain_assumed")[:] = self._noise.gain_assumed
        fits.flag("dark_assumed")[:] = self._dark_assumed
