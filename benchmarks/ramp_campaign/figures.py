"""The arithmetic of a campaign: proportions whose steps belong to ramps, counts against chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

__all__ = ["Against", "Proportion", "against_chance", "clustered", "difference"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Proportion:
    """A part of steps, with the error that their belonging to ramps gives it."""

    value: float
    sigma: float
    """Standard error, ramps independent; NaN for fewer than two."""
    steps: int
    ramps: int

    def ends(self, k: float = 1.96) -> tuple[float, float]:
        """Interval of `k` standard errors, within 0 and 1."""
        return max(0.0, self.value - k * self.sigma), min(1.0, self.value + k * self.sigma)


def clustered(hits: ArrayLike, sizes: ArrayLike) -> Proportion:
    """Proportion of hits among all steps, with the sandwich error of a ratio of ramp totals.

    Steps of one ramp share what it drew: they are hit or missed together. The estimate is the
    ratio of sums; its variance is ``G/(G-1) sum_g (h_g - p n_g)**2 / (sum_g n_g)**2``, the
    linearised (sandwich) estimator for whole clusters (Cochran, Sampling Techniques, 1977, ch. 9).

    Parameters
    ----------
    hits, sizes : array_like, shape (ramps,)
        Hits and steps of each ramp; ramps without steps count for nothing.
    """
    h, n = np.asarray(hits, float), np.asarray(sizes, float)
    h, n = h[n > 0.0], n[n > 0.0]
    total, ramps = float(n.sum()), int(n.size)
    if not ramps:
        return Proportion(float("nan"), float("nan"), 0, 0)
    part = float(h.sum()) / total
    sigma = float("nan")
    if ramps > 1:
        sigma = float(np.sqrt(ramps / (ramps - 1.0) * np.sum((h - part * n) ** 2))) / total
    return Proportion(part, sigma, int(total), ramps)


def difference(one: Proportion, other: Proportion) -> tuple[float, float]:
    """Difference of two proportions of independent ramps, and its standard error."""
    return one.value - other.value, float(np.hypot(one.sigma, other.sigma))


@dataclass(frozen=True)
class Against:
    """A count against the binomial distribution of what is asked."""

    count: int
    of: int
    part: float
    high: float
    """Upper end of the 95 % interval of the part (Clopper and Pearson 1934, both sides)."""
    chance: float
    """Probability of so many or more if the part were the one asked."""


def against_chance(count: int, of: int, asked: float) -> Against:
    """Set a count of steps against the part that is asked, steps taken as independent.

    Parameters
    ----------
    count, of : int
    asked : float
        Between 0 and 1.
    """
    part = count / of if of else float("nan")
    chance = float(binom.sf(count - 1, of, asked)) if of else float("nan")
    return Against(count, of, part, _upper(count, of), chance)


def _upper(count: int, of: int) -> float:
    from scipy.stats import beta

    if not of:
        return float("nan")
    return 1.0 if count == of else float(beta.ppf(0.975, count + 1, of - count))


def median_or_nan(values: Sequence[float] | Array) -> float:
    """Median of what is finite."""
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    return float(np.median(finite)) if finite.size else float("nan")
