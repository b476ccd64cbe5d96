"""Differences between places of a cell that drifts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import NotMeasured
from dac_control.gauges.pressure_map import PlaceReading, map_pressures


def readings(way, levels, drift_gpa_per_h, noise=None, sigma=0.05):
    errors = np.zeros(len(way)) if noise is None else noise
    return [
        PlaceReading(
            place=place,
            pressure_gpa=levels[place] + drift_gpa_per_h * 0.1 * number + errors[number],
            sigma_gpa=sigma,
            lab_time_s=5e4 + 360.0 * number,
        )
        for number, place in enumerate(way)
    ]


@given(
    base=st.floats(0.0, 400.0),
    difference=st.floats(-20.0, 20.0),
    drift=st.floats(-5.0, 5.0),
    rounds=st.integers(1, 4),
)
def test_without_noise_drift_and_differences_come_out_as_they_are(
    base: float, difference: float, drift: float, rounds: int
) -> None:
    levels = {"chip": base, "chip 2": base + difference}
    found = map_pressures(readings(["chip", "chip 2"] * rounds + ["chip"], levels, drift))
    assert found.places[1].difference_gpa == pytest.approx(difference, abs=1e-6)
    assert found.drift_gpa_per_h == pytest.approx(drift, abs=1e-5)
    assert found.places[0].difference_gpa == 0.0 == found.places[0].sigma_gpa
    assert [place.readings for place in found.places] == [rounds + 1, rounds]


def test_the_stated_sigma_is_the_scatter_of_many_maps() -> None:
    rng = np.random.default_rng(7)
    way = ["a", "b", "c"] * 2 + ["a"]
    levels = {"a": 80.0, "b": 80.4, "c": 79.0}
    pulls = []
    for _ in range(300):
        noise = rng.normal(0.0, 0.05, len(way))
        found = map_pressures(readings(way, levels, 1.0, noise))
        # without the widening, which makes sigmas of few readings too large on average
        scale = math.sqrt(max(1.0, found.chi2_reduced))
        pulls += [
            (place.difference_gpa - levels[place.place] + 80.0) / place.sigma_gpa * scale
            for place in found.places[1:]
        ]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.1)
    assert abs(np.mean(pulls)) < 0.15


def test_readings_that_scatter_more_than_they_say_widen_the_sigma() -> None:
    way, levels = ["a", "b"] * 3 + ["a"], {"a": 10.0, "b": 11.0}
    quiet = map_pressures(readings(way, levels, 0.0))
    wild = map_pressures(readings(way, levels, 0.0, noise=np.array([1, -1, 1, -1, -1, 1, 0.5])))
    assert wild.chi2_reduced > 10 and wild.places[1].sigma_gpa > 3 * quiet.places[1].sigma_gpa
    assert wild.to_dict()["degrees_of_freedom"] == 4


def test_without_a_degree_of_freedom_nothing_is_claimed_of_the_fit() -> None:
    found = map_pressures(readings(["a", "b", "a"], {"a": 1.0, "b": 2.0}, 0.0))
    assert found.degrees_of_freedom == 0 and found.to_dict()["chi2_reduced"] is None


@pytest.mark.parametrize(
    ("way", "sigma", "said"),
    [
        (["a", "a"], 0.1, "2 readings at 1 places"),
        (["a", "b"], 0.1, "one of them twice"),
        (["a", "b", "a"], 0.0, "no statistical uncertainty"),
        (["a", "b", "a"], math.nan, "no statistical uncertainty"),
    ],
)
def test_what_makes_no_map_is_refused(way, sigma: float, said: str) -> None:
    with pytest.raises(NotMeasured, match=said):
        map_pressures(readings(way, {"a": 1.0, "b": 2.0}, 0.0, sigma=sigma))
