"""Sample against control: equal pressures, shared errors, honest p-values."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, LimitError, NotMeasured
from dac_control.reflectance import (
    AbsorptionUnknown,
    AtPressure,
    Loading,
    compare_with_control,
    describe_comparison,
)
from dac_control.reflectance.matching import match_pressures
from dac_control.reflectance.permutation import sign_flip_test

OPAQUE = {"absorption": AbsorptionUnknown.behind_opaque_sample()}


def series(bench: Any, culet: float, pressures: list[float], **fields: Any) -> list[Any]:
    return [bench.measure(culet, gpa=gpa, **fields) for gpa in pressures]


def other_loading(**fields: Any) -> Loading:
    return Loading(**({"cell": "DAC-08", "specimen": "2026-12-empty"} | fields))


def test_equal_cells_are_not_distinguished(bench: Any) -> None:
    p_values = []
    for _ in range(12):
        found = compare_with_control(
            series(bench, 0.4, [60.0, 80.0]), series(bench, 0.4, [60.0, 80.0])
        )
        p_values.append(found.p_value)
    assert min(p_values) > 1e-3
    assert max(p_values) > 0.2
    assert found.dof == 32


def test_a_brighter_sample_is(bench: Any) -> None:
    found = compare_with_control(series(bench, 0.6, [60.0, 80.0]), series(bench, 0.4, [60.0, 80.0]))
    assert found.p_value < 1e-6
    assert found.mean_difference == pytest.approx(0.2, abs=0.01)
    assert found.quantity == "reflectance"
    assert found.sign_flip.floor == 0.5


def test_an_error_of_the_table_cancels_between_the_two(bench: Any) -> None:
    wrong = bench.table(sigma=np.full((2, 2), 0.1))
    one, other = (series(bench, 0.4, [80.0], reference=wrong) for _ in range(2))
    found = compare_with_control(one, other)
    alone = float(np.mean(one[0].sigma_sys))
    assert found.mean_sigma < 0.3 * alone
    newer = bench.table(sigma=np.full((2, 2), 0.1), source="another table")
    apart = compare_with_control(one, series(bench, 0.4, [80.0], reference=newer))
    assert apart.mean_sigma > 1.2 * alone


def test_relative_results_are_compared_with_relative_ones(bench: Any) -> None:
    found = compare_with_control(
        series(bench, 0.6, [60.0, 80.0], **OPAQUE), series(bench, 0.4, [60.0, 80.0], **OPAQUE)
    )
    assert found.quantity == "ratio to rhenium"
    with pytest.raises(ConfigurationError, match="one type"):
        compare_with_control(series(bench, 0.6, [60.0]), series(bench, 0.4, [60.0], **OPAQUE))
    mixed = series(bench, 0.6, [60.0], **OPAQUE), series(bench, 0.4, [60.0], reference=None)
    with pytest.raises(ConfigurationError, match="one reference"):
        compare_with_control(*mixed)


def test_ratios_to_two_pieces_of_gasket_are_tested_only_with_what_pieces_differ_by(
    bench: Any,
) -> None:
    # the same sample against foils of which one reflects 3 % less
    sample = series(bench, 0.4, [60.0, 80.0], **OPAQUE)
    control = series(bench, 0.4, [60.0, 80.0], **OPAQUE, loading=other_loading())
    brighter = [dataclasses.replace(step, count_ratio=step.count_ratio / 0.97) for step in control]
    found = compare_with_control(sample, brighter)
    assert (found.tested, found.p_value, found.sign_flip) == ("nothing", None, None)
    said = " ".join(describe_comparison(found))
    assert "p =" not in said and "foil_u and foil_source of [cell]" in said
    stated = compare_with_control(sample, brighter, foil_u=0.03)
    assert stated.tested == "mean" and stated.dof == 1
    assert stated.p_value is not None and stated.p_value > 0.2
    assert stated.mean_sigma == pytest.approx(0.03 * np.sqrt(2.0) * 1.1, rel=0.2)
    assert "only the mean" in " ".join(describe_comparison(stated))
    ours = other_loading(specimen="2026-11-H", foil_u=0.03, foil_source="5 pieces, run 3")
    theirs = other_loading(foil_u=0.001, foil_source="5 pieces, run 3")
    own = [series(bench, 0.6, [80.0], **OPAQUE, loading=each)[0] for each in (ours, theirs)]
    unequal = compare_with_control(own[:1], own[1:])
    assert unequal.mean_sigma == pytest.approx(0.03 * float(np.mean(own[0].values)), rel=0.05)


def test_errors_of_anvils_and_gasket_cancel_only_where_they_are_the_same(bench: Any) -> None:
    one = series(bench, 0.4, [80.0])
    same = compare_with_control(one, series(bench, 0.4, [80.0]))
    piece = compare_with_control(one, series(bench, 0.4, [80.0], loading=other_loading()))
    unknown = compare_with_control(one, series(bench, 0.4, [80.0], loading=None))
    assert same.tested == "each band" and piece.tested == unknown.tested == "nothing"
    assert piece.mean_sigma > 1.2 * same.mean_sigma
    assert unknown.mean_sigma == pytest.approx(piece.mean_sigma, rel=0.1)


def test_a_foil_that_differs_is_charged_once_to_an_absolute_reflectance(bench: Any) -> None:
    # the same sample at both sides; the control's piece reflects 10 % less, its table says 3 %
    sample, control = (
        series(bench, 0.1, [80.0], loading=other_loading(specimen=name)) for name in "ab"
    )
    brighter = [
        dataclasses.replace(step, reflectance=step.reflectance + 0.1 * step.per_reference)
        for step in control
    ]
    assert compare_with_control(sample, brighter).p_value is None
    stated = compare_with_control(sample, brighter, foil_u=0.05)
    assert stated.tested == "mean" and stated.p_value is not None and stated.p_value > 0.05
    assert stated.mean_sigma > 0.05 * np.sqrt(2.0) * 0.1 * 1.5, "what is dark suffers more"
    own = [
        series(
            bench, 0.1, [80.0], loading=other_loading(specimen=name, foil_u=0.05, foil_source="x")
        )
        for name in "ab"
    ]
    recorded = compare_with_control(*own)
    assert recorded.mean_sigma == pytest.approx(stated.mean_sigma, rel=0.02)
    assert compare_with_control(*own, foil_u=0.5).mean_sigma == recorded.mean_sigma
    earlier = [dataclasses.replace(step, per_reference=None) for step in sample]
    assert "earlier version" in compare_with_control(earlier, control, foil_u=0.05).not_tested
    outside = {"reference": bench.table(behind_anvil=False)}
    mirror = series(bench, 0.1, [80.0], **outside)
    assert compare_with_control(mirror, own[0]).tested == "mean", "a mirror's table is its own"


@pytest.mark.parametrize(("foil_u", "source"), [(0.0, "x"), (1.5, "x"), (0.05, " "), (None, "x")])
def test_what_foils_differ_by_is_a_fraction_with_a_source(
    foil_u: float | None, source: str
) -> None:
    with pytest.raises(LimitError, match="foil_u"):
        Loading(cell="DAC-07", specimen="b", foil_u=foil_u, foil_source=source)


def test_the_control_is_interpolated_and_never_extrapolated(bench: Any) -> None:
    control = series(bench, 0.4, [40.0]) + series(bench, 0.6, [60.0])
    sample = series(bench, 0.5, [20.0, 45.0, 60.5, 70.0])
    matches, unmatched = match_pressures(sample, control)
    assert [match.sample for match in matches] == [1, 2]
    assert dict(matches[0].weights) == pytest.approx({0: 0.75, 1: 0.25})
    assert matches[1].weights == ((1, 1.0),)
    assert len(unmatched) == 2
    assert "measured from 40 to 60 GPa" in unmatched[0]


def test_interpolation_and_unequal_pressures_are_charged(bench: Any) -> None:
    control = series(bench, 0.4, [40.0]) + series(bench, 0.6, [60.0])
    halfway = compare_with_control(series(bench, 0.5, [50.0]), control)
    assert halfway.mean_difference == pytest.approx(0.0, abs=0.01)
    assert np.mean(halfway.sigma) > 0.2 / np.sqrt(12.0)
    vague = {"pressure": AtPressure(pressure_gpa=40.0, sigma_stat_gpa=5.0, scale="ruby")}
    loose = compare_with_control(series(bench, 0.4, [40.0], **vague), control)
    assert np.mean(loose.sigma) > 0.9 * 0.2 * 5.0 / 20.0


def test_other_scales_carry_their_systematic_uncertainty() -> None:
    ruby = AtPressure(pressure_gpa=80.0, sigma_stat_gpa=0.1, sigma_sys_gpa=2.0, scale="ruby")
    again = dataclasses.replace(ruby, pressure_gpa=81.0)
    edge = dataclasses.replace(again, scale="edge")
    assert not ruby.agrees_with(again)
    assert ruby.agrees_with(edge)
    assert not ruby.agrees_with(dataclasses.replace(ruby, measured=False))


def test_pressures_that_nobody_measured_are_not_matched(bench: Any) -> None:
    unknown = {"pressure": AtPressure.unknown()}
    sample = series(bench, 0.5, [50.0], **unknown)
    with pytest.raises(NotMeasured, match="no measured pressure"):
        compare_with_control(sample, series(bench, 0.4, [50.0], **OPAQUE))
    with pytest.raises(NotMeasured, match="No step of the control"):
        compare_with_control(series(bench, 0.5, [50.0], **OPAQUE), sample)


def test_what_cannot_be_compared_is_refused(bench: Any) -> None:
    sample = series(bench, 0.5, [50.0])
    with pytest.raises(NotMeasured, match="at least one step"):
        compare_with_control(sample, [])
    with pytest.raises(NotMeasured, match="has a counterpart"):
        compare_with_control(sample, series(bench, 0.4, [90.0]))
    bench.wavelength_nm = np.linspace(500.0, 950.0, 150)
    with pytest.raises(ConfigurationError, match="same wavelengths"):
        compare_with_control(sample, series(bench, 0.4, [50.0]))


@pytest.mark.parametrize(
    ("gpa", "sigma"), [(float("nan"), 1.0), (50.0, -1.0), (50.0, float("nan"))]
)
def test_a_measured_pressure_is_a_number(gpa: float, sigma: float) -> None:
    with pytest.raises(ConfigurationError):
        AtPressure(pressure_gpa=gpa, sigma_stat_gpa=sigma)


def test_the_sign_flip_test_is_exact_for_few_pairs() -> None:
    found = sign_flip_test(np.array([1.0, 1.1, 0.9, 1.2]))
    assert found.p_value == found.floor == 2.0**-3
    assert sign_flip_test(np.array([1.0, -1.0, 0.0])).p_value == 1.0
    assert sign_flip_test(np.array([2.0])).p_value == 1.0
    many = np.random.default_rng(3).normal(1.0, 0.5, 30)
    assert sign_flip_test(many).p_value == pytest.approx(1.0 / 20_000)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_a_p_value_is_one(values: list[float]) -> None:
    found = sign_flip_test(np.array(values))
    assert found.floor <= found.p_value <= 1.0
    assert sign_flip_test(-np.array(values)).p_value == pytest.approx(found.p_value, abs=0.02)
