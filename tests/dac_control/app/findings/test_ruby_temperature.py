"""Was the ruby as warm as the sensor says: also where it is far hotter, or nobody can say."""

import math
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from dac_control.app.findings.evidence import Evidence
from dac_control.app.findings.ruby_temperature import ruby_temperature
from dac_control.gauges.ruby_gauge.thermometer import RubyThermometer, StrengthRatio

SENSOR_K = 78.0
STRENGTH = StrengthRatio(0.7, 0.03)
ENERGY_K = 29.2 * 1.4387769


def ratio_at(chip_k: float) -> float:
    return STRENGTH.value * math.exp(-ENERGY_K / chip_k)


def evidence(ratios: list[float], sigma: float = 0.005) -> Evidence:
    """Steps of which only R2/R1 differs, as the record has them: JSON knows no infinity."""
    chips = [RubyThermometer(STRENGTH).temperature(ratio, sigma) for ratio in ratios]
    as_stored = [
        [value if math.isfinite(value) else math.nan for value in (c.temperature_k, c.sigma_k)]
        for c in chips
    ]
    stored = np.array(as_stored).T
    size = len(ratios)
    steps = SimpleNamespace(
        step=np.arange(1.0, size + 1.0),
        measured=np.ones(size, bool),
        ruby_temperature_k=np.full(size, SENSOR_K),
        chip_temperature_k=stored[0],
        chip_temperature_sigma_k=stored[1],
        ratio=np.array(ratios),
        ratio_sigma=np.full(size, sigma),
    )
    return cast(Evidence, SimpleNamespace(steps=steps))


def test_a_chip_at_the_temperature_of_the_sensor_is_said_to_be_there() -> None:
    found = ruby_temperature(evidence([ratio_at(SENSOR_K), ratio_at(SENSOR_K + 2.0)]))
    assert found.passed and "no heating beyond that uncertainty" in found.text


@pytest.mark.parametrize("chip_k", [120.0, 200.0, 300.0, 600.0])
def test_a_hotter_chip_is_found_however_hot_it_is(chip_k: float) -> None:
    found = ruby_temperature(evidence([ratio_at(SENSOR_K), ratio_at(chip_k)]))
    assert not found.passed and "the light heats it" in found.text, found.text


@pytest.mark.parametrize("ratio", [0.69, 0.9])
def test_a_chip_that_nothing_bounds_is_not_called_cold(ratio: float) -> None:
    found = ruby_temperature(evidence([ratio_at(SENSOR_K), ratio]))
    assert not found.passed and "at step 2 R2 is too strong" in found.text, found.text


def test_a_cold_chip_whose_r2_is_lost_in_the_noise_is_no_hot_one() -> None:
    found = ruby_temperature(evidence([ratio_at(SENSOR_K), 0.003]))
    assert found.passed, found.text


def test_without_a_thermometer_nothing_was_tested() -> None:
    found = ruby_temperature(evidence([math.nan, math.nan]))
    assert not found.passed and "was not tested" in found.text
