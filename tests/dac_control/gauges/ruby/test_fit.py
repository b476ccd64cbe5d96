import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.gauges import (
    DISQUALIFYING,
    RUBY_FLAGS,
    Spectrum,
    SpectrumStack,
    evaluate_ruby,
    fit_ruby,
    fit_ruby_many,
)


def with_counts(spectrum: Spectrum, counts: np.ndarray) -> Spectrum:
    return dataclasses.replace(spectrum, counts=counts)


NEON_AIR_NM = (692.9467, 702.4050, 703.2413, 705.9107, 717.3938, 724.5167)
"""NIST Atomic Spectra Database, Ne I."""


@pytest.mark.parametrize(
    ("changes", "temperature_k"),
    [
        ({"ratio": 0.41}, 80.0),
        ({"ratio": 0.41, "peak_counts": 300.0, "averages": 4}, 80.0),
        ({"ratio": 0.6, "fwhm_nm": 0.55, "lorentz_share": 0.8}, 296.0),
        ({"ratio": 0.12, "fwhm_nm": 0.2, "r1_nm": 712.0}, 20.0),
        ({"ratio": 0.0, "fwhm_nm": 0.1, "r1_nm": 693.4}, 5.0),
    ],
)
def test_pulls_and_efficiency(
    ruby: Any, rng: np.random.Generator, changes: dict[str, float], temperature_k: float
) -> None:
    true = dataclasses.replace(ruby, **changes)
    fits = [fit_ruby(true.expose(rng), temperature_k=temperature_k) for _ in range(300)]
    assert all(fit.ok for fit in fits)
    errors = np.array([fit.r1_nm - true.r1_nm for fit in fits])
    sigmas = np.array([fit.r1_sigma_nm for fit in fits])
    pulls = errors / sigmas
    # The standard error of a standard deviation over 300 draws is 4 %.
    assert 0.9 < pulls.std() < 1.1
    assert abs(pulls.mean()) < 0.25
    # The stated sigma against the bound is free of that scatter.
    assert (true.bound_nm() / np.median(sigmas)) ** 2 > 0.95
    assert (true.bound_nm() / errors.std()) ** 2 > 0.95 - 3.0 * np.sqrt(2.0 / 300)


def test_a_doublet_tells_splitting_ratio_and_width(ruby: Any, rng: np.random.Generator) -> None:
    fit = fit_ruby(ruby.expose(rng), temperature_k=80.0)
    assert fit.ok
    assert fit.model == "doublet"
    assert fit.flags == ()
    assert fit.splitting_cm1 == pytest.approx(29.7, abs=0.2)
    assert fit.r2_nm == pytest.approx(ruby.r2_nm, abs=0.01)
    assert fit.ratio == pytest.approx(0.4, abs=0.02)
    assert fit.r1_fwhm_nm == pytest.approx(0.45, abs=0.01)
    assert fit.chi2_reduced == pytest.approx(1.0, abs=0.35)
    assert fit.covariance.shape == (11, 11)
    assert np.sqrt(fit.covariance[0, 0]) == fit.r1_sigma_nm
    assert fit.parameter_names[0] == "r1_nm"


def test_the_stored_parameters_draw_the_fit(ruby: Any, rng: np.random.Generator) -> None:
    spectrum = ruby.expose(rng)
    fit = fit_ruby(spectrum, temperature_k=80.0)
    drawn = evaluate_ruby(fit.model, fit.parameters.tolist(), spectrum.wavelength_nm)
    np.testing.assert_array_equal(drawn, fit.evaluate(spectrum.wavelength_nm))
    low, high = fit.window_nm
    inside = (spectrum.wavelength_nm >= low) & (spectrum.wavelength_nm <= high)
    truth = ruby.counts + ruby.offset_counts
    assert np.abs(drawn - truth)[inside].max() < 0.03 * ruby.peak_counts


def test_five_kelvin_without_r2_is_one_line(ruby: Any, rng: np.random.Generator) -> None:
    true = dataclasses.replace(ruby, ratio=0.0, fwhm_nm=0.2, r1_nm=702.0)
    fit = fit_ruby(true.expose(rng), temperature_k=5.0)
    assert (fit.model, fit.ok) == ("single", True)
    assert np.isnan(fit.r2_nm)
    assert abs(fit.r1_nm - 702.0) < 5.0 * fit.r1_sigma_nm


def test_ten_kelvin_with_a_residual_r2(ruby: Any, rng: np.random.Generator) -> None:
    true = dataclasses.replace(ruby, ratio=0.012, fwhm_nm=0.2, r1_nm=702.0)
    fit = fit_ruby(true.expose(rng), temperature_k=10.0)
    assert fit.ok
    assert "r2_above_thermal" not in fit.flags
    assert abs(fit.r1_nm - 702.0) < 5.0 * fit.r1_sigma_nm


@pytest.mark.parametrize("fwhm_nm", [0.2, 0.6, 1.0])
def test_a_chip_warmer_than_its_sensor(ruby: Any, rng: np.random.Generator, fwhm_nm: float) -> None:
    true = dataclasses.replace(ruby, ratio=0.5, fwhm_nm=fwhm_nm)
    fit = fit_ruby(true.expose(rng), temperature_k=5.0)
    assert fit.model == "doublet"
    assert fit.ok
    assert "r2_above_thermal" in fit.flags
    assert abs(fit.r1_nm - true.r1_nm) < 0.003


@pytest.mark.parametrize("amplitude", [400.0, 5e3, 5e4])
@pytest.mark.parametrize("wide", [1, 2])
def test_cosmic_rays(ruby: Any, rng: np.random.Generator, amplitude: float, wide: int) -> None:
    for _ in range(40):
        spectrum = ruby.expose(rng)
        counts = spectrum.counts.copy()
        for at in rng.integers(0, counts.size - 1, 2):
            counts[at : at + wide] += amplitude
        on_line = int(np.argmin(np.abs(spectrum.wavelength_nm - ruby.r1_nm))) + rng.integers(-20, 8)
        counts[on_line] += amplitude
        fit = fit_ruby(with_counts(spectrum, counts), temperature_k=80.0)
        assert fit.ok
        assert abs(fit.r1_nm - ruby.r1_nm) < max(6.0 * fit.r1_sigma_nm, 0.002)
        if amplitude >= 5e3:
            assert "spike" in fit.flags
            assert fit.masked_pixels >= 1


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5])
def test_a_line_three_pixels_wide_is_no_spike(
    ruby: Any, rng: np.random.Generator, phase: float
) -> None:
    true = dataclasses.replace(
        ruby, fwhm_nm=0.09, ratio=0.0, lorentz_share=0.1, r1_nm=695.0 + 0.03 * phase
    )
    for _ in range(20):
        fit = fit_ruby(true.expose(rng), temperature_k=5.0)
        assert fit.ok
        assert "spike" not in fit.flags
        assert abs(fit.r1_nm - true.r1_nm) < 6.0 * fit.r1_sigma_nm


def test_clean_spectra_are_not_flagged(ruby: Any, rng: np.random.Generator) -> None:
    flags = [fit_ruby(ruby.expose(rng), temperature_k=80.0).flags for _ in range(200)]
    assert sum(bool(found) for found in flags) <= 6


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_saturation_is_seen_and_its_pixels_left_out(
    ruby: Any, rng: np.random.Generator, share: float
) -> None:
    full = ruby.offset_counts + share * (ruby.peak_counts + ruby.background_counts)
    true = dataclasses.replace(ruby, saturation_counts=full)
    fit = fit_ruby(true.expose(rng), temperature_k=80.0)
    assert "saturated" in fit.flags
    assert not fit.ok
    assert abs(fit.r1_nm - true.r1_nm) < 0.005


def test_a_cosmic_ray_that_fills_the_well_is_no_saturated_line(
    ruby: Any, rng: np.random.Generator
) -> None:
    spectrum = ruby.expose(rng)
    counts = spectrum.counts.copy()
    counts[int(np.argmin(np.abs(spectrum.wavelength_nm - ruby.r1_nm))) + 12] = 65535.0
    fit = fit_ruby(with_counts(spectrum, counts), temperature_k=80.0)
    assert fit.ok
    assert "saturated" not in fit.flags


@pytest.mark.parametrize("background_counts", [0.0, 50.0, 5e3])
def test_noise_is_no_line(ruby: Any, rng: np.random.Generator, background_counts: float) -> None:
    dark = dataclasses.replace(ruby, peak_counts=0.0, background_counts=background_counts)
    for temperature_k in (5.0, 80.0, 296.0):
        for _ in range(20):
            fit = fit_ruby(dark.expose(rng), temperature_k=temperature_k)
            assert not fit.ok
            assert fit.model == "none"
            assert fit.flags == ("no_line",)
            assert np.isnan(fit.evaluate([694.0])).all()


def test_the_fluorescence_of_diamond_is_no_line(ruby: Any, rng: np.random.Generator) -> None:
    dark = dataclasses.replace(ruby, peak_counts=0.0)
    hump = 2e4 * np.exp(-0.5 * ((dark.wavelength_nm - 715.0) / 18.0) ** 2)
    for _ in range(20):
        assert not fit_ruby(dark.expose(rng, hump), temperature_k=80.0).ok


def test_a_line_on_the_fluorescence_of_diamond(ruby: Any, rng: np.random.Generator) -> None:
    true = dataclasses.replace(ruby, r1_nm=722.0, fwhm_nm=0.8, peak_counts=2000.0)
    hump = 2e4 * np.exp(-0.5 * ((true.wavelength_nm - 715.0) / 18.0) ** 2)
    fit = fit_ruby(true.expose(rng, hump), temperature_k=80.0)
    assert fit.ok
    assert abs(fit.r1_nm - 722.0) < 0.02


def test_a_weak_line_is_found_but_does_not_count(ruby: Any, rng: np.random.Generator) -> None:
    true = dataclasses.replace(ruby, peak_counts=13.0, background_counts=60.0)
    flags = [fit_ruby(true.expose(rng), temperature_k=80.0).flags for _ in range(30)]
    assert all({"low_signal", "no_line"} & set(found) for found in flags)
    assert any("low_signal" in found for found in flags)


@pytest.mark.parametrize("temperature_k", [5.0, 80.0, 296.0])
@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_pair_lines_are_not_taken_for_r1(
    ruby: Any,
    rng: np.random.Generator,
    thermal: Callable[[float], float],
    temperature_k: float,
    strength: float,
) -> None:
    true = dataclasses.replace(ruby, r1_nm=694.25, ratio=thermal(temperature_k))
    pairs = strength * true.line(700.9) + 0.8 * strength * true.line(704.1)
    for _ in range(10):
        fit = fit_ruby(true.expose(rng, true.peak_counts * pairs), temperature_k=temperature_k)
        assert fit.ok
        assert abs(fit.r1_nm - 694.25) < 0.005


def test_a_line_without_r2_is_not_ruby_at_80_k(ruby: Any, rng: np.random.Generator) -> None:
    neon = dataclasses.replace(ruby, ratio=0.0, r1_nm=703.24, fwhm_nm=0.12)
    fit = fit_ruby(neon.expose(rng), temperature_k=80.0)
    assert "no_r2" in fit.flags
    assert not fit.ok


def test_strong_neon_lines_beside_and_within_the_doublet(
    ruby: Any, rng: np.random.Generator
) -> None:
    """Three times as high as R1 at 701 nm, with R2 of any place and strength."""
    neon = dataclasses.replace(ruby, fwhm_nm=0.09, lorentz_share=0.0)
    light = 3.0 * ruby.peak_counts * sum(neon.line(place) for place in NEON_AIR_NM)
    true = [
        dataclasses.replace(
            ruby,
            r1_nm=701.0 + rng.uniform(-0.02, 0.02),
            ratio=0.6 * np.exp(rng.normal(0.0, 0.3)),
            splitting_cm1=rng.normal(29.7, 4.0),
        )
        for _ in range(75)
    ]
    stack = SpectrumStack.of([one.expose(rng, light) for one in true])
    fits = fit_ruby_many(stack, temperature_k=296.0)
    error = np.abs(fits.r1_nm - [one.r1_nm for one in true])
    assert (error[fits.ok] < 0.01).all()
    assert np.count_nonzero(fits.ok) >= 74


@pytest.mark.parametrize(
    ("temperature_k", "neon", "found"),
    [
        (296.0, 3.0, True),
        (20.0, 3.0, True),
        (14.0, 3.0, True),
        (5.0, 3.0, False),
        (5.0, 0.3, False),
    ],
)
def test_neon_is_no_ruby_where_r2_can_tell(
    ruby: Any,
    rng: np.random.Generator,
    thermal: Callable[[float], float],
    temperature_k: float,
    neon: float,
    found: bool,
) -> None:
    true = dataclasses.replace(ruby, r1_nm=697.0, ratio=thermal(temperature_k))
    line = dataclasses.replace(true, fwhm_nm=0.12).line(703.24)
    spectrum = true.expose(rng, neon * true.peak_counts * line)
    fit = fit_ruby(spectrum, temperature_k=temperature_k)
    assert fit.ok == found
    assert ("ambiguous" in fit.flags) == (not found)
    assert abs(fit.r1_nm - 697.0) < 0.01 or not found
    assert fit_ruby(spectrum, temperature_k=temperature_k, expected_nm=(696.0, 698.0)).ok


@pytest.mark.parametrize("temperature_k", [5.0, 80.0, 296.0, None])
def test_of_two_rubies_none_is_taken_without_a_word(
    ruby: Any,
    rng: np.random.Generator,
    thermal: Callable[[float], float],
    temperature_k: float | None,
) -> None:
    ratio = thermal(temperature_k or 296.0)
    true = dataclasses.replace(ruby, r1_nm=704.0, ratio=ratio)
    other = dataclasses.replace(true, r1_nm=694.25, background_counts=0.0)
    fit = fit_ruby(true.expose(rng, other.counts), temperature_k=temperature_k)
    assert "ambiguous" in fit.flags


def test_a_line_outside_the_expected_window(ruby: Any, rng: np.random.Generator) -> None:
    spectrum = ruby.expose(rng)
    assert fit_ruby(spectrum, temperature_k=80.0, expected_nm=(697.0, 697.6)).ok
    fit = fit_ruby(spectrum, temperature_k=80.0, expected_nm=(699.0, 700.0))
    assert fit.flags == ("outside_window",)
    assert not fit.ok
    assert fit.r1_nm == pytest.approx(ruby.r1_nm, abs=0.01)


@pytest.mark.parametrize("fwhm_nm", [1.4, 2.0])
def test_merged_lines_are_found_and_said_to_be_merged(
    ruby: Any, rng: np.random.Generator, fwhm_nm: float
) -> None:
    true = dataclasses.replace(ruby, fwhm_nm=fwhm_nm, ratio=0.6)
    for _ in range(20):
        fit = fit_ruby(true.expose(rng), temperature_k=296.0)
        assert fit.ok
        assert "merged" in fit.flags
        assert abs(fit.r1_nm - true.r1_nm) < 0.05


@pytest.mark.parametrize("first_nm", [690.0, 640.0, 760.0, 400.0])
def test_where_ruby_cannot_shine_there_is_no_line(
    ruby: Any, rng: np.random.Generator, first_nm: float
) -> None:
    true = dataclasses.replace(ruby, first_nm=first_nm, pixels=512, r1_nm=first_nm + 8.0)
    fit = fit_ruby(true.expose(rng), temperature_k=80.0)
    assert fit.ok == (first_nm in (690.0, 760.0))


def test_an_unknown_gain_takes_sigma_from_the_scatter(ruby: Any, rng: np.random.Generator) -> None:
    pulls = []
    for _ in range(200):
        spectrum = dataclasses.replace(ruby.expose(rng), gain_e_per_count=None, read_noise_e=None)
        fit = fit_ruby(spectrum, temperature_k=80.0)
        assert fit.ok
        assert fit.flags == ("gain_assumed",)
        pulls.append((fit.r1_nm - ruby.r1_nm) / fit.r1_sigma_nm)
    assert 0.85 < np.std(pulls) < 1.15


def test_an_unknown_offset_does_not_make_sigma_too_small(
    ruby: Any, rng: np.random.Generator
) -> None:
    """All counts are taken for light, so that the weights are wrong and the scatter is not."""
    pulls = []
    for _ in range(300):
        spectrum = dataclasses.replace(
            ruby.expose(rng), gain_e_per_count=None, read_noise_e=None, dark_counts=None
        )
        fit = fit_ruby(spectrum, temperature_k=80.0)
        assert fit.ok
        pulls.append((fit.r1_nm - ruby.r1_nm) / fit.r1_sigma_nm)
    assert 0.88 < np.std(pulls) < 1.12


@pytest.mark.parametrize(
    ("name", "r1_nm"), [("ruby_ocean_two_column.txt", 694.825), ("ruby_andor.asc", 694.908)]
)
@pytest.mark.parametrize("temperature_k", [5.0, 80.0, 296.0])
def test_measured_spectra(
    real_spectrum: Callable[[str], Spectrum], name: str, r1_nm: float, temperature_k: float
) -> None:
    fit = fit_ruby(real_spectrum(name), temperature_k=temperature_k)
    assert fit.ok
    assert {"gain_assumed", "dark_assumed"} <= set(fit.flags)
    assert abs(fit.r1_nm - r1_nm) < 0.030
    assert fit.splitting_cm1 == pytest.approx(29.7, abs=0.6)


def test_every_flag_is_described() -> None:
    assert set(RUBY_FLAGS) >= DISQUALIFYING


@pytest.mark.parametrize("temperature_k", [0.0, -1.0, float("nan"), float("inf")])
def test_a_fit_needs_a_temperature(
    ruby: Any, rng: np.random.Generator, temperature_k: float
) -> None:
    with pytest.raises(NotMeasured, match="temperature"):
        fit_ruby(ruby.expose(rng), temperature_k=temperature_k)


def test_an_empty_window_is_refused(ruby: Any, rng: np.random.Generator) -> None:
    with pytest.raises(ConfigurationError, match="shorter wavelength first"):
        fit_ruby(ruby.expose(rng), temperature_k=80.0, expected_nm=(700.0, 699.0))


finite = st.floats(allow_nan=True, allow_infinity=True)
tame = st.one_of(st.floats(-1e3, 7e4), st.integers(0, 65535).map(float), st.just(0.0))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    counts=st.one_of(
        arrays(np.float64, st.integers(0, 100), elements=finite),
        arrays(np.float64, st.integers(32, 300), elements=tame),
    ),
    first_nm=st.floats(600.0, 790.0),
    pitch_nm=st.floats(1e-7, 1.0),
    temperature_k=st.floats(1.0, 900.0),
    gain=st.one_of(st.none(), st.floats(1e-6, 1e6)),
    dark=st.one_of(st.none(), st.floats(-1e6, 1e6)),
    full=st.one_of(st.none(), st.floats(1.0, 7e4)),
)
def test_no_garbage_raises_or_warns(
    counts: np.ndarray,
    first_nm: float,
    pitch_nm: float,
    temperature_k: float,
    gain: float | None,
    dark: float | None,
    full: float | None,
) -> None:
    try:
        fit = fit_ruby(
            Spectrum(
                wavelength_nm=first_nm + pitch_nm * np.arange(counts.size, dtype=np.float64),
                counts=counts,
                exposure_s=0.1,
                averages=1,
                gain_e_per_count=gain,
                read_noise_e=3.0,
                dark_counts=dark,
                saturation_counts=full,
            ),
            temperature_k=temperature_k,
        )
    except DacError as error:
        assert str(error).endswith(".")
        return
    assert set(fit.flags) <= set(RUBY_FLAGS)
    if fit.ok:
        assert np.isfinite([fit.r1_nm, fit.r1_sigma_nm]).all()
        assert fit.r1_sigma_nm > 0.0
    elif fit.model == "none":
        assert "no_line" in fit.flags
