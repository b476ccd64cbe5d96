import pytest

from dac_control.gauges.scales import Scale, get_scale, scales_of

EDGE = scales_of("diamond_edge")


def at(name: str, edge_cm1: float) -> float:
    scale = EDGE[name]
    return scale.pressure_gpa(scale.argument(edge_cm1, scale.reference))


@pytest.mark.parametrize(
    ("edge_cm1", "name", "pressure_gpa", "tolerance_gpa"),
    [
        (1400.0, "akahama2006", 28.90, 0.0051),
        (1400.0, "eremets2023", 28.15, 0.0051),
        (1800.0, "akahama2006", 282.86, 0.0051),
        (1800.0, "akahama2010", 288.36, 0.0051),
        (1800.0, "eremets2023", 275.43, 0.0051),
        (1800.0, "hilberer2026", 280.79, 0.0051),
        # the edges of these are rounded to 0.1 cm-1, which is 0.05 to 0.07 GPa
        (1968.3, "akahama2006", 430.1, 0.1),
        (1968.3, "akahama2010", 495.0, 0.13),
        (1968.3, "eremets2023", 420.6, 0.1),
        (1968.3, "hilberer2026", 421.2, 0.1),
        (2034.9, "akahama2006", 495.0, 0.1),
        (2034.9, "akahama2010", 599.0, 0.6),
        (2034.9, "eremets2023", 484.8, 0.1),
        (2034.9, "hilberer2026", 482.5, 0.1),
        (1918.2, "akahama2006", 383.8, 0.1),
        (1918.2, "akahama2010", 425.0, 0.13),
        (1918.2, "eremets2023", 374.8, 0.1),
        (1918.2, "hilberer2026", 377.2, 0.1),
        (1962.9, "akahama2006", 425.0, 0.1),
        (1962.9, "akahama2010", 487.0, 0.5),
        (1962.9, "eremets2023", 415.5, 0.1),
        (1962.9, "hilberer2026", 416.4, 0.1),
    ],
)
def test_worked_values(
    edge_cm1: float, name: str, pressure_gpa: float, tolerance_gpa: float
) -> None:
    assert at(name, edge_cm1) == pytest.approx(pressure_gpa, abs=tolerance_gpa)


def test_one_reading_of_2035_is_483_to_599_gpa_on_published_scales() -> None:
    pressures = {
        name: at(name, 2035.0) for name, scale in EDGE.items() if scale.evidence != "from memory"
    }
    assert round(min(pressures.values())) == 483
    assert round(max(pressures.values())) == 599


@pytest.mark.parametrize(
    ("scale", "gpa_per_cm1"), [("akahama2006", 0.95), ("akahama2010", 1.47), ("eremets2023", 0.93)]
)
def test_one_wavenumber_at_1968(scale: str, gpa_per_cm1: float) -> None:
    chosen = EDGE[scale]
    slope = chosen.slope_by_observable(1968.0, chosen.reference)
    assert slope == pytest.approx(gpa_per_cm1, abs=0.006)


def test_below_the_turn_of_the_polynomial_there_is_no_pressure() -> None:
    scale = get_scale("akahama2010", "diamond_edge")
    assert scale.pressure_gpa(1454.0) != scale.pressure_gpa(1454.0)
    assert scale.slope(1454.0) != scale.slope(1454.0)
    assert scale.pressure_gpa(1455.0) == pytest.approx(117.8, abs=0.1)
    assert scale.inverse(100.0) != scale.inverse(100.0)


def test_akahama2004_lies_within_3_percent_of_akahama2006() -> None:
    for pressure in (100.0, 200.0, 300.0):
        edge = EDGE["akahama2006"].observable(EDGE["akahama2006"].inverse(pressure), 1334.0)
        assert at("akahama2004", edge) == pytest.approx(pressure, rel=0.03)


def test_all_were_made_at_room_temperature_and_name_their_nu0() -> None:
    def described(scale: Scale) -> bool:
        return bool(scale.reference and scale.unit == "cm-1" and scale.citation)

    assert all(described(scale) for scale in EDGE.values())
    assert not any(scale.covers_temperature(80.0) for scale in EDGE.values())
    assert EDGE["eremets2023"].reference == 1332.5


def test_published_uncertainty_of_akahama2006() -> None:
    scale = EDGE["akahama2006"]
    x = scale.argument(1834.25, 1334.0)
    parts = scale.coefficient_sigmas_gpa(x)
    # by hand: 11 x (1 + 1.375 x) and 547 x^2 / 2 times 0.20, x = 0.375
    assert parts["K0"] == pytest.approx(11 * 0.375 * (1 + 1.375 * 0.375))
    assert parts["K0_prime"] == pytest.approx(547 * 0.375**2 / 2 * 0.20)
