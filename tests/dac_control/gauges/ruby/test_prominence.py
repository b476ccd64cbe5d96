"""A weak line on bright luminescence, and what that luminescence does by itself."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dac_control.gauges import SpectrumStack, fit_ruby, fit_ruby_many
from dac_control.gauges.ruby.prominence import prominence


def fringes(x: NDArray[np.float64], amplitude: float, phase: float) -> NDArray[np.float64]:
    """A gap between culets, a window and a detector: 10, 4.6 and 3.5 nm from crest to crest."""
    paths = ((48.4e3, 0.5), (107.3e3, 0.3), (140.2e3, 0.2))
    waves = [part * np.cos(2.0 * np.pi * nm / x + k * phase) for k, (nm, part) in enumerate(paths)]
    return 1.0 + amplitude * np.sum(waves, axis=0)


@pytest.mark.parametrize(
    ("temperature_k", "flag"), [(5.0, "misfit"), (80.0, "buried"), (300.0, "buried")]
)
def test_fringes_of_luminescence_are_no_ruby(
    ruby: Any, rng: np.random.Generator, temperature_k: float, flag: str
) -> None:
    """Where R2 is gone, a line without a partner has not the shape of fringes to begin with."""
    dark = dataclasses.replace(ruby, peak_counts=0.0, background_counts=0.0)
    lights = [2e4 * fringes(ruby.wavelength_nm, 0.02, phase) for phase in np.arange(20.0)]
    stack = SpectrumStack.of([dark.expose(rng, light) for light in lights])
    fits = fit_ruby_many(stack, temperature_k=temperature_k)
    assert not fits.ok.any()
    assert fits.flag(flag).any()


def test_ruby_is_found_on_fringes(ruby: Any, rng: np.random.Generator) -> None:
    """A tenth of the luminescence high: its fringes move the line, and are stated."""
    weak = dataclasses.replace(ruby, peak_counts=2e3, background_counts=0.0)
    lights = [2e4 * fringes(ruby.wavelength_nm, 0.01, phase) for phase in np.arange(40.0)]
    stack = SpectrumStack.of([weak.expose(rng, light) for light in lights])
    fits = fit_ruby_many(stack, temperature_k=80.0)
    assert fits.ok.all()
    errors = np.abs(fits.r1_nm - weak.r1_nm)
    assert np.mean(errors < 2.0 * np.hypot(fits.r1_sigma_nm, fits.asymmetry_sigma_nm)) > 0.9


def test_a_short_spectrum_is_judged_by_contrast() -> None:
    """Beside the lines there is nothing left to compare with."""
    x = 690.0 + 0.03 * np.arange(300)
    parameters = np.array([694.3, 0.5, 0.5, 100.0, 5200.0, 0.0, 0.0, 0.0, 0.6, 29.7, 1.0])
    counts = 5200.0 + 100.0 * np.exp2(-((2.0 * (x - 694.3) / 0.5) ** 2))
    usable = np.ones(x.size, dtype=bool)
    assert prominence(x, counts, usable, parameters, 200.0) == pytest.approx(4.0)


def test_half_a_cosmic_ray_is_no_line(ruby: Any, rng: np.random.Generator) -> None:
    """The brighter of its two pixels is masked; the other one is a line without neighbours."""
    dark = dataclasses.replace(ruby, peak_counts=0.0, read_noise_e=20.0, background_counts=2500.0)
    for pixel in range(700, 1200, 25):
        ray = np.zeros(ruby.pixels)
        ray[[pixel, pixel + 1]] = 1560.0, 430.0
        assert not fit_ruby(dark.expose(rng, ray), temperature_k=5.0).ok
