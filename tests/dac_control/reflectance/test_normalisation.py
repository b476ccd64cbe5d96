"""Counts to a reflectance of the type they deserve."""

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dac_control import reflectance
from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.reflectance import (
    AbsoluteReflectance,
    AbsorptionUnknown,
    AtPressure,
    DarkReading,
    MultipleReflections,
    RelativeReflectance,
    evaluate_reflectance,
)
from dac_control.reflectance.evidence import LINKS

OPEN = {
    "no reference": {"reference": None},
    "opaque": {"absorption": AbsorptionUnknown.behind_opaque_sample()},
    "not measured": {"absorption": AbsorptionUnknown.not_measured()},
    "pressure": {"pressure": AtPressure.unknown()},
}


def test_the_true_reflectance_comes_back(bench: Any) -> None:
    pulls = []
    for _ in range(8):
        found = bench.measure(0.6)
        assert isinstance(found, AbsoluteReflectance)
        pulls.append((found.reflectance - 0.6) / found.sigma_stat)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.08)
    assert abs(np.mean(pulls)) < 0.25
    assert found.evidence.open_links == ()
    assert found.evidence.n_wavelengths == 150


def test_each_term_is_named_and_the_two_kinds_stay_apart(bench: Any) -> None:
    found = bench.measure(0.6)
    names = [term.name for term in found.terms]
    assert len(set(names)) == len(names) == 16
    assert {term.kind for term in found.terms} == {"statistical", "systematic"}
    squares = sum(term.sigma**2 for term in found.terms)
    assert np.hypot(found.sigma_stat, found.sigma_sys) == pytest.approx(np.sqrt(squares))


def test_the_reference_table_is_off_by_as_much_as_the_budget_says(bench: Any) -> None:
    moved = bench.table(reflectance=bench.table().reflectance + 0.01)
    before, after = bench.measure(0.6), bench.measure(0.6, reference=moved)
    term = next(term for term in before.terms if term.name == "reference reflectance")
    shift = np.mean(after.reflectance - before.reflectance)
    assert shift == pytest.approx(np.mean(term.sigma), rel=0.1)


def test_bounces_that_nobody_looked_at_are_a_large_term(bench: Any) -> None:
    known, unknown = bench.measure(0.6), bench.measure(0.6, bounces=MultipleReflections.unknown())
    assert np.mean(unknown.sigma_sys) > 2.0 * np.mean(known.sigma_sys)
    assert any("bounces inside the anvil" in s for s in unknown.evidence.limitations())
    assert np.mean(known.without_bounces) > 1.03 * np.mean(known.reflectance)


@pytest.mark.parametrize("fields", OPEN.values(), ids=OPEN)
def test_one_open_link_makes_it_relative(bench: Any, fields: dict[str, Any]) -> None:
    found = bench.measure(0.6, **fields)
    assert isinstance(found, RelativeReflectance)
    assert found.reasons
    assert not hasattr(found, "reflectance")
    assert all(
        f"The reflectance is relative: {r}." in found.evidence.limitations() for r in found.reasons
    )


def test_rhenium_beyond_100_gpa_makes_it_relative(bench: Any) -> None:
    found = bench.measure(0.6, gpa=150.0)
    assert isinstance(found, RelativeReflectance)
    assert "unknown at 150 GPa" in found.reasons[0]
    assert found.evidence.reference_measured_to_gpa == 100.0


def test_who_measured_further_is_said_where_it_counts(bench: Any) -> None:
    further = bench.table(pressure_gpa=np.array([0.0, 200.0]), beyond="our cell 9, against gold")
    for gpa, said in ((150.0, True), (80.0, False)):
        found = bench.measure(0.6, gpa=gpa, reference=further)
        text = " ".join(found.evidence.limitations())
        assert isinstance(found, AbsoluteReflectance)
        assert ("is from: our cell 9, against gold." in text) is said


def test_the_gradient_from_gauge_to_gasket_is_charged_or_said_not_to_be(bench: Any) -> None:
    found = bench.measure(0.6)
    stated = bench.measure(0.6, reference=bench.table(within_gpa=40.0))
    terms = [
        next(each.sigma for each in one.terms if each.name == "pressure of the reference")
        for one in (found, stated)
    ]
    assert np.mean(terms[1]) == pytest.approx(
        np.hypot(0.5, 40.0 / 3**0.5) / 0.5 * np.mean(terms[0]), rel=1e-3
    )
    said = ["gradient" in " ".join(one.evidence.limitations()) for one in (found, stated)]
    assert said == [True, False]
    measured = bench.measure(0.6, reference_pressure=bench.at(75.0))
    assert "gradient" not in " ".join(measured.evidence.limitations())


def test_absorption_at_another_pressure_makes_it_relative(bench: Any) -> None:
    found = bench.measure(0.6, absorption=bench.absorption(60.0))
    assert isinstance(found, RelativeReflectance)
    assert found.evidence.absorption == "measured at another pressure"


def test_a_lamp_read_once_makes_it_relative_unless_its_drift_is_known(bench: Any) -> None:
    own = bench.light_of(np.full(bench.size, 0.6))
    arguments = {
        "sample_name": "hydrogen",
        "pressure": bench.at(80.0),
        "reference": bench.table(),
        "absorption": bench.absorption(80.0),
    }
    readings = bench.read("sample", own), [bench.read("gasket", own)]
    assert isinstance(evaluate_reflectance(*readings, **arguments), RelativeReflectance)
    known = evaluate_reflectance(*readings, **arguments, lamp_drift_u=0.01)
    assert isinstance(known, AbsoluteReflectance)


def test_a_mirror_in_place_of_the_cell_serves_at_any_pressure(bench: Any) -> None:
    mirror = bench.table(
        name="silver mirror",
        behind_anvil=False,
        pressure_gpa=np.array([0.0]),
        reflectance=np.array([[0.95, 0.97]]),
        sigma=np.array([[0.005, 0.005]]),
    )
    lamp = mirror.at(bench.at(0.0), bench.wavelength_nm).reflectance
    found = evaluate_reflectance(
        bench.read("sample", bench.light_of(np.full(bench.size, 0.6)), 5.0),
        [bench.read("lamp", lamp, 0.0), bench.read("lamp", lamp, 10.0)],
        sample_name="hydrogen",
        pressure=bench.at(300.0),
        reference=mirror,
        absorption=bench.absorption(300.0),
        bounces=MultipleReflections.all_collected(),
    )
    assert isinstance(found, AbsoluteReflectance)
    assert np.mean(found.reflectance) == pytest.approx(0.6, abs=0.005)


def test_lamp_drift_is_interpolated_and_charged(bench: Any) -> None:
    own = bench.light_of(np.full(bench.size, 0.6))
    drifting = evaluate_reflectance(
        bench.read("sample", 1.05 * own, 5.0),
        [bench.read("gasket", own, 0.0), bench.read("gasket", 1.1 * own, 10.0)],
        sample_name="hydrogen",
        pressure=bench.at(80.0),
        reference=None,
        absorption=AbsorptionUnknown.not_measured(),
    )
    assert np.mean(drifting.values) == pytest.approx(1.0, abs=2e-3)
    drift = next(term for term in drifting.terms if term.name == "lamp drift")
    assert np.mean(drift.sigma) == pytest.approx(0.1 / 1.05 / np.sqrt(12.0), rel=0.02)


def test_a_relative_result_cannot_become_absolute(bench: Any) -> None:
    relative = bench.measure(0.6, **OPEN["opaque"])
    absolute = bench.measure(0.6)
    shared = {f.name for f in dataclasses.fields(AbsoluteReflectance)} - {"evidence"}
    fields = {name: getattr(absolute, name) for name in shared}
    with pytest.raises(ConfigurationError, match="cannot be absolute"):
        AbsoluteReflectance(**fields, evidence=relative.evidence)
    with pytest.raises(ConfigurationError, match="no link is open"):
        dataclasses.replace(relative, evidence=absolute.evidence)
    assert set(LINKS) == {link.name for link in relative.evidence.links}
    makers = [
        name
        for name in reflectance.__all__
        if inspect.isfunction(getattr(reflectance, name))
        and "Absolute" in str(inspect.signature(getattr(reflectance, name)).return_annotation)
    ]
    assert makers == ["evaluate_reflectance"]


def test_saturated_and_broken_pixels_are_left_out_and_counted(bench: Any) -> None:
    good = bench.read("sample", 0.5)
    counts = good.counts.copy()
    counts[3], counts[5] = 65_535.0, np.nan
    broken = dataclasses.replace(good, counts=counts, lab_time_s=5.0)
    found = evaluate_reflectance(
        broken,
        [bench.read("gasket", 0.4, 0.0), bench.read("gasket", 0.4, 10.0)],
        sample_name="hydrogen",
        pressure=bench.at(80.0),
        reference=None,
        absorption=AbsorptionUnknown.not_measured(),
    )
    assert np.flatnonzero(~found.usable).tolist() == [3, 5]
    assert found.to_dict()["left_out"] == {"saturated": 1, "bad_counts": 1}
    assert any(s.startswith("2 of 150 wavelengths") for s in found.evidence.limitations())


@pytest.mark.parametrize("spot", ["sample", "gasket"])
def test_nothing_usable_is_said_in_one_sentence(bench: Any, spot: str) -> None:
    black = bench.read(spot, 0.0, counts=np.full(bench.size, np.nan))
    other = bench.read("gasket" if spot == "sample" else "sample", 0.4)
    readings = (black, [other]) if spot == "sample" else (other, [black])
    with pytest.raises(NotMeasured, match="No wavelength"):
        evaluate_reflectance(
            *readings,
            sample_name="hydrogen",
            pressure=bench.at(80.0),
            reference=None,
            absorption=AbsorptionUnknown.not_measured(),
        )


@pytest.mark.parametrize("count", [0, 3])
def test_one_or_two_references(bench: Any, count: int) -> None:
    with pytest.raises(ConfigurationError, match="readings of the reference"):
        evaluate_reflectance(
            bench.read("sample", 0.5),
            [bench.read("gasket", 0.4)] * count,
            sample_name="hydrogen",
            pressure=bench.at(80.0),
            reference=None,
            absorption=AbsorptionUnknown.not_measured(),
        )


@pytest.mark.parametrize(
    "second",
    [
        {"spot": "lamp"},
        {"lab_time_s": 3.0},
        {"wavelength_nm": np.linspace(451.0, 901.0, 150)},
    ],
)
def test_references_fit_the_sample(bench: Any, second: dict[str, Any]) -> None:
    last = dataclasses.replace(bench.read("gasket", 0.4, 10.0), **second)
    with pytest.raises(ConfigurationError):
        evaluate_reflectance(
            bench.read("sample", 0.5, 5.0),
            [bench.read("gasket", 0.4, 0.0), last],
            sample_name="hydrogen",
            pressure=bench.at(80.0),
            reference=None,
            absorption=AbsorptionUnknown.not_measured(),
        )


def test_an_impossible_reflectance_says_so(bench: Any) -> None:
    found = bench.measure(0.6, absorption=bench.absorption(80.0, near_share=0.0))
    worse = evaluate_reflectance(
        bench.read("sample", 1.0, 5.0),
        [bench.read("gasket", 0.2, 0.0), bench.read("gasket", 0.2, 10.0)],
        sample_name="hydrogen",
        pressure=bench.at(80.0),
        reference=bench.table(),
        absorption=bench.absorption(80.0),
        bounces=MultipleReflections.all_collected(),
    )
    assert found.evidence.n_impossible == 0
    assert worse.evidence.n_impossible > 100
    assert any("a link of the chain is wrong" in s for s in worse.evidence.limitations())


def test_one_dark_for_both_spots_moves_them_together(bench: Any) -> None:
    dark = DarkReading(counts=np.full(bench.size, 1000.0), exposure_s=0.5)
    fields = {"gain_e_per_count": 2.4, "dark": dark}
    arguments = {
        "sample_name": "hydrogen",
        "pressure": bench.at(80.0),
        "reference": None,
        "absorption": AbsorptionUnknown.not_measured(),
    }
    found = evaluate_reflectance(
        bench.read("sample", 0.5, **fields), [bench.read("gasket", 0.5, **fields)], **arguments
    )
    term = next(term for term in found.terms if term.name == "dark")
    # equal light: the dark moves numerator and denominator alike, so the ratio hardly changes
    apart = bench.read("sample", 0.5).light().sigma_dark_rate / bench.read("s", 0.5).light().rate
    assert np.mean(term.sigma) < 0.1 * np.mean(apart)


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    culet=st.floats(0.01, 1.0),
    gpa=st.floats(0.0, 500.0),
    opaque=st.booleans(),
    size=st.integers(1, 40),
)
def test_absolute_only_where_every_link_is_closed(
    bench: Any, culet: float, gpa: float, opaque: bool, size: int
) -> None:
    bench.wavelength_nm = np.linspace(450.0, 900.0, size)
    fields = {"absorption": AbsorptionUnknown.behind_opaque_sample()} if opaque else {}
    found = bench.measure(culet, gpa=gpa, **fields)
    assert isinstance(found, AbsoluteReflectance) == (gpa <= 100.0 and not opaque)
    assert np.isfinite(found.values[found.usable]).all()
    assert (found.sigma_stat[found.usable] > 0.0).all()
    found.to_dict()
