import dataclasses
from typing import Any

import numpy as np
import pytest

from dac_control.gauges import Spectrum, SpectrumStack, fit_ruby, fit_ruby_many


def struck(spectrum: Spectrum, at_nm: float, counts: list[float]) -> Spectrum:
    values = spectrum.counts.copy()
    first = int(np.argmin(np.abs(spectrum.wavelength_nm - at_nm)))
    values[first : first + len(counts)] += counts
    return dataclasses.replace(spectrum, counts=values)


@pytest.mark.parametrize("away_nm", [-0.3, 0.0, 0.15])
@pytest.mark.parametrize("counts", [[4e3], [3e3, 3e3]])
def test_a_spike_of_a_few_percent_upon_the_line(
    ruby: Any, rng: np.random.Generator, away_nm: float, counts: list[float]
) -> None:
    bright = dataclasses.replace(ruby, peak_counts=6e4, saturation_counts=1e6)
    for _ in range(10):
        clean = bright.expose(rng)
        whole = fit_ruby(clean, temperature_k=80.0)
        fit = fit_ruby(struck(clean, ruby.r1_nm + away_nm, counts), temperature_k=80.0)
        assert fit.flags == ("spike",)
        assert 1 <= fit.masked_pixels <= 3
        # the pixels that were lost cost little, and nothing widens sigma
        assert fit.r1_sigma_nm < 1.2 * whole.r1_sigma_nm
        assert abs(fit.r1_nm - whole.r1_nm) < 3.0 * whole.r1_sigma_nm


def test_two_spikes_upon_one_line(ruby: Any, rng: np.random.Generator) -> None:
    bright = dataclasses.replace(ruby, peak_counts=6e4, saturation_counts=1e6)
    for _ in range(10):
        spectrum = struck(bright.expose(rng), ruby.r1_nm - 0.1, [5e3])
        fit = fit_ruby(struck(spectrum, ruby.r1_nm + 0.2, [4e3]), temperature_k=80.0)
        assert fit.flags == ("spike",)
        assert abs(fit.r1_nm - ruby.r1_nm) < 5.0 * fit.r1_sigma_nm


def test_a_spike_brighter_than_a_narrow_line(ruby: Any, rng: np.random.Generator) -> None:
    """It would take the place of the line, whose own pixels then look like spikes."""
    narrow = dataclasses.replace(ruby, fwhm_nm=0.12)
    for _ in range(20):
        at_nm = ruby.r1_nm + rng.uniform(-0.06, 0.06)
        spectrum = struck(narrow.expose(rng), at_nm, [2e4, 1.5e4])
        fit = fit_ruby(spectrum, temperature_k=80.0)
        assert fit.ok
        assert abs(fit.r1_nm - ruby.r1_nm) < 5.0 * fit.r1_sigma_nm
        assert fit.r1_sigma_nm < 0.002


def test_a_narrow_r2_is_no_spike(ruby: Any, rng: np.random.Generator) -> None:
    for splitting in (24.0, 34.0, 39.5):
        cold = dataclasses.replace(ruby, fwhm_nm=0.09, ratio=0.12, splitting_cm1=splitting)
        for _ in range(10):
            fit = fit_ruby(cold.expose(rng), temperature_k=20.0)
            assert fit.flags == ()
            assert fit.splitting_cm1 == pytest.approx(splitting, abs=1.0)


def test_lines_of_another_shape_lose_no_pixel(ruby: Any, rng: np.random.Generator) -> None:
    """Feet and a narrow core: a misfit of many sigma that no pixel cures."""
    bright = dataclasses.replace(ruby, peak_counts=6e4, averages=20, saturation_counts=1e6)
    core = dataclasses.replace(bright, fwhm_nm=0.15, peak_counts=3e3)
    feet = dataclasses.replace(bright, fwhm_nm=1.5, peak_counts=3e3)
    extra = core.counts + feet.counts - 2.0 * ruby.background_counts
    fits = [fit_ruby(bright.expose(rng, extra), temperature_k=80.0) for _ in range(10)]
    assert all(fit.masked_pixels == 0 and "poor_fit" in fit.flags for fit in fits)


def test_clean_spectra_lose_no_pixel(ruby: Any, rng: np.random.Generator) -> None:
    bright = dataclasses.replace(ruby, peak_counts=6e4, saturation_counts=1e6)
    stack = SpectrumStack.of([bright.expose(rng) for _ in range(500)])
    fits = fit_ruby_many(stack, temperature_k=80.0)
    assert np.sum(fits.masked_pixels > 0) <= 1
