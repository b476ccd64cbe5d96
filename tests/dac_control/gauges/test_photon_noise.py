import numpy as np
import pytest

from dac_control.gauges import PhotonNoise, Spectrum


def test_noise_in_counts_comes_from_electrons_and_averages() -> None:
    axis_nm, counts = np.linspace(690.0, 700.0, 64), np.full(64, 100.0)
    plain = Spectrum(wavelength_nm=axis_nm, counts=counts, exposure_s=1.0, averages=1)
    made = Spectrum(
        wavelength_nm=axis_nm,
        counts=counts,
        exposure_s=1.0,
        averages=4,
        gain_e_per_count=2.0,
        read_noise_e=6.0,
        dark_counts=50.0,
    )
    noise = PhotonNoise.of(made)
    # (100 - 50) / 2 for the light, (6 / 2)**2 for the electronics, over 4 exposures
    assert noise.variance(np.array([100.0]))[0] == pytest.approx((25.0 + 9.0) / 4.0)
    assert noise.variance(np.array([0.0]))[0] == pytest.approx(9.0 / 4.0)
    assert not noise.gain_assumed
    assert PhotonNoise.of(plain).gain_assumed
