"""Compiled code and NumPy fit the same edge in the same steps."""

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge import fit_edge
from dac_control.gauges.diamond_edge.engine import EdgeEngine, get_engine, warm_up
from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.terms import FEWEST_PX, EdgeBounds
from dac_control.gauges.engine_choice import ENGINE_VARIABLE
from dac_control.gauges.photon_noise import PhotonNoise

pytest.importorskip("numba")

NUMBA, NUMPY = get_engine("numba"), get_engine("numpy")
ENGINES = pytest.mark.parametrize("engine", [NUMBA, NUMPY], ids=lambda one: one.name)
NOISE = PhotonNoise(
    gain_e_per_count=0.8, read_noise_e=4.0, offset_counts=20.0, averages=2, gain_assumed=False
)
LIMITS = EdgeBounds(edge_cm1=(1670.0, 1730.0), width_cm1=(0.5, 40.0))


def counts(
    seed: int, size: int, height: float, width: float, slopes: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Axis, and counts of an edge at 1700 cm-1 with slopes of plateau and background."""
    x = np.linspace(1700.0 - 0.6 * size, 1700.0 + 0.6 * size, size)
    p = np.array([1700.0, width, height, slopes[0] * height, 0.0, 500.0, 0.0, slopes[1]])
    mean = EdgeShape(2, 2).model_and_jacobian(p, x)[0]
    return x, np.random.default_rng(seed).poisson(np.maximum(mean, 1.0)).astype(float)


# The same draws each time: of 6000 others 16 differ by more than 1e-6 below, by 0.02 at most, where
# rounding decides whether one more iteration is made.
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(60, 400),
    height=st.floats(300.0, 1e5),
    width=st.floats(2.0, 15.0),
    slopes=st.tuples(st.floats(-3e-3, 3e-3), st.floats(-1e-3, 1e-3)),
    away=st.tuples(st.floats(-5.0, 5.0), st.floats(0.6, 1.8)),
)
def test_both_engines_fit_the_same(
    seed: int,
    size: int,
    height: float,
    width: float,
    slopes: tuple[float, float],
    away: tuple[float, float],
) -> None:
    x, y = counts(seed, size, height, width, slopes)
    first = 1700.0 + away[0], away[1] * width
    shape, one = NUMPY.fit_terms(x, y, NOISE, first, LIMITS)
    same, other = NUMBA.fit_terms(x, y, NOISE, first, LIMITS)
    assert same == shape
    assert other.converged == one.converged
    diagonal = np.diag(one.information)
    # where an edge is hardly one, rounding is seen a little more
    np.testing.assert_array_less(
        np.abs(other.parameters - one.parameters) * np.sqrt(diagonal), 1e-6
    )
    unit = np.sqrt(np.outer(diagonal, diagonal))
    np.testing.assert_allclose(other.information / unit, one.information / unit, atol=1e-7)
    np.testing.assert_allclose(other.expected, one.expected, rtol=1e-7)
    np.testing.assert_allclose(other.variance, one.variance, rtol=1e-7)
    rows = np.abs(one.jacobian).max(axis=1, keepdims=True)
    np.testing.assert_allclose(other.jacobian / rows, one.jacobian / rows, atol=1e-6)
    assert other.chi2 == pytest.approx(one.chi2, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(16, 120),
    share=st.floats(0.0, 1.0),
    fwhm=st.floats(1.0, 9.0),
)
def test_both_engines_explain_the_same(seed: int, size: int, share: float, fwhm: float) -> None:
    d = np.linspace(-10.0, 10.0, size)
    light = share * (d < 0.0) + (1.0 - share) / (1.0 + (2.0 * (d + 1.0) / fwhm) ** 2)
    y = np.random.default_rng(seed).poisson(100.0 + 1e3 * light).astype(float)
    weight = 1.0 / np.maximum(y, 1.0)
    np.testing.assert_allclose(
        NUMBA.explained(d, y, weight), NUMPY.explained(d, y, weight), rtol=1e-9
    )


def test_a_whole_fit_is_the_same_with_either_engine(draw, monkeypatch) -> None:
    spectra = [
        draw(),
        draw(seed=2, height=300.0, plateau_slope=2e-3, spikes={300: 2e4}),
        draw(seed=3, edge=1410.0, level_slope=-0.5, gain_e_per_count=None),
        draw(seed=4, height=0.0),
    ]
    found = {}
    for name in ("numba", "numpy"):
        monkeypatch.setenv(ENGINE_VARIABLE, name)
        found[name] = [fit_edge(spectrum) for spectrum in spectra]
    for one, other in zip(found["numba"], found["numpy"], strict=True):
        for field in fields(one):
            value, same = getattr(one, field.name), getattr(other, field.name)
            if isinstance(value, float | np.ndarray):
                np.testing.assert_allclose(value, same, rtol=1e-8, err_msg=field.name)
            elif field.name not in ("window_cm1", "other_edges_cm1"):
                assert value == same, field.name


@ENGINES
def test_too_few_pixels_are_refused(engine: EdgeEngine) -> None:
    x = np.arange(FEWEST_PX - 1.0)
    with pytest.raises(np.linalg.LinAlgError, match="too few"):
        engine.fit_terms(x, x, NOISE, (1700.0, 5.0), LIMITS)


@ENGINES
def test_counts_that_are_no_numbers_are_refused(engine: EdgeEngine) -> None:
    x, y = counts(1, 100, 1e3, 5.0, (0.0, 0.0))
    with pytest.raises(np.linalg.LinAlgError):
        engine.fit_terms(x, np.full_like(y, np.nan), NOISE, (1700.0, 5.0), LIMITS)


def test_warming_up_compiles_what_a_fit_needs(draw) -> None:
    from dac_control.gauges.diamond_edge import line_or_step_numba, terms_numba

    assert warm_up() is get_engine()
    fit_edge(draw())
    for entry in (terms_numba._fit, line_or_step_numba._least_of_both):
        assert len(entry.signatures) == 1


def test_numba_is_not_imported_before_an_edge_is_fitted() -> None:
    code = (
        "import sys, dac_control.gauges.diamond_edge, dac_control.gauges.diamond_edge.engine; "
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
