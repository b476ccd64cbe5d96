"""Where the ruby lines roughly are: a first estimate that cosmic rays cannot mislead.

A median over three pixels removes single hot pixels and leaves a line three pixels wide; then
matched filters of several widths, blind to a smooth background, are compared by their
signal-to-noise ratio. Where R2 is thermally alive, the template is the doublet, so that R1 is
told from R2 by its partner and not by its height alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from dac_control.gauges.lineshape import partner_nm
from dac_control.gauges.spectrum import PhotonNoise
from dac_control.gauges.spikes import median_of_three

__all__ = ["SEARCH_NM", "SPLITTING_CM1", "LineStart", "background", "find_line"]

Vector = NDArray[np.float64]

SEARCH_NM: Final = (690.0, 800.0)
"""Where R1 can be: a cold ruby without pressure lies at 693.4 nm, one at 300 GPa near 780 nm."""

SPLITTING_CM1: Final = 29.7
"""Splitting of the 2E state at zero pressure, 1.43 nm at 694 nm."""

_WIDTHS_NM: Final = (0.1, 0.2, 0.4, 0.8, 1.5, 2.5)
_NARROWEST_PX: Final = 2.5
_BLOCK_NM: Final = 8.0
_REACH: Final = 2.0
"""Half-length of a filter in full widths: beyond, a line has nothing more to say."""


@dataclass(frozen=True, kw_only=True)
class LineStart:
    """A first estimate of R1."""

    r1_nm: float
    fwhm_nm: float
    signal_to_noise: float


def find_line(
    wavelength_nm: Vector, counts: Vector, noise: PhotonNoise, partner_ratio: float
) -> LineStart | None:
    """Search the ruby lines.

    Parameters
    ----------
    wavelength_nm, counts : arrays, shape (pixels,)
        Known spikes must have been replaced.
    noise : PhotonNoise
    partner_ratio : float
        Expected ratio R2 to R1, 0 for a single line.

    Returns
    -------
    LineStart or None
        None where no pixel lies where ruby shines.
    """
    inside = (wavelength_nm >= SEARCH_NM[0] - 3.0) & (wavelength_nm <= SEARCH_NM[1])
    x, y = wavelength_nm[inside], counts[inside]
    if x.size < 8:
        return None
    clean = median_of_three(y)
    variance = noise.variance(_spread_out(x, background(x, clean)))
    pitch = float(np.median(np.diff(x)))
    best: LineStart | None = None
    for width in _widths(pitch):
        found = _best_of_width(x, clean, variance, width, pitch, partner_ratio)
        if found and (best is None or found.signal_to_noise > best.signal_to_noise):
            best = found
    return best and _with_measured_width(best, x, clean, pitch)


def background(x: Vector, counts: Vector) -> Vector:
    """Level beside the lines, shape (n,): a low percentile of blocks of 8 nm."""
    blocks = max(2, round(float(x[-1] - x[0]) / _BLOCK_NM))
    parts = [part for part in np.array_split(np.arange(x.size), blocks) if part.size]
    centres = [float(x[part].mean()) for part in parts]
    levels = [float(np.percentile(counts[part], 20.0)) for part in parts]
    return np.interp(x, centres, levels)


def _spread_out(x: Vector, level: Vector) -> Vector:
    """Largest level within 16 nm: the noise that lines are scored with, R1 and N2 alike.

    With the noise of the line itself, the score of a bright line would be larger at its foot,
    where a filter still sees it, than on its top; with that of its far wings, a pair line
    without wings would win.
    """
    reach = max(1, round(2.0 * _BLOCK_NM * x.size / float(x[-1] - x[0])))
    return maximum_filter1d(level, 2 * reach + 1, mode="nearest")


def _widths(pitch_nm: float) -> list[float]:
    narrowest = _NARROWEST_PX * pitch_nm
    return [narrowest, *(width for width in _WIDTHS_NM if width > 1.4 * narrowest)]


def _filter(width_px: float) -> Vector:
    """Gaussian made blind to a parabola under it; shape (2 n + 1,)."""
    reach = max(3, round(_REACH * width_px))
    i = np.arange(-reach, reach + 1, dtype=float)
    line = np.exp(-4.0 * np.log(2.0) * (i / width_px) ** 2)
    smooth, _r = np.linalg.qr(np.stack((np.ones_like(i), i / reach, (i / reach) ** 2), axis=1))
    return line - smooth @ (smooth.T @ line)


def _best_of_width(
    x: Vector, counts: Vector, variance: Vector, width_nm: float, pitch_nm: float, ratio: float
) -> LineStart | None:
    kernel = _filter(width_nm / pitch_nm)
    if kernel.size > x.size:
        return None
    reach = kernel.size // 2
    where = x[reach : x.size - reach]
    # The kernel is symmetric, so convolving and correlating are the same.
    signal = np.convolve(counts, kernel, "valid")
    spread = np.convolve(variance, kernel**2, "valid")
    if ratio > 0.0:
        signal, spread = _with_partner(where, signal, spread, kernel, pitch_nm, ratio)
    score = np.where(where >= SEARCH_NM[0], signal / np.sqrt(spread), -np.inf)
    at = int(np.argmax(score))
    if not np.isfinite(score[at]):
        return None
    return LineStart(r1_nm=float(where[at]), fwhm_nm=width_nm, signal_to_noise=float(score[at]))


def _with_measured_width(start: LineStart, x: Vector, counts: Vector, pitch_nm: float) -> LineStart:
    """Twice the half-width at half height on the steeper side: filters favour too large widths."""
    blur = max(1, round(0.25 * start.fwhm_nm / pitch_nm))
    smooth = np.convolve(counts, np.full(blur, 1.0 / blur), "same")
    first, last = np.searchsorted(x, (start.r1_nm - 1.5, start.r1_nm + 1.5))
    near = smooth[first:last]
    top = int(np.argmax(np.where(np.abs(x[first:last] - start.r1_nm) <= 0.4, near, -np.inf)))
    below = np.flatnonzero(near < 0.5 * (float(near[top]) + float(near.min())))
    if not below.size:
        return start
    half = float(np.abs(below - top).min()) * pitch_nm
    width = min(max(2.0 * half, 2.0 * pitch_nm), start.fwhm_nm)
    return LineStart(r1_nm=start.r1_nm, fwhm_nm=width, signal_to_noise=start.signal_to_noise)


def _with_partner(
    where: Vector, signal: Vector, spread: Vector, kernel: Vector, pitch_nm: float, ratio: float
) -> tuple[Vector, Vector]:
    """Add the response at R2's place to that at R1's, with the variance of the sum."""
    partner = partner_nm(where, SPLITTING_CM1)
    inside = partner >= where[0]
    signal2 = np.where(inside, np.interp(partner, where, signal), 0.0)
    spread2 = np.where(inside, np.interp(partner, where, spread), 0.0)
    lag = round(float(np.median(where - partner)) / pitch_nm)
    overlap = 0.0
    if 0 < lag < kernel.size:
        overlap = float(kernel[lag:] @ kernel[:-lag] / (kernel @ kernel))
    joint = spread + ratio**2 * spread2 + 2.0 * ratio * overlap * np.sqrt(spread * spread2)
    return signal + ratio * signal2, np.maximum(joint, np.finfo(float).tiny)
