"""How much of a prediction's width comes from not knowing the form, and that it counts."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from dac_control.load_curve import LoadCurve, Mixture, fit_load_curve

Array = NDArray[np.float64]


def disputed(turns: Array) -> Array:
    """The shape of the 2016 dispute: some 135 to 335 GPa, nearly straight."""
    return 135 + 200 * turns - 22 * turns * (turns - 1)


def sigmoid(turns: Array) -> Array:
    power = (turns / 1.2) ** 1.6
    return 300 * power / (1 + power)


def curve_of(truth: Callable[[Array], Array], turns: Array, sigma_gpa: float) -> LoadCurve:
    pressure = truth(turns) + np.random.default_rng(0).normal(0.0, sigma_gpa, turns.size)
    return fit_load_curve(turns, pressure, np.full(turns.size, sigma_gpa), branch="load")


@dataclass(frozen=True)
class OneForm:
    """What the components of one form say by themselves."""

    weight: float
    mean_gpa: float
    sigma_gpa: float
    interval_gpa: tuple[float, float]


def by_form(curve: LoadCurve, turns: float) -> dict[str, OneForm]:
    """Each form as if it were known to be the right one."""
    whole, owner = curve.mixture([turns]), curve.posterior.form_index
    found: dict[str, OneForm] = {}
    for number, name in enumerate(curve.form_weights):
        mine = owner == number
        if not mine.any():
            continue
        weight = float(whole.weights[mine].sum())
        alone = Mixture(
            whole.weights[mine] / weight, whole.mean_gpa[:, mine], whole.sigma_gpa[:, mine]
        )
        low, high = (float(alone.quantile(level)[0]) for level in (0.025, 0.975))
        found[name] = OneForm(weight, float(alone.mean()[0]), float(alone.sigma()[0]), (low, high))
    return found


@pytest.fixture(scope="module")
def few() -> LoadCurve:
    """Eight uncertain points: a line will do, and so will everything else."""
    return curve_of(disputed, np.linspace(0.0, 1.0, 8), 4.0)


@pytest.mark.parametrize("turns", [0.5, 1.2, 1.8])
def test_the_spread_is_what_the_forms_differ_by_and_part_of_the_whole(
    few: LoadCurve, turns: float
) -> None:
    forms, found = by_form(few, turns), few.predict(turns)
    assert len(forms) == 4
    mean = sum(each.weight * each.mean_gpa for each in forms.values())
    between = sum(each.weight * (each.mean_gpa - mean) ** 2 for each in forms.values())
    within = sum(each.weight * each.sigma_gpa**2 for each in forms.values())
    assert found.form_spread_gpa == pytest.approx(math.sqrt(between)) and between > 0.0
    assert found.sigma_gpa == pytest.approx(math.sqrt(between + within))


def test_the_interval_is_wider_than_that_of_the_single_form(few: LoadCurve) -> None:
    turns = 1.8
    found, alone = few.predict(turns), by_form(few, turns)[few.form]
    low, high = alone.interval_gpa
    assert few.form == "linear"
    assert found.high_gpa - found.low_gpa > 1.03 * (high - low)
    # the other forms bend down: it is wider on their side
    assert found.low_gpa < low - 0.5 * found.form_spread_gpa
    assert found.sigma_gpa > alone.sigma_gpa + 0.1 * found.form_spread_gpa
    # the line with its statistical error and scatter, which is what a plain fit would print
    line = few.chosen
    slope = np.array([1.0, turns])
    plain = math.hypot(math.sqrt(slope @ line.covariance @ slope), line.scatter_gpa)
    assert found.high_gpa - found.low_gpa > 2.0 * (2 * 1.96 * plain)


@pytest.mark.parametrize("turns", [1.2, 1.8])
def test_without_what_the_forms_differ_by_the_interval_would_be_narrower(
    few: LoadCurve, turns: float
) -> None:
    whole, found, forms = few.mixture([turns]), few.predict(turns), by_form(few, turns)
    means = np.array([forms[name].mean_gpa for name in few.form_weights])
    off = means[few.posterior.form_index] - whole.mean()[0]
    agreeing = Mixture(whole.weights, whole.mean_gpa - off, whole.sigma_gpa)
    low, high = (float(agreeing.quantile(level)[0]) for level in (0.025, 0.975))
    assert high - low < found.high_gpa - found.low_gpa


def test_the_forms_part_with_the_distance_from_the_points(few: LoadCurve) -> None:
    inside, near, far = (few.predict(turns).form_spread_gpa for turns in (0.5, 1.2, 1.8))
    assert 0.0 < inside < 0.25 * near and near < 0.25 * far


def test_where_the_points_leave_one_form_nothing_is_spread_between_forms() -> None:
    curve = curve_of(sigmoid, np.linspace(0.02, 2.0, 40), 0.05)
    assert curve.form_weights["sigmoid"] > 0.999
    far = curve.predict(3.5)
    # what is left open is how that form goes on
    assert far.form_spread_gpa < 0.01 * far.sigma_gpa and far.sigma_gpa > 10.0
