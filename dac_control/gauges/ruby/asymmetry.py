"""How far the mean of a skewed line lies from where a symmetric model puts it.

A distribution of pressures over the chip turns a line ``S`` into ``S * p``. To first order in
the third central moment of ``p``, at a fixed mean, that adds the third derivative of ``S``,
which has no area, no mean and no width. One more step of Fisher scoring with that shape among
the parameters tells how far R1 would move: an estimate of the bias against the mean line. It is
not applied, since a model with this freedom knows R1 much worse, but stated.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, third_derivative
from dac_control.gauges.ruby.window_numpy import evaluate

if TYPE_CHECKING:
    from dac_control.gauges.ruby.scoring import Windows

__all__ = ["skewness_shift", "skewness_sums"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SEEN_SIGMA: Final = 3.5
_LEAST: Final = 1.2
_LEAST_MERGED: Final = 0.5
_MERGED_NM: Final = 1.0
_HIGHER_ORDERS: Final = 1.25
"""The first order tells 80 to 100 % of the bias of lines with a tenth of their light half a width
away, or with an exponential tail (benchmarks/gauges.py asymmetric)."""


def skewness_shift(score: Array, left: Array, r1_per_amplitude: Array, scatter: Array) -> Array:
    """Distance in nm of the mean line from the fit, 0 where no skewness is seen.

    Parameters
    ----------
    score, left, r1_per_amplitude : arrays, shape (spectra,)
        As `skewness_sums` has them.
    scatter : array, shape (spectra,)
        Chi squared per degree of freedom: misfit of another kind is no skewness.

    Returns
    -------
    shift_nm : array, shape (spectra,)
    """
    good = left > 0.0
    amplitude = score / np.where(good, left, 1.0)
    seen = good & (np.abs(amplitude) * np.sqrt(np.maximum(left, 0.0) / scatter) > _SEEN_SIGMA)
    return np.where(seen, -_HIGHER_ORDERS * r1_per_amplitude * amplitude, 0.0)


def skewness_sums(
    windows: "Windows", p: Array, per_sigma: Array, z: Array, covariance: Array, active: Mask
) -> Array:
    """Products of the third derivative of the lines with what is left, shape (spectra, 3).

    Parameters
    ----------
    windows : Windows
    p, active : arrays, shape (spectra, 11)
    per_sigma, z : arrays, shape (spectra, pixels)
        One over the standard deviation of a pixel, 0 where it is not used, and residuals over it.
    covariance : array, shape (spectra, 11, 11)

    Returns
    -------
    sums : array, shape (spectra, 3)
        The score of its amplitude; its information apart from what the other parameters take of
        it, 0 where nothing is left; and how far R1 goes per unit of it in nm, sign reversed.
        All 0 where R1 alone shows too little for the whole to show enough.
    """
    sums = np.zeros((p.shape[0], 3))
    own = _of_r1(p, windows.x) * per_sigma
    score = np.abs(np.einsum("bk,bk->b", own, z))
    # What the full test calls seen is at least this much of R1's own share of it, so that few
    # clean spectra come as far (R2 adds a third, and takes more where the lines merge).
    least = np.where(p[:, 1] < _MERGED_NM, _LEAST, _LEAST_MERGED)
    rows = np.flatnonzero(score > least * np.sqrt(np.einsum("bk,bk->b", own, own)))
    if rows.size:
        some = p[rows]
        x = windows.x[rows]
        odd = (_of_r1(some, x) + _of_r2(some, x)) * per_sigma[rows]
        jacobian = evaluate(some, x, active[rows])[1] * per_sigma[rows][:, None]
        cross = np.einsum("bpk,bk->bp", jacobian, odd) * active[rows]
        response = np.einsum("bpq,bq->bp", covariance[rows], cross)
        whole = np.einsum("bk,bk->b", odd, odd)
        left = whole - np.einsum("bp,bp->b", cross, response)
        sums[rows, 0] = np.einsum("bk,bk->b", odd, z[rows])
        sums[rows, 1] = np.where(left > LEAST_LEFT * whole, left, 0.0)
        sums[rows, 2] = response[:, 0]
    return sums


LEAST_LEFT: Final = 1e-9
"""Share of the information below which the other parameters have taken all of it."""


def _of_r1(p: Array, x: Array) -> Array:
    r1, fwhm, eta, height = (p[:, j, None] for j in range(4))
    return height * third_derivative((x - r1) / fwhm, eta)


def _of_r2(p: Array, x: Array) -> Array:
    r1, fwhm, eta, height = (p[:, j, None] for j in range(4))
    ratio, splitting, width_ratio = (p[:, j, None] for j in (8, 9, 10))
    r2 = CM1_NM / (CM1_NM / r1 + splitting)
    partner = third_derivative((x - r2) / (fwhm * width_ratio), eta)
    return np.where(ratio > 0.0, height * ratio / width_ratio * partner, 0.0)
