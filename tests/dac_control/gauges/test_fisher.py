"""The inverse of an information matrix, whatever the units of its parameters, and few equations."""

import numpy as np
import pytest

from dac_control.gauges.fisher import inverse, solved


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


def test_few_equations_are_solved_and_singular_ones_told():
    square, values = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([3.0, -1.0])
    before = square.copy()

    np.testing.assert_allclose(square @ solved(square, values), values)

    assert np.array_equal(square, before)
    with pytest.raises(np.linalg.LinAlgError):
        solved(np.array([[1.0, 1.0], [1.0, 1.0]]), values)
