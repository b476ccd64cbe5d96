"""Each form by itself: criteria, residuals, weights from all that is known of the errors."""

import itertools

import numpy as np
import pytest

from dac_control.load_curve import LoadCurveError, fit_load_curve


def curve_of(truth, turns, sigma_gpa, seed=0, **words):
    rng = np.random.default_rng(seed)
    pressure = truth(turns) + rng.normal(0.0, sigma_gpa, turns.size)
    return fit_load_curve(turns, pressure, np.full(turns.size, sigma_gpa), branch="load", **words)


def test_every_form_has_its_row():
    curve = curve_of(lambda t: 60 * np.tanh(t), np.linspace(0, 1.5, 20), 0.05)
    names = [fit.form for fit in curve.fits]
    assert names[:3] == ["linear", "quadratic", "saturating"]
    by_name = {fit.form: fit for fit in curve.fits}
    assert by_name["linear"].residual_rms_gpa > by_name["quadratic"].residual_rms_gpa
    assert by_name["linear"].scatter_gpa > 0.5
    for fit in curve.fits:
        assert fit.aicc > fit.aic and np.isfinite(fit.bic)
    assert sum(curve.form_weights.values()) == pytest.approx(1.0)


def test_a_sigmoid_is_recognised_by_its_criteria():
    def truth(t):
        power = (t / 1.2) ** 1.6
        return 300 * power / (1 + power)

    curve = curve_of(truth, np.linspace(0.02, 2.0, 40), 0.05)
    assert curve.form == "sigmoid"
    assert "linear" not in {fit.form for fit in curve.rivals}


def test_few_points_choose_the_line():
    curve = curve_of(lambda t: 60 * np.tanh(t), np.linspace(0, 1, 4), 0.05)
    assert curve.form == "linear"
    assert all(fit.aicc == np.inf or fit.form == "linear" for fit in curve.fits)


def test_errors_in_turns_widen_a_steep_curve():
    turns = np.linspace(0.1, 1.0, 12)
    sharp = curve_of(lambda t: 100 * t, turns, 0.05)
    loose = curve_of(lambda t: 100 * t, turns, 0.05, sigma_turns=0.01)
    assert loose.predict(0.5).sigma_gpa > 1.0 > sharp.predict(0.5).sigma_gpa
    # a slope of 100 GPa a turn and 0.01 turns: 1 GPa, and the residuals need no scatter
    assert loose.scatter_gpa == 0.0


def test_a_common_error_moves_the_curve_and_not_its_width():
    turns = np.linspace(0.1, 1.0, 12)
    plain = curve_of(lambda t: 40 * t, turns, 0.05)
    moved = curve_of(lambda t: 40 * t + 3.0, turns, 0.05)
    here, there = plain.predict(0.5), moved.predict(0.5)
    assert there.predicted_gpa - here.predicted_gpa == pytest.approx(3.0, abs=0.01)
    assert there.sigma_gpa == pytest.approx(here.sigma_gpa, rel=0.05)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_that_is_none_is_refused(level):
    curve = curve_of(lambda t: 40 * t, np.linspace(0, 1, 6), 0.05)
    with pytest.raises(LoadCurveError, match="between 0 and 1"):
        curve.interval(0.5, level)


def test_intervals_grow_with_level_and_distance():
    curve = curve_of(lambda t: 60 * np.tanh(t), np.linspace(0, 1, 12), 0.05)
    widths = [np.ptp(curve.interval(1.5, level)) for level in (0.5, 0.9, 0.95, 0.999)]
    assert all(a < b for a, b in itertools.pairwise(widths))
    far = [np.ptp(curve.interval(turns)) for turns in (0.5, 1.1, 1.4, 1.8)]
    assert all(a < b for a, b in itertools.pairwise(far))


def test_a_negative_error_in_turns_is_refused():
    with pytest.raises(LoadCurveError, match="error in turns"):
        curve_of(lambda t: 40 * t, np.linspace(0, 1, 6), 0.05, sigma_turns=-1.0)
