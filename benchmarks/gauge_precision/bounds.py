"""The information that pixels hold of a line, from numerical derivatives; the Cramér-Rao bound.

Pixels are independent. A pixel holds Poisson electrons and Gaussian read noise; its information
about its mean is computed from that very distribution (`pixel_information`). The usual
``1 / (mean + read**2)`` is a little less than that at few counts, and so would be a bound a little
too easy to reach.

Cramér, "Mathematical Methods of Statistics" (1946); van Trees, "Detection, Estimation, and
Modulation Theory" (1968) for information from priors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from scipy.special import gammaln, xlogy

from gauge_precision.detector import Detector, Mask
from gauge_precision.recipes import Recipe, Scenes
from gauge_precision.shapes import Array

__all__ = [
    "Information",
    "Known",
    "cramer_rao",
    "information",
    "pixel_information",
    "prior_matrix",
    "scaled_inverse",
]

_STEP: Final = 1e-4
# Above, the exact information and 1 / variance agree to a part in 1e4.
_FEW_E: Final = 400.0
_REACH: Final = 7.0
"""How many sigmas of read noise count."""


class Known(Protocol):
    """What is known of a parameter beforehand."""

    @property
    def variance(self) -> float:
        """Its variance."""
        ...


@dataclass(frozen=True, kw_only=True)
class Information:
    """Fisher information of many scenes."""

    names: tuple[str, ...]
    """Parameters, the one that is wanted first."""
    matrices: Array
    """Shape (scenes, parameters, parameters)."""


def information(
    recipe: Recipe,
    scenes: Scenes,
    detector: Detector,
    nuisances: Sequence[str],
    masked: Mask | None = None,
) -> Information:
    """Fisher information of R1 and of the nuisances.

    Parameters
    ----------
    recipe, scenes, detector
        What is drawn.
    nuisances : sequence of str
        Parameters that are unknown beside ``r1_nm``.
    masked : array of bool, shape (scenes, pixels), optional
        Pixels that hold no information.
    """
    names = ("r1_nm", *nuisances)
    expected = recipe.expected_e(scenes)
    weight = pixel_information(expected, detector.total_read_noise_e)
    if masked is not None:
        weight = np.where(masked, 0.0, weight)
    slopes = np.stack([_slope(recipe, scenes, name) for name in names], axis=1)
    matrices = np.einsum("spi,sqi->spq", slopes * weight[:, None, :], slopes, optimize=True)
    return Information(names=names, matrices=matrices)


def cramer_rao(known: Information, priors: Mapping[str, Known]) -> Array:
    """Least variance of R1 in nm squared, shape (scenes,); `priors` of nuisances add to it."""
    return scaled_inverse(known.matrices + prior_matrix(known, priors))[:, 0, 0]


def pixel_information(expected_e: Array, read_noise_e: float) -> Array:
    """Information of one pixel about its mean, per electron squared; shape as given."""
    plain = 1.0 / (np.maximum(expected_e, 1e-9) + read_noise_e**2)
    if read_noise_e == 0.0:
        return plain
    log_mean, excess = _excess_table(round(read_noise_e, 6))
    few = np.log(np.clip(expected_e, np.exp(log_mean[0]), _FEW_E))
    return plain * np.where(expected_e < _FEW_E, np.interp(few, log_mean, excess), 1.0)


@lru_cache(maxsize=16)
def _excess_table(read_noise_e: float) -> tuple[Array, Array]:
    """Exact information times variance, against the logarithm of the mean."""
    means = np.geomspace(1e-2, _FEW_E, 48)
    excess = [_exact(mean, read_noise_e) * (mean + read_noise_e**2) for mean in means]
    return np.log(means), np.array(excess)


def _exact(mean: float, read: float) -> float:
    """Integral of (dp/dmean)**2 / p for Poisson electrons with Gaussian read noise."""
    last = int(mean + 10.0 * np.sqrt(mean) + 15.0)
    step = min(0.05, read / 6.0) if read < 1.0 else read / 12.0
    y = np.arange(-_REACH * read, last + _REACH * read, step)
    # only electrons that the read noise can have brought here
    k = np.floor(y - _REACH * read)[:, None] + np.arange(int(2.0 * _REACH * read) + 2)
    possible = (k >= 0) & (k <= last)
    k = np.where(possible, k, 0.0)
    chance = np.where(possible, np.exp(xlogy(k, mean) - mean - gammaln(k + 1.0)), 0.0)
    blur = np.exp(-0.5 * ((y[:, None] - k) / read) ** 2) / (read * np.sqrt(2.0 * np.pi))
    density = np.sum(blur * chance, axis=1)
    slope = np.sum(blur * chance * (k / mean - 1.0), axis=1)
    seen = density > 1e-290
    return float(np.sum(slope[seen] ** 2 / density[seen]) * step)


def _slope(recipe: Recipe, scenes: Scenes, name: str) -> Array:
    """Derivative of the expected electrons, shape (scenes, pixels)."""
    step = _STEP * _scale(scenes, name)
    up = recipe.expected_e({**scenes, name: scenes[name] + step})
    down = recipe.expected_e({**scenes, name: scenes[name] - step})
    return (up - down) / (2.0 * step[:, None])


def _scale(scenes: Scenes, name: str) -> Array:
    """How far a parameter must move to change a line as a whole, shape (scenes,)."""
    if name == "r1_nm":
        return scenes["fwhm_nm"]
    if name.startswith("line") and name.endswith("_nm") and "fwhm" not in name:
        return scenes[name.replace("_nm", "_fwhm_nm")]
    if name.endswith("_e"):
        return scenes["height_e"]
    return np.full(scenes["r1_nm"].shape, 10.0 if name == "splitting_cm1" else 1.0)


def prior_matrix(known: Information, priors: Mapping[str, Known]) -> Array:
    """Information of the priors, shape (parameters, parameters)."""
    return np.diag([1.0 / priors[n].variance if n in priors else 0.0 for n in known.names])


def scaled_inverse(matrices: Array) -> Array:
    """Inverses, shape as given; scaled first, for nm and electrons are far apart."""
    scale = 1.0 / np.sqrt(np.einsum("spp->sp", matrices))
    both = scale[:, :, None] * scale[:, None, :]
    return np.linalg.inv(matrices * both) * both
