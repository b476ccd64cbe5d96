"""What both engines of the line search agree on.

An engine is a function ``find_lines(axis, counts, known, noise, partner_ratio) -> Found``. It
marks counts that fell on the detector and not through the optics; then a median over three
pixels removes single hot pixels and leaves a line three pixels wide; then matched filters of
several widths, blind to a parabola under them, are compared by their signal-to-noise ratio.
Where R2 is thermally alive the template is the doublet, so that R1 is told from R2 by its
partner and not by its height alone. Wide filters work on binned pixels.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.r2_population import SPLITTING_CM1

__all__ = ["CANDIDATES", "Axis", "Filter", "Found", "SearchNoise"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CANDIDATES: Final = 4
"""Lines that are remembered: R1, and what may outshine it (neon, pair lines, a spike)."""

BLOCK_NM: Final = 8.0
"""Length over which the level beside the lines is taken, as a low percentile."""
LEVEL_PERCENTILE: Final = 0.2
NEIGHBOURS: Final = 2
"""Blocks to either side whose largest level says how noisy a place is. With the noise of the
line itself the score of a bright line would be larger at its foot than on its top; with that of
its far wings a pair line without wings would win."""

_WIDTHS_NM: Final = (0.1, 0.2, 0.4, 0.8, 1.5, 2.5)
_NARROWEST_PX: Final = 2.5
_BINNED_PX: Final = 4.0
"""A filter is about this wide in bins, so that its cost does not grow with its width."""
REACH: Final = 2.0
"""Half-length of a filter in full widths: beyond, a line has nothing more to say."""

SUPPRESS_NM: Final = 1.8
"""About one candidate there is no other: R2 lies 1.43 nm from R1, 1.6 nm at 150 GPa."""

# The width of a candidate is measured this far to either side, on pixels averaged over a share
# of the filter's width; its top lies near the place the filter found. Values this much apart,
# relative, count as equal, lest rounding decide between them.
MEASURED_NM: Final = 1.5
BLURRED_SHARE: Final = 0.125
TOP_NM: Final = 0.4
EQUAL: Final = 1e-9

# Cosmic rays: the narrowest line that optics let through, 2 pixels wide (FWHM), has neighbours
# at half its height when centred on a pixel; centred between two, the next ones have a quarter.
OBVIOUS_SIGMA: Final = 10.0
SINGLE_OVER_NEIGHBOURS: Final = 3.0
PAIR_OVER_NEIGHBOURS: Final = 6.0


@dataclass(frozen=True)
class Filter:
    """A Gaussian made blind to a parabola under it, for spectra binned by `binning`."""

    width_nm: float
    binning: int
    kernel: Array
    """Shape (2 n + 1,); its squares sum to 1."""
    overlap: float
    """Correlation of the filter's noise at R1's and at R2's place."""


@dataclass(frozen=True, eq=False)
class Axis:
    """The pixels of a batch, and what can be prepared for all of its spectra."""

    x: Array
    """Wavelength in nm, shape (pixels,)."""
    blocks: NDArray[np.intp]
    """Where the blocks of the level begin; the last entry is the number of pixels."""
    centres: Array
    """Wavelength of each block's middle."""
    first: int
    """First pixel in which R1 is searched."""
    last: int
    """One after the last."""
    begin: int
    """First pixel that the filters see: R2 may lie before `first`."""
    pitch_nm: float
    widest_nm: float
    """Largest distance of two pixels."""
    filters: tuple[Filter, ...]

    @classmethod
    def of(cls, x: Array, search_nm: tuple[float, float]) -> "Axis":
        """Prepare an axis of rising wavelengths for lines between two of them.

        What was prepared for the same axis before is given again: the next live spectrum.
        """
        return _prepared(np.ascontiguousarray(x, dtype=np.float64).tobytes(), search_nm)


@lru_cache(maxsize=8)
def _prepared(raw: bytes, search_nm: tuple[float, float]) -> Axis:
    x = np.frombuffer(raw, dtype=np.float64).copy()
    count = max(2, round(float(x[-1] - x[0]) / BLOCK_NM))
    count = min(count, x.size // 8)
    blocks = np.array([part[0] for part in np.array_split(np.arange(x.size), count)] + [x.size])
    begin, first, last = np.searchsorted(x, (search_nm[0] - 3.0, *search_nm))
    pitch = float(np.median(np.diff(x[begin:last]))) if last - begin > 1 else 1.0
    return Axis(
        x=x,
        blocks=blocks,
        centres=np.array([x[a:b].mean() for a, b in pairwise(blocks)]),
        first=int(first),
        last=int(last),
        begin=int(begin),
        pitch_nm=pitch,
        widest_nm=float(np.diff(x).max(initial=0.0)),
        filters=_filters(pitch, int(last - begin)) if last - begin >= 8 else (),
    )


@dataclass(frozen=True)
class SearchNoise:
    """Variance of a pixel without light, and per count above the offset."""

    offset_counts: float
    counts_variance: float
    floor: Array
    """Shape (pixels,)."""
    from_scatter: bool
    """The gain is not known: the size of the noise comes from neighbouring pixels."""


@dataclass(frozen=True)
class Found:
    """Candidates for R1, best first; a score of 0 where there are no more."""

    r1_nm: Array
    """Shape (spectra, CANDIDATES)."""
    fwhm_nm: Array
    score: Array
    spikes: Mask
    """Shape (spectra, pixels)."""
    level: Array
    """Level beside the lines at the best candidate, shape (spectra,)."""

    def take(self, rows: NDArray[np.intp]) -> "Found":
        """Some of the spectra; the very object where it is all of them."""
        if rows.size == self.level.size:
            return self
        return Found(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def _filters(pitch_nm: float, pixels: int) -> tuple[Filter, ...]:
    narrowest = _NARROWEST_PX * pitch_nm
    widths = [narrowest, *(width for width in _WIDTHS_NM if width > 1.4 * narrowest)]
    found = []
    for width in widths:
        binning = max(1, int(width / pitch_nm / _BINNED_PX))
        kernel = _kernel(width / pitch_nm / binning)
        if kernel.size <= pixels // binning:
            found.append(_filter(width, binning, kernel, pitch_nm))
    return tuple(found)


def _filter(width_nm: float, binning: int, kernel: Array, pitch_nm: float) -> Filter:
    kernel = kernel / np.sqrt(kernel @ kernel)
    split_nm = SPLITTING_CM1 * 700.0**2 * 1e-7
    lag = round(split_nm / (pitch_nm * binning))
    overlap = float(kernel[lag:] @ kernel[:-lag]) if 0 < lag < kernel.size else 0.0
    return Filter(width_nm=width_nm, binning=binning, kernel=kernel, overlap=overlap)


def _kernel(width_px: float) -> Array:
    reach = max(3, round(REACH * width_px))
    i = np.arange(-reach, reach + 1, dtype=float)
    line = np.exp(-4.0 * np.log(2.0) * (i / width_px) ** 2)
    smooth, _r = np.linalg.qr(np.stack((np.ones_like(i), i / reach, (i / reach) ** 2), axis=1))
    return line - smooth @ (smooth.T @ line)
