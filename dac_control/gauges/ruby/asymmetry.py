"""How far the mean of a skewed line lies from where a symmetric model puts it.

A distribution of pressures over the chip turns a line ``S`` into ``S * p``. To first order in
the third central moment of ``p``, at a fixed mean, that adds the third derivative of ``S``,
which has no area, no mean and no width. One more step of Fisher scoring with that shape among
the parameters tells how far R1 would move: an estimate of the bias against the mean line. It is
not applied, since a model with this freedom knows R1 much worse, but stated.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, LN2_4
from dac_control.gauges.ruby.residuals import inverted
from dac_control.gauges.ruby.scoring import Scored, Windows
from dac_control.gauges.ruby.scoring_numpy import evaluate

__all__ = ["skewness_shift"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SEEN_SIGMA: Final = 3.5
_LEAST: Final = 1.2
_LEAST_MERGED: Final = 0.5
_MERGED_NM: Final = 1.0
_HIGHER_ORDERS: Final = 1.25
"""The first order tells 80 to 100 % of the bias of lines with a tenth of their light half a width
away, or with an exponential tail (benchmarks/gauges.py asymmetric)."""


def skewness_shift(windows: Windows, scored: Scored, active: Mask, scatter: Array) -> Array:
    """Distance in nm of the mean line from the fit, 0 where no skewness is seen.

    Parameters
    ----------
    windows, scored
        As fitted.
    active : array of bool, shape (spectra, parameters)
    scatter : array, shape (spectra,)
        Chi squared per degree of freedom: misfit of another kind is no skewness.

    Returns
    -------
    shift_nm : array, shape (spectra,)
    """
    p = scored.parameters
    odd = p[:, 3:4] * _third((windows.x - p[:, :1]) / p[:, 1:2], p[:, 2:3])
    odd *= np.where(windows.used, 1.0 / np.sqrt(scored.variance), 0.0)
    gradient = np.einsum("bk,bk->b", odd, (windows.y - scored.model) / np.sqrt(scored.variance))
    own = np.einsum("bk,bk->b", odd, odd)
    shift = np.zeros(own.size)
    # What the full test calls seen is at least this much of R1's own share of it, so that few
    # clean spectra come as far (R2 adds a third, and takes more where the lines merge).
    least = np.where(p[:, 1] < _MERGED_NM, _LEAST, _LEAST_MERGED)
    rows = np.flatnonzero(np.abs(gradient) > least * np.sqrt(own * scatter))
    if rows.size:
        shift[rows] = _shift(windows.take(rows), scored.take(rows), active[rows], scatter[rows])
    return shift


def _shift(windows: Windows, scored: Scored, active: Mask, scatter: Array) -> Array:
    jacobian = evaluate(scored.parameters, windows.x, active)[1]
    odd = _third_derivative(scored.parameters, windows.x)
    weighted = odd * np.where(windows.used, 1.0 / scored.variance, 0.0)
    gradient = np.einsum("bk,bk->b", weighted, windows.y - scored.model)
    own = np.einsum("bk,bk->b", weighted, odd)
    cross = np.einsum("bpk,bk->bp", jacobian, weighted) * active
    information = _with_unit_diagonal(scored.information, active)
    inverse, good = inverted(information)
    response = np.einsum("bpq,bq->bp", inverse, cross)
    left = own - np.einsum("bp,bp->b", cross, response)
    good &= left > 1e-9 * own
    amplitude = gradient / np.where(good, left, 1.0)
    seen = good & (np.abs(amplitude) * np.sqrt(np.maximum(left, 0.0) / scatter) > _SEEN_SIGMA)
    return np.where(seen, -_HIGHER_ORDERS * response[:, 0] * amplitude, 0.0)


def _with_unit_diagonal(information: Array, active: Mask) -> Array:
    filled = information.copy()
    index = np.arange(active.shape[1])
    filled[:, index, index] += ~active
    return filled


def _third_derivative(p: Array, x: Array) -> Array:
    r1, fwhm, eta, height = (p[:, j, None] for j in range(4))
    ratio, splitting, width_ratio = (p[:, j, None] for j in (8, 9, 10))
    r2 = CM1_NM / (CM1_NM / r1 + splitting)
    odd = height * _third((x - r1) / fwhm, eta)
    partner = height * ratio / width_ratio * _third((x - r2) / (fwhm * width_ratio), eta)
    return odd + np.where(ratio > 0.0, partner, 0.0)


def _third(u: Array, eta: Array) -> Array:
    """Third derivative of a pseudo-Voigt line by ``u``."""
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    gauss = np.exp(-LN2_4 * square)
    of_gauss = (12.0 * LN2_4**2 - 8.0 * LN2_4**3 * square) * u * gauss
    of_lorentz = (384.0 - 3072.0 * square * lorentz) * u * lorentz**3
    return eta * of_lorentz + (1.0 - eta) * of_gauss
