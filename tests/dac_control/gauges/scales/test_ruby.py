import numpy as np
import pytest

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


def test_every_published_scale_is_there() -> None:
    assert set(SCALES) >= {*AT_700_NM, "piermarini1975", "feng2010", "liu2013"}
    assert next(iter(SCALES)) == "ruby2020"


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
    scale = get_scale(name)
    line = scale.observable(scale.inverse(100.0), LAMBDA0_NM)
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
    slope = get_scale(name).slope_by_observable(LAMBDA0_NM, LAMBDA0_NM)
    assert 1.0 / slope == pytest.approx(slope_nm_per_gpa, abs=6e-6)


def test_a_slip_of_air_and_vacuum_is_half_a_gigapascal() -> None:
    scale = get_scale("ruby2020")
    slip_nm = 2.75e-4 * LAMBDA0_NM
    assert slip_nm * scale.slope_by_observable(LAMBDA0_NM, LAMBDA0_NM) == pytest.approx(
        0.51, abs=0.01
    )
    # if both are of one kind the ratio, and so the pressure, stays
    air = scale.pressure_gpa(scale.argument(700.0, LAMBDA0_NM))
    vacuum = scale.pressure_gpa(scale.argument(700.0 * 1.000275, LAMBDA0_NM * 1.000275))
    assert vacuum == pytest.approx(air, abs=1e-10)


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
    for other in SCALES.values():
        known = all(coefficient.sigma is not None for coefficient in other.coefficients)
        assert known or (other.assessed_relative_sigma > 0.0 and other.assessed_reason)


def test_the_cold_scale_is_marked_and_6_percent_off() -> None:
    cold = get_scale("feng2010")
    assert cold.evidence == "from memory"
    assert cold.covers_temperature(4.5)
    assert not cold.covers_temperature(77.0)
    assert not get_scale("ruby2020").covers_temperature(4.5)
    ratio = cold.slope(0.0) / get_scale("ruby2020").slope(0.0)
    assert ratio == pytest.approx(0.94, abs=0.005)
    assert cold.sigma_gpa(cold.inverse(10.0)) == pytest.approx(0.6 / np.sqrt(3.0))


def test_sources_that_disagree_are_marked() -> None:
    assert get_scale("dewaele2004").evidence == "disputed"
    assert all(scale.citation and scale.medium and scale.wavelength for scale in SCALES.values())


def test_ranges() -> None:
    scale = get_scale("mao1986")
    assert scale.covers(80.0)
    assert not scale.covers(80.1)
    assert not scale.covers(-0.1)
    assert scale.covers(-0.1, tolerance_gpa=0.2)
    assert not scale.covers(np.nan)
