"""Verdicts on fits that are known to be good or bad."""

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def module(name: str) -> ModuleType:
    return importlib.import_module(f"gauge_precision.{name}")


def judged(error: np.ndarray, sigma: float = 0.001, **answers: Any) -> Any:
    n = error.size
    cell = module("campaigns").doublet("test", 1e3, 0.5, allowed=("merged",))
    limits = module("cells").Limits(bound=1e-6, constant=1e-6, single_scenes=1e-6)
    values = {
        "r1_nm": 694.25 + error,
        "sigma_nm": np.full(n, sigma),
        "ok": np.ones(n, dtype=bool),
        "flags": ((),) * n,
        "systematic_nm": np.full(n, np.nan),
    }
    given = module("fitting").Answers(**(values | answers))
    return module("figures").judge(cell, 1, limits, np.full(n, 694.25), given)


def test_a_fit_at_the_bound_is_efficient() -> None:
    figures = judged(np.random.default_rng(0).normal(0.0, 1e-3, 40_000))
    low, high = figures.efficiency_95
    assert low < 1.0 < high and high - low < 0.06
    assert figures.pull_sd == pytest.approx(1.0, abs=0.02)
    assert figures.bias2_share < 0.01
    assert figures.gross == 0


def test_a_bias_costs_efficiency() -> None:
    figures = judged(np.random.default_rng(0).normal(1e-3, 1e-3, 40_000))
    assert figures.efficiency == pytest.approx(0.5, abs=0.02)
    assert figures.bias2_share == pytest.approx(1.0, abs=0.05)
    assert figures.pull_sd == pytest.approx(1.0, abs=0.02)


def test_gross_errors_are_silent_unless_disqualified() -> None:
    error = np.random.default_rng(0).normal(0.0, 1e-3, 1000)
    error[[3, 5]] = 0.2
    error[7] = np.nan
    ok = np.ones(1000, dtype=bool)
    ok[[3, 7]] = False
    figures = judged(error, ok=ok)
    assert (figures.gross, figures.gross_silent, figures.silent_at) == (2, 1, (5,))
    assert figures.lost == pytest.approx(0.001)
    assert figures.read == pytest.approx(0.998)


def test_an_error_within_a_large_sigma_is_not_gross() -> None:
    assert judged(np.full(10, 0.2), sigma=0.05).gross == 0
    assert judged(np.full(10, 0.2), sigma=0.03).gross == 10
    assert judged(np.full(10, 1e-4), sigma=np.nan).gross == 10


def test_only_untrue_flags_are_false() -> None:
    flags = (("merged",), ("merged", "spike"), (), ("poor_fit",))
    assert judged(np.full(4, 1e-3), flags=flags).false_flags == 0.5


@pytest.mark.parametrize(
    ("value", "mark"), [(0.98, "met"), (0.96, "within error"), (0.9, "MISSED"), (np.nan, "MISSED")]
)
def test_marks(value: float, mark: str) -> None:
    verdict = module("printing").at_least("x", value, 0.97, (value - 0.02, value + 0.02))
    assert verdict.mark == mark


def test_rivals_have_the_slopes_of_their_model() -> None:
    rivals = module("rivals")
    x = np.linspace(690, 698, 200)
    at = np.array((694.25, 0.5, 0.4, 1e4, 0.6, 29.7, 1.1, 200.0, 3.0))
    slopes = rivals.jacobian(x, *at)
    for j, step in enumerate((1e-5, 1e-5, 1e-5, 1e-2, 1e-5, 1e-3, 1e-5, 1e-2, 1e-3)):
        move = np.eye(9)[j] * step
        by_hand = (rivals.model(x, *(at + move)) - rivals.model(x, *(at - move))) / (2 * step)
        np.testing.assert_allclose(slopes[:, j], by_hand, atol=1e-5 * np.abs(by_hand).max())
