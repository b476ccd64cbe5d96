import math

import pytest

from dac_control.errors import ConfigurationError
from dac_control.gauges import get_scale, scales_of
from dac_control.gauges.budget import BudgetTerm
from dac_control.gauges.quoting import (
    check_sigma,
    expected_observables,
    quote,
    range_note,
    scale_for,
    scale_terms,
)

RUBY = get_scale("ruby2020")
TERMS = (
    BudgetTerm("photon statistics", "statistical", 0.3, ""),
    BudgetTerm("a", "systematic", 3.0, ""),
    BudgetTerm("b", "systematic", 4.0, ""),
)


def test_a_pressure_is_measured_with_its_budget() -> None:
    found = quote(RUBY, (700.0, 0.01), 296.0, pressure_gpa=16.2, budget=TERMS, note="Too far.")
    assert found.measured and not found.in_range
    assert (found.sigma_stat_gpa, found.sigma_sys_gpa) == (0.3, 5.0)
    assert (found.gauge, found.scale, found.observable_unit) == ("ruby", "ruby2020", "nm")
    assert found.flags == ("outside_scale_range",)


def test_without_a_pressure_nothing_is_measured() -> None:
    found = quote(RUBY, (math.nan, math.nan), 296.0, budget=TERMS, flags=("no_line",))
    assert not found.measured and not found.in_range
    assert math.isnan(found.pressure_gpa) and math.isnan(found.sigma_sys_gpa)
    assert found.budget == () and found.flags == ("no_line",)


def test_range_notes_say_which_range() -> None:
    assert range_note(RUBY, 50.0, 296.0) == ""
    assert range_note(RUBY, 50.0, math.nan) == ""
    assert "0 to 150 GPa" in range_note(RUBY, 151.0, 296.0)
    assert "290 to 310 K" in range_note(RUBY, 50.0, 80.0)
    assert "gives this edge no pressure" in range_note(RUBY, math.nan, 296.0, "edge")


def test_terms_of_a_scale_are_named_by_what_they_are() -> None:
    names = [term.name for term in scale_terms(RUBY, 0.01)]
    assert names == ["scale coefficient A", "scale coefficient C"]
    for scale in scales_of("srb4o7").values():
        for term in scale_terms(scale, 0.01 if scale.form.argument == "ratio" else 5.0):
            assert term.name not in ("scale coefficient assessed", "scale coefficient form")


def test_expected_lines_come_in_rising_order() -> None:
    low, high = expected_observables(RUBY, (10.0, 20.0), 694.25)
    assert 694.25 < low < high
    with pytest.raises(ConfigurationError, match="lower first"):
        expected_observables(RUBY, (20.0, 10.0), 694.25)
    with pytest.raises(ConfigurationError, match="does not reach"):
        expected_observables(RUBY, (-1e6, 10.0), 694.25)


def test_another_gauge_s_scale_and_no_uncertainty_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot read a diamond edge"):
        scale_for(RUBY, "diamond_edge", "a diamond edge")
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(ConfigurationError, match="uncertainty of the axis"):
            check_sigma("axis", "nm", bad)
