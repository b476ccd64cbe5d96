import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.errors import DacError
from dac_control.load_curve import (
    Extrapolated,
    Interpolated,
    LoadCurveError,
    fit_load_curve,
)


def softening(turns):
    """A toy curve: 40 GPa at 1 turn, softening."""
    return 60.0 * (1 - np.exp(-turns / 1.0))


def noisy(truth, turns, sigma_gpa, seed):
    rng = np.random.default_rng(seed)
    return truth(turns) + rng.normal(0, sigma_gpa, turns.size)


def test_line_is_found_and_preferred_over_curved_forms():
    turns = np.linspace(0.1, 1.3, 14)
    chosen = [
        fit_load_curve(
            turns,
            noisy(lambda t: 2 + 30 * t, turns, 0.02, seed),
            np.full(14, 0.02),
            branch="load",
        )
        for seed in range(20)
    ]
    assert sum(curve.form == "linear" for curve in chosen) >= 16
    rises = [c.chosen.parameters[1] for c in chosen if c.form == "linear"]
    assert np.mean(rises) == pytest.approx(36, abs=0.04)


def test_saturating_curve_is_recognised():
    turns = np.linspace(0.0, 2.0, 16)
    curve = fit_load_curve(
        turns, noisy(softening, turns, 0.02, 1), np.full(16, 0.02), branch="load"
    )
    assert curve.form == "saturating"
    assert curve.chosen.parameters[2] == pytest.approx(2.0, abs=0.02)
    assert curve.scatter_gpa < 0.02


def test_intrinsic_scatter_is_recovered():
    turns = np.linspace(0.0, 1.0, 40)
    found = []
    for seed in range(10):
        y = noisy(lambda t: 5 + 30 * t, turns, 0.3, seed)
        found.append(fit_load_curve(turns, y, np.full(40, 0.02), branch="load").scatter_gpa)
    assert np.mean(found) == pytest.approx(0.3, rel=0.1)


def test_inside_and_outside_are_different_types_without_a_common_claim():
    turns = np.linspace(0.2, 1.2, 10)
    curve = fit_load_curve(
        turns, noisy(softening, turns, 0.02, 2), np.full(10, 0.02), branch="load"
    )
    inside, outside, below = curve.predict(0.55), curve.predict(1.7), curve.predict(0.1)
    assert isinstance(inside, Interpolated)
    assert isinstance(outside, Extrapolated)
    assert isinstance(below, Extrapolated)
    assert outside.fraction == pytest.approx(0.5)
    assert below.fraction == pytest.approx(0.1)
    assert not hasattr(inside, "measured") and not hasattr(outside, "measured")
    assert not isinstance(outside, Interpolated) and not isinstance(inside, Extrapolated)
    assert "NOT a measurement" in (Interpolated.__doc__ or "")
    assert "NOT a measurement" in (Extrapolated.__doc__ or "")
    with pytest.raises(dataclasses.FrozenInstanceError):
        outside.fraction = 0.0  # pyright: ignore[reportAttributeAccessIssue]


def test_extrapolation_covers_the_truth_where_a_line_does_not():
    # The shape of the 2016 dispute: points over 135 to 335 GPa, asked at 1.8 times the range.
    def truth(t):
        return 135 + 200 * t - 22 * t * (t - 1)

    turns = np.linspace(0.0, 1.0, 8)
    covered = 0
    for seed in range(20):
        y = noisy(truth, turns, 4.0, seed)
        curve = fit_load_curve(turns, y, np.full(8, 4.0), branch="load")
        far = curve.predict(1.8)
        assert isinstance(far, Extrapolated)
        assert far.sigma_gpa > curve.predict(0.5).sigma_gpa
        covered += abs(far.predicted_gpa - truth(1.8)) < 2 * far.sigma_gpa
    assert covered >= 19


def test_prediction_bands_inside_have_the_right_width():
    turns = np.linspace(0.0, 1.5, 12)
    pulls = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = softening(turns) + rng.normal(0, 0.1, turns.size)
        curve = fit_load_curve(turns, y, np.full(12, 0.1), branch="load")
        new = softening(0.71) + rng.normal(0, 0.1)
        band = curve.predict(0.71)
        pulls.append((new - band.predicted_gpa) / math.hypot(band.sigma_gpa, 0.1))
    assert 0.7 < np.std(pulls) < 1.2


def test_turns_for_inverts_predict():
    turns = np.linspace(0.2, 1.2, 10)
    curve = fit_load_curve(
        turns, noisy(softening, turns, 0.02, 3), np.full(10, 0.02), branch="load"
    )
    estimate = curve.turns_for(25.0)
    assert curve.predict(estimate.turns).predicted_gpa == pytest.approx(25.0, abs=0.01)
    assert estimate.fraction == 0.0
    assert curve.turns_for(44.0).fraction > 0
    with pytest.raises(LoadCurveError, match="does not rise through 500 GPa"):
        curve.turns_for(500.0)


def test_residuals_are_in_the_order_of_the_sorted_turns():
    curve = fit_load_curve([0.3, 0.1, 0.2], [9.0, 3.0, 6.3], [0.1, 0.1, 0.1], branch="unload")
    assert curve.turns.tolist() == [0.1, 0.2, 0.3]
    assert np.sum(curve.residuals_gpa) == pytest.approx(0, abs=1e-9)
    assert curve.residuals_gpa[1] == pytest.approx(0.2)
    assert curve.form == "linear"


def test_two_points_give_a_line_with_a_wide_prediction():
    curve = fit_load_curve([0.0, 0.1], [2.0, 5.0], [0.02, 0.02], branch="load")
    assert curve.form == "linear"
    next_step = curve.predict(0.2)
    assert next_step.predicted_gpa == pytest.approx(8.0, abs=0.7)
    # The second step may rise by half as much again, or hardly at all.
    assert next_step.sigma_gpa > 1.0
    assert next_step.low_gpa < 6.5 and next_step.high_gpa > 9.5
    low, high = curve.interval(0.2, 0.999)
    assert low < next_step.low_gpa and high > next_step.high_gpa
    assert curve.predict(0.1).sigma_gpa < 0.3


@pytest.mark.parametrize(
    ("turns", "pressure", "sigma", "message"),
    [
        ([], [], [], "two measured points"),
        ([0.1], [2.0], [0.1], "two measured points"),
        ([0.1, 0.1], [2.0, 2.1], [0.1, 0.1], "at one position"),
        ([0.1, 0.2], [2.0, float("nan")], [0.1, 0.1], "not finite"),
        ([0.1, 0.2], [2.0, 3.0], [0.1, 0.0], "above 0 GPa"),
        ([0.1, 0.2], [2.0, 3.0, 4.0], [0.1, 0.1, 0.1], "one length"),
    ],
)
def test_points_that_determine_nothing_are_refused(turns, pressure, sigma, message):
    with pytest.raises(LoadCurveError, match=message) as caught:
        fit_load_curve(turns, pressure, sigma, branch="load")
    assert isinstance(caught.value, DacError) and isinstance(caught.value, ValueError)


def test_points_that_fall_are_not_said_to_rise_beyond_them():
    turns = np.linspace(0.0, 1.0, 8)
    falling = np.array([6.0, 7.0, 8.0, 9.0, 8.5, 7.5, 6.3, 5.0])
    beyond = fit_load_curve(turns, falling, np.full(8, 0.1), branch="load").predict(1.5)
    assert beyond.low_gpa < 4.0
    with pytest.raises(LoadCurveError, match="at nan turns"):
        fit_load_curve(turns, falling, np.full(8, 0.1), branch="load").predict(math.nan)


def test_unknown_criterion_is_refused():
    with pytest.raises(LoadCurveError, match="'aicc' or 'bic'"):
        fit_load_curve([0, 1], [0, 1], [1, 1], branch="load", criterion="r2")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0, 200), st.floats(0.01, 5)), min_size=2, max_size=12
    )
)
def test_any_points_give_a_curve_or_a_sentence(points):
    turns, pressure, sigma = (np.array(column) for column in zip(*points, strict=True))
    try:
        curve = fit_load_curve(turns, pressure, sigma, branch="load")
    except LoadCurveError as error:
        assert str(error).endswith(".")
        return
    reach = turns.max() - turns.min()
    for position in (turns.min(), turns.mean(), turns.max() + 1, turns.max() + 0.8 * reach):
        prediction = curve.predict(float(position))
        assert math.isfinite(prediction.predicted_gpa)
        assert prediction.low_gpa <= prediction.predicted_gpa <= prediction.high_gpa
        assert prediction.sigma_gpa >= 0
