"""The diamond-edge gauge: worked values, all scales side by side, the budget's terms."""

import numpy as np
import pytest

from dac_control.errors import ConfigurationError
from dac_control.gauges.diamond_edge import DiamondEdgeGauge, Nu0, vacuum_shift_cm1
from dac_control.gauges.scales import get_scale, scales_of

NU0 = Nu0(value_cm1=1334.0, sigma_cm1=0.3, convention="vacuum", source="this anvil, unstressed")


def gauge(**changes):
    stated = {"nu0": NU0, "laser_sigma_nm": 0.02, "axis_sigma_cm1": 0.0}
    return DiamondEdgeGauge(**{**stated, **changes})


def on(measurement, scale):
    return next(other for other in measurement.alternatives if other.scale == scale)


def term(measurement, name):
    return next(part for part in measurement.budget if part.name == name)


@pytest.mark.parametrize(
    ("edge", "scale", "pressure"),
    [
        (1400.0, "akahama2006", 28.90),
        (1400.0, "eremets2023", 28.15),
        (1800.0, "akahama2006", 282.86),
        (1800.0, "akahama2010", 288.36),
        (1800.0, "eremets2023", 275.43),
        (1800.0, "hilberer2026", 280.79),
        (1968.3, "akahama2010", 495.0),
        (2034.9, "akahama2006", 495.0),
        (2034.9, "akahama2010", 599.1),
        (2034.9, "eremets2023", 484.8),
    ],
)
def test_worked_values_with_the_nu0_of_each_source(edge, scale, pressure):
    measured = gauge(scale=scale, nu0=None).pressure_from_edge(
        edge, 0.5, 300.0, convention="vacuum"
    )

    assert measured.pressure_gpa == pytest.approx(pressure, abs=0.06)
    assert measured.measured and measured.scale == scale
    assert on(measured, scale).pressure_gpa == measured.pressure_gpa


def test_one_edge_is_shown_on_every_scale_and_the_spread_is_budgeted():
    measured = gauge().pressure_from_edge(2034.9, 0.5, 300.0)
    counted = [
        other.pressure_gpa for other in measured.alternatives if other.scale != "akahama2004"
    ]

    assert [other.scale for other in measured.alternatives] == list(scales_of("diamond_edge"))
    assert min(counted) == pytest.approx(482.5, abs=0.2)
    assert max(counted) == pytest.approx(599.1, abs=0.2)
    assert term(measured, "spread between scales").sigma_gpa > 40.0
    assert measured.sigma_sys_gpa > term(measured, "spread between scales").sigma_gpa


def test_range_is_told_honestly():
    inside = gauge().pressure_from_edge(1700.0, 0.5, 300.0)
    beyond = gauge().pressure_from_edge(2034.9, 0.5, 300.0)
    cold = gauge().pressure_from_edge(1700.0, 0.5, 80.0)
    nowhere = gauge(scale="akahama2010").pressure_from_edge(1400.0, 0.5, 300.0)

    assert inside.in_range and not inside.range_note and not inside.flags
    assert not beyond.in_range and "0 to 310 GPa" in beyond.range_note
    assert beyond.flags == ("outside_scale_range",)
    assert not cold.in_range and "80 K" in cold.range_note
    assert not on(beyond, "akahama2010").in_range
    assert not nowhere.measured and np.isnan(nowhere.pressure_gpa)


def test_statistical_and_systematic_stay_apart():
    measured = gauge().pressure_from_edge(1800.0, 0.5, 300.0)
    per_cm1 = get_scale("akahama2006", "diamond_edge").slope_by_observable(1800.0, 1334.0)

    assert measured.sigma_stat_gpa == pytest.approx(0.5 * per_cm1)
    assert [part.name for part in measured.budget if part.kind == "statistical"] == [
        "photon statistics"
    ]
    assert gauge().pressure_from_edge(1800.0, 5.0, 300.0).sigma_sys_gpa == measured.sigma_sys_gpa


def test_a_tenth_of_a_nanometre_of_the_laser_is_3_5_wavenumbers():
    measured = gauge(laser_sigma_nm=0.1, laser_nm=532.0).pressure_from_edge(1800.0, 0.5, 300.0)
    per_cm1 = get_scale("akahama2006", "diamond_edge").slope_by_observable(1800.0, 1334.0)

    assert term(measured, "laser wavelength").sigma_gpa == pytest.approx(3.53 * per_cm1, rel=2e-3)


def test_nu0_on_the_same_axis_takes_off_part_of_the_laser():
    shared = Nu0(
        value_cm1=1334.0, sigma_cm1=0.3, convention="vacuum", source="same day", same_axis=True
    )
    apart = gauge(laser_sigma_nm=0.1).pressure_from_edge(1400.0, 0.5, 300.0)
    same = gauge(laser_sigma_nm=0.1, nu0=shared).pressure_from_edge(1400.0, 0.5, 300.0)

    ratio = term(same, "laser wavelength").sigma_gpa / term(apart, "laser wavelength").sigma_gpa
    assert ratio == pytest.approx(66.0 / 1334.0, rel=0.01)


def test_air_shifts_are_converted_and_unknown_ones_budgeted():
    known = gauge().pressure_from_edge(2000.0, 0.5, 300.0, convention="vacuum")
    air = gauge().pressure_from_edge(2000.0, 0.5, 300.0, convention="air")
    unknown = gauge().pressure_from_edge(2000.0, 0.5, 300.0)
    per_cm1 = get_scale("akahama2006", "diamond_edge").slope_by_observable(2000.0, 1334.0)

    assert vacuum_shift_cm1(2000.0, 532.0) - 2000.0 == pytest.approx(-0.57, abs=0.01)
    assert air.observable == 2000.0
    assert air.pressure_gpa == pytest.approx(known.pressure_gpa - 0.57 * per_cm1, abs=0.02)
    assert term(known, "air or vacuum").sigma_gpa == 0.0
    assert term(unknown, "air or vacuum").sigma_gpa == pytest.approx(
        0.57 * per_cm1 / 3**0.5, rel=0.02
    )
    assert "unknown" in term(unknown, "air or vacuum").note


def test_cold_and_unknown_temperatures_cost_something():
    warm, cold, unknown = (
        term(gauge().pressure_from_edge(1800.0, 0.5, t), "scale of 300 K used cold").sigma_gpa
        for t in (300.0, 5.0, float("nan"))
    )

    assert warm == 0.0
    assert 0.0 < cold < unknown


def test_a_spectrum_becomes_a_measurement(draw):
    measured = gauge(anvil="A7, type Ia, (100)").measure(draw(convention="vacuum"), 300.0)

    assert measured.measured and measured.gauge == "diamond_edge"
    assert measured.observable == pytest.approx(1700.3, abs=1.0)
    assert measured.observable_unit == "cm-1"
    assert measured.observable_sigma == measured.fit.edge_sigma_cm1
    assert "A7, type Ia, (100)" in measured.reference
    assert len(measured.alternatives) == len(scales_of("diamond_edge"))
    assert {part.name for part in measured.budget} >= {
        "photon statistics",
        "laser wavelength",
        "air or vacuum",
        "nu0",
        "definition of the edge",
        "scale coefficient K0",
        "scale of 300 K used cold",
        "stress state of the anvil",
        "spread between scales",
    }
    assert measured.to_dict()["alternatives"][0]["scale"] == "akahama2006"


def test_definition_of_the_edge_is_what_the_spectrum_shows(draw):
    flat = gauge().measure(draw(rise=False, height=1e5), 300.0)
    sloped = gauge().measure(draw(rise=False, height=1e5, plateau_slope=-3e-3, width=15.0), 300.0)

    assert term(sloped, "definition of the edge").sigma_gpa > 0.3
    assert term(flat, "definition of the edge").sigma_gpa < 0.1


def test_expected_pressures_decide_and_flag(draw):
    assert gauge().measure(draw(), 300.0, expected_gpa=(150.0, 300.0)).measured
    off = gauge().measure(draw(), 300.0, expected_gpa=(300.0, 400.0))
    assert not off.measured and "outside_window" in off.flags
    with pytest.raises(ConfigurationError, match="lower first"):
        gauge().measure(draw(), 300.0, expected_gpa=(300.0, 200.0))


def test_no_edge_is_no_pressure(draw):
    measured = gauge().measure(draw(height=1.0), 300.0)

    assert not measured.measured and np.isnan(measured.pressure_gpa)
    assert measured.budget == () and "no_edge" in measured.flags


def test_measured_anvil_to_a_pressure(real_edge):
    measured = gauge(laser_nm=660.0).measure(real_edge, 300.0)

    assert measured.measured and measured.in_range
    assert measured.pressure_gpa == pytest.approx(278.0, abs=3.0)
    assert on(measured, "akahama2010").pressure_gpa > measured.pressure_gpa


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": "mao1986"}, "mao1986"),
        ({"scale": get_scale("mao1986")}, "cannot read a diamond edge"),
        ({"laser_sigma_nm": -1.0}, "laser wavelength"),
        ({"laser_nm": 5.0}, "between 200 and 1100"),
        ({"axis_sigma_cm1": float("nan")}, "Raman axis"),
        ({"stress_sigma_gpa": -2.0}, "stress"),
    ],
)
def test_refuses_a_wrong_gauge(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        gauge(**changes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((690.0, 0.5), "between 1330 and 2250"),
        ((float("nan"), 0.5), "between 1330"),
        ((1800.0, -1.0), "uncertainty of the edge"),
        ((1800.0, 0.5, -5.0), "temperature"),
        ((1800.0, 0.5, None), "temperature of the anvil is given as None"),
    ],
)
def test_refuses_a_wrong_edge(arguments, words):
    with pytest.raises(ConfigurationError, match=words):
        gauge().pressure_from_edge(*arguments)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value_cm1": 694.2}, "unstressed diamond"),
        ({"sigma_cm1": -1.0}, "uncertainty of nu0"),
        ({"convention": "none"}, "vacuum, air or unknown"),
        ({"source": " "}, "source"),
    ],
)
def test_refuses_a_wrong_nu0(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        Nu0(**{"value_cm1": 1333.0, "sigma_cm1": 0.3, "source": "us", **changes})


def test_an_axis_that_nobody_vouched_for_is_flagged():
    known, unknown = (
        gauge(**stated).pressure_from_edge(1800.0, 0.5, 300.0)
        for stated in ({"axis_sigma_cm1": 0.5}, {"axis_sigma_cm1": None})
    )

    assert "raman_axis_unknown" not in known.flags
    assert term(known, "Raman axis").sigma_gpa > 0.3
    assert "raman_axis_unknown" in unknown.flags
    assert term(unknown, "Raman axis").sigma_gpa == 0.0
    assert term(unknown, "Raman axis").note.startswith("not stated; axis_sigma_cm1 states")
