"""How far the mean of a skewed line lies from where a symmetric model puts it.

A distribution of pressures over the chip turns a line ``S`` into ``S * p``. To first order in
the third central moment of ``p``, at a fixed mean, that adds the third derivative of ``S``,
which has no area, no mean and no width. One more step of Fisher scoring with that shape among
the parameters tells how far R1 would move: an estimate of the bias against the mean line. It is
not applied, since a model with this freedom knows R1 much worse, but stated: together with what is
known beforehand, since a line whose skewness is not seen may still be skewed.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, third_derivative

__all__ = ["Shift", "projected", "skewness_shift", "third_of_lines"]

Array = NDArray[np.float64]

_HIGHER_ORDERS: Final = 1.3
"""The first order tells 80 to 100 % of the bias of lines with a tenth of their light half a width
away, and 75 to 80 % with an exponential tail (benchmarks/gauges.py asymmetric)."""
_EXPECTED_SHARE: Final = 0.035
"""Shift of the mean, as a share of the full width, that is expected beforehand (one sigma). A
tenth of the light half a width away makes 1.5 %, an exponential tail of a quarter of the width
as much, the wing of acoustic phonons of the simulated laboratory 0.5 % in the cold and 1.7 % at
room temperature, and its chips whose rim sits lower than their middle 4 % at 100 GPa and 80 K
(benchmarks/gauges.py twin)."""
_HIDDEN_SHARE: Final = 0.035
"""Shift, as a share of the full width, that skewness of the opposite sign may hide. The gradient
over a chip has its tail to the blue, the wing of acoustic phonons lies to the red: a line may have
both, look symmetric, and be off by the sum."""
LEAST_LEFT: Final = 1e-9
"""Share of the information below which the other parameters have taken all of it."""
_SEEN_SIGMA: Final = 3.0


class Shift(NamedTuple):
    """Where the mean line may be, seen from the fit; arrays of shape (spectra,)."""

    rms_nm: Array
    """Root of the mean square of the shift, given the data and what was expected."""
    seen_nm: Array
    """Size of the shift where skewness is seen, 0 elsewhere."""


def skewness_shift(sums: Array, fwhm_nm: Array, scatter: Array, missed_share: Array) -> Shift:
    """Distance of the mean line from the fit.

    Parameters
    ----------
    sums : array, shape (spectra, 3)
        As `projected` has them.
    fwhm_nm : array, shape (spectra,)
    scatter : array, shape (spectra,)
        Chi squared per degree of freedom: misfit of another kind is no skewness.
    missed_share : array, shape (spectra,)
        What the fit misses at the lines beyond noise, root mean square over the height of R1. Light
        that has no place in the model may be the line's own, and moves its mean by up to about this
        share of the width.
    """
    score, left, r1_per_amplitude = sums.T
    good = left > 0.0
    information = np.where(good, left, 1.0)
    shift = _HIGHER_ORDERS * np.abs(r1_per_amplitude * score / information)
    variance = (_HIGHER_ORDERS * r1_per_amplitude) ** 2 * scatter / information
    expected = (_EXPECTED_SHARE * fwhm_nm) ** 2
    missed = (missed_share * fwhm_nm) ** 2
    hidden = (_HIDDEN_SHARE * fwhm_nm) ** 2 + missed
    kept = np.where(good, expected / (expected + variance + hidden), 0.0)
    # the mean and the variance of a normal posterior
    rms = np.sqrt((kept * shift) ** 2 + (1.0 - kept) * expected + missed)
    seen = good & (np.abs(score) > _SEEN_SIGMA * np.sqrt(information * scatter))
    return Shift(rms, np.where(seen, shift, 0.0))


def projected(products: Array, covariance: Array) -> Array:
    """What the skewness says apart from what the other parameters can do as well.

    Parameters
    ----------
    products : array, shape (spectra, 13)
        Of the third derivative of the lines with the residuals, with itself, and with the
        derivatives by the parameters, all over the standard deviations of the pixels.
    covariance : array, shape (spectra, 11, 11)

    Returns
    -------
    sums : array, shape (spectra, 3)
        The score of the amplitude of the third derivative; its information apart from what the
        other parameters take of it, 0 where nothing is left; and how far R1 goes per unit of it
        in nm, sign reversed.
    """
    score, whole, cross = products[:, 0], products[:, 1], products[:, 2:]
    response = np.einsum("bpq,bq->bp", covariance, cross)
    left = whole - np.einsum("bp,bp->b", cross, response)
    return np.stack((score, np.where(left > LEAST_LEFT * whole, left, 0.0), response[:, 0]), 1)


def third_of_lines(p: Array, x: Array) -> Array:
    """Third derivatives of R1 and R2 in counts, by their distances in full widths of each.

    Parameters
    ----------
    p : array, shape (spectra, 11)
    x : array, shape (spectra, pixels)

    Returns
    -------
    counts : array, shape (spectra, pixels)
    """
    r1, fwhm, eta, height = (p[:, j, None] for j in range(4))
    ratio, splitting, width_ratio = (p[:, j, None] for j in (8, 9, 10))
    odd = height * third_derivative((x - r1) / fwhm, eta)
    if np.any(ratio > 0.0):
        r2 = CM1_NM / (CM1_NM / r1 + splitting)
        partner = third_derivative((x - r2) / (fwhm * width_ratio), eta)
        odd += height * ratio / width_ratio * partner
    return odd
