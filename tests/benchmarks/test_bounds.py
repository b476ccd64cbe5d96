"""Bounds against closed forms, published numbers and each other."""

import importlib
from types import ModuleType

import numpy as np
import pytest


def module(name: str) -> ModuleType:
    return importlib.import_module(f"gauge_precision.{name}")


def test_information_of_a_pixel_is_exact_for_photons_alone() -> None:
    mean = np.array([0.01, 1.0, 1e4])
    found = module("bounds").pixel_information(mean, 0.0)
    np.testing.assert_allclose(found, 1.0 / mean)


def test_information_of_a_pixel_with_read_noise_lies_between_its_limits() -> None:
    mean = np.geomspace(0.02, 1e4, 30)
    for read in (0.3, 1.0, 5.0):
        found = module("bounds").pixel_information(mean, read)
        # no more than without read noise; no less than a weighted mean could use
        assert (found <= 1.0 / mean * (1 + 1e-6)).all()
        assert (found >= 1.0 / (mean + read**2) * (1 - 1e-3)).all()


def test_information_of_a_pixel_where_electrons_can_be_counted() -> None:
    # a tenth of an electron of noise leaves whole electrons apart
    assert module("bounds").pixel_information(np.array([1.0]), 0.1)[0] == pytest.approx(
        1.0, rel=2e-3
    )


def gaussian_line(height: float, fwhm: float, read: float) -> tuple[float, float]:
    """Bound for a Gaussian line of known shape, and photons of the line, numerically."""
    recipes, bounds = module("recipes"), module("bounds")
    detector = module("detector").Detector(read_noise_e=read)
    values = {"r1_nm": 694.25, "fwhm_nm": fwhm, "eta": 0.0, "height_e": height, "level_e": 0.0}
    scenes = {name: np.array([value]) for name, value in values.items()}
    recipe = recipes.Recipe(axis=recipes.Axis(pitch_nm=0.02))
    known = bounds.information(recipe, scenes, detector, ())
    return float(bounds.cramer_rao(known, {})[0]), float(recipe.expected_e(scenes).sum())


def test_gaussian_line_without_background_reaches_sigma_over_root_n() -> None:
    variance, photons = gaussian_line(1e5, 0.5, 0.0)
    sigma = 0.5 / (2 * np.sqrt(2 * np.log(2)))
    assert np.sqrt(variance) == pytest.approx(sigma / np.sqrt(photons), rel=1e-4)


@pytest.mark.parametrize(
    ("pitch", "fwhm", "height", "pm"),
    # computed independently for ten unknowns: eta 0.8, R2/R1 0.6, 2 % background, 5 e read noise
    [
        (0.03, 0.1, 1e4, 0.306),
        (0.03, 0.5, 1e4, 0.716),
        (0.05, 0.3, 1e3, 2.25),
        (0.02, 0.7, 1e5, 0.234),
    ],
)
def test_doublet_agrees_with_an_independent_calculation(
    pitch: float, fwhm: float, height: float, pm: float
) -> None:
    cell = module("campaigns").doublet(
        "test", height, fwhm, pitch_nm=pitch, changes={"eta": 0.8}, use_priors=False
    )
    # one unknown fewer here: both lines share eta
    assert 1e3 * cell.limits(0).bound ** 0.5 == pytest.approx(pm, rel=0.025)


def test_more_unknowns_and_hidden_pixels_never_help() -> None:
    bounds, campaigns = module("bounds"), module("campaigns")
    cell = campaigns.doublet("test", 1e3, 0.7, background="curved")
    scenes, _none = cell._scenes_of_bound(np.random.default_rng(0))
    few = {name: values[:4] for name, values in scenes.items()}
    hidden = np.zeros((4, 1024), dtype=bool)
    hidden[:, 330:345] = True

    def bound(nuisances: tuple[str, ...], masked: np.ndarray | None = None) -> np.ndarray:
        known = bounds.information(cell.recipe, few, cell.detector, nuisances, masked)
        return bounds.cramer_rao(known, {})

    alone, shaped, every = bound(()), bound(("fwhm_nm", "eta")), bound(cell.nuisances)
    assert (alone <= shaped * (1 + 1e-9)).all() and (shaped <= every * (1 + 1e-9)).all()
    assert (bound(cell.nuisances, hidden) > every).all()


def test_van_trees_of_a_linear_problem_is_exact() -> None:
    """Constant information: both weights give the posterior variance."""
    bounds, van_trees = module("bounds"), module("van_trees")
    matrix = np.array([[4.0, 1.0], [1.0, 2.0]])
    known = bounds.Information(names=("r1_nm", "eta"), matrices=np.stack([matrix] * 3))
    prior = van_trees.Prior(0.5, 0.5, -1e3, 1e3)
    expected = np.linalg.inv(matrix + np.diag([0.0, 4.0]))[0, 0]
    assert van_trees.constant_weights(known, {"eta": prior}) == pytest.approx(expected, rel=1e-6)


def test_a_prior_ends_where_it_says() -> None:
    prior = module("van_trees").Prior(0.5, 0.5, 0.0, 1.0)
    values = prior.draw(np.random.default_rng(0), 4000)
    assert 0.0 <= values.min() and values.max() <= 1.0
    assert values.var() == pytest.approx(prior.variance, rel=0.05)
    assert prior.variance < 0.25
    # a wall tells nearly all of a parameter that is as good as at it, and little of the others
    ends, middle = prior.wall(np.array([0.0, 1.0, 1.0 - 1e-3])), prior.wall(np.array([0.5]))
    assert ends.min() > 0.99e6 and middle == pytest.approx(8.0)


def test_weights_that_follow_give_the_sharper_bound_for_merged_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a tenth of the scenes that the tables draw: what is compared differs by far more
    monkeypatch.setattr(module("cells"), "_BOUND_SCENES", 300)
    monkeypatch.setattr(module("cells"), "_FOLLOWED_SCENES", 150)
    cell = module("campaigns").drawn_doublet("test", 1e3, 1.4)
    limits = cell.limits(0)
    assert limits.constant < limits.bound
    assert 0.9 * limits.single_scenes < limits.bound < 1.1 * limits.single_scenes
    resolved = module("campaigns").drawn_doublet("test", 1e3, 0.3).limits(0)
    assert resolved.constant == pytest.approx(resolved.bound, rel=0.04)


def test_following_weights_lose_little_where_the_scenes_are_alike() -> None:
    """One line whose Lorentzian share is drawn: almost the mean of the single scenes' bounds."""
    van_trees = module("van_trees")
    cell = module("hard").single("test", 1e3, 0.5)
    scenes, _none = cell._scenes_of_bound(np.random.default_rng(0))
    few = {name: values[:100] for name, values in scenes.items()}
    args = (cell.recipe, few, cell.detector, cell.nuisances, cell.known)
    bound = van_trees.following_weights(*args)
    known = module("bounds").information(cell.recipe, few, cell.detector, cell.nuisances)
    single = module("bounds").cramer_rao(known, cell.known).mean()
    assert 0.95 * single < bound <= single * (1 + 1e-3)
