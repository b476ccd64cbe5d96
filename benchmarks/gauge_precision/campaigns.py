"""The tables: which cells each of them has."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from gauge_precision.cells import Cell
from gauge_precision.detector import Detector
from gauge_precision.recipes import REFERENCE_NM, Axis, Recipe
from gauge_precision.van_trees import Prior

__all__ = [
    "COUNTS",
    "FWHM_NM",
    "PRIORS",
    "asymmetric",
    "doublet",
    "drawn_doublet",
    "two_sigma_away",
    "with_priors",
    "without_priors",
]

COUNTS: Final = (1e2, 1e3, 1e4, 1e5)
FWHM_NM: Final = (0.1, 0.3, 0.5, 0.7)

PRIORS: Final = {
    "splitting_cm1": Prior(29.7, 4.0, 20.0, 40.0),
    "width_ratio": Prior(1.0, 0.3, 0.4, 2.5),
    "eta": Prior(0.5, 0.5, 0.0, 1.0),
    "ratio": Prior(0.609, 0.2, 0.0, 1.044),
}
"""Mean, sigma and ends of what the fit believes; of the ratio, at 296 K."""

_DOUBLET: Final = ("fwhm_nm", "eta", "height_e", "ratio", "splitting_cm1", "width_ratio", "level_e")

# The background by name: parameters in shares of R1's top (slope per nm, curve per nm squared).
_BACKGROUNDS: Final[Mapping[str, tuple[dict[str, float], tuple[str, ...]]]] = {
    "flat": ({"level_e": 0.02}, ()),
    "sloped": ({"level_e": 0.25, "slope_e": 0.01}, ("slope_e",)),
    "curved": (
        {"level_e": 0.25, "slope_e": 0.008, "curve_e": 0.0008},
        ("slope_e", "curve_e"),
    ),
    "rising": (
        {"level_e": 0.02, "slope_e": 0.0, "rise_e": 0.5, "rise_nm": 8.0},
        ("slope_e", "rise_e"),
    ),
}
_GRADIENTS: Final = {
    "10 % at FWHM/2": ((0.0, 0.9), (0.5, 0.1)),
    # exponential distribution, mean 0.25 FWHM, in nine parts
    "skewed": tuple((0.12 * k, float(np.exp(-0.48 * k))) for k in range(9)),
}


def doublet(
    name: str,
    height_e: float,
    fwhm_nm: float,
    *,
    background: str = "flat",
    pitch_nm: float = 0.03,
    shape: str = "pseudo_voigt",
    changes: Mapping[str, float] | None = None,
    gradient: tuple[tuple[float, float], ...] = ((0.0, 1.0),),
    **settings: Any,
) -> Cell:
    """Cell of a warm doublet; `changes` are parameters that differ from the usual ones."""
    levels, unknown = _BACKGROUNDS[background]
    fixed = {
        "r1_nm": REFERENCE_NM,
        "fwhm_nm": fwhm_nm,
        "eta": 0.5,
        "height_e": height_e,
        "ratio": 0.6,
        "splitting_cm1": 29.7,
        "width_ratio": 1.0,
    }
    lengths = {"rise_nm"}
    fixed |= {key: v if key in lengths else v * height_e for key, v in levels.items()}
    recipe = Recipe(axis=Axis(pitch_nm=pitch_nm), shape=shape, gradient=gradient)
    values = {
        "name": name,
        "recipe": recipe,
        "fixed": fixed | dict(changes or {}),
        "nuisances": (*_DOUBLET, *unknown),
    }
    return Cell(**(values | settings))


def without_priors() -> Iterator[Cell]:
    """Counts, widths, shapes, backgrounds; then pitch, averages and rounded counts."""
    for shape, word in (("pseudo_voigt", "pV"), ("voigt", "Voigt")):
        for background in ("flat", "sloped", "curved"):
            for fwhm in FWHM_NM:
                for height in COUNTS:
                    name = f"{word} {background} FWHM {fwhm} {height:.0e}"
                    make = partial(doublet, name, height, fwhm, use_priors=False)
                    yield make(background=background, shape=shape)
    for pitch in (0.02, 0.05):
        for height in (1e2, 1e4):
            name = f"pV flat FWHM 0.5 {height:.0e}, pitch {pitch}"
            yield doublet(name, height, 0.5, pitch_nm=pitch, use_priors=False)
    averaged = Detector(gain_e_per_count=2.4, averages=10, whole_counts=True)
    yield doublet(
        "10 averages, 2.4 e/count, rounded", 1e4, 0.5, use_priors=False, detector=averaged
    )
    free = {"width_ratio": 1.2, "ratio": 0.45, "eta": 0.8, "splitting_cm1": 31.0}
    yield doublet("R2 wider and weaker", 1e4, 0.5, use_priors=False, changes=free)


def with_priors() -> Iterator[Cell]:
    """Nuisances drawn from the priors, for the van Trees bound."""
    for fwhm in (0.1, 0.3, 0.5, 0.7, 1.0, 1.4):
        for height in COUNTS:
            yield drawn_doublet(f"drawn FWHM {fwhm} {height:.0e}", height, fwhm)
    yield drawn_doublet("drawn Voigt FWHM 0.5 1e+04", 1e4, 0.5, shape="voigt")
    yield drawn_doublet("drawn curved FWHM 0.5 1e+04", 1e4, 0.5, background="curved")


def drawn_doublet(name: str, height_e: float, fwhm_nm: float, **settings: Any) -> Cell:
    """Doublet whose splitting, width ratio, shape and ratio come from the priors.

    A parameter of `changes` has that value, and nothing is known of it beforehand.
    """
    allowed = ("merged", *settings.pop("allowed", ()))
    known = {key: prior for key, prior in PRIORS.items() if key not in settings.get("changes", {})}
    return doublet(
        name,
        height_e,
        fwhm_nm,
        drawn={key: prior.draw for key, prior in known.items()},
        known=known,
        allowed=allowed,
        **settings,
    )


def two_sigma_away() -> Iterator[Cell]:
    """One nuisance at a time, two prior sigma off; the Lorentzian share can only be 0 or 1."""
    for key, prior in PRIORS.items():
        ends = prior.mean - 2.0 * prior.sigma, prior.mean + 2.0 * prior.sigma
        for value in (max(ends[0], prior.low), min(ends[1], prior.high)):
            for fwhm in (0.5, 1.0, 1.4):
                for height in (1e3, 1e5):
                    name = f"{key} {value:.3g}, FWHM {fwhm} {height:.0e}"
                    changes = {key: value}
                    yield doublet(name, height, fwhm, changes=changes, allowed=("merged",))


def asymmetric() -> Iterator[Cell]:
    """A gradient over the chip: the estimand is the mean line."""
    for word, gradient in _GRADIENTS.items():
        for fwhm in (0.3, 0.5, 0.7):
            for height in (1e3, 1e4, 1e5):
                name = f"{word} FWHM {fwhm} {height:.0e}"
                allowed = ("asymmetric",)
                yield doublet(name, height, fwhm, gradient=gradient, allowed=allowed)
