"""Counts to light: dark, noise, flags, and what cannot be a reading."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.reflectance import PIXEL_FLAGS, DarkReading, LightReading


def reading(values: Any, **fields: Any) -> LightReading:
    counts = np.asarray(values, dtype=float)
    exposure = fields.get("exposure_s", 1.0)
    stated = {
        "spot": "sample",
        "wavelength_nm": 500.0 + np.arange(counts.size),
        "counts": counts,
        "exposure_s": exposure,
        "dark": DarkReading(counts=np.full(counts.size, 100.0), exposure_s=exposure),
        "gain_e_per_count": 2.0,
    }
    return LightReading(**(stated | fields))


def test_noise_is_that_of_photons_and_electronics() -> None:
    light = reading([10_100.0], averages=4, read_noise_e=6.0, exposure_s=2.0).light()
    assert light.rate == pytest.approx(5000.0)
    variance = (10_000.0 / 2.0 + (6.0 / 2.0) ** 2 + 1.0 / 12.0) / 4.0
    assert light.sigma_rate == pytest.approx(np.sqrt(variance) / 2.0)
    assert light.sigma_dark_rate == pytest.approx(np.sqrt(9.0 + 1.0 / 12.0) / 2.0)


def test_the_scatter_of_many_readings_is_the_stated_noise() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(8000.0, 20_000) / 2.0 + 100.0
    light = reading(counts).light()
    assert np.std(light.rate) == pytest.approx(float(np.mean(light.sigma_rate)), rel=0.03)


def test_wavelengths_are_put_in_order() -> None:
    light = reading([300.0, 200.0], wavelength_nm=np.array([600.0, 500.0])).light()
    assert light.wavelength_nm.tolist() == [500.0, 600.0]
    assert light.rate.tolist() == [100.0, 200.0]


def test_laser_lines_may_have_an_exposure_each() -> None:
    exposures = np.array([2.0, 0.5])
    light = reading(
        [300.0, 200.0], wavelength_nm=np.array([1550.0, 642.6]), exposure_s=exposures
    ).light()
    assert light.rate == pytest.approx([100.0 / 0.5, 200.0 / 2.0])
    with pytest.raises(ConfigurationError, match="2 wavelengths and 3 exposures"):
        reading(
            [300.0, 200.0],
            exposure_s=np.ones(3),
            dark=DarkReading(counts=np.zeros(2), exposure_s=1.0),
        )


def test_what_speaks_against_a_pixel_is_flagged() -> None:
    light = reading([np.nan, 70_000.0, -500.0, 1000.0], saturation_counts=65_535.0).light()
    flags = {name: np.flatnonzero(mask).tolist() for name, mask in light.flags.items()}
    assert flags == {"bad_counts": [0], "saturated": [1], "dark_too_high": [2]}
    assert set(flags) <= set(PIXEL_FLAGS)
    assert light.usable.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"counts": np.array([])}, NotMeasured),
        ({"counts": np.ones((2, 2))}, NotMeasured),
        ({"wavelength_nm": np.array([500.0, 500.0])}, NotMeasured),
        ({"wavelength_nm": np.array([500.0, np.nan])}, NotMeasured),
        ({"wavelength_nm": np.array([0.5, 0.6])}, NotMeasured),
        ({"wavelength_nm": np.array([500.0])}, ConfigurationError),
        ({"dark": DarkReading(counts=np.zeros(2), exposure_s=3.0)}, ConfigurationError),
        ({"dark": DarkReading(counts=np.zeros(3), exposure_s=1.0)}, ConfigurationError),
        ({"averages": 0}, ConfigurationError),
        ({"gain_e_per_count": -1.0}, ConfigurationError),
        ({"read_noise_e": np.nan}, ConfigurationError),
        ({"saturation_counts": 0.0}, ConfigurationError),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    fields: dict[str, Any], error: type[DacError]
) -> None:
    with pytest.raises(error) as caught:
        reading([200.0, 300.0], **fields)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text


def test_an_exposure_is_positive() -> None:
    with pytest.raises(ConfigurationError):
        reading([200.0], exposure_s=0.0)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=20),
    st.floats(0.0, 100.0),
)
def test_any_counts_give_finite_light_or_a_flag(counts: list[float], noise: float) -> None:
    light = reading(counts, read_noise_e=noise, saturation_counts=60_000.0).light()
    assert np.isfinite(light.rate).all()
    assert np.isfinite(light.sigma_rate).all()
    assert (light.sigma_rate > 0.0).all()
    bad = ~np.isfinite(counts)
    assert not light.usable[bad].any()
