"""The interval of 95 %: normal, even, and the sum of both."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.gauges.budget import BudgetTerm
from dac_control.gauges.interval import half_width_gpa


def normal(sigma_gpa: float, name: str = "normal") -> BudgetTerm:
    return BudgetTerm(name, "systematic", sigma_gpa, "")


def even(low: float, high: float) -> BudgetTerm:
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    rms = math.hypot(middle, half / math.sqrt(3.0))
    return BudgetTerm("even", "systematic", rms, "", between_gpa=(low, high))


def test_normal_errors_have_the_width_that_everybody_knows() -> None:
    budget = [normal(3.0), BudgetTerm("noise", "statistical", 4.0, "")]
    assert half_width_gpa(budget) == pytest.approx(1.959964 * 5.0, rel=1e-5)
    assert half_width_gpa(budget, level=0.6826895) == pytest.approx(5.0, rel=1e-5)


@pytest.mark.parametrize("bounds", [(-2.0, 2.0), (0.0, 2.0), (-2.0, 0.0)])
def test_an_even_error_alone_stays_inside_its_bounds(bounds: tuple[float, float]) -> None:
    assert half_width_gpa([even(*bounds), normal(1e-6)]) == pytest.approx(1.9, rel=1e-3)


def test_nothing_and_unknown() -> None:
    assert math.isnan(half_width_gpa([]))
    assert math.isnan(half_width_gpa([normal(math.nan)]))
    assert half_width_gpa([normal(0.0)]) == 0.0


@given(
    st.floats(0.05, 5.0),
    st.floats(-3.0, 1.0),
    st.floats(0.1, 4.0),
    st.floats(0.5, 0.99),
)
def test_the_interval_covers_as_it_says(
    sigma: float, low: float, width: float, level: float
) -> None:
    count = 4000
    # every error once: even and normal parts on a lattice of equal probabilities
    one = (np.arange(count) + 0.5) / count
    other = np.modf(one * 0.5 * (math.sqrt(5.0) - 1.0) * count)[0]
    grid = np.sort(other)
    z = np.interp(other, grid, _normal_scores(count))
    errors = low + width * one + sigma * z
    half = half_width_gpa([even(low, low + width), normal(sigma)], level)
    assert np.mean(np.abs(errors) <= half) == pytest.approx(level, abs=0.01)


def _normal_scores(count: int) -> np.ndarray:
    from scipy.special import ndtri

    return ndtri((np.arange(count) + 0.5) / count)
