"""Whether what was fitted is a line, how well it is known, and how far it is from symmetric."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.asymmetry import skewness_shift
from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.fitting import WindowFitter
from dac_control.gauges.ruby.flags import flag_lines
from dac_control.gauges.ruby.leftovers import LAGGED, NEAR_PIXELS, NEAR_SQUARES, SKEW
from dac_control.gauges.ruby.result import FLAG_NAMES, RubyFits
from dac_control.gauges.ruby.window_numpy import evaluate

__all__ = ["judge", "stress_record"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Among some 1e4 trials (pixels times widths) noise reaches 4.5 sigma; 6 is out of its reach.
_LINE_SIGMA: Final = 6.0
_POOR_SIGMA: Final = 4.0
# Real lines have feet and sidebands of some parts in a thousand, which show in chi squared from
# some 1e5 electrons on, and not in the position.
_POOR_SCATTER: Final = 1.5
_MISSED_SIGMA: Final = 2.0
_SKEW_SIGNAL: Final = 30.0
"""Below this signal-to-noise ratio no skewness can be told."""


def judge(
    fitted: Fitted,
    *,
    saturated: Mask,
    known_spikes: NDArray[np.intp],
    temperature_k: Array,
    range_nm: tuple[float, float],
    gain_assumed: bool,
) -> tuple[RubyFits, Array]:
    """Turn fitted windows into results with their flags.

    Parameters
    ----------
    fitted : Fitted
    saturated : array of bool, shape (spectra, pixels of the windows)
    known_spikes : array, shape (spectra,)
        Pixels of the windows that were masked before the fit.
    temperature_k : array, shape (spectra,)
        NaN where unknown.
    range_nm : tuple of float
        First and last wavelength of the spectra.
    gain_assumed : bool
        The variance is known up to a factor only.

    Returns
    -------
    fits : RubyFits
    scale : array, shape (spectra,)
        Factor of the covariances: 1, or the scatter where the noise is not known or not enough.
    """
    scored, scatter = fitted.scored, fitted.scatter
    p, spectra = scored.parameters, fitted.doublet.size
    poor = (scatter > _POOR_SCATTER) & (fitted.excess > _POOR_SIGMA)
    scale = np.where(poor | gain_assumed, np.maximum(scatter, 1e-12), 1.0)
    if gain_assumed:
        covariance = _from_residuals(fitted)
    else:
        covariance = scored.covariance * scale[:, None, None]
    strength = _signal_to_noise(fitted, scale)
    sigma = np.sqrt(np.maximum(covariance[:, 0, 0], 0.0))
    line = scored.regular & (sigma > 0.0) & np.isfinite(p).all(axis=1)
    found = line & (strength >= _LINE_SIGMA)
    fits = RubyFits(
        model=(found * (1 + fitted.doublet)).astype(np.int8),
        r1_nm=p[:, 0].copy(),
        r1_sigma_nm=sigma,
        chi2_reduced=scatter.copy(),
        parameters=p.copy(),
        covariance=covariance,
        bend=np.zeros((spectra, 3)),
        window_nm=fitted.windows.x[:, [0, -1]],
        flagged=np.zeros((spectra, len(FLAG_NAMES)), dtype=bool),
        signal_to_noise=strength,
        masked_pixels=fitted.spikes + known_spikes,
        asymmetry_sigma_nm=np.zeros(spectra),
        stress=np.full((spectra, 3), np.nan),
        stress_sigma=np.full((spectra, 3), np.nan),
    )
    flag_lines(fits, fitted, poor, saturated, temperature_k, range_nm)
    fits.flag("poor_fit")[:] = poor & (not gain_assumed)
    fits.flag("not_converged")[:] = ~scored.converged
    _judge_skewness(fits, fitted, scale, gain_assumed=gain_assumed)
    lost = (~found).nonzero()[0]
    if lost.size:
        fits.put(lost, RubyFits.empty(lost.size, range_nm))
        fits.flag("no_line")[lost] = True
        fits.flag("not_converged")[lost] = ~line[lost]
    return fits, scale


def stress_record(
    fits: RubyFits, fitted: Fitted, fitter: WindowFitter, scale: Array, *, again: bool
) -> None:
    """Add ratio, splitting and width ratio of good doublets from a fit without priors.

    Parameters
    ----------
    scale : array, shape (spectra,)
        By which covariances are multiplied.
    again : bool
        False where the fit itself was made without priors.
    """
    rows = (fits.ok & (fits.model == 2)).nonzero()[0]
    if not rows.size:
        return
    if not again:
        fits.stress[rows] = fits.parameters[rows, 8:]
        variance = fits.covariance[rows][:, [8, 9, 10], [8, 9, 10]]
        fits.stress_sigma[rows] = np.sqrt(np.maximum(variance, 0.0))
        return
    free = fitter.without_priors(fitted.take(rows))
    fits.stress[rows] = free.parameters
    fits.stress_sigma[rows] = np.sqrt(free.variance * scale[rows, None])


def _from_residuals(fitted: Fitted) -> Array:
    """Covariance where the weights themselves are a guess: the sandwich form.

    Residuals over one less their leverage, MacKinnon and White, J. Econometrics 29, 305 (1985),
    HC3: the scatter about the fit says how noisy each pixel was, whatever its weight. Of a line of
    six pixels it says that so roughly that HC2, right on average, has pulls of 1.16.
    """
    windows, scored, inverse = fitted.windows, fitted.scored, fitted.scored.covariance
    jacobian = evaluate(scored.parameters, windows.x, fitted.active)[1]
    weight = np.where(windows.used, 1.0 / scored.variance, 0.0)
    leverage = np.einsum("bpk,bpq,bqk->bk", jacobian, inverse, jacobian, optimize=True) * weight
    residual = (windows.y - scored.model) / np.clip(1.0 - leverage, 0.05, 1.0)
    half = jacobian * (weight * residual)[:, None, :]
    return inverse @ (half @ half.transpose(0, 2, 1)) @ inverse


def _signal_to_noise(fitted: Fitted, scale: Array) -> Array:
    """Height of R1 over its uncertainty with height and background free, the shape held."""
    known = fitted.scored.information
    own, level, slope = known[:, 3, 3], known[:, 3, 4], known[:, 3, 5]
    levels, both, slopes = known[:, 4, 4], known[:, 4, 5], known[:, 5, 5]
    taken = level**2 * slopes - 2.0 * level * slope * both + slope**2 * levels
    left = own - taken / (levels * slopes - both**2)
    ratio = fitted.scored.parameters[:, 3] * np.sqrt(np.maximum(left, 0.0) / scale)
    return np.where(np.isfinite(ratio), ratio, 0.0)


def _judge_skewness(fits: RubyFits, fitted: Fitted, scale: Array, *, gain_assumed: bool) -> None:
    missed = _missed_share(fitted, gain_assumed=gain_assumed)
    skewness, fwhm = fitted.scored.leftovers[:, SKEW:], fitted.scored.parameters[:, 1]
    shift = skewness_shift(skewness, fwhm, scale, missed)
    fits.asymmetry_sigma_nm[:] = shift.rms_nm
    enough = fits.ok & (fits.signal_to_noise > _SKEW_SIGNAL)
    fits.flag("asymmetric")[:] = enough & (shift.seen_nm > fits.r1_sigma_nm)


def _missed_share(fitted: Fitted, *, gain_assumed: bool) -> Array:
    """Root mean square of what the fit misses at the lines, noise taken off, over R1's height."""
    sums = fitted.scored.leftovers
    pixels = np.maximum(sums[:, NEAR_PIXELS], 1.0)
    if gain_assumed:
        # the size of the noise is not known, but neighbours do not share it
        square = np.maximum(sums[:, LAGGED], 0.0)
    else:
        freedom = fitted.freedom
        noise = (freedom + _MISSED_SIGMA * np.sqrt(2.0 * freedom)) / fitted.scored.chi2
        square = sums[:, NEAR_SQUARES] * np.maximum(1.0 - noise, 0.0)
    return np.sqrt(square / pixels) / fitted.scored.parameters[:, 3]
