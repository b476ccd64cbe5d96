import numpy as np
import pytest

from dac_control.gauges.scales import scales_of

SCALES = scales_of("srb4o7")


def at(name: str, shift_nm: float) -> float:
    scale = SCALES[name]
    assert scale.reference is not None
    return scale.pressure_gpa(scale.argument(scale.reference + shift_nm, scale.reference))


@pytest.mark.parametrize(
    ("name", "pressure_gpa"),
    [("datchi1997", 18.9036), ("datchi2007", 19.0532), ("rashchenko2015", 19.5763)],
)
def test_worked_values_at_a_shift_of_5_nm(name: str, pressure_gpa: float) -> None:
    assert at(name, 5.0) == pytest.approx(pressure_gpa, abs=5.1e-5)


@pytest.mark.parametrize(
    ("shift_nm", "rational_gpa", "power_gpa"),
    [(10.0, 37.06, 37.10), (20.0, 68.37, 66.87), (30.0, 96.9, 90.8)],
)
def test_the_two_forms_of_rashchenko_part(
    shift_nm: float, rational_gpa: float, power_gpa: float
) -> None:
    digits = 0.051 if shift_nm == 30.0 else 0.0051
    assert at("rashchenko2015", shift_nm) == pytest.approx(rational_gpa, abs=digits)
    assert at("rashchenko2015_power", shift_nm) == pytest.approx(power_gpa, abs=digits)


@pytest.mark.parametrize("name", ["rashchenko2015", "rashchenko2015_power"])
def test_their_difference_is_part_of_the_uncertainty(name: str) -> None:
    scale = SCALES[name]
    x = scale.argument(685.51 + 30.0, 685.51)
    apart = at("rashchenko2015", 30.0) - at("rashchenko2015_power", 30.0)
    assert scale.coefficient_sigmas_gpa(x)["form"] == pytest.approx(apart / np.sqrt(3.0))
    assert scale.coefficient_sigmas_gpa(scale.argument(687.0, 685.51))["form"] < 0.05
    assert "part above 10 nm" in scale.note


def test_beyond_the_pole_there_is_no_pressure() -> None:
    scale = SCALES["datchi1997"]
    x = np.array([-60.0, -1.0 / 2.32e-2, 0.0])
    assert np.isnan(scale.pressure_gpa(x)).tolist() == [True, True, False]
