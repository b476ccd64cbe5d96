import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges import CORRECTIONS, get_correction


@pytest.mark.parametrize(
    ("temperature_k", "lambda0_nm"),
    [(5.0, 693.3630), (77.0, 693.3648), (296.0, 694.25), (400.0, 694.25 + 0.753138)],
)
def test_the_worked_values_of_datchi(temperature_k: float, lambda0_nm: float) -> None:
    shift = get_correction("datchi2007").shift_nm(temperature_k)
    assert 694.25 + shift == pytest.approx(lambda0_nm, abs=5.1e-5)


@pytest.mark.parametrize(
    ("temperature_k", "shift_nm"), [(20.0, -0.8870), (150.0, -0.7528), (200.0, -0.5545)]
)
def test_the_tabulated_shifts_of_datchi(temperature_k: float, shift_nm: float) -> None:
    shift = get_correction("datchi2007").shift_nm(temperature_k)
    assert shift == pytest.approx(shift_nm, abs=5.1e-5)


def test_the_branches_meet_as_published() -> None:
    datchi = get_correction("datchi2007")
    assert datchi.shift_nm(50.0) == -0.887
    assert datchi.shift_nm(50.0 + 1e-9) == pytest.approx(-0.8775, abs=1e-4)
    assert datchi.slope(296.0) == pytest.approx(6.64e-3)
    assert datchi.slope(296.0 + 1e-9) == pytest.approx(7.46e-3)
    assert datchi.shift_nm(296.0) == 0.0


def test_the_smooth_variant_has_no_step_and_a_name_of_its_own() -> None:
    smooth = get_correction("datchi2007_smooth")
    step = smooth.shift_nm(69.7 + 1e-9) - smooth.shift_nm(69.7)
    assert abs(step) < 0.7e-3
    assert abs(smooth.slope(69.7 + 1e-9)) < 1e-5
    assert smooth.shift_nm(80.0) == get_correction("datchi2007").shift_nm(80.0)


@given(temperature_k=st.floats(1.0, 900.0))
def test_slopes_are_derivatives(temperature_k: float) -> None:
    for correction in CORRECTIONS.values():
        if min(abs(temperature_k - seam) for seam in (50.0, 69.7, 296.0)) < 0.01:
            continue
        step = 1e-3
        numeric = correction.shift_nm(temperature_k + step) - correction.shift_nm(
            temperature_k - step
        )
        assert correction.slope(temperature_k) == pytest.approx(numeric / (2 * step), abs=1e-7)


def test_uncertainty_is_that_of_the_difference() -> None:
    datchi = get_correction("datchi2007")
    assert datchi.sigma_nm(296.0) == 0.0
    assert datchi.sigma_nm(40.0) == pytest.approx(0.012, rel=1e-3)
    assert datchi.sigma_nm(80.0, 80.0) == 0.0
    assert datchi.sigma_nm(80.0, 79.0) < 0.004
    assert 0.0 < datchi.sigma_nm(150.0) < 0.012


def test_no_correction_is_uncertain_by_what_it_neglects() -> None:
    none = get_correction("none")
    assert none.shift_nm(80.0) == 0.0
    assert none.sigma_nm(286.0, 296.0) == pytest.approx(0.068)
    assert not none.covers(80.0)
    assert get_correction("datchi2007").covers(900.0)
    assert not get_correction("datchi2007").covers(901.0)


@pytest.mark.parametrize("temperature_k", [0.0, -5.0, float("nan"), float("inf")])
def test_what_is_no_temperature(temperature_k: float) -> None:
    with pytest.raises(NotMeasured, match="sensor"):
        get_correction("datchi2007").shift_nm(temperature_k)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'ragan'.*datchi2007"):
        get_correction("ragan")
