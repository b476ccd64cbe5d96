import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.gauges.ruby_gauge.thermometer import (
    RubyThermometer,
    StrengthRatio,
    strength_from_ratio,
)

CM1_PER_K = 0.695034800  # k / h c, CODATA 2018


def ratio_at(temperature_k: float, strength: float = 0.7, splitting_cm1: float = 29.2) -> float:
    return strength * math.exp(-splitting_cm1 / (CM1_PER_K * temperature_k))


@pytest.mark.parametrize(
    ("temperature_k", "factor"),
    [(4.2, 4.5e-5), (10.0, 0.015), (20.0, 0.122), (77.0, 0.58), (150.0, 0.76), (296.0, 0.87)],
)
def test_the_boltzmann_factor(temperature_k: float, factor: float) -> None:
    found = RubyThermometer(StrengthRatio(1.0, 0.0)).temperature(factor, 0.0)
    assert found.temperature_k == pytest.approx(temperature_k, rel=0.04)


@pytest.mark.parametrize(("temperature_k", "sigma_k"), [(80.0, 15.2), (300.0, 214.0)])
def test_what_a_strength_ratio_wrong_by_ten_percent_costs(
    temperature_k: float, sigma_k: float
) -> None:
    chip = RubyThermometer(StrengthRatio(0.7, 0.07))
    found = chip.temperature(ratio_at(temperature_k), 0.0)
    assert found.temperature_k == pytest.approx(temperature_k)
    assert found.sigma_k == pytest.approx(sigma_k, rel=0.01)


@given(
    temperature_k=st.floats(8.0, 250.0),
    strength=st.floats(0.3, 1.2),
    splitting_cm1=st.floats(25.0, 35.0),
)
def test_there_and_back(temperature_k: float, strength: float, splitting_cm1: float) -> None:
    ratio = ratio_at(temperature_k, strength, splitting_cm1)
    chip = RubyThermometer(StrengthRatio(strength, 0.01 * strength))
    found = chip.temperature(ratio, 0.01 * ratio, splitting_cm1)
    assert found.temperature_k == pytest.approx(temperature_k)
    low, high = found.interval_k
    assert low < temperature_k < high
    again = strength_from_ratio(ratio, 0.01 * ratio, temperature_k, 0.0, splitting_cm1)
    assert again.value == pytest.approx(strength)
    assert again.sigma == pytest.approx(0.01 * strength)


def test_pulls_of_the_exponent(rng: np.random.Generator) -> None:
    """Chips of one strength, ratios with noise: as far from the sensor as they say."""
    pulls = []
    for _ in range(2000):
        true = StrengthRatio(rng.normal(0.7, 0.014), 0.014)
        ratio = ratio_at(80.0, true.value) * (1.0 + rng.normal(0.0, 0.02))
        found = RubyThermometer(StrengthRatio(0.7, 0.014)).temperature(ratio, 0.02 * ratio)
        pulls.append(found.pull_against(80.0 + rng.normal(0.0, 0.5), 0.5))
    assert abs(np.mean(pulls)) < 0.1
    assert 0.93 < np.std(pulls) < 1.07


@pytest.mark.parametrize("ratio", [0.7, 0.75, 5.0])
def test_blind_where_r2_is_as_strong_as_it_can_be(ratio: float) -> None:
    found = RubyThermometer(StrengthRatio(0.7, 0.05)).temperature(ratio, 0.01)
    assert found.temperature_k == math.inf
    assert found.sigma_k == math.inf
    assert found.interval_k[1] == math.inf
    assert found.interval_k[0] >= 0.0


def test_room_temperature_has_no_upper_bound() -> None:
    found = RubyThermometer(StrengthRatio(0.7, 0.14)).temperature(ratio_at(300.0), 0.0)
    assert found.temperature_k == pytest.approx(300.0)
    assert found.sigma_k == math.inf
    assert 100.0 < found.interval_k[0] < 200.0
    assert found.interval_k[1] == math.inf
    assert found.verdict(300.0, 0.1) == "blind"


@pytest.mark.parametrize("ratio", [0.0, -0.1, math.nan])
def test_without_r2_nothing_is_said(ratio: float) -> None:
    found = RubyThermometer(StrengthRatio(0.7, 0.05)).temperature(ratio, 0.01)
    assert math.isnan(found.temperature_k) and found.sigma_k == math.inf
    assert found.verdict(80.0, 0.1) == "blind"
    assert math.isnan(found.pull_against(80.0, 0.1))
    assert found.to_dict() == {
        "temperature_k": None,
        "sigma_k": None,
        "interval_k": [0.0, None],
    }


def test_light_that_heats_the_chip_is_seen() -> None:
    chip = RubyThermometer(StrengthRatio(0.7, 0.01))
    ratio = ratio_at(40.0)
    found = chip.temperature(ratio, 0.01 * ratio)
    assert found.verdict(40.0, 0.1) == "agrees"
    assert found.verdict(20.0, 0.1) == "warmer"
    assert found.verdict(80.0, 0.1) == "colder"


@pytest.mark.parametrize(("value", "sigma"), [(0.0, 0.1), (math.nan, 0.1), (0.7, -1.0)])
def test_a_strength_ratio_that_cannot_be(value: float, sigma: float) -> None:
    with pytest.raises(ConfigurationError, match="strength ratio"):
        StrengthRatio(value, sigma)


def test_no_calibration_from_nothing() -> None:
    with pytest.raises(ConfigurationError, match="no strength ratio"):
        strength_from_ratio(0.0, 0.1, 80.0, 0.1)
