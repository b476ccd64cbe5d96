import datetime
import math

import numpy as np
import pytest
from scipy.special import voigt_profile

from dac_control.errors import ConfigurationError
from dac_control.gauges import Lambda0, Spectrum, SrB4O7Gauge

LAMBDA0 = Lambda0(
    value_nm=685.41,
    sigma_nm=0.005,
    chip="s1",
    date=datetime.date(2026, 11, 1),
    temperature_k=296.0,
)


def spectrum_at(line_nm: float, height: float = 3000.0, seed: int = 1) -> Spectrum:
    rng = np.random.default_rng(seed)
    x = 670.0 + 0.03 * np.arange(2048)
    line = voigt_profile(x - line_nm, 0.06, 0.05) / voigt_profile(0.0, 0.06, 0.05)
    counts = rng.poisson(100.0 + height * line) + rng.normal(0.0, 5.0, x.size)
    return Spectrum(
        wavelength_nm=x,
        counts=counts,
        exposure_s=1.0,
        averages=1,
        gain_e_per_count=1.0,
        read_noise_e=5.0,
        dark_counts=0.0,
    )


@pytest.fixture
def gauge() -> SrB4O7Gauge:
    return SrB4O7Gauge(scale="datchi1997", lambda0=LAMBDA0, axis_sigma_nm=0.01)


def test_five_nanometres_are_the_published_pressure(gauge: SrB4O7Gauge) -> None:
    result = gauge.measure(spectrum_at(690.41), 296.0)
    assert result.measured
    assert result.gauge == "srb4o7"
    assert abs(result.pressure_gpa - 18.9036) < 4.0 * result.sigma_stat_gpa
    assert result.in_range
    assert result.flags == ()


def test_every_scale_stands_beside(gauge: SrB4O7Gauge) -> None:
    result = gauge.pressure_from_line(690.41, 0.001, 296.0)
    assert result.pressure_gpa == pytest.approx(18.9036, abs=5e-5)
    beside = {each.scale: each.pressure_gpa for each in result.alternatives}
    assert beside["rashchenko2015"] == pytest.approx(19.5763, abs=0.01)
    assert any(term.name == "spread between scales" for term in result.budget)


def test_in_the_cold_the_unknown_shift_is_in_the_budget(gauge: SrB4O7Gauge) -> None:
    warm, cold = (gauge.pressure_from_line(690.41, 0.001, t) for t in (296.0, 80.0))
    assert warm.pressure_gpa == cold.pressure_gpa
    assert cold.sigma_sys_gpa > warm.sigma_sys_gpa
    assert not cold.in_range
    assert "outside_scale_range" in cold.flags
    assert "80 K" in cold.range_note


def test_a_temperature_is_not_needed(gauge: SrB4O7Gauge) -> None:
    result = gauge.measure(spectrum_at(688.0))
    assert result.measured
    assert math.isnan(result.temperature_k)


def test_noise_measures_nothing(gauge: SrB4O7Gauge) -> None:
    result = gauge.measure(spectrum_at(690.0, height=0.0), 296.0)
    assert not result.measured
    assert "no_line" in result.flags
    assert math.isnan(result.pressure_gpa)


def test_a_line_elsewhere_than_expected(gauge: SrB4O7Gauge) -> None:
    result = gauge.measure(spectrum_at(690.41), 296.0, expected_gpa=(30.0, 40.0))
    assert not result.measured
    assert "outside_window" in result.flags


def test_wrong_input_is_refused(gauge: SrB4O7Gauge) -> None:
    with pytest.raises(ConfigurationError, match=r"ruby"):
        SrB4O7Gauge(scale="ruby2020", lambda0=LAMBDA0, axis_sigma_nm=0.01)
    with pytest.raises(ConfigurationError, match="wavelength axis"):
        SrB4O7Gauge(scale="datchi1997", lambda0=LAMBDA0, axis_sigma_nm=-1.0)
    with pytest.raises(ConfigurationError, match="lower first"):
        gauge.measure(spectrum_at(690.0), expected_gpa=(5.0, 1.0))
    with pytest.raises(ConfigurationError, match="between 685"):
        gauge.pressure_from_line(500.0, 0.1)
