import numpy as np
import pytest
from scipy.special import voigt_profile

from dac_control.errors import ConfigurationError
from dac_control.gauges.ruby.lineshape import (
    DOUBLET,
    SINGLE,
    evaluate_ruby,
    parameter_names,
    partner_nm,
)
from dac_control.gauges.ruby.scoring_numpy import evaluate
from dac_control.gauges.ruby.voigt_difference import voigt_difference

X = np.linspace(690.0, 698.0, 401)
VALUES = np.array([694.25, 0.6, 0.4, 1000.0, 50.0, 3.0, -0.5, 0.0, 0.6, 29.7, 1.1])


@pytest.mark.parametrize("name", [name for name in DOUBLET if name != "voigt"])
def test_derivatives_are_those_of_the_model(name: str) -> None:
    index = DOUBLET.index(name)
    step = 1e-5 * max(abs(VALUES[index]), 1.0) if name != "r1_nm" else 1e-5
    up, down = VALUES.copy(), VALUES.copy()
    up[index] += step
    down[index] -= step
    numeric = (evaluate_ruby("doublet", up, X) - evaluate_ruby("doublet", down, X)) / (2 * step)
    active = np.ones((1, len(DOUBLET)), dtype=bool)
    _model, jacobian = evaluate(VALUES[None], X[None], active)
    scale = np.abs(numeric).max()
    np.testing.assert_allclose(jacobian[0, index], numeric, atol=2e-6 * scale)


@pytest.mark.parametrize("voigt", [0.0, 0.3, 1.0])
def test_the_engines_model_is_the_one_that_is_stored(voigt: float) -> None:
    values = VALUES.copy()
    values[7] = voigt
    active = np.ones((1, len(DOUBLET)), dtype=bool)
    model, _jacobian = evaluate(values[None], X[None], active)
    np.testing.assert_allclose(model[0], evaluate_ruby("doublet", values, X), rtol=1e-12)


@pytest.mark.parametrize("lorentz_share", [0.1, 0.3, 0.5, 0.8])
def test_voigt_of_one_is_a_true_voigt_line(lorentz_share: float) -> None:
    """Width by Olivero and Longbothum (1977), share by Thompson, Cox and Hastings (1987)."""
    gauss, lorentz = 1.0 - lorentz_share, lorentz_share
    fwhm = 0.5346 * lorentz + np.sqrt(0.2166 * lorentz**2 + gauss**2)
    sigma, gamma = gauss / np.sqrt(8 * np.log(2)), lorentz / 2
    part = lorentz / fwhm
    eta = 1.36603 * part - 0.47719 * part**2 + 0.11116 * part**3
    offset = np.linspace(-12.0, 12.0, 2001)
    true = voigt_profile(offset, sigma, gamma) / voigt_profile(0.0, sigma, gamma)
    u = offset / fwhm
    pseudo = eta / (1 + 4 * u * u) + (1 - eta) * np.exp(-4 * np.log(2) * u * u)
    assert np.abs(true - pseudo).max() > 3e-3
    np.testing.assert_allclose(pseudo + voigt_difference(u, eta), true, atol=6e-4)


def test_one_line_is_a_doublet_without_r2() -> None:
    single = evaluate_ruby("single", VALUES[: len(SINGLE)], X)
    doublet = VALUES.copy()
    doublet[8] = 0.0
    np.testing.assert_allclose(single, evaluate_ruby("doublet", doublet, X))


def test_the_ratio_is_one_of_areas() -> None:
    flat = VALUES.copy()
    flat[4:7] = 0.0
    wide = np.linspace(500.0, 900.0, 400_001)
    both = np.trapezoid(evaluate_ruby("doublet", flat, wide), wide)
    one = np.trapezoid(evaluate_ruby("single", flat[: len(SINGLE)], wide), wide)
    assert both / one - 1.0 == pytest.approx(0.6, abs=0.002)


def test_r2_stands_the_splitting_above_r1_in_wavenumber() -> None:
    r2 = partner_nm(694.25, 29.7)
    assert 1e7 / r2 - 1e7 / 694.25 == pytest.approx(29.7)
    assert 694.25 - r2 == pytest.approx(1.43, abs=0.01)


def test_a_model_without_a_line_is_nowhere() -> None:
    assert parameter_names("none") == ()
    assert np.isnan(evaluate_ruby("none", [], X)).all()


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="11 parameters"):
        evaluate_ruby("doublet", [1.0, 2.0], X)
    with pytest.raises(ConfigurationError, match="no ruby line model 'triplet'"):
        evaluate_ruby("triplet", [1.0], X)  # pyright: ignore[reportArgumentType]
