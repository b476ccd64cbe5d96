"""What is drawn is what was asked for, and knows nothing of the package."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.signal import fftconvolve


def module(name: str) -> ModuleType:
    return importlib.import_module(f"gauge_precision.{name}")


def scene(**values: float) -> dict[str, np.ndarray]:
    usual = {"r1_nm": 694.25, "fwhm_nm": 0.5, "eta": 0.5, "height_e": 1e4, "level_e": 0.0}
    return {name: np.array([value]) for name, value in (usual | values).items()}


@pytest.mark.parametrize("shape", ["pseudo_voigt", "voigt"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
def test_shapes_have_unit_height_and_the_width_they_say(shape: str, share: float) -> None:
    line = module("shapes").SHAPES[shape]
    x = np.array([0.0, 0.25, -0.25, 0.26, 0.24])
    y = line(x, np.array([0.5]), np.array([share]))
    assert y[0] == pytest.approx(1.0)
    # Olivero and Longbothum's width is good to 0.02 %
    assert y[1] == pytest.approx(0.5, abs=2e-4)
    assert y[1] == pytest.approx(y[2])
    assert y[3] < 0.5 < y[4]


def test_voigt_is_the_convolution_of_its_parts() -> None:
    shapes = module("shapes")
    x = np.linspace(-30, 30, 60_001)
    lorentz, gauss = 1 / (1 + (2 * x / 0.3) ** 2), shapes.gaussian(x, np.array([0.4]))
    both = fftconvolve(lorentz, gauss, "same")
    full = 0.5346 * 0.3 + np.sqrt(0.2166 * 0.3**2 + 0.4**2)
    drawn = shapes.voigt(x, np.array([full]), np.array([0.3 / full]))
    near = np.abs(x) < 3
    np.testing.assert_allclose(drawn[near], (both / both.max())[near], atol=2e-4)


def test_r2_stands_at_the_splitting_with_its_area() -> None:
    recipes = module("recipes")
    recipe = recipes.Recipe(axis=recipes.Axis(pitch_nm=0.01, pixels=4096, first_nm=674.0))
    narrow = scene(ratio=0.6, splitting_cm1=29.7, width_ratio=1.5, eta=0.0, fwhm_nm=0.2)
    y, x = recipe.expected_e(narrow)[0], recipe.axis.wavelength_nm
    r2 = 1e7 / (1e7 / 694.25 + 29.7)
    parts = x < 0.5 * (694.25 + r2)
    assert y[parts].sum() / y[~parts].sum() == pytest.approx(0.6, rel=1e-6)
    assert (x * y)[parts].sum() / y[parts].sum() == pytest.approx(r2, abs=1e-6)


@pytest.mark.parametrize("gradient", [((0.0, 0.9), (0.5, 0.1)), ((0.0, 3.0), (0.2, 1.0), (1, 0.5))])
def test_estimand_of_a_gradient_is_the_centroid(gradient: tuple) -> None:
    recipes = module("recipes")
    recipe = recipes.Recipe(gradient=gradient)
    y, x = recipe.expected_e(scene(eta=0.0))[0], recipe.axis.wavelength_nm
    assert (x * y).sum() / y.sum() == pytest.approx(694.25, abs=1e-9)


def test_pair_lines_follow_r1_and_neon_does_not() -> None:
    recipes = module("recipes")
    line = {"line0_nm": 700.9, "line0_fwhm_nm": 0.1, "line0_e": 1e6}
    for follow, place in ((True, 700.9 * 697.0 / 694.25), (False, 700.9)):
        recipe = recipes.Recipe(further_lines=1, lines_follow=follow)
        y = recipe.expected_e(scene(r1_nm=697.0, **line))[0]
        assert recipe.axis.wavelength_nm[y.argmax()] == pytest.approx(place, abs=0.02)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("averages", [1, 10])
def test_detector_has_the_mean_and_variance_it_says(rounded: bool, averages: int) -> None:
    detector = module("detector").Detector(
        gain_e_per_count=2.4, read_noise_e=6.0, averages=averages, whole_counts=rounded
    )
    electrons = np.full((400, 500), 3000.0)
    counts = detector.expose(electrons, np.random.default_rng(1))
    total = averages * 2.4
    assert counts.mean() == pytest.approx(300 + 3000 / total, abs=0.1)
    expected = (3000 + detector.total_read_noise_e**2) / total**2
    assert counts.var() == pytest.approx(expected, rel=0.02)


def test_spikes_are_where_they_are_said_to_be() -> None:
    counts = np.zeros((500, 200))
    around = np.full(500, 100.0)
    hit = module("detector").add_spikes(counts, around, 20, np.random.default_rng(2))
    np.testing.assert_array_equal(counts > 0, hit)
    struck = hit.sum(axis=1)
    assert struck.min() >= 1 and struck.max() <= 6
    assert 5e3 <= counts.sum(axis=1).min() and counts.max() <= 1.5e5


def test_a_seed_draws_the_same_spectra_again() -> None:
    cell = module("campaigns").drawn_doublet("test", 1e3, 0.5, spikes=True, full_scale=0.6)
    one, two = cell.batch(5, 1, 30), cell.batch(5, 1, 30)
    np.testing.assert_array_equal(one.counts, two.counts)
    assert not np.array_equal(one.counts, cell.batch(6, 1, 30).counts)
    assert one.counts.max() == cell.saturation_counts


def test_all_cells_have_names_of_their_own_and_can_be_drawn() -> None:
    hard, tables = module("hard"), module("tables")
    cells = [cell for table in tables.TABLES.values() for cell in table.cells()]
    cells += [hard.anywhere(cell) for cell in hard.hard_set()]
    names = [cell.name for cell in cells]
    assert len(set(names)) == len(names)
    for cell in cells[::5]:
        batch = cell.batch(0, 0, 3)
        assert np.isfinite(batch.counts).all()
        x = batch.wavelength_nm
        assert ((x[0] < batch.r1_nm) & (batch.r1_nm < x[-1])).all()


def test_drawing_and_bounds_import_nothing_of_the_package() -> None:
    folder = Path(__file__).parents[2] / "benchmarks"
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import gauge_precision.hard; "
        "sys.exit(any(name.startswith(('dac_control', 'devices')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
