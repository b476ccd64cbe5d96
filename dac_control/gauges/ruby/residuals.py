"""What a fit leaves over: cosmic rays, foreign lines, a second line, and misfit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.inverse import inverted
from dac_control.gauges.ruby.leftovers import (
    LAGGED,
    NEAR_PIXELS,
    NEAR_SQUARES,
    USED,
    WORST,
    WORST_Z,
    near_lines,
    r2_nm,
)
from dac_control.gauges.ruby.scoring import Scored, Windows

__all__ = ["AT_R1_NM", "foreign_lines", "lone_spikes", "misfit_share", "sees_partner", "stands_out"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

SPIKE_SIGMA: Final = 6.0
SPIKE_SHARE: Final = 0.15
"""A spike is also this share of the line under it: misfit of a bright line is no spike."""
REACH_PX: Final = 3
"""A spike is narrower than this; what is still there three pixels away is light."""
SPIKE_LIKE_PX: Final = 6.0
WORST_SHARE: Final = 0.3
"""A spike stands out by this share, in sigma, of the largest one."""

_FOREIGN_SIGMA: Final = 8.0
_FOREIGN_SHARE: Final = 0.05
"""Ruby's own sidebands and feet stay below this share of R1."""
_SMOOTH_PX: Final = 5
_APART: Final = 1.5
"""Full widths from R1 and R2 beyond which light is none of theirs."""

AT_R1_NM: Final = 0.6
"""Three sigma of the prior of the splitting."""

NORMAL: Final = 1.4826
"""Standard deviation over median deviation, of a normal distribution."""
_PARTNER_SIGMA: Final = 5.0
_MISFIT_SIGMA: Final = 5.0
_SUSPECT_SHARE: Final = 0.03


def stands_out(scored: Scored, rows: Rows) -> Mask:
    """True where a pixel is so far above the model that a closer look is due, shape of `rows`."""
    sums, height = scored.leftovers[rows], scored.parameters[rows, 3]
    return (sums[:, WORST_Z] > SPIKE_SIGMA) | (sums[:, WORST] > _FOREIGN_SHARE * height)


def lone_spikes(windows: Windows, scored: Scored, rows: Rows) -> Mask:
    """Pixels far above the model and above their neighbours three pixels away.

    The largest of a spectrum drags the model towards itself: it goes first, the rest is judged
    again after another fit. Shape (rows, pixels).
    """
    found = np.zeros((rows.size, windows.used.shape[1]), dtype=bool)
    worst = scored.leftovers[rows, WORST_Z]
    high = (worst > SPIKE_SIGMA).nonzero()[0]
    if not high.size:
        return found
    rows, worst = rows[high], worst[high]
    residual = _residuals(windows, scored, rows)
    # few pixels stand out at all, and only these are looked at
    z = residual / np.sqrt(scored.variance[rows])
    at, pixel = np.nonzero(z > np.maximum(SPIKE_SIGMA, WORST_SHARE * worst)[:, None])
    here = residual[at, pixel]
    before, after = residual[at, pixel - REACH_PX], residual[at, (pixel + REACH_PX) % z.shape[1]]
    alone = here - np.maximum(0.5 * (before + after), 0.0)
    steep = (alone > 0.5 * here).nonzero()[0]
    if not steep.size:
        return found
    at, pixel, alone = at[steep], pixel[steep], alone[steep]
    row = rows[at]
    p, x = scored.parameters[row], windows.x[row, pixel]
    line = scored.model[row, pixel] - background(x[:, None], p)[:, 0]
    height = alone / (SPIKE_SIGMA * np.sqrt(scored.variance[row, pixel]))
    spike = (height > 1.0) & (alone > SPIKE_SHARE * line)
    # A narrow line where R2 would be of a single line is `sees_partner`'s to judge; one where R1
    # would be if this were R2 is R1.
    span = windows.x[row, -1] - windows.x[row, 0]
    narrow = p[:, 1] * scored.leftovers[row, USED] < SPIKE_LIKE_PX * span
    r2 = r2_nm(p)
    at_r2 = np.abs(x - r2) <= 1.5 * p[:, 1]
    at_r1 = np.abs(x - (2.0 * p[:, 0] - r2)) <= np.maximum(1.5 * p[:, 1], AT_R1_NM)
    spike &= ~(narrow & (((p[:, 8] == 0.0) & at_r2) | at_r1))
    some = np.flatnonzero(spike)
    row, pixel, at = row[some], pixel[some], at[some]
    real = _scatter_is_below(height[some], z[at], windows.used[row])
    found[high[at[real]], pixel[real]] = True
    return found


def foreign_lines(windows: Windows, scored: Scored, rows: Rows) -> tuple[Mask, Array]:
    """Light that is neither R1 nor R2 nor background: lines of neon, of pairs, of the room.

    Returns
    -------
    mask : array of bool, shape (rows, pixels)
        At most one line a spectrum, the strongest, with its feet.
    place_nm : array, shape (rows,)
        Where it stands; NaN where there is none.
    """
    found = np.zeros((rows.size, windows.used.shape[1]), dtype=bool)
    place, p = np.full(rows.size, np.nan), scored.parameters[rows]
    high = (scored.leftovers[rows, WORST] > _FOREIGN_SHARE * p[:, 3]).nonzero()[0]
    if not high.size:
        return found, place
    rows, p = rows[high], p[high]
    residual = _residuals(windows, scored, rows)
    x, smooth = windows.x[rows], _box_means(residual)
    apart = np.abs(x - p[:, :1]) > _APART * p[:, 1:2]
    apart &= np.abs(x - r2_nm(p)[:, None]) > _APART * p[:, 1:2]
    smooth = np.where(apart, smooth, 0.0)
    at = smooth.argmax(axis=1)
    some = np.flatnonzero(smooth.max(axis=1) > _FOREIGN_SHARE * p[:, 3])
    if not some.size:
        return found, place
    rows, p, x, residual, at = rows[some], p[some], x[some], residual[some], at[some]
    row = np.arange(rows.size)
    usual = np.nanmedian(np.where(windows.used[rows], residual, np.nan), axis=1)
    top = smooth[some, at] - np.maximum(usual, 0.0)
    sigma = np.sqrt(scored.variance[rows, at] / _SMOOTH_PX)
    strong = (top > _FOREIGN_SIGMA * sigma) & (top > _FOREIGN_SHARE * p[:, 3])
    # A line stronger than the fitted one is the better candidate, not something to mask, unless
    # it may be R1 and the fitted one R2: `other_lines` decides between these readings.
    above = np.abs(x[row, at] - 2.0 * p[:, 0] + r2_nm(p))
    strong &= (above < AT_R1_NM) | (top < p[:, 3])
    reach = 2.0 * np.minimum(p[:, 1], 1.0)
    least = _SMOOTH_PX * windows.take(rows).pitch_nm
    near = np.abs(x - x[row, at][:, None]) <= np.maximum(reach, least)[:, None]
    found[high[some]] = near & strong[:, None] & apart[some]
    place[high[some]] = np.where(strong, x[row, at], np.nan)
    return found, place


def sees_partner(windows: Windows, scored: Scored) -> Mask:
    """True where the residual of one line shows a second one at the place of R2."""
    p = scored.parameters
    r1, fwhm, eta = p[:, :1], p[:, 1:2], p[:, 2:3]
    u = (windows.x - r2_nm(p)[:, None]) / fwhm
    square = u * u
    line = eta / (1.0 + 4.0 * square) + (1.0 - eta) * np.exp(-2.772588722239781 * square)
    weight = np.where(windows.used, 1.0 / scored.variance, 0.0)
    residual = windows.y - scored.model
    d = windows.x - r1
    design = np.stack((np.ones_like(d), d, d * d, line), axis=1)
    weighted = design * weight[:, None, :]
    information = weighted @ design.transpose(0, 2, 1)
    inverse, good = inverted(information)
    score = np.einsum("bpk,bk->bp", weighted, residual)
    amplitude = np.einsum("bp,bp->b", inverse[:, 3], score)
    freedom = np.maximum(windows.used.sum(axis=1) - 7, 1)
    variance = inverse[:, 3, 3] * np.maximum(1.0, scored.chi2 / freedom)
    return good & (amplitude > _PARTNER_SIGMA * np.sqrt(np.maximum(variance, 0.0)))


def misfit_share(windows: Windows, scored: Scored) -> tuple[Array, Array]:
    """What the model leaves beyond noise, as a share of R1's height, each of shape (spectra,).

    Returns
    -------
    everywhere : array
        From products of residuals two pixels apart, to which noise of any size adds nothing.
    at_lines : array
        Root mean square within three widths of R1 and R2 beyond the noise, where another line
        under the lines shows, however narrow it is.
    """
    p, sums = scored.parameters, scored.leftovers
    count = np.maximum(sums[:, USED] - 2.0, 1.0)
    shared = sums[:, LAGGED] / count
    everywhere = np.sqrt(np.maximum(shared, 0.0)) / p[:, 3]
    pixels = np.maximum(sums[:, NEAR_PIXELS], 1)
    square = sums[:, NEAR_SQUARES] / pixels
    at_lines = np.sqrt(square) / p[:, 3]
    # most spectra are far from any misfit, so that noise need not be told from it
    suspect = (everywhere > _SUSPECT_SHARE) | (at_lines > _SUSPECT_SHARE)
    everywhere, at_lines = np.where(suspect, (everywhere, at_lines), 0.0)
    rows = suspect.nonzero()[0]
    if rows.size:
        part, variance = windows.take(rows), scored.variance[rows]
        relative = _relative_noise(part, scored.model[rows], variance)
        noise = relative * np.mean(variance, axis=1)
        low = shared[rows] < _MISFIT_SIGMA * noise / np.sqrt(count[rows])
        everywhere[rows[low]] = 0.0
        inside = near_lines(part.x, p[rows]) & part.used
        expected = np.where(inside, variance, 0.0).sum(axis=1) / pixels[rows] * relative
        largest = expected * (1.0 + _MISFIT_SIGMA * np.sqrt(2.0 / pixels[rows]))
        excess = np.maximum(square[rows] - largest, 0.0)
        at_lines[rows] = np.sqrt(excess) / p[rows, 3]
    return everywhere, at_lines


def _relative_noise(windows: Windows, model: Array, variance: Array) -> Array:
    """Variance of the residuals over that of the model, 1 where the noise is what it should be.

    From their median, which a few pixels of a strong misfit cannot move.
    """
    return _scatter((windows.y - model) / np.sqrt(variance), windows.used) ** 2


def background(x: Array, p: Array) -> Array:
    """Background of the models at the pixels, shape (spectra, pixels)."""
    d = x - p[:, :1]
    return p[:, 4:5] + d * (p[:, 5:6] + d * p[:, 6:7])


def _box_means(values: Array) -> Array:
    """Means over `_SMOOTH_PX` pixels; the ends, which are no place for a line, wrap around."""
    half, width = _SMOOTH_PX // 2, values.shape[1]
    wrapped = np.concatenate((values[:, -half:], values, values[:, :half]), axis=1)
    total = values.copy()
    for lag in range(1, half + 1):
        total += wrapped[:, half - lag :][:, :width] + wrapped[:, half + lag :][:, :width]
    return total / _SMOOTH_PX


def _residuals(windows: Windows, scored: Scored, rows: Rows) -> Array:
    """Counts less model of some of the spectra, 0 where pixels are not used."""
    return np.where(windows.used[rows], windows.y[rows] - scored.model[rows], 0.0)


def _scatter(z: Array, used: Mask) -> Array:
    """Robust standard deviation of the pixels that are used, shape (spectra,)."""
    ordered = np.sort(np.where(used, np.abs(z), np.inf), axis=1)
    middle = np.maximum(used.sum(axis=1) - 1, 0) // 2
    return NORMAL * ordered[np.arange(middle.size), middle]


def _scatter_is_below(limit: Array, z: Array, used: Mask) -> Mask:
    """Whether `_scatter` is less than the limits: to count is faster than to put in order."""
    fewer = np.count_nonzero((np.abs(z) < (limit / NORMAL)[:, None]) & used, axis=1)
    return fewer > np.maximum(used.sum(axis=1) - 1, 0) // 2
