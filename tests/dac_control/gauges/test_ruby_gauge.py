import dataclasses
import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.gauges import SCALES, Lambda0, RubyGauge

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
    assert result.in_range


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
    assert terms["wavelength axis"].sigma_gpa == pytest.approx(0.010 * per_nm, rel=1e-4)
    assert terms["lambda0"].sigma_gpa == pytest.approx(
        0.005 * per_nm * line / made.lambda0_at(80.0), rel=1e-4
    )
    assert terms["pressure coefficient in the cold"].sigma_gpa == pytest.approx(
        0.06 * 216.0 / 291.5 * 40.0 / np.sqrt(3.0)
    )
    assert terms["temperature correction"].sigma_gpa == pytest.approx(0.012 * per_nm, rel=0.1)
    assert terms["scale coefficient A"].sigma_gpa == pytest.approx(40.0 * 10.0 / 1870.0)
    assert all(term.kind == "systematic" for term in result.budget[1:])
    systematic = np.sqrt(sum(term.sigma_gpa**2 for term in result.budget[1:]))
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
    [(100.0, 80.0, True), (160.0, 80.0, False), (10.0, 950.0, False), (-0.01, 80.0, True)],
)
def test_range(pressure_gpa: float, temperature_k: float, in_range: bool) -> None:
    made = gauge()
    line = made.line_from_pressure(pressure_gpa, temperature_k)
    assert made.pressure_from_line(line, 0.001, temperature_k).in_range is in_range


def test_measuring(ruby: Any, rng: np.random.Generator) -> None:
    made = gauge()
    true = dataclasses.replace(ruby, r1_nm=made.line_from_pressure(20.0, 80.0))
    result = made.measure(true.expose(rng), 80.0, expected_gpa=(18.0, 22.0))
    assert result.measured
    assert abs(result.pressure_gpa - 20.0) < 6.0 * result.sigma_stat_gpa
    assert result.sigma_stat_gpa < 0.01 < result.sigma_sys_gpa
    assert result.gauge == "ruby"
    assert result.fit is not None
    assert result.observable_nm == result.fit.r1_nm
    assert result.observable_sigma_nm == result.fit.r1_sigma_nm


def test_a_line_outside_the_expected_pressures_is_not_measured(
    ruby: Any, rng: np.random.Generator
) -> None:
    made = gauge()
    true = dataclasses.replace(ruby, r1_nm=made.line_from_pressure(20.0, 80.0))
    result = made.measure(true.expose(rng), 80.0, expected_gpa=(25.0, 30.0))
    assert not result.measured
    assert result.flags == ("outside_window",)
    assert np.isnan([result.pressure_gpa, result.sigma_stat_gpa, result.sigma_sys_gpa]).all()
    assert result.observable_nm == pytest.approx(true.r1_nm, abs=0.01)


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
