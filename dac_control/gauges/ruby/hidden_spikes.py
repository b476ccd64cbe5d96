"""Cosmic rays upon a bright line: the pixels without which a poor fit is good.

A spike that is small beside the line under it drags the model towards itself, and its residual
looks like the misfit that real lines have. What tells them apart is the deleted residual (Cook and
Weisberg, "Residuals and Influence in Regression", 1982): with ``H`` the leverages, leaving out the
pixels ``S`` lowers chi squared by ``z_S' (I - H_SS)^-1 z_S``. One or two pixels whose loss makes a
fit good were a spike; a model of the wrong shape is cured by no pixel.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.leftovers import r2_nm
from dac_control.gauges.ruby.scoring import Scored, Windows
from dac_control.gauges.ruby.window_numpy import evaluate

__all__ = ["LOST_PX", "brightest_pairs", "is_narrow", "lost_pixels", "most_harmful"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LEAST_GAIN: Final = 36.0
"""Six sigma; among some 1e4 spectra of some 100 pixels noise reaches five."""
_PAIR_COSTS: Final = 16.0
"""What the second of two pixels has to add."""
_NARROW_PX: Final = 6.0
_CORE_PX: Final = 7.0
LOST_PX: Final = 3
"""Pixels of a line whose loss is more than two spikes make likely."""
_LEAST_LEFT: Final = 0.02
"""Share of a pixel that the model must not explain by itself."""


def most_harmful(windows: Windows, scored: Scored, active: Mask) -> Mask:
    """The pixel, or two neighbours, above the model whose loss lowers chi squared most.

    Parameters
    ----------
    windows : Windows
    scored : Scored
        Their fits.
    active : array of bool, shape (spectra, 11)

    Returns
    -------
    mask : array of bool, shape (spectra, pixels)
        Nothing where no pixel gains enough.
    """
    per_sigma = np.where(windows.used, 1.0 / np.sqrt(scored.variance), 0.0)
    z = np.where(windows.used, windows.y - scored.model, 0.0) * per_sigma
    whitened = evaluate(scored.parameters, windows.x, active)[1] * per_sigma[:, None, :]
    response = scored.covariance @ whitened
    own = np.clip(1.0 - np.einsum("bpk,bpk->bk", whitened, response), _LEAST_LEFT, 1.0)
    shared = -np.einsum("bpk,bpk->bk", whitened[:, :, 1:], response[:, :, :-1])
    single = np.where(z > 0.0, z * z / own, 0.0)
    pair = _gain_of_pairs(z, own, shared)
    row = np.arange(z.shape[0])
    best, best_pair = single.argmax(axis=1), pair.argmax(axis=1)
    alone, both = single[row, best], pair[row, best_pair] - _PAIR_COSTS
    two = both > alone
    first = np.where(two, best_pair, best)
    enough = np.maximum(alone, both) > _LEAST_GAIN
    mask = np.zeros(z.shape, dtype=bool)
    mask[row, first] = enough
    mask[row[two], first[two] + 1] = enough[two]
    return mask


def is_narrow(windows: Windows, scored: Scored) -> Mask:
    """True where a line has no more pixels than a few spikes have, shape (spectra,)."""
    return scored.parameters[:, 1] < _NARROW_PX * windows.pitch_nm


def lost_pixels(windows: Windows, scored: Scored, before: Mask) -> Mask:
    """Pixels about R1 and R2 that were masked, shape (spectra, pixels).

    A spike that is stronger than the line takes its place; what is left of the line then looks
    like spikes. So does an R2 that was met by none of its few pixels.

    Parameters
    ----------
    windows : Windows
    scored : Scored
    before : array of bool, shape (spectra, pixels)
        Pixels that were used at first.
    """
    p = scored.parameters
    reach = _CORE_PX * windows.pitch_nm[:, None]
    core = np.abs(windows.x - p[:, :1]) < reach
    core |= np.abs(windows.x - r2_nm(p)[:, None]) < reach
    return core & before & ~windows.used


def brightest_pairs(windows: Windows, r1_nm: Array, fwhm_nm: Array) -> tuple[Mask, Mask]:
    """The brightest pixel of each line with the one before, and with the one after it."""
    near = windows.used & (np.abs(windows.x - r1_nm[:, None]) < 2.0 * fwhm_nm[:, None])
    top = np.where(near, windows.y, -np.inf).argmax(axis=1)
    distance = np.arange(windows.x.shape[1]) - top[:, None]
    return (distance == -1) | (distance == 0), (distance == 0) | (distance == 1)


def _gain_of_pairs(z: Array, own: Array, shared: Array) -> Array:
    """Fall of chi squared without each pixel and the next one, 0 where one lies too low."""
    first, second, a, c = z[:, :-1], z[:, 1:], own[:, :-1], own[:, 1:]
    determinant = np.maximum(a * c - shared * shared, _LEAST_LEFT**2)
    # deleted residuals: how far the pixels stand above a model that knows nothing of them
    of_first = (c * first - shared * second) / determinant
    of_second = (a * second - shared * first) / determinant
    above = (of_first > 0.0) & (of_second > 0.0)
    return np.where(above, first * of_first + second * of_second, 0.0)
