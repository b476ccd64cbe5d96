import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import BudgetTerm, Kind, quadrature, rectangle_rms


def term(
    name: str,
    sensitivity: float,
    u: float,
    *correlated: tuple[str, float],
    kind: Kind = "systematic",
) -> BudgetTerm:
    return BudgetTerm.from_input(
        name, kind, sensitivity=sensitivity, u=u, unit="nm", note="", correlated=correlated
    )


def test_kinds_stay_apart_and_add_in_quadrature() -> None:
    budget = (
        term("a", 3.0, 1.0),
        term("b", -4.0, 1.0),
        term("c", 1.0, 7.0, kind="statistical"),
    )
    assert quadrature(budget, "systematic") == pytest.approx(5.0)
    assert quadrature(budget, "statistical") == pytest.approx(7.0)
    assert quadrature((), "statistical") == 0.0


@given(
    c=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    u=st.tuples(st.floats(0, 5), st.floats(0, 5)),
    r=st.floats(-1, 1),
)
def test_correlated_terms_follow_the_law_of_propagation(
    c: tuple[float, float], u: tuple[float, float], r: float
) -> None:
    covariance = np.array([[u[0] ** 2, r * u[0] * u[1]], [r * u[0] * u[1], u[1] ** 2]])
    expected = float(np.sqrt(max(0.0, np.array(c) @ covariance @ np.array(c))))
    first, second = term("a", c[0], u[0], ("b", r)), term("b", c[1], u[1])
    both = term("b", c[1], u[1], ("a", r))
    assert quadrature((first, second), "systematic") == pytest.approx(expected, abs=1e-6)
    # whether one of them names the other or both do
    assert quadrature((first, both), "systematic") == pytest.approx(expected, abs=1e-6)


def test_a_shared_error_cancels_in_a_difference() -> None:
    budget = (term("line", 2.7, 0.01, ("lambda0", 1.0)), term("lambda0", -2.7, 0.01))
    assert quadrature(budget, "systematic") == 0.0


def test_a_correlation_needs_a_partner_and_a_coefficient() -> None:
    with pytest.raises(ConfigurationError, match="'a' is correlated with 'z'"):
        quadrature((term("a", 1.0, 1.0, ("z", 1.0)),), "systematic")
    with pytest.raises(ConfigurationError, match="between -1 and 1"):
        quadrature((term("a", 1.0, 1.0, ("b", 1.5)), term("b", 1.0, 1.0)), "systematic")


def test_a_term_of_which_only_the_effect_is_known() -> None:
    plain = BudgetTerm("scale", "systematic", 0.3, "why")
    assert plain.signed_gpa == 0.3
    found = json.loads(json.dumps(plain.to_dict(), allow_nan=False))
    assert found["u"] is None and found["sigma_gpa"] == 0.3


@pytest.mark.parametrize(("value", "rms"), [(0.5, 1 / np.sqrt(12)), (0.0, 1 / np.sqrt(3))])
def test_a_rectangle_from_its_middle_and_from_its_end(value: float, rms: float) -> None:
    assert rectangle_rms(value, 0.0, 1.0) == pytest.approx(rms)
    drawn = np.random.default_rng(1).uniform(0.0, 1.0, 200_000)
    assert np.sqrt(np.mean((drawn - value) ** 2)) == pytest.approx(rms, rel=0.01)
