import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.settings import DwellSettings
from plans.settling import assess_drift

SETTINGS = DwellSettings(
    drift_limit_gpa_per_h=0.2, window_s=600, interval_s=60, min_dwell_s=0, max_dwell_s=3600
)
TIMES = np.arange(0.0, 660.0, 60.0)


def readings(slope_gpa_per_h: float, sigma: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, TIMES.size)
    return 20.0 + slope_gpa_per_h * TIMES / 3600 + noise


def assess(pressure: np.ndarray, sigma: float, settings: DwellSettings = SETTINGS):
    return assess_drift(list(TIMES), list(pressure), [sigma] * TIMES.size, settings)


def test_a_flat_line_with_small_errors_has_settled() -> None:
    assert assess(readings(0.0, 0.003), 0.003).outcome == "settled"


def test_a_steep_line_is_still_drifting() -> None:
    assert assess(readings(2.0, 0.003), 0.003).outcome == "still_drifting"


def test_large_errors_prove_nothing() -> None:
    assert assess(readings(0.0, 0.5), 0.5).outcome == "undetermined"


def test_too_few_readings_prove_nothing() -> None:
    drift = assess_drift([0.0, 60.0], [1.0, 1.0], [1e-6, 1e-6], SETTINGS)
    assert drift.outcome == "undetermined"
    assert drift.upper_gpa_per_h == np.inf


def test_no_reading_at_all_is_undetermined() -> None:
    assert assess_drift([], [], [], SETTINGS).outcome == "undetermined"


def test_scatter_beyond_the_stated_errors_cannot_hide_a_drift() -> None:
    wild = readings(0.0, 0.2)
    assert assess(wild, 0.001).outcome != "settled"


def test_only_the_window_counts() -> None:
    times = np.arange(0.0, 1800.0, 60.0)
    pressure = np.where(times < 900, 20 + times / 900, 21.0)
    drift = assess_drift(list(times), list(pressure), [0.002] * times.size, SETTINGS)
    assert drift.outcome == "settled"


@pytest.mark.parametrize("truth", [0.1, 0.4])
def test_the_upper_bound_covers_the_true_slope_about_95_percent_of_the_time(truth: float) -> None:
    sigma = 0.01
    bounds = [assess(readings(truth, sigma, seed), sigma).upper_gpa_per_h for seed in range(400)]
    covered = np.mean(np.array(bounds) >= truth)
    # chi-square inflation makes it somewhat wider than nominal, never narrower
    assert 0.94 <= covered <= 1.0


@given(st.floats(-5, 5), st.floats(1e-4, 1.0), st.integers(0, 10_000))
def test_bounds_bracket_the_slope(slope: float, sigma: float, seed: int) -> None:
    drift = assess(readings(slope, sigma, seed), sigma)
    assert drift.lower_gpa_per_h <= abs(drift.slope_gpa_per_h) <= drift.upper_gpa_per_h
