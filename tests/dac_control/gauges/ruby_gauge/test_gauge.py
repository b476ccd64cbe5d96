import dataclasses
import datetime
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.gauges import SCALES, Lambda0, PressureMeasurement, ReferenceRuby, RubyGauge

LAMBDA0 = Lambda0(
    value_nm=694.25,
    sigma_nm=0.005,
    chip="A1",
    date=datetime.date(2026, 11, 20),
    temperature_k=296.0,
)


def gauge(**changes: Any) -> RubyGauge:
    values: dict[str, Any] = {
        "scale": "ruby2020",
        "correction": "datchi2007",
        "lambda0": LAMBDA0,
        "axis_sigma_nm": 0.01,
        "temperature_sigma_k": 0.5,
    }
    return RubyGauge(**{**values, **changes})


def test_a_cold_chip_without_pressure_reads_zero() -> None:
    result = gauge().pressure_from_line(693.363, 0.001, 5.0)
    assert result.pressure_gpa == pytest.approx(0.0, abs=1e-4)
    assert result.measured


def test_temperature_moves_lambda0_relative_to_where_it_was_taken() -> None:
    cold = dataclasses.replace(LAMBDA0, value_nm=693.3648, temperature_k=77.0)
    assert gauge(lambda0=cold).lambda0_at(296.0) == pytest.approx(694.25, abs=1e-4)
    assert gauge(lambda0=cold).lambda0_at(77.0) == 693.3648


@given(
    scale=st.sampled_from(sorted(SCALES)),
    pressure_gpa=st.floats(0.0, 150.0),
    temperature_k=st.floats(2.0, 600.0),
)
def test_line_and_pressure_belong_together(
    scale: str, pressure_gpa: float, temperature_k: float
) -> None:
    made = gauge(scale=scale)
    line = made.line_from_pressure(pressure_gpa, temperature_k)
    result = made.pressure_from_line(line, 0.001, temperature_k)
    assert result.pressure_gpa == pytest.approx(pressure_gpa, abs=1e-8)
    assert result.scale == scale
    assert result.sigma_stat_gpa > 0.0
    assert result.sigma_sys_gpa > 0.0


def test_the_budget_term_by_term_at_80_k_and_40_gpa() -> None:
    made = gauge()
    line = made.line_from_pressure(40.0, 80.0)
    result = made.pressure_from_line(line, 0.001, 80.0)
    terms = {term.name: term for term in result.budget}
    # The slope at 40 GPa by a finite difference of the line.
    step = made.line_from_pressure(40.01, 80.0) - made.line_from_pressure(39.99, 80.0)
    per_nm = 0.02 / step
    assert terms["photon statistics"].kind == "statistical"
    assert terms["photon statistics"].sigma_gpa == pytest.approx(0.001 * per_nm, rel=1e-4)
    assert terms["wavelength axis drift"].sigma_gpa == pytest.approx(0.010 * per_nm, rel=1e-4)
    assert terms["lambda0"].sigma_gpa == pytest.approx(
        0.005 * per_nm * line / made.lambda0_at(80.0), rel=1e-4
    )
    assert terms["pressure coefficient in the cold"].sigma_gpa == pytest.approx(
        0.06 * 216.0 / 291.5 * 40.0 / np.sqrt(3.0)
    )
    assert terms["temperature correction"].sigma_gpa == pytest.approx(0.012 * per_nm, rel=0.1)
    assert terms["scale coefficient A"].sigma_gpa == pytest.approx(40.0 * 10.0 / 1870.0)
    # Datchi 2007 and Ragan 1992 part by 0.0755 nm between 296 and 80 K
    assert terms["spread between corrections"].sigma_gpa == pytest.approx(
        0.0755 / np.sqrt(3.0) * per_nm, rel=0.02
    )
    # 0.06 GPa at 40 GPa between the two ways of applying the shift
    assert terms["way of applying the shift"].sigma_gpa == pytest.approx(
        0.06 / np.sqrt(3.0), abs=0.003
    )
    shared = [term for term in result.budget if term.kind == "systematic"]
    assert {term.name for term in result.budget} - {term.name for term in shared} == {
        "photon statistics",
        "reference line",
    }
    systematic = np.sqrt(sum(term.sigma_gpa**2 for term in shared))
    assert result.sigma_sys_gpa == pytest.approx(systematic)
    assert result.sigma_stat_gpa == terms["photon statistics"].sigma_gpa


def test_temperature_sensitivity_at_room_temperature() -> None:
    result = gauge(temperature_sigma_k=1.0).pressure_from_line(694.25, 0.001, 297.0)
    terms = {term.name: term.sigma_gpa for term in result.budget}
    # 7.46 pm/K times 2.694 MPa/pm
    assert terms["temperature sensor"] == pytest.approx(0.0201, abs=2e-4)
    assert terms["pressure coefficient in the cold"] == 0.0


@pytest.mark.parametrize(
    ("pressure_gpa", "temperature_k", "in_range"),
    [(100.0, 296.0, True), (160.0, 296.0, False), (10.0, 80.0, False), (-0.01, 296.0, True)],
)
def test_range(pressure_gpa: float, temperature_k: float, in_range: bool) -> None:
    made = gauge()
    line = made.line_from_pressure(pressure_gpa, temperature_k)
    result = made.pressure_from_line(line, 0.001, temperature_k)
    assert result.measured
    assert result.in_range is in_range
    assert ("outside_scale_range" in result.flags) is not in_range
    assert ("ruby2020" in result.range_note) is not in_range


def sigmas(result: PressureMeasurement) -> dict[str, float]:
    return {term.name: term.sigma_gpa for term in result.budget}


def test_an_error_of_the_whole_axis_enters_line_and_lambda0_alike() -> None:
    plain = gauge().pressure_from_line(707.0, 0.001, 296.0)
    offset = gauge(axis_offset_sigma_nm=0.010).pressure_from_line(707.0, 0.001, 296.0)
    terms = {term.name: term for term in offset.budget}
    line, lambda0 = (terms[f"wavelength axis offset, in {x}"] for x in ("the line", "lambda0"))
    # 10 pm is 30 MPa for either alone; the ratio takes off all but delta of it
    assert line.sigma_gpa == pytest.approx(0.0323, abs=1e-3)
    assert lambda0.signed_gpa == pytest.approx(-line.signed_gpa * 707.0 / 694.25)
    assert line.correlated == ((lambda0.name, 1.0),)
    rest = np.sqrt(offset.sigma_sys_gpa**2 - plain.sigma_sys_gpa**2)
    delta = 707.0 / 694.25 - 1.0
    assert rest == pytest.approx(line.sigma_gpa * delta, rel=1e-3)
    other = gauge(axis_offset_sigma_nm=0.010, axis_offset_correlation=0.0)
    apart = other.pressure_from_line(707.0, 0.001, 296.0)
    expected = np.hypot(line.sigma_gpa, lambda0.sigma_gpa)
    assert np.sqrt(apart.sigma_sys_gpa**2 - plain.sigma_sys_gpa**2) == pytest.approx(expected)


def test_what_the_station_states_becomes_a_term() -> None:
    made = gauge(axis_dispersion_sigma=1e-3, uniaxial_stress_gpa=1.0, gradient_gpa=0.3)
    line = made.line_from_pressure(20.0, 296.0)
    terms = sigmas(made.pressure_from_line(line, 0.001, 296.0, asymmetry_sigma_nm=0.004))
    per_nm = made.scale.slope_by_observable(line, 694.25)
    assert terms["wavelength axis dispersion"] == pytest.approx(1e-3 * (line - 694.25) * per_nm)
    assert terms["deviatoric stress"] == pytest.approx(0.13)
    assert terms["gradient across the chip"] == pytest.approx(0.3 / np.sqrt(12.0))
    assert terms["line asymmetry"] == pytest.approx(0.004 * per_nm)


def test_what_is_not_stated_is_listed_as_zero_with_what_to_do() -> None:
    result = gauge().pressure_from_line(700.0, 0.001, 80.0)
    notes = {term.name: term.note for term in result.budget if term.sigma_gpa == 0.0}
    assert {key for note in notes.values() for key in note.split() if key.endswith("_gpa")} == {
        "uniaxial_stress_gpa",
        "gradient_gpa",
    }
    assert "axis_offset_sigma_nm" in notes["wavelength axis offset, in the line"]
    assert "axis_dispersion_sigma" in notes["wavelength axis dispersion"]


def test_lambda0_measured_in_the_cold_is_taken_in_the_cold() -> None:
    cold = dataclasses.replace(LAMBDA0, value_nm=693.372, temperature_k=80.0)
    made = gauge(lambda0=[LAMBDA0, cold])
    assert made.lambda0_at(80.0) == 693.372
    assert made.lambda0_at(296.0) == 694.25
    result = made.pressure_from_line(700.0, 0.001, 80.0)
    terms = sigmas(result)
    assert terms["temperature correction"] == terms["spread between corrections"] == 0.0
    assert "80 K, 693.3720" in result.reference
    assert "taken at the temperature of the ruby, out of 2" in result.reference
    warm = gauge().pressure_from_line(700.0, 0.001, 80.0)
    assert "moved by -0.8840 nm to 80 K with datchi2007" in warm.reference
    assert result.sigma_sys_gpa < warm.sigma_sys_gpa


def test_of_equal_lambda0_the_newest_is_taken() -> None:
    newer = dataclasses.replace(LAMBDA0, value_nm=694.252, date=datetime.date(2026, 11, 22))
    assert gauge(lambda0=[LAMBDA0, newer]).lambda0_at(200.0) == pytest.approx(
        694.252 - 0.5545, abs=1e-4
    )
    vague = dataclasses.replace(newer, sigma_nm=0.02)
    assert gauge(lambda0=[LAMBDA0, vague]).lambda0_at(296.0) == 694.25


def test_a_reference_ruby_cancels_axis_and_temperature() -> None:
    beside = ReferenceRuby(
        chip="R9", offset_nm=0.002, offset_sigma_nm=0.003, temperature_difference_sigma_k=0.2
    )
    moment = datetime.datetime(2026, 11, 22, 8, 15, tzinfo=datetime.UTC)
    seen = beside.seen(693.390, 0.0008, 80.0, moment)
    made = gauge(axis_sigma_nm=0.05, temperature_sigma_k=5.0)
    assert made.lambda0_at(80.0, seen) == pytest.approx(693.392)
    result = made.pressure_from_line(700.0, 0.001, 80.0, reference=seen)
    terms = {term.name: term for term in result.budget}
    per_nm = made.scale.slope_by_observable(700.0, 693.392)
    assert terms["wavelength axis drift"].sigma_gpa == 0.0
    assert terms["temperature correction"].sigma_gpa == 0.0
    assert terms["spread between corrections"].sigma_gpa == 0.0
    assert terms["lambda0"].sigma_gpa == pytest.approx(0.003 * per_nm, rel=0.02)
    assert terms["reference line"].kind == "statistical"
    assert result.sigma_stat_gpa == pytest.approx(np.hypot(0.001, 0.0008) * per_nm, rel=0.01)
    assert terms["temperature sensor"].u == 0.2
    # what drifted since lambda0 is now an error of both lines, and all but gone
    offset = terms["wavelength axis offset, in the line"]
    assert offset.u == 0.05 and offset.correlated[0][1] == 1.0
    assert result.reference.startswith("lambda0 from the reference ruby 'R9', 2026-11-22T08:15")
    assert result.sigma_sys_gpa < gauge().pressure_from_line(700.0, 0.001, 80.0).sigma_sys_gpa


def test_a_reference_ruby_in_a_spectrum(ruby: Any, rng: np.random.Generator) -> None:
    beside = ReferenceRuby(chip="R9", temperature_difference_sigma_k=0.2)
    moment = datetime.datetime(2026, 11, 22, 8, 15, tzinfo=datetime.UTC)
    made = gauge()
    # an axis that is off by 0.3 nm: 0.9 GPa without the reference
    seen = beside.seen(made.lambda0_at(80.0) + 0.3, 0.001, 80.0, moment)
    true = dataclasses.replace(ruby, r1_nm=made.line_from_pressure(20.0, 80.0) + 0.3)
    result = made.measure(true.expose(rng), 80.0, expected_gpa=(19.8, 20.2), reference=seen)
    assert result.measured
    assert result.pressure_gpa == pytest.approx(20.0, abs=0.05)
    lambda0 = next(term for term in result.budget if term.name == "lambda0")
    assert lambda0.u == 0.03, "chips that were never compared scatter by 0.3 angstrom"


def test_cold_pressures_stand_on_two_scales() -> None:
    made = gauge()
    result = made.pressure_from_line(made.line_from_pressure(10.0, 5.0), 0.001, 5.0)
    room, cold = result.alternatives
    assert (room.scale, cold.scale) == ("ruby2020", "feng2010")
    assert room.pressure_gpa == result.pressure_gpa
    assert room.sigma_sys_gpa == result.sigma_sys_gpa
    assert not room.in_range and cold.in_range
    assert cold.evidence == "from memory"
    # 6 % apart at low pressure, and each uncertain by the other's share
    low = made.pressure_from_line(made.line_from_pressure(0.5, 5.0), 0.001, 5.0)
    ratio = low.alternatives[1].pressure_gpa / low.alternatives[0].pressure_gpa
    assert ratio == pytest.approx(0.94, abs=0.01)
    other = gauge(scale="feng2010").pressure_from_line(698.0, 0.001, 5.0)
    assert [each.scale for each in other.alternatives] == ["ruby2020", "feng2010"]
    assert other.in_range and other.flags == ()
    assert sigmas(other)["pressure coefficient in the cold"] == 0.0
    assert made.pressure_from_line(700.0, 0.001, 295.0).alternatives == ()


def test_a_correction_outside_its_range_says_so() -> None:
    result = gauge(correction="vos1991").pressure_from_line(700.0, 0.001, 77.0)
    assert "vos1991 was made for 150 to 400 K and is used between 296 and 77 K" in result.range_note
    cold = dataclasses.replace(LAMBDA0, value_nm=693.37, temperature_k=77.0)
    unused = gauge(correction="vos1991", lambda0=cold).pressure_from_line(700.0, 0.001, 77.0)
    assert "vos1991" not in unused.range_note


def test_many_lines_at_once() -> None:
    made = gauge()
    lines = np.array([695.0, 700.0, np.nan, 710.0])
    temperatures = np.array([296.0, 80.0, 80.0, np.nan])
    pressures = made.pressures_gpa(lines, temperatures)
    one = made.pressure_from_line(700.0, 0.001, 80.0).pressure_gpa
    assert pressures[1] == pytest.approx(one, rel=1e-12)
    assert np.isnan(pressures).tolist() == [False, False, True, True]
    assert made.pressures_gpa([], 80.0).shape == (0,)


def test_a_measurement_is_strict_json() -> None:
    result = gauge().pressure_from_line(700.0, 0.001, 80.0)
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert found["pressure_gpa"] == result.pressure_gpa
    assert found["observable_unit"] == "nm"
    assert {"name", "kind", "sigma_gpa", "note"} <= set(found["budget"][0])
    assert len(found["alternatives"]) == 2
    assert found["flags"] == ["outside_scale_range"]


def test_measuring(ruby: Any, rng: np.random.Generator) -> None:
    made = gauge()
    true = dataclasses.replace(ruby, r1_nm=made.line_from_pressure(20.0, 80.0))
    result = made.measure(true.expose(rng), 80.0, expected_gpa=(18.0, 22.0))
    assert result.measured
    assert abs(result.pressure_gpa - 20.0) < 6.0 * result.sigma_stat_gpa
    assert result.sigma_stat_gpa < 0.01 < result.sigma_sys_gpa
    assert result.gauge == "ruby"
    assert result.fit is not None
    assert result.observable == result.fit.r1_nm
    assert result.observable_sigma == result.fit.r1_sigma_nm


def test_a_line_outside_the_expected_pressures_is_not_measured(
    ruby: Any, rng: np.random.Generator
) -> None:
    made = gauge()
    true = dataclasses.replace(ruby, r1_nm=made.line_from_pressure(20.0, 80.0))
    result = made.measure(true.expose(rng), 80.0, expected_gpa=(25.0, 30.0))
    assert not result.measured
    assert result.flags == ("outside_window",)
    assert np.isnan([result.pressure_gpa, result.sigma_stat_gpa, result.sigma_sys_gpa]).all()
    assert result.observable == pytest.approx(true.r1_nm, abs=0.01)


def test_no_line_is_no_pressure(ruby: Any, rng: np.random.Generator) -> None:
    dark = dataclasses.replace(ruby, peak_counts=0.0)
    result = gauge().measure(dark.expose(rng), 80.0)
    assert not result.measured
    assert result.flags == ("no_line",)
    assert np.isnan(result.pressure_gpa)
    assert result.budget == ()
    assert not result.in_range


def test_a_gauge_that_drew_its_systematic_errors(rng: np.random.Generator) -> None:
    """Total budget against worlds that differ from the gauge as the budget says they may."""
    scale, residuals = SCALES["ruby2020"], []
    made = gauge()
    for _ in range(400):
        pressure = rng.uniform(2.0, 60.0)
        a, c = rng.normal(1870.0, 10.0), rng.normal(5.63, 0.03)
        cold = 1.0 + 0.06 * 216.0 / 291.5 * rng.uniform(-1.0, 1.0)
        coefficients = tuple(
            dataclasses.replace(coefficient, value=value)
            for coefficient, value in zip(scale.coefficients, (a, c), strict=True)
        )
        world = dataclasses.replace(scale, coefficients=coefficients)
        temperature = 80.0 + rng.normal(0.0, 0.5)
        lambda0 = made.lambda0_at(temperature) + rng.normal(0.0, 0.005) + rng.normal(0.0, 0.012)
        lambda0 += 0.0755 * rng.uniform(-1.0, 1.0)
        line = lambda0 * (1.0 + world.inverse(pressure * cold))
        seen = line + rng.normal(0.0, 0.01) + rng.normal(0.0, 0.002)
        result = made.pressure_from_line(seen, 0.002, 80.0)
        total = np.hypot(result.sigma_stat_gpa, result.sigma_sys_gpa)
        residuals.append((result.pressure_gpa - pressure) / total)
    assert 0.9 < np.std(residuals) < 1.1


@pytest.mark.parametrize(
    "changes",
    [
        {"value_nm": 69.425},
        {"value_nm": float("nan")},
        {"sigma_nm": 0.0},
        {"sigma_nm": float("nan")},
        {"temperature_k": 0.0},
        {"temperature_k": 1000.0},
        {"chip": " "},
    ],
)
def test_lambda0_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="lambda0"):
        dataclasses.replace(LAMBDA0, **changes)


def test_lambda0_has_no_default() -> None:
    with pytest.raises(TypeError):
        RubyGauge(  # pyright: ignore[reportCallIssue]
            scale="ruby2020", correction="none", axis_sigma_nm=0.0, temperature_sigma_k=0.0
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": "ruby1999"}, "ruby1999"),
        ({"correction": "wrong"}, "wrong"),
        ({"axis_sigma_nm": -1.0}, "wavelength axis"),
        ({"axis_offset_sigma_nm": -0.1}, "offset"),
        ({"axis_offset_correlation": 1.1}, "between -1 and 1"),
        ({"axis_dispersion_sigma": float("inf")}, "dispersion"),
        ({"uniaxial_stress_gpa": -1.0}, "stress"),
        ({"gradient_gpa": float("nan")}, "across the chip"),
        ({"lambda0": []}, "none was given"),
        ({"lambda0": [LAMBDA0, dataclasses.replace(LAMBDA0, chip="B2")]}, "A1, B2"),
        ({"temperature_sigma_k": float("nan")}, "temperature"),
    ],
)
def test_a_gauge_that_cannot_be(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        gauge(**changes)


@given(
    line_nm=st.floats(),
    sigma_nm=st.floats(),
    temperature_k=st.floats(),
    scale=st.sampled_from(sorted(SCALES)),
)
def test_no_line_raises_anything_foreign(
    line_nm: float, sigma_nm: float, temperature_k: float, scale: str
) -> None:
    try:
        result = gauge(scale=scale).pressure_from_line(line_nm, sigma_nm, temperature_k)
    except DacError as error:
        assert str(error).endswith(".")
        return
    assert np.isfinite(result.pressure_gpa)
    assert result.sigma_sys_gpa > 0.0


def test_impossible_arguments(ruby: Any, rng: np.random.Generator) -> None:
    made = gauge()
    with pytest.raises(NotMeasured, match="temperature"):
        made.measure(ruby.expose(rng), float("nan"))
    with pytest.raises(ConfigurationError, match="lower first"):
        made.measure(ruby.expose(rng), 80.0, expected_gpa=(5.0, 4.0))
    with pytest.raises(ConfigurationError, match="has no line at"):
        made.line_from_pressure(-500.0, 80.0)
