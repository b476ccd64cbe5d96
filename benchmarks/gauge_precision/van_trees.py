"""The least mean squared error over nuisances that are drawn from what is known of them.

For any weights ``C(nuisances)`` whose products with the prior density vanish at its ends,

    MSE >= E[C_1]**2 / (E[C' F C] + E[(sum_j d(C_j p)/d(theta_j) / p)**2])

(Gill and Levit, Bernoulli 1, 59, 1995). Constant weights give the usual bound, the inverse of the
information averaged over the draws: it is out of any estimate's reach where that information
differs much between the draws, as for merged lines. Weights that follow the scenes,
``(F + P + W)^-1 e_1``, give nearly the mean of the single scenes' bounds. W is what a wall at each
end of a prior tells of a parameter so near to it; it grows without limit there, so that the weight
vanishes at the end and the other weights go over into those of a known parameter. (A weight that
is only faded out leaves them without what they balance: the bound then loses up to a quarter, and
hangs on single scenes.) Each choice is a bound; the largest counts. R1, heights, widths and
backgrounds have wide priors that say nothing.
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
_AT_ONCE: Final = 250
_WALLS: Final = (0.03, 0.1, 0.3, 1.0)
"""Information of a wall times the square of the distance to it."""


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

    def wall(self, value: Array) -> Array:
        """Sum of 1 / distance**2 over both ends; almost without limit at an end and beyond."""
        nearest = 1e-9 * (self.high - self.low)
        below = np.maximum(value - self.low, nearest)
        return below**-2.0 + np.maximum(self.high - value, nearest) ** -2.0


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
    """The bound in nm squared with weights that follow the scenes, at the best of several walls."""
    many = scenes["r1_nm"].size
    parts = []
    for first in range(0, many, _AT_ONCE):
        here = slice(first, first + _AT_ONCE)
        some = {name: values[here] for name, values in scenes.items()}
        hidden = None if masked is None else masked[here]
        parts.append(_gain_and_loss(recipe, some, detector, nuisances, priors, hidden))
    gain, loss = (np.concatenate(terms, axis=1).mean(axis=1) for terms in zip(*parts, strict=True))
    return float(np.max(gain**2 / loss))


def _gain_and_loss(
    recipe: Recipe,
    scenes: Scenes,
    detector: Detector,
    nuisances: tuple[str, ...],
    priors: Mapping[str, Prior],
    masked: Mask | None,
) -> tuple[Array, Array]:
    """Numerator's root and denominator of the bound, each of shape (walls, scenes)."""
    names = ("r1_nm", *nuisances)
    places = {name: names.index(name) for name in priors}

    def known(at: Scenes) -> Array:
        return information(recipe, at, detector, nuisances, masked).matrices

    def weights(at: Scenes, matrices: Array, wall: float) -> Array:
        total = matrices.copy()
        for name, j in places.items():
            prior = priors[name]
            total[:, j, j] += prior.sigma**-2.0 + wall * prior.wall(at[name])
        return scaled_inverse(total)[:, 0]

    here = known(scenes)
    around: dict[str, tuple[Scenes, Array, Scenes, Array]] = {}
    for name, prior in priors.items():
        step = _STEP * prior.sigma
        up = {**scenes, name: np.minimum(scenes[name] + step, prior.high)}
        down = {**scenes, name: np.maximum(scenes[name] - step, prior.low)}
        around[name] = (up, known(up), down, known(down))
    gain, loss = [], []
    for wall in _WALLS:
        chosen = weights(scenes, here, wall)
        divergence = np.zeros(here.shape[0])
        for name, (up, matrices_up, down, matrices_down) in around.items():
            j, distance = places[name], up[name] - down[name]
            change = weights(up, matrices_up, wall) - weights(down, matrices_down, wall)
            divergence += change[:, j] / distance
            divergence += chosen[:, j] * priors[name].slope_of_log(scenes[name])
        gain.append(chosen[:, 0])
        loss.append(np.einsum("sp,spq,sq->s", chosen, here, chosen) + divergence**2)
    return np.stack(gain), np.stack(loss)
