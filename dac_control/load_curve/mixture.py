"""Mixtures of normal distributions, one row for each query: quantiles and probabilities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

__all__ = ["Mixture"]

Array = NDArray[np.float64]

PRECISION = 1e-6
"""Of a quantile, as a part of the width of the bracket it is sought in."""


@dataclass(frozen=True)
class Mixture:
    """Predictive distributions of q pressures, each a mixture of c normal ones."""

    weights: Array
    """Shape (c,), of sum 1."""
    mean_gpa: Array
    """Shape (q, c)."""
    sigma_gpa: Array
    """Shape (q, c); above 0."""

    def rows(self, at: int | slice) -> "Mixture":
        """Return the distributions of one query, or of several."""
        kept = slice(at, at + 1) if isinstance(at, int) else at
        return Mixture(self.weights, self.mean_gpa[kept], self.sigma_gpa[kept])

    def mean(self) -> Array:
        """Mean of each mixture, GPa, shape (q,)."""
        return self.mean_gpa @ self.weights

    def between(self, groups: NDArray[np.intp] | None = None) -> Array:
        """Standard deviation of the components' means, GPa, shape (q,).

        With `groups`, the number of the group that each component belongs to, shape (c,), that of
        the means of the groups: what components of one group differ by is not in it.
        """
        weights, means = self.weights, self.mean_gpa
        if groups is not None:
            each = np.eye(int(groups.max()) + 1)[groups] * weights[:, np.newaxis]
            weights = each.sum(axis=0)
            means = means @ each / np.where(weights > 0.0, weights, 1.0)
        centred = means - self.mean()[:, np.newaxis]
        return np.sqrt(np.maximum(centred**2 @ weights, 0.0))

    def sigma(self) -> Array:
        """Standard deviation of each mixture, GPa, shape (q,)."""
        return np.sqrt(self.between() ** 2 + self.sigma_gpa**2 @ self.weights)

    def below(self, pressure_gpa: ArrayLike) -> Array:
        """Probability of lying below `pressure_gpa` (scalar or shape (q,)); shape (q,)."""
        limit = np.broadcast_to(np.asarray(pressure_gpa, dtype=float), self.mean_gpa.shape[:1])
        return ndtr((limit[:, np.newaxis] - self.mean_gpa) / self.sigma_gpa) @ self.weights

    def quantile(self, probability: float) -> Array:
        """Pressure below which the probability is `probability` in (0, 1); shape (q,)."""
        each = self.mean_gpa + ndtri(probability) * self.sigma_gpa
        # the quantile of a mixture lies between the least and the largest of its components'
        low, high = each.min(axis=1), each.max(axis=1)
        width = PRECISION * np.maximum(high - low, 1e-12)
        at = np.clip(each @ self.weights, low, high)
        for _ in range(60):
            z = (at[:, np.newaxis] - self.mean_gpa) / self.sigma_gpa
            excess = ndtr(z) @ self.weights - probability
            low, high = np.where(excess < 0, at, low), np.where(excess < 0, high, at)
            density = (np.exp(-0.5 * z**2) / self.sigma_gpa) @ self.weights * 0.3989422804014327
            newton = at - excess / np.maximum(density, 1e-300)
            inside = (newton > low) & (newton < high)
            after = np.where(inside, newton, 0.5 * (low + high))
            done = np.abs(after - at) <= width
            at = after
            if np.all(done):
                break
        return at
