"""The inverse of an information matrix, whatever the units of its parameters."""

import numpy as np

from dac_control.gauges.fisher import inverse


def test_parameters_of_any_unit_give_their_covariance():
    sigmas = np.array([1e-3, 1.0, 1e7])
    correlation = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, -0.3], [0.0, -0.3, 1.0]])
    counted = np.linalg.inv(correlation) / np.outer(sigmas, sigmas)

    covariance = inverse(counted)

    assert covariance is not None
    np.testing.assert_allclose(covariance / np.outer(sigmas, sigmas), correlation, atol=1e-9)


def test_an_information_that_knows_nothing_of_a_parameter_has_none():
    assert inverse(np.diag([1.0, 0.0])) is None
    assert inverse(np.diag([1.0, np.inf])) is None
    assert inverse(np.ones((2, 2))) is None
