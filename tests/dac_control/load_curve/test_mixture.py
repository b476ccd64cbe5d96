import numpy as np
import pytest
from scipy.stats import norm

from dac_control.load_curve import Mixture


def test_quantiles_invert_the_distribution():
    rng = np.random.default_rng(1)
    mixture = Mixture(
        np.array([0.2, 0.5, 0.3]), rng.normal(50, 20, (7, 3)), rng.uniform(0.1, 9, (7, 3))
    )
    for probability in (0.001, 0.025, 0.5, 0.975, 0.999):
        at = mixture.quantile(probability)
        assert mixture.below(at) == pytest.approx(probability, rel=1e-3)


def test_one_component_is_the_normal_distribution():
    mixture = Mixture(np.ones(1), np.full((1, 1), 3.0), np.full((1, 1), 2.0))
    assert mixture.quantile(0.999)[0] == pytest.approx(norm(3, 2).ppf(0.999))
    assert mixture.sigma()[0] == pytest.approx(2.0)
    assert mixture.between()[0] == 0.0


def test_two_separate_components_leave_a_gap():
    mixture = Mixture(np.array([0.5, 0.5]), np.array([[0.0, 100.0]]), np.ones((1, 2)))
    assert mixture.quantile(0.25)[0] == pytest.approx(0.0, abs=1e-3)
    assert mixture.quantile(0.75)[0] == pytest.approx(100.0, abs=1e-3)
    assert mixture.sigma()[0] == pytest.approx(np.hypot(50.0, 1.0))


def test_what_components_of_one_group_differ_by_is_not_between_the_groups():
    mixture = Mixture(np.array([0.25, 0.25, 0.5]), np.array([[0.0, 20.0, 30.0]]), np.ones((1, 3)))
    apart = mixture.between(np.array([0, 0, 1]))[0]
    assert apart == pytest.approx(10.0), "means of 10 and 30, alike in weight"
    assert mixture.between(np.array([1, 1, 1]))[0] == pytest.approx(0.0, abs=1e-9)
    assert mixture.between(np.array([0, 1, 3]))[0] == pytest.approx(mixture.between()[0])
