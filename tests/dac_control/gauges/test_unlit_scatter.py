"""What the darkest pixels scatter by, beyond the light on them."""

import numpy as np
import pytest

from dac_control.gauges import Spectrum, fit_ruby
from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.unlit_scatter import unlit_variance

X = np.linspace(688.0, 705.0, 1024)


def doublet(height: float) -> np.ndarray:
    return sum(
        part * height / (1.0 + ((X - r) / 0.15) ** 2) for r, part in ((696.5, 1), (695.07, 0.6))
    )


def spectrum(counts: np.ndarray, read_noise_e: float | None = None) -> Spectrum:
    return Spectrum(
        wavelength_nm=X, counts=counts, exposure_s=1.0, averages=1, read_noise_e=read_noise_e
    )


@pytest.mark.parametrize(
    ("level", "read", "expected"), [(0.0, 15.0, 225.0), (2.0, 5.0, 25.0), (500.0, 5.0, 0.0)]
)
def test_what_photons_do_not_explain_is_the_noise_without_light(
    rng: np.random.Generator, level: float, read: float, expected: float
) -> None:
    light = level + doublet(3000.0)
    counts = rng.poisson(light) + rng.normal(0.0, read, (8, X.size))
    # the feet of the lines are light, too
    assert unlit_variance(counts, 0.0, 1.0) == pytest.approx(expected, rel=0.2, abs=3.0)


def test_a_read_noise_that_is_known_stands(rng: np.random.Generator) -> None:
    counts = rng.normal(0.0, 15.0, X.size)
    assert PhotonNoise.of(spectrum(counts, 5.0)).floor_variance == 25.0
    assert PhotonNoise.of(spectrum(counts)).floor_variance == pytest.approx(225.0, rel=0.3)


def test_too_few_pixels_and_none_tell_nothing() -> None:
    assert unlit_variance(np.zeros((3, 17)), 0.0, 1.0) == 0.0
    assert unlit_variance(np.zeros((0, 1024)), 0.0, 1.0) == 0.0
    assert unlit_variance(np.zeros((1, 1024)), 0.0, 1.0) == 0.0


def test_a_clean_line_on_a_subtracted_base_is_read(rng: np.random.Generator) -> None:
    """Refused as misfit with spikes in more than half of the cases when base pixels were sure."""
    for height in (300.0, 1000.0, 3000.0):
        counts = rng.poisson(doublet(height)) + rng.normal(0.0, 15.0, X.size)
        fit = fit_ruby(spectrum(counts), temperature_k=296.0)
        assert fit.ok and not {"spike", "foreign_line"} & set(fit.flags)
        assert abs(fit.r1_nm - 696.5) < 5.0 * fit.r1_sigma_nm
