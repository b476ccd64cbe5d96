import datetime

import pytest

from dac_control.errors import ConfigurationError
from dac_control.gauges import Lambda0, RubyGauge
from dac_control.gauges.raman_axis import RamanAxis

LINE_CM1 = 1e7 / 532.0 - 1e7 / 712.0
LAMBDA0_CM1 = 1e7 / 532.0 - 1e7 / 694.25


def nm(shift_cm1: float, laser_nm: float) -> float:
    return 1e7 / (1e7 / laser_nm - shift_cm1)


def pressure(line_nm: float, lambda0_nm: float, axis: RamanAxis | None = None):
    lambda0 = Lambda0(
        value_nm=lambda0_nm,
        sigma_nm=0.01,
        chip="a",
        date=datetime.date(2026, 11, 20),
        temperature_k=296.0,
    )
    gauge = RubyGauge(
        scale="ruby2020",
        correction="datchi2007",
        lambda0=lambda0,
        axis_sigma_nm=0.0,
        temperature_sigma_k=0.0,
    )
    return gauge.pressure_from_line(line_nm, 0.001, 296.0, raman_axis=axis)


@pytest.mark.parametrize("shared", [False, True])
def test_the_terms_are_what_another_laser_makes_of_one_reading(shared: bool) -> None:
    axis = RamanAxis(laser_nm=532.0, laser_sigma_nm=0.01, holds_lambda0=shared)
    found = pressure(712.0, 694.25, axis)
    terms = {term.name: term.sigma_gpa for term in found.budget}
    other = pressure(nm(LINE_CM1, 532.01), nm(LAMBDA0_CM1, 532.01) if shared else 694.25)
    away_gpa = abs(other.pressure_gpa - found.pressure_gpa)
    assert terms["laser wavelength"] == pytest.approx(away_gpa, rel=0.01)
    assert (away_gpa < 0.003) if shared else (away_gpa > 0.04)
    # n = 1.00027822 at 532.15 nm and 1.00027561 at 712 nm in vacuum (Ciddor 1996)
    vacuum = pressure(nm(LINE_CM1, 532.0 * 1.00027822) / 1.00027561, 694.25)
    if not shared:
        width_gpa = abs(vacuum.pressure_gpa - found.pressure_gpa)
        assert terms["air or vacuum"] == pytest.approx(width_gpa / 3.0**0.5, rel=0.01)
    assert "laser wavelength" not in {term.name for term in other.budget}


def test_a_laser_that_is_none_is_refused() -> None:
    for laser_nm, sigma_nm in ((5.0, 0.1), (532.0, -1.0), (float("nan"), 0.1)):
        with pytest.raises(ConfigurationError, match="laser"):
            RamanAxis(laser_nm=laser_nm, laser_sigma_nm=sigma_nm)
