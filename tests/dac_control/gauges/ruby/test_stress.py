"""Splitting, width ratio and strength without the priors that helped the fit."""

import numpy as np

from dac_control.gauges import SpectrumStack, fit_ruby_many
from dac_control.gauges.ruby.lineshape import evaluate_ruby

X = np.arange(684.0, 710.0, 0.03)


def drawn(
    peak: float, splitting_cm1: float, width_ratio: float, spectra: int = 60
) -> SpectrumStack:
    """Photons of a doublet that differs from what the priors expect."""
    parameters = [
        694.3,
        0.45,
        0.5,
        peak,
        0.05 * peak,
        0.0,
        0.0,
        0.0,
        0.6,
        splitting_cm1,
        width_ratio,
    ]
    expected = evaluate_ruby("doublet", parameters, X)
    rng = np.random.default_rng(3)
    return SpectrumStack(
        wavelength_nm=X,
        counts=rng.poisson(expected, (60, X.size)).astype(float),
        exposure_s=1.0,
        averages=1,
        gain_e_per_count=1.0,
        read_noise_e=0.0,
        dark_counts=0.0,
    )


def test_the_priors_leave_no_trace() -> None:
    # faint enough for the priors (29.7 +- 4 cm-1, 1 +- 0.3) to pull, far enough off to see it
    for peak in (120.0, 1e3, 1e5):
        stack = drawn(peak, splitting_cm1=33.0, width_ratio=1.35)
        with_priors = fit_ruby_many(stack, temperature_k=296.0)
        without = fit_ruby_many(stack, temperature_k=296.0, priors=False)
        both = with_priors.ok & without.ok & np.isfinite(without.stress).all(axis=1)
        assert both.sum() > 40
        away = (with_priors.stress - without.stress)[both] / without.stress_sigma[both]
        assert np.nanmax(np.abs(away)) < 0.1
        ratio = (with_priors.stress_sigma / without.stress_sigma)[both]
        np.testing.assert_allclose(ratio, 1.0, atol=0.15)


def test_the_stress_of_many_spectra_is_that_of_the_chip() -> None:
    fits = fit_ruby_many(drawn(2e3, 33.0, 1.2), temperature_k=296.0)
    pulls = (fits.stress - [0.6, 33.0, 1.2]) / fits.stress_sigma
    assert np.all(np.abs(np.nanmean(pulls, axis=0)) < 4.0 / np.sqrt(len(fits)))
    assert np.all(np.abs(np.nanstd(pulls, axis=0) - 1.0) < 0.35)
