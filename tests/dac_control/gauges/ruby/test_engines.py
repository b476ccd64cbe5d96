import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges import engine_choice
from dac_control.gauges.engine_choice import ENGINE_VARIABLE
from dac_control.gauges.ruby.asymmetry import skewness_shift
from dac_control.gauges.ruby.engine import Engine, get_engine, warm_up
from dac_control.gauges.ruby.leftovers import SKEW
from dac_control.gauges.ruby.lineshape import evaluate_ruby
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1
from dac_control.gauges.ruby.scoring import PARAMETERS, Constraints, Noise, Scored, Windows
from dac_control.gauges.ruby.search import Axis, Found, SearchNoise
from dac_control.gauges.ruby.starts import BY_LEAST, BY_SUM, NOT, starts
from dac_control.gauges.ruby.windows import constraints, cut

pytest.importorskip("numba")

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

X: Array = 680.0 + 0.03 * np.arange(1024, dtype=np.float64)
FLOOR = np.full(X.size, 25.0)
SEARCH_NM = (690.0, 800.0)
AXIS = Axis.of(X, SEARCH_NM)
NUMBA, NUMPY = get_engine("numba"), get_engine("numpy")
ENGINES = pytest.mark.parametrize("engine", [NUMBA, NUMPY], ids=lambda one: one.name)


def spectra(
    rng: np.random.Generator, peak: float, fwhm_nm: float, ratio: float, count: int = 24
) -> tuple[Array, Array]:
    """Places of R1, and counts with photon and read noise."""
    r1 = rng.uniform(693.0, 704.0, count)
    shape = fwhm_nm, 0.5, peak, 0.02 * peak + 20.0, 0.0, 0.0, 0.6, ratio, 29.7, 1.1
    light = np.array([evaluate_ruby("doublet", (place, *shape), X) for place in r1])
    return r1, rng.poisson(light) + rng.normal(0.0, 5.0, light.shape)


def problem(
    y: Array, r1: Array, fwhm_nm: float, ratio: float, *, used: Mask, voigt: bool, priors: bool
) -> tuple[Windows, Array, Constraints, Noise]:
    width = np.full(r1.size, 1.2 * fwhm_nm)
    doublet = np.full(r1.size, ratio > 0.0)
    windows = cut(X, y, used, FLOOR, r1, width)[0]
    start = starts(windows, r1, width, np.where(doublet, ratio, 0.0), np.zeros(r1.size), NUMPY.look)
    limits = constraints(
        windows,
        start,
        doublet=doublet,
        # every second one at a temperature that tells how strong R2 usually is
        largest_ratio=np.where(np.arange(r1.size) % 2 == 0, 1.2, 1.1),
        bright=np.full(r1.size, voigt),
        priors=priors,
    )
    return windows, start, limits, Noise(0.0, 1.0)


def assert_same_fit(one: Scored, other: Scored, limits: Constraints) -> None:
    np.testing.assert_array_equal(one.converged, other.converged)
    np.testing.assert_allclose(one.chi2, other.chi2, rtol=1e-6)
    np.testing.assert_allclose(one.model, other.model, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(one.variance, other.variance, rtol=1e-5, atol=1e-3)
    diagonal = one.information[:, range(PARAMETERS), range(PARAMETERS)]
    sigma = np.where(limits.active, 1.0 / np.sqrt(np.where(limits.active, diagonal, 1.0)), 0.0)
    # iterating ends within 0.003 sigma of the solution, and on the same path
    assert np.all(np.abs(one.parameters - other.parameters) <= 1e-4 * sigma + 1e-12)
    scale = np.sqrt(diagonal[:, :, None] * diagonal[:, None, :])
    # The slopes of the tabulated difference jump from entry to entry, by rounding too.
    assert np.all(np.abs(one.information - other.information) <= 0.05 * scale)
    ones = np.ones(one.chi2.size)
    fwhm = one.parameters[:, 1]
    shift, same = (
        skewness_shift(fit.leftovers[:, SKEW:], fwhm, ones, 0.0 * ones).rms_nm
        for fit in (one, other)
    )
    np.testing.assert_allclose(shift, same, rtol=1e-3)
    assert np.all(shift > 0.0)
    typical = np.median(np.abs(one.information - other.information) / np.maximum(scale, 1e-300))
    assert typical < 1e-6


@pytest.mark.parametrize("fwhm_nm", [0.1, 0.5])
def test_both_engines_see_the_same_before_a_fit(rng: np.random.Generator, fwhm_nm: float) -> None:
    r1, y = spectra(rng, 1e3, fwhm_nm, 0.6)
    used = rng.random(y.shape) >= 0.1
    # a window without a pixel, one with few, one whose R2 is clipped
    used[0], used[1, ::2], y[2] = False, False, np.minimum(y[2], 400.0)
    width = np.full(r1.size, fwhm_nm)
    windows = cut(X, y, used, FLOOR, r1, width)[0]
    ratio = np.full(r1.size, 0.6)
    how = rng.choice([NOT, BY_SUM, BY_LEAST], r1.size)
    with np.errstate(all="ignore"):
        one, other = (engine.look(windows, r1, width, ratio, how) for engine in (NUMBA, NUMPY))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    assert np.count_nonzero(one.splitting_cm1 != SPLITTING_CM1) > 8


def test_both_engines_see_the_same_spikes(rng: np.random.Generator) -> None:
    r1, y = spectra(rng, 1e3, 0.1, 0.3)
    for row in range(r1.size):
        y[row, np.searchsorted(X, r1[row]) + rng.integers(-60, 40, 8)] += rng.uniform(
            50.0, 900.0, 8
        )
    args = problem(y, r1, 0.1, 0.3, used=np.ones(y.shape, dtype=bool), voigt=False, priors=True)
    scored = NUMBA.score_windows(*args)
    rows = np.arange(1, r1.size)
    one, other = (engine.lone_spikes(args[0], scored, rows) for engine in (NUMBA, NUMPY))
    np.testing.assert_array_equal(one, other)
    assert one.sum() > 30


@pytest.mark.parametrize("peak", [1e2, 1e3, 1e5])
@pytest.mark.parametrize("fwhm_nm", [0.1, 0.5, 1.5])
@pytest.mark.parametrize(
    ("ratio", "voigt", "priors", "masked"),
    [
        (0.6, False, True, 0.0),
        (0.6, False, False, 0.03),
        (0.6, True, True, 0.03),
        (0.0, False, True, 0.03),
        (0.0, True, True, 0.0),
    ],
)
def test_both_engines_fit_the_same(
    rng: np.random.Generator,
    peak: float,
    fwhm_nm: float,
    ratio: float,
    voigt: bool,
    priors: bool,
    masked: float,
) -> None:
    r1, y = spectra(rng, peak, fwhm_nm, ratio)
    used = rng.random(y.shape) >= masked
    r1 = r1 + rng.normal(0.0, 0.05 * fwhm_nm, r1.size)
    args = problem(y, r1, fwhm_nm, ratio, used=used, voigt=voigt, priors=priors)
    one, other = NUMBA.score_windows(*args), NUMPY.score_windows(*args)
    assert one.converged.mean() > 0.9
    # Where a path forks, rounding decides which way a fit goes: not more than one in the batch.
    same = np.abs(one.chi2 - other.chi2) <= 1e-6 * one.chi2
    assert np.sum(~same) <= 1
    rows = np.flatnonzero(same)
    assert_same_fit(taken(one, rows), taken(other, rows), args[2].take(rows))


def taken(scored: Scored, rows: NDArray[np.intp]) -> Scored:
    return Scored(**{name: getattr(scored, name)[rows] for name in Scored.__dataclass_fields__})


def test_limits_bind_in_both_engines(rng: np.random.Generator) -> None:
    r1, y = spectra(rng, 1e4, 0.5, 0.6)
    used = np.ones(y.shape, dtype=bool)
    args = problem(y, r1, 0.5, 0.6, used=used, voigt=False, priors=True)
    limits = args[2]
    limits.upper[:, 8] = 0.4
    limits.lower[::2, 1] = 0.7
    limits.upper[1::2, 2] = 0.1
    one, other = NUMBA.score_windows(*args), NUMPY.score_windows(*args)
    assert_same_fit(one, other, limits)
    assert np.all(one.parameters[:, 8] == 0.4)
    assert np.all(one.parameters[::2, 1] >= 0.7)
    assert np.all(one.parameters[1::2, 2] <= 0.1)


@ENGINES
def test_what_is_not_active_keeps_its_start(rng: np.random.Generator, engine: Engine) -> None:
    r1, y = spectra(rng, 1e3, 0.5, 0.6)
    used = np.ones(y.shape, dtype=bool)
    windows, start, limits, noise = problem(y, r1, 0.5, 0.6, used=used, voigt=False, priors=True)
    limits.active[:, [2, 9]] = False
    start[:, 2], start[:, 9] = 0.3, 28.0
    scored = engine.score_windows(windows, start, limits, noise)
    assert np.all(scored.parameters[:, 2] == 0.3)
    assert np.all(scored.parameters[:, 9] == 28.0)
    assert np.all(scored.information[:, [2, 9]] == 0.0)
    assert np.all(scored.information[:, :, [2, 9]] == 0.0)


@ENGINES
def test_masked_pixels_do_not_matter(rng: np.random.Generator, engine: Engine) -> None:
    r1, y = spectra(rng, 1e3, 0.5, 0.6)
    used = rng.random(y.shape) > 0.1
    clean = engine.score_windows(*problem(y, r1, 0.5, 0.6, used=used, voigt=False, priors=True))
    args = problem(y, r1, 0.5, 0.6, used=used, voigt=False, priors=True)
    args[0].y[~args[0].used] = np.nan
    dirty = engine.score_windows(*args)
    np.testing.assert_array_equal(clean.parameters, dirty.parameters)
    np.testing.assert_array_equal(clean.chi2, dirty.chi2)


@ENGINES
def test_the_information_is_that_of_the_model(rng: np.random.Generator, engine: Engine) -> None:
    r1, y = spectra(rng, 1e4, 0.5, 0.6, count=2)
    used = np.ones(y.shape, dtype=bool)
    windows, start, limits, noise = problem(y, r1, 0.5, 0.6, used=used, voigt=False, priors=True)
    scored = engine.score_windows(windows, start, limits, noise)
    p, x = scored.parameters[0], windows.x[0]
    np.testing.assert_allclose(scored.model[0], evaluate_ruby("doublet", p, x), rtol=1e-10)
    np.testing.assert_allclose(scored.variance[0], scored.model[0] + 25.0, rtol=1e-12)
    slopes = []
    for j in range(PARAMETERS):
        step = np.zeros(PARAMETERS)
        step[j] = 1e-5 * max(1e-2, abs(p[j])) if j else 1e-6
        higher, lower = (evaluate_ruby("doublet", p + s * step, x) for s in (1, -1))
        slopes.append((higher - lower) / (2.0 * step[j]))
    jacobian = np.array(slopes) * limits.active[0][:, None]
    expected = (jacobian * windows.used[0] / scored.variance[0]) @ jacobian.T
    expected += np.diag(limits.precision[0] * limits.active[0])
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_array_less(np.abs(scored.information[0] - expected), 1e-5 * scale + 1e-12)


def garbage(rng: np.random.Generator, kind: str, count: int) -> Array:
    size = 10.0 ** rng.uniform(-6.0, 11.0, (count, 1))
    shape = count, X.size
    match kind:
        case "zero":
            return np.zeros(shape)
        case "negative":
            return -(10.0 ** rng.uniform(0.0, 11.0, shape))
        case "any":
            return 10.0 ** rng.uniform(-12.0, 11.9, shape) * rng.choice([-1.0, 1.0], shape)
        case "heavy tails":
            return np.clip(rng.standard_cauchy(shape) * size, -9e11, 9e11)
        case "step":
            return np.where(np.arange(X.size) > rng.integers(300, 800, (count, 1)), size, 0.0)
        case "comb":
            return (np.arange(X.size) % rng.integers(2, 60, (count, 1)) == 0) * size
        case _:
            return rng.normal(0.0, 1.0, shape) * size


GARBAGE = ["zero", "negative", "any", "heavy tails", "step", "comb", "noise"]


@ENGINES
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(GARBAGE),
    ratio=st.sampled_from([0.0, 0.6]),
    voigt=st.booleans(),
    floor=st.sampled_from([0.0, 1e-12, 25.0, 1e12]),
)
@settings(max_examples=40, deadline=None)
def test_garbage_stays_within_limits(
    engine: Engine, seed: int, kind: str, ratio: float, voigt: bool, floor: float
) -> None:
    rng = np.random.default_rng(seed)
    y = garbage(rng, kind, 6)
    r1 = rng.uniform(686.0, 709.0, 6)
    used = rng.random(y.shape) > rng.choice([0.0, 0.03, 0.97, 1.0])
    with np.errstate(all="ignore"):
        args = problem(
            y, r1, 10.0 ** rng.uniform(-2, 1), ratio, used=used, voigt=voigt, priors=True
        )
    args[0].floor[:] = floor
    scored = engine.score_windows(*args)
    limits = args[2]
    assert np.all(np.isfinite(scored.parameters))
    assert np.all(scored.parameters >= np.minimum(limits.lower, limits.upper))
    assert np.all(scored.parameters <= limits.upper)
    rest = scored.converged
    assert np.all(np.isfinite(scored.chi2[rest]))
    assert np.all(np.isfinite(scored.information[rest]))
    np.testing.assert_array_equal(scored.information, scored.information.transpose(0, 2, 1))


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_rests_as_often_in_both_engines(rng: np.random.Generator, kind: str) -> None:
    y = garbage(rng, kind, 100)
    used = rng.random(y.shape) > 0.03
    with np.errstate(all="ignore"):
        args = problem(
            y, rng.uniform(692.0, 704.0, 100), 0.5, 0.6, used=used, voigt=True, priors=True
        )
    one, other = NUMBA.score_windows(*args), NUMPY.score_windows(*args)
    assert np.sum(one.converged != other.converged) <= 10
    np.testing.assert_array_equal(one.parameters[:, 4] == 0.0, other.parameters[:, 4] == 0.0)


def assert_same_search(one: Found, other: Found) -> None:
    np.testing.assert_array_equal(one.spikes, other.spikes)
    np.testing.assert_allclose(one.level, other.level, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.score, other.score, rtol=1e-7, atol=1e-7)
    # what has no score that deserves the name is placed by rounding
    real = one.score > 1e-6
    np.testing.assert_array_equal(one.r1_nm[real], other.r1_nm[real])
    np.testing.assert_allclose(one.fwhm_nm[real], other.fwhm_nm[real], rtol=1e-9)


def search(engine: Engine, y: Array, known: Mask, ratio: float, from_scatter: bool) -> Found:
    noise = SearchNoise(0.0, 1.0, FLOOR, from_scatter)
    return engine.find_lines(AXIS, y, known, noise, np.full(y.shape[0], ratio))


@pytest.mark.parametrize("peak", [30.0, 1e3, 1e5])
@pytest.mark.parametrize("fwhm_nm", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(("ratio", "from_scatter"), [(0.5, False), (0.0, False), (0.5, True)])
def test_both_engines_find_the_same(
    rng: np.random.Generator, peak: float, fwhm_nm: float, ratio: float, from_scatter: bool
) -> None:
    r1, y = spectra(rng, peak, fwhm_nm, ratio, count=50)
    rows = np.arange(y.shape[0])
    for _ in range(3):
        y[rows, rng.integers(0, X.size, rows.size)] += 10.0 ** rng.uniform(1.0, 4.5, rows.size)
    known = rng.random(y.shape) < 0.002
    one = search(NUMBA, y, known, ratio, from_scatter)
    other = search(NUMPY, y, known, ratio, from_scatter)
    assert_same_search(one, other)
    assert np.all(one.spikes[known])
    if peak > 100.0:
        assert np.mean(np.abs(one.r1_nm[:, 0] - r1) < 0.6 * max(fwhm_nm, 0.2)) > 0.9


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["zero", "negative", "any", "heavy tails", "comb", "noise"]),
    ratio=st.sampled_from([0.0, 0.5]),
    from_scatter=st.booleans(),
    masked=st.sampled_from([0.0, 0.01, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_both_engines_find_the_same_in_garbage(
    seed: int, kind: str, ratio: float, from_scatter: bool, masked: float
) -> None:
    rng = np.random.default_rng(seed)
    y = garbage(rng, kind, 5)
    known = rng.random(y.shape) < masked
    assert_same_search(
        search(NUMBA, y, known, ratio, from_scatter), search(NUMPY, y, known, ratio, from_scatter)
    )


@ENGINES
@pytest.mark.parametrize("x", [np.linspace(400.0, 500.0, 300), np.linspace(688.0, 691.0, 16)])
def test_no_place_to_search_in(engine: Engine, x: Array) -> None:
    axis = Axis.of(x, SEARCH_NM)
    noise = SearchNoise(0.0, 1.0, np.ones(x.size), from_scatter=False)
    y = np.ones((3, x.size))
    found = engine.find_lines(axis, y, np.zeros(y.shape, dtype=bool), noise, np.zeros(3))
    assert np.all(np.isnan(found.r1_nm[found.score == 0.0]))
    assert not found.spikes.any()


@ENGINES
def test_no_spectra_at_all(engine: Engine) -> None:
    found = search(engine, np.empty((0, X.size)), np.empty((0, X.size), dtype=bool), 0.5, False)
    assert found.r1_nm.shape == (0, 4)
    none = np.empty((0, PARAMETERS))
    flat = np.empty((0, 100))
    windows = Windows(flat, flat, flat > 0.0, flat)
    limits = Constraints(none, none, none, none, none > 0.0)
    assert engine.score_windows(windows, none, limits, Noise(0.0, 1.0)).chi2.shape == (0,)


def test_any_layout_of_arrays_uses_the_same_compiled_code(rng: np.random.Generator) -> None:
    from dac_control.gauges.ruby import scoring_numba, search_numba

    warm_up(NUMBA)
    _r1, y = spectra(rng, 1e3, 0.5, 0.6)
    expected = search(NUMBA, y, np.zeros(y.shape, dtype=bool), 0.5, False)
    strided = np.asfortranarray(y)
    strided.setflags(write=False)
    found = search(NUMBA, strided, np.zeros(y.shape, dtype=bool), 0.5, False)
    np.testing.assert_array_equal(found.r1_nm, expected.r1_nm)
    used = np.asfortranarray(np.ones(y.shape, dtype=bool))
    args = problem(strided, expected.r1_nm[:, 0], 0.5, 0.6, used=used, voigt=False, priors=True)
    args[0].x.setflags(write=False)
    NUMBA.score_windows(*args)
    for entry in (scoring_numba._score_all, search_numba._find_all):
        assert len(entry.signatures) == 1


@ENGINES
def test_threads_do_not_disturb_each_other(rng: np.random.Generator, engine: Engine) -> None:
    r1, y = spectra(rng, 1e3, 0.5, 0.6, count=64)
    used = np.ones(y.shape, dtype=bool)
    args = problem(y, r1, 0.5, 0.6, used=used, voigt=False, priors=True)
    alone = engine.score_windows(*args).parameters
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(engine.score_windows, *args) for _ in range(8)]
        for job in jobs:
            np.testing.assert_array_equal(job.result().parameters, alone)


def test_the_environment_chooses_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    assert get_engine().name == "numba"
    monkeypatch.setenv(ENGINE_VARIABLE, "numpy")
    assert get_engine().name == "numpy"
    assert get_engine("numba").name == "numba"
    assert get_engine() is get_engine()
    monkeypatch.setenv(ENGINE_VARIABLE, "fortran")
    with pytest.raises(ConfigurationError, match=f"'fortran'.*{ENGINE_VARIABLE}"):
        get_engine()


def test_without_numba_numpy_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    engine_choice._has_numba.cache_clear()
    try:
        assert get_engine().name == "numpy"
        with pytest.raises(ConfigurationError, match="install numba"):
            get_engine("numba")
    finally:
        engine_choice._has_numba.cache_clear()


@ENGINES
def test_warming_up_returns_the_engine(engine: Engine) -> None:
    assert warm_up(engine) is engine


def test_numba_is_not_imported_before_an_engine_is_asked_for() -> None:
    code = (
        "import sys, dac_control.gauges.ruby, dac_control.gauges.ruby.engine; "
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
