"""The least mean squared error over nuisances that are drawn from what is known of them.

For any weights ``C(nuisances)`` whose products with the prior density vanish at its ends,

    MSE >= E[C_1]**2 / (E[C' F C] + E[(sum_j d(C_j p)/d(theta_j) / p)**2])

(Gill and Levit, Bernoulli 1, 59, 1995). Constant weights give the usual bound, the inverse of the
information averaged over the draws: it is out of any estimate's reach where that information
differs much between the draws, as for merged lines. Weights that follow the scenes,
``(F + P)^-1 e_1``, give nearly the mean of the single scenes' bounds. Each choice is a bound; the
largest counts. R1, heights, widths and backgrounds have wide priors that say nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.stats import truncnorm

from gauge_precision.bounds import Information, information, prior_matrix, scaled_inverse
from gauge_precision.detector import Detector, Mask
from gauge_precision.recipes import Recipe, Scenes
from gauge_precision.shapes import Array

__all__ = ["Prior", "constant_weights", "following_weights"]

_STEP: Final = 1e-2
"""Step of the derivatives of the weights, as a share of the prior's sigma."""
_TAPERS: Final = (4.0, 16.0, 64.0, 256.0)
"""How steeply a weight falls to 0 at the ends of its prior."""


@dataclass(frozen=True)
class Prior:
    """Normal distribution that ends where the fit's bounds are."""

    mean: float
    sigma: float
    low: float
    high: float

    @property
    def distribution(self) -> Any:
        """The frozen distribution of scipy."""
        ends = (self.low - self.mean) / self.sigma, (self.high - self.mean) / self.sigma
        return truncnorm(*ends, loc=self.mean, scale=self.sigma)

    @property
    def variance(self) -> float:
        """Variance with the ends."""
        return float(self.distribution.var())

    def draw(self, random: np.random.Generator, scenes: int) -> Array:
        """Draw values, shape (scenes,)."""
        return self.distribution.ppf(random.random(scenes))

    def slope_of_log(self, value: Array) -> Array:
        """Derivative of the logarithm of the density."""
        return (self.mean - value) / self.sigma**2

    def taper(self, value: Array, steepness: float) -> Array:
        """0 at the ends, 1 well inside."""
        u = np.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)
        return np.tanh(steepness * u * (1.0 - u))


def constant_weights(known: Information, priors: Mapping[str, Prior]) -> float:
    """The usual bound in nm squared; a prior counts with the inverse of its variance."""
    mean = known.matrices.mean(axis=0, keepdims=True)
    return float(scaled_inverse(mean + prior_matrix(known, priors))[0, 0, 0])


def following_weights(
    recipe: Recipe,
    scenes: Scenes,
    detector: Detector,
    nuisances: tuple[str, ...],
    priors: Mapping[str, Prior],
    masked: Mask | None = None,
) -> float:
    """The bound in nm squared with weights that follow the scenes, the best of several tapers."""

    def at(moved: Scenes) -> tuple[Array, Array]:
        known = information(recipe, moved, detector, nuisances, masked)
        return scaled_inverse(known.matrices + prior_matrix(known, priors))[:, 0], known.matrices

    names = ("r1_nm", *nuisances)
    weights, matrices = at(scenes)
    around: dict[str, tuple[Scenes, Array, Scenes, Array]] = {}
    for name, prior in priors.items():
        step = _STEP * prior.sigma
        up = {**scenes, name: scenes[name] + step}
        down = {**scenes, name: scenes[name] - step}
        around[name] = (up, at(up)[0], down, at(down)[0])
    best = 0.0
    for steepness in _TAPERS:
        tapered, divergence = weights.copy(), np.zeros(weights.shape[0])
        for name, (up, weights_up, down, weights_down) in around.items():
            prior, j = priors[name], names.index(name)
            high = prior.taper(up[name], steepness) * weights_up[:, j]
            low = prior.taper(down[name], steepness) * weights_down[:, j]
            tapered[:, j] *= prior.taper(scenes[name], steepness)
            divergence += (high - low) / (2.0 * _STEP * prior.sigma)
            divergence += tapered[:, j] * prior.slope_of_log(scenes[name])
        square = np.einsum("sp,spq,sq->s", tapered, matrices, tapered)
        best = max(best, float(weights[:, 0].mean() ** 2 / np.mean(square + divergence**2)))
    return best
