"""Two totals of the load curve's table: of all families, and of those outside the fitted forms."""

import importlib
import sys

import pytest


def test_one_total_leaves_out_the_family_that_is_nearly_fitted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark = importlib.import_module("load_curve_extrapolation")
    kept = {name: benchmark.FAMILIES[name] for name in ("tanh", "Hill", "stiffening")}
    monkeypatch.setattr(benchmark, "FAMILIES", kept)
    # intervals by which a family is known: covered, missed, covered
    answers = iter([(0.0, 1e4)] * 2 + [(-2.0, -1.0)] * 2 + [(0.0, 1e4)] * 2)
    monkeypatch.setattr(benchmark, "ours", lambda _: next(answers))
    monkeypatch.setattr(sys, "argv", ["load_curve_extrapolation.py", "-n", "2"])
    benchmark.main()
    rows = {
        line[:16].strip(): line[16:].split()[:3] for line in capsys.readouterr().out.split("\n")
    }
    assert rows["Hill"] == ["2", "|", "0.0"]
    assert rows["all families"] == ["6", "|", "66.7"]
    assert rows["all but Hill"] == ["4", "|", "100.0"]


def test_what_is_nearly_fitted_is_one_of_the_families() -> None:
    benchmark = importlib.import_module("load_curve_extrapolation")
    assert set(benchmark.NEARLY_FITTED) < set(benchmark.FAMILIES)
