import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.gauges import LineModel, evaluate_ruby
from dac_control.gauges.lineshape import model_and_jacobian, parameter_names, partner_nm

X = np.linspace(693.0, 701.0, 333)


@pytest.mark.parametrize("model", ["single", "doublet"])
@given(
    r1=st.floats(696.0, 698.0),
    fwhm=st.floats(0.1, 2.0),
    eta=st.floats(0.0, 1.0),
    ratio=st.floats(0.0, 1.0),
    width_ratio=st.floats(0.6, 1.6),
)
def test_the_jacobian_is_the_derivative(
    model: LineModel, r1: float, fwhm: float, eta: float, ratio: float, width_ratio: float
) -> None:
    full = np.array([r1, fwhm, eta, 1000.0, 50.0, 3.0, ratio, 29.7, width_ratio])
    parameters = full[: len(parameter_names(model))]
    _counts, jacobian = model_and_jacobian(model, parameters, X)
    for i, value in enumerate(parameters):
        step = 1e-6 * max(1.0, abs(value)) if i != 0 else 1e-6
        up, down = parameters.copy(), parameters.copy()
        up[i], down[i] = value + step, value - step
        numeric = evaluate_ruby(model, up, X) - evaluate_ruby(model, down, X)
        scale = float(np.abs(jacobian[i]).max()) + 1e-9
        np.testing.assert_allclose(numeric / (2 * step) / scale, jacobian[i] / scale, atol=2e-4)


def test_r2_lies_at_shorter_wavelength_by_a_constant_in_wavenumber() -> None:
    assert 694.25 - partner_nm(694.25, 29.7) == pytest.approx(1.43, abs=0.005)
    assert 736.9 - partner_nm(736.9, 29.7) == pytest.approx(1.61, abs=0.005)


def test_the_ratio_is_that_of_the_areas() -> None:
    x = np.linspace(670.0, 720.0, 40001)
    both = np.array([697.0, 0.3, 0.0, 1000.0, 0.0, 0.0, 0.4, 60.0, 1.5])
    total = evaluate_ruby("doublet", both, x).sum()
    alone = evaluate_ruby("single", both[:6], x).sum()
    assert total / alone == pytest.approx(1.4, rel=1e-6)


def test_evaluating_needs_stored_parameters_only() -> None:
    assert np.isnan(evaluate_ruby("none", [], X)).all()
    with pytest.raises(ConfigurationError, match="9 parameters"):
        evaluate_ruby("doublet", [1.0, 2.0], X)
    with pytest.raises(ConfigurationError, match="no ruby line model"):
        evaluate_ruby("triplet", [], X)  # pyright: ignore[reportArgumentType]
