"""Whether what was fitted is a ruby line, how well it is known, and what is wrong with it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.asymmetry import skewness_shift
from dac_control.gauges.ruby.evidence import (
    NARROW_PX,
    hides_core,
    hides_r1,
    imagines_r2,
    is_cosmic_ray,
    is_no_ruby,
    lacks_r2,
)
from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.fitting import WindowFitter
from dac_control.gauges.ruby.leftovers import LAGGED, NEAR_PIXELS, NEAR_SQUARES, SKEW, USED
from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.residuals import misfit_share
from dac_control.gauges.ruby.result import FLAG_NAMES, RubyFits
from dac_control.gauges.ruby.window_numpy import evaluate

__all__ = ["judge", "stress_record"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Among some 1e4 trials (pixels times widths) noise reaches 4.5 sigma; 6 is out of its reach.
LINE_SIGMA: Final = 6.0
_RELIABLE_SIGMA: Final = 10.0
_BROAD_NM: Final = 1.0
_RELIABLE_BROAD_SIGMA: Final = 15.0
"""Of a broad line, which with few photons may be both lines taken for one."""
# Nothing but its shape tells a doublet this broad from a band of the diamond's luminescence.
_BAND_NM: Final = 1.55
_RELIABLE_BAND_SIGMA: Final = 60.0
_LARGEST_SIGMA_NM: Final = 0.1
"""0.27 GPa: beyond it a ruby reading steers nothing."""
_MERGED_SHARE: Final = 0.8
# Measured ruby spectra leave 1 % (feet, sidebands); a line on the slope of another leaves 13 %.
_MISFIT_SHARE: Final = 0.08
_MISFIT_AT_LINES: Final = 0.05
_MASKED_SHARE: Final = 0.05
"""Share of its pixels that a fit may mask as spikes and still be poor: rays are not that many,
and it is another line then (benchmarks/gauges.py gross)."""
_POOR_SIGMA: Final = 4.0
_DOUBTED_SIGMA: Final = 3.0
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
    found = line & (strength >= LINE_SIGMA)
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
    _flag(fits, fitted, poor, saturated, temperature_k, range_nm)
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
    HC2: the scatter about the fit says how noisy each pixel was, whatever its weight.
    """
    windows, scored, inverse = fitted.windows, fitted.scored, fitted.scored.covariance
    jacobian = evaluate(scored.parameters, windows.x, fitted.active)[1]
    weight = np.where(windows.used, 1.0 / scored.variance, 0.0)
    leverage = np.einsum("bpk,bpq,bqk->bk", jacobian, inverse, jacobian, optimize=True) * weight
    residual = (windows.y - scored.model) / np.sqrt(np.clip(1.0 - leverage, 0.05, 1.0))
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


def _flag(
    fits: RubyFits,
    fitted: Fitted,
    poor: Mask,
    saturated: Mask,
    temperature_k: Array,
    range_nm: tuple[float, float],
) -> None:
    p, sigma, strength = fits.parameters, fits.r1_sigma_nm, fits.signal_to_noise
    r1, fwhm = p[:, 0], p[:, 1]
    windows, doublet, ratio_variance = fitted.windows, fitted.doublet, fits.covariance[:, 8, 8]
    r2 = CM1_NM / (CM1_NM / r1 + doublet * p[:, 9])
    margin, narrow = 0.5 * fwhm, fwhm < NARROW_PX * windows.pitch_nm
    # where something else shines beside the lines, less misfit makes them doubtful
    crowded = ~np.isnan(fitted.foreign_nm)
    poor = poor | (crowded & (fitted.excess > _DOUBTED_SIGMA))
    everywhere, at_lines = misfit_share(windows, fitted.scored)
    columns = {
        "low_signal": (strength < _RELIABLE_SIGMA)
        | ((fwhm > _BROAD_NM) & (strength < _RELIABLE_BROAD_SIGMA))
        | ((fwhm > _BAND_NM) & (strength < _RELIABLE_BAND_SIGMA))
        | (sigma > _LARGEST_SIGMA_NM),
        "at_edge": (r1 - margin < range_nm[0]) | (r1 + margin > range_nm[1]) | (fwhm >= 4.99),
        "no_r2": lacks_r2(
            p,
            ratio_variance,
            doublet,
            narrow | hides_r1(windows, p, doublet),
            poor | crowded,
            temperature_k,
        ),
        "misfit": (everywhere > _MISFIT_SHARE)
        | (at_lines > _MISFIT_AT_LINES)
        | (poor & (fitted.spikes > _MASKED_SHARE * fitted.scored.leftovers[:, USED]))
        | (doublet & is_no_ruby(p, ratio_variance, poor))
        | is_cosmic_ray(windows, p, narrow),
        "spike": fits.masked_pixels > 0,
        "foreign_line": crowded,
        "merged": doublet & (fwhm > _MERGED_SHARE * (r1 - r2)),
        "r2_above_thermal": fitted.unthermal,
    }
    for name, column in columns.items():
        fits.flag(name)[:] = column
    masked = (crowded | (fits.masked_pixels != 0)).nonzero()[0]
    if masked.size:
        hidden = ~(windows.used[masked] | saturated[masked])
        x, some = windows.x[masked], p[masked]
        lost = hides_core(x, hidden, some) | (doublet[masked] & imagines_r2(x, hidden, some))
        fits.flag("misfit")[masked] |= lost
    if saturated.any():
        fits.flag("saturated")[:] = _line_saturates(fitted, saturated, r2, sigma)


def _line_saturates(fitted: Fitted, saturated: Mask, r2: Array, sigma: Array) -> Mask:
    """True where the light of the line fills the well; a cosmic ray in a dark pixel does not."""
    at = np.flatnonzero(saturated)
    row = at // saturated.shape[1]
    x, r1, fwhm = fitted.windows.x.take(at), *fitted.scored.parameters[row, :2].T
    core = np.abs(x - r1) <= np.maximum(fwhm, 2.0 * sigma[row])
    core |= np.abs(x - r2[row]) <= fwhm
    bright = fitted.scored.model.take(at) > 0.7 * fitted.windows.y.take(at)
    filled = np.zeros(sigma.size, dtype=bool)
    filled[row[core & bright]] = True
    return filled


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
