import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.gauges import SCALES, get_scale

LAMBDA0_NM = 694.25

AT_700_NM = {
    "mao1978": 16.0329,
    "mao1986": 16.2117,
    "dewaele2004": 16.3363,
    "dewaele2008": 16.4811,
    "chijioke2005": 16.1777,
    "jacobsen2008": 16.3924,
    "holzapfel2005": 16.1480,
    "dorogokupets2007": 16.3147,
    "ruby2020": 16.2101,
}


@pytest.mark.parametrize(("name", "pressure_gpa"), AT_700_NM.items())
def test_the_worked_values_at_700_nm(name: str, pressure_gpa: float) -> None:
    assert get_scale(name).pressure_gpa(700.0 / LAMBDA0_NM - 1.0) == pytest.approx(
        pressure_gpa, abs=5.1e-5
    )


def test_digits_that_public_programs_print() -> None:
    delta = 700.0 / LAMBDA0_NM - 1.0
    assert get_scale("ruby2020").pressure_gpa(delta) == pytest.approx(16.210130685, abs=5e-9)
    assert get_scale("dewaele2008").pressure_gpa(delta) == pytest.approx(16.481123, abs=5e-7)
    assert get_scale("dorogokupets2007").pressure_gpa(delta) == pytest.approx(16.314689, abs=5e-7)


@pytest.mark.parametrize(
    ("name", "line_nm"),
    [("ruby2020", 724.1336), ("mao1986", 725.5783), ("dewaele2008", 724.1947)],
)
def test_the_worked_lines_at_100_gpa(name: str, line_nm: float) -> None:
    line = LAMBDA0_NM * (1.0 + get_scale(name).inverse(100.0))
    assert line == pytest.approx(line_nm, abs=5.1e-5)


@pytest.mark.parametrize(
    ("name", "slope_nm_per_gpa"),
    [
        ("ruby2020", 0.37126),
        ("dorogokupets2007", 0.36850),
        ("mao1986", 0.36463),
        ("dewaele2008", 0.36159),
        ("chijioke2005", 0.37007),
    ],
)
def test_initial_slopes(name: str, slope_nm_per_gpa: float) -> None:
    assert LAMBDA0_NM / get_scale(name).slope(0.0) == pytest.approx(slope_nm_per_gpa, abs=6e-6)


@given(name=st.sampled_from(sorted(SCALES)), pressure_gpa=st.floats(-5.0, 300.0))
def test_inverse_and_slope_belong_to_the_pressure(name: str, pressure_gpa: float) -> None:
    scale = get_scale(name)
    delta = scale.inverse(pressure_gpa)
    assert scale.pressure_gpa(delta) == pytest.approx(pressure_gpa, rel=1e-10, abs=1e-10)
    step = 1e-6
    numeric = (scale.pressure_gpa(delta + step) - scale.pressure_gpa(delta - step)) / (2 * step)
    assert scale.slope(delta) == pytest.approx(numeric, rel=1e-6)


@given(name=st.sampled_from(sorted(SCALES)), delta=st.floats(allow_nan=True))
def test_no_shift_makes_a_scale_raise_or_warn(name: str, delta: float) -> None:
    scale = get_scale(name)
    for value in (scale.pressure_gpa(delta), scale.slope(delta), scale.inverse(delta)):
        assert isinstance(value, float)


def test_ruby2020_uncertainty_at_100_gpa() -> None:
    scale = get_scale("ruby2020")
    delta = scale.inverse(100.0)
    parts = scale.coefficient_sigmas_gpa(delta)
    assert parts["A"] == pytest.approx(0.53, abs=0.006)
    assert parts["C"] == pytest.approx(0.10, abs=0.006)
    assert scale.sigma_gpa(delta) == pytest.approx(0.54, abs=0.006)


def test_a_scale_without_published_uncertainty_gets_an_assessed_one() -> None:
    scale = get_scale("mao1986")
    assert scale.sigma_gpa(scale.inverse(50.0)) == pytest.approx(0.5)


def test_sources_that_disagree_are_marked() -> None:
    assert get_scale("dewaele2004").evidence == "disputed"
    assert all(scale.citation and scale.medium for scale in SCALES.values())


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'ruby2021'.*ruby2020, mao1986") as caught:
        get_scale("ruby2021")
    assert all(name in str(caught.value) for name in SCALES)


def test_ranges() -> None:
    scale = get_scale("mao1986")
    assert scale.covers(80.0)
    assert not scale.covers(80.1)
    assert not scale.covers(-0.1)
    assert scale.covers(-0.1, tolerance_gpa=0.2)
    assert not scale.covers(np.nan)
