import dataclasses
import threading
from typing import Any

import numpy as np
import pytest

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges import SpectrumStack, fit_ruby, fit_ruby_many
from dac_control.gauges.ruby.engine import Engine


def drawn(ruby: Any, rng: np.random.Generator, count: int) -> list[Any]:
    places = rng.uniform(693.0, 720.0, count)
    return [dataclasses.replace(ruby, r1_nm=place).expose(rng) for place in places]


def test_a_batch_gives_what_single_fits_give(ruby: Any, rng: np.random.Generator) -> None:
    """Broad lines have longer windows, which fill up those of the others, and nothing more."""
    spike = np.zeros(ruby.pixels)
    spike[int(np.abs(ruby.wavelength_nm - ruby.r1_nm).argmin()) + 4] = 4e3
    spectra = [
        dataclasses.replace(ruby, fwhm_nm=width).expose(rng, spike)
        for width in (0.25, 0.4, 0.5, 0.6, 0.7, 0.9, 1.2, 1.6, 2.0)
    ]
    spectra.append(dataclasses.replace(ruby, peak_counts=0.0).expose(rng))
    spectra.append(dataclasses.replace(ruby, saturation_counts=7000.0).expose(rng))
    spectra[-1] = dataclasses.replace(spectra[-1], saturation_counts=65535.0)
    fits = fit_ruby_many(SpectrumStack.of(spectra), temperature_k=80.0)
    assert len(fits) == 11
    for index, spectrum in enumerate(spectra):
        single = fit_ruby(spectrum, temperature_k=80.0)
        together = fits[index]
        assert together.flags == single.flags
        assert together.model == single.model
        np.testing.assert_allclose(together.r1_nm, single.r1_nm, rtol=1e-14)
        np.testing.assert_allclose(together.r1_sigma_nm, single.r1_sigma_nm, rtol=1e-9)
        assert fits.ok[index] == single.ok


def test_threads_change_nothing(ruby: Any, rng: np.random.Generator) -> None:
    stack = SpectrumStack.of(drawn(ruby, rng, 600))
    done: list[int] = []
    alone = fit_ruby_many(stack, temperature_k=80.0, threads=1)
    threaded = fit_ruby_many(stack, temperature_k=80.0, threads=3, progress=done.append)
    np.testing.assert_array_equal(alone.r1_nm, threaded.r1_nm)
    np.testing.assert_array_equal(alone.flagged, threaded.flagged)
    assert done[-1] == 600
    assert done == sorted(done)


def test_each_spectrum_has_its_temperature_and_its_window(
    ruby: Any, rng: np.random.Generator
) -> None:
    cold = dataclasses.replace(ruby, ratio=0.0, fwhm_nm=0.2)
    stack = SpectrumStack.of([cold.expose(rng), ruby.expose(rng), ruby.expose(rng)])
    low, high = np.array([690.0, 690.0, 700.0]), np.array([700.0, 700.0, 710.0])
    fits = fit_ruby_many(
        stack, temperature_k=np.array([5.0, 80.0, np.nan]), expected_nm=(low, high)
    )
    assert [fits[index].model for index in range(3)] == ["single", "doublet", "doublet"]
    assert fits.ok.tolist() == [True, True, False]
    assert fits.flags(2) == ("outside_window",)


def test_a_batch_goes_on_past_counts_that_are_no_numbers(
    ruby: Any, rng: np.random.Generator
) -> None:
    spectra = drawn(ruby, rng, 3)
    counts = np.stack([spectrum.counts for spectrum in spectra])
    counts[1, 700] = np.nan
    stack = dataclasses.replace(SpectrumStack.of(spectra), counts=counts)
    assert stack.usable.tolist() == [True, False, True]
    fits = fit_ruby_many(stack, temperature_k=80.0)
    assert fits.ok.tolist() == [True, False, True]
    assert fits.flags(1) == ("no_line", "bad_counts")


def test_without_priors_the_record_of_stress_is_that_of_the_fit(
    ruby: Any, rng: np.random.Generator
) -> None:
    fit = fit_ruby(ruby.expose(rng), temperature_k=80.0, priors=False)
    assert fit.splitting_cm1 == pytest.approx(fit.parameters[9])
    assert fit.ratio_sigma == pytest.approx(np.sqrt(fit.covariance[8, 8]))


def test_the_record_of_stress_is_free_of_the_prior(ruby: Any, rng: np.random.Generator) -> None:
    """At a splitting two prior sigma away and few counts the fit leans on it, the record not."""
    true = dataclasses.replace(ruby, splitting_cm1=37.7, fwhm_nm=1.2, peak_counts=300.0, ratio=0.5)
    fits = [fit_ruby(true.expose(rng), temperature_k=80.0) for _ in range(60)]
    record = np.array([fit.splitting_cm1 for fit in fits if np.isfinite(fit.splitting_cm1)])
    fitted = np.array([fit.parameters[9] for fit in fits if fit.model == "doublet"])
    assert abs(record.mean() - 37.7) < abs(fitted.mean() - 37.7)
    assert record.mean() == pytest.approx(37.7, abs=1.0)


def test_a_stack_takes_spectra_of_one_detector_only(ruby: Any, rng: np.random.Generator) -> None:
    one, other = ruby.expose(rng), dataclasses.replace(ruby, first_nm=679.0).expose(rng)
    with pytest.raises(ConfigurationError, match=r"Spectrum 1 .* wavelength_nm"):
        SpectrumStack.of([one, other])
    with pytest.raises(ConfigurationError, match="no spectrum"):
        SpectrumStack.of([])


def test_temperatures_are_checked(ruby: Any, rng: np.random.Generator) -> None:
    stack = SpectrumStack.of(drawn(ruby, rng, 2))
    with pytest.raises(NotMeasured, match=r"-3\.0 K"):
        fit_ruby_many(stack, temperature_k=np.array([80.0, -3.0]))
    with pytest.raises(ConfigurationError, match="2 spectra and temperatures of shape"):
        fit_ruby_many(stack, temperature_k=np.array([80.0, 80.0, 80.0]))


def test_dark_variance_counts(ruby: Any, rng: np.random.Generator) -> None:
    spectrum = dataclasses.replace(ruby, peak_counts=100.0).expose(rng)
    sharp = fit_ruby(spectrum, temperature_k=80.0)
    noisy = fit_ruby(dataclasses.replace(spectrum, dark_sigma_counts=20.0), temperature_k=80.0)
    assert noisy.r1_sigma_nm > 1.5 * sharp.r1_sigma_nm
    per_pixel = np.full(spectrum.counts.size, 20.0)
    same = fit_ruby(dataclasses.replace(spectrum, dark_sigma_counts=per_pixel), temperature_k=80.0)
    assert same.r1_sigma_nm == pytest.approx(noisy.r1_sigma_nm)


def test_skewed_lines_say_so(ruby: Any, rng: np.random.Generator) -> None:
    """A tenth of the chip half a width higher: the mean line lies 5 % of that away."""
    true = dataclasses.replace(ruby, peak_counts=3e4, averages=10)
    shifted = dataclasses.replace(true, r1_nm=true.r1_nm + 0.5 * true.fwhm_nm)
    mixed = 0.1 * (shifted.counts - true.counts)
    mean_nm = true.r1_nm + 0.05 * true.fwhm_nm
    fits = [fit_ruby(true.expose(rng, mixed), temperature_k=80.0) for _ in range(40)]
    assert all("asymmetric" in fit.flags and fit.ok for fit in fits)
    bias = np.mean([fit.r1_nm for fit in fits]) - mean_nm
    assert abs(bias) < 0.02 * true.fwhm_nm
    stated = np.median([fit.asymmetry_sigma_nm for fit in fits])
    assert abs(bias) < stated < 0.04 * true.fwhm_nm


def test_skewness_that_cannot_be_seen_is_stated(ruby: Any, rng: np.random.Generator) -> None:
    """Photons are few: a shift of 2.5 % of the width remains possible."""
    faint = dataclasses.replace(ruby, peak_counts=300.0)
    stack = SpectrumStack.of([faint.expose(rng) for _ in range(100)])
    fits = fit_ruby_many(stack, temperature_k=80.0)
    stated = fits.asymmetry_sigma_nm
    assert np.all((stated > 0.001) & (stated < 0.025 * 3.5 * ruby.fwhm_nm))
    assert np.median(stated) < 0.026 * ruby.fwhm_nm
    assert fits.flag("asymmetric").mean() <= 0.03
    bright = dataclasses.replace(ruby, peak_counts=2e4)
    sharp = fit_ruby_many(SpectrumStack.of([bright.expose(rng)]), temperature_k=80.0)
    # skewness of the other sign could hide it: photons alone do not rule it out
    assert 0.015 * ruby.fwhm_nm < sharp.asymmetry_sigma_nm[0] < 0.025 * ruby.fwhm_nm


def test_an_exponential_background_moves_nothing(ruby: Any, rng: np.random.Generator) -> None:
    """Luminescence that rises e-fold in 8 nm, half as strong as the line."""
    true = dataclasses.replace(ruby, peak_counts=2e4, averages=5, saturation_counts=1e6)
    rise = 1e4 * np.exp((true.wavelength_nm - true.r1_nm) / 8.0)
    stack = SpectrumStack.of([true.expose(rng, rise) for _ in range(100)])
    fits = fit_ruby_many(stack, temperature_k=80.0)
    assert fits.ok.mean() > 0.97
    pulls = (fits.r1_nm - true.r1_nm) / fits.r1_sigma_nm
    assert abs(pulls.mean()) < 0.4
    assert 0.8 < pulls.std() < 1.2
    # what is drawn is what was fitted, the exponential's part included
    bent = np.flatnonzero(fits.bend.any(axis=1))
    assert bent.size > 50
    x = true.wavelength_nm
    inside = (x > fits.window_nm[bent[0], 0]) & (x < fits.window_nm[bent[0], 1])
    light = (true.counts + rise + true.offset_counts)[inside]
    models = [fits[int(row)].evaluate(x[inside]) for row in bent]
    assert np.max(np.abs(np.mean(models, axis=0) / light - 1.0)) < 0.003


def test_a_faint_band_of_the_diamond_is_no_ruby(ruby: Any, rng: np.random.Generator) -> None:
    """2 nm wide on luminescence, as strong as buried ruby would be."""
    dark = dataclasses.replace(ruby, peak_counts=0.0)
    x = dark.wavelength_nm
    band = 70.0 * np.exp2(-(((x - 715.0) / 1.1) ** 2)) + 100.0
    stack = SpectrumStack.of([dark.expose(rng, band) for _ in range(50)])
    fits = fit_ruby_many(stack, temperature_k=80.0)
    assert not fits.ok.any()


def test_code_is_compiled_before_threads_start(
    ruby: Any, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dac_control.gauges.ruby import fit

    compiled_by: list[str] = []

    def compile_here(engine: Engine) -> Engine:
        compiled_by.append(threading.current_thread().name)
        return engine

    monkeypatch.setattr(fit, "_warmed_up", compile_here)
    stack = SpectrumStack.of([ruby.expose(rng)] * 600)
    assert fit_ruby_many(stack, temperature_k=80.0).ok.all()
    assert compiled_by == [threading.current_thread().name]
