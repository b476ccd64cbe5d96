import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges import CORRECTIONS, get_correction
from dac_control.gauges.temperature import spread_nm, spread_sources


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


@pytest.mark.parametrize(
    ("name", "shifts_nm"),
    [
        ("datchi2007", (-0.8870, -0.8870, -0.8852, -0.7528, -0.5545)),
        ("ragan1992", (-0.9359, -0.9598, -0.9630, -0.7894, -0.5750)),
        ("vos1991", (-0.810, None, -0.872, -0.7324, -0.5393)),
    ],
)
def test_the_tabulated_shifts_of_all_sources(
    name: str, shifts_nm: tuple[float | None, ...]
) -> None:
    for temperature_k, shift_nm in zip((5.0, 20.0, 77.0, 150.0, 200.0), shifts_nm, strict=True):
        if shift_nm is not None:
            digits = 5.1e-5 if get_correction(name).covers(temperature_k) else 5.1e-4
            assert get_correction(name).shift_nm(temperature_k) == pytest.approx(
                shift_nm, abs=digits
            )


def test_ragan_in_nanometres_of_air() -> None:
    assert get_correction("ragan1992").shift_nm(296.0) == 0.0
    assert 1e7 / (14423 + 4.49e-2 * 296 - 4.81e-4 * 296**2 + 3.71e-7 * 296**3) == pytest.approx(
        694.263, abs=5e-4
    )


def test_arrays_in_arrays_out() -> None:
    temperatures = np.array([[5.0, 77.0], [296.0, 400.0]])
    for correction in CORRECTIONS.values():
        shifts, slopes = correction.shift_nm(temperatures), correction.slope(temperatures)
        assert shifts.shape == slopes.shape == temperatures.shape
        assert shifts[0, 1] == correction.shift_nm(77.0)
        assert slopes[1, 1] == correction.slope(400.0)
    with pytest.raises(NotMeasured, match=r"-1\.0 K"):
        get_correction("datchi2007").shift_nm(np.array([5.0, -1.0]))


def test_ranges_and_evidence() -> None:
    vos = get_correction("vos1991")
    assert vos.range_k == (150.0, 400.0)
    assert not vos.covers(149.9) and vos.covers(150.0) and vos.covers(400.0)
    assert all(each.citation and each.evidence for each in CORRECTIONS.values())


def test_the_spread_between_the_corrections() -> None:
    datchi, ragan = get_correction("datchi2007"), get_correction("ragan1992")
    # two sources at 5 K, 0.049 nm apart: either is an end of the rectangle
    assert spread_sources(5.0, 296.0) == ("datchi2007", "ragan1992")
    for correction in (datchi, ragan):
        assert spread_nm(correction, 5.0) == pytest.approx(0.0489 / np.sqrt(3.0), abs=1e-4)
    # three at 150 K, from -0.7894 to -0.7324 nm; Datchi is 8.1 pm off their middle
    assert spread_sources(150.0, 296.0) == ("datchi2007", "ragan1992", "vos1991")
    assert spread_nm(datchi, 150.0) == pytest.approx(
        np.hypot(0.0081, 0.0285 / np.sqrt(3.0)), abs=1e-4
    )


def test_no_spread_where_there_is_nothing_to_compare() -> None:
    datchi = get_correction("datchi2007")
    assert spread_nm(datchi, 80.0, 80.0) == 0.0
    assert spread_nm(get_correction("none"), 80.0) == 0.0
    # outside its own range a correction is as far off as the valid ones say
    vos = get_correction("vos1991")
    assert spread_nm(vos, 77.0) > 0.013


def test_what_fewer_sources_reach_is_not_surer() -> None:
    datchi = get_correction("datchi2007")
    inside = spread_nm(datchi, 600.0)
    assert inside > 0.015
    for temperature_k in (700.0, 1200.0):  # one source is left, then none
        assert spread_nm(datchi, temperature_k) == inside
        assert spread_sources(temperature_k, 296.0) == ("datchi2007", "ragan1992")


@given(temperature_k=st.floats(1.0, 900.0), reference_k=st.floats(1.0, 900.0))
def test_the_spread_is_finite_and_symmetric(temperature_k: float, reference_k: float) -> None:
    for correction in CORRECTIONS.values():
        there = spread_nm(correction, temperature_k, reference_k)
        assert 0.0 <= there < 5.0
        assert there == pytest.approx(spread_nm(correction, reference_k, temperature_k))


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
