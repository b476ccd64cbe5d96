"""The interval that a pressure lies in with 95 %, from its budget.

Twice the standard uncertainty is that interval only while the errors are normal. Where one of
them lies evenly between two bounds and outweighs the rest (nobody knows the sign of what the cold
does to the ruby scale), 1.96 times it reaches beyond both bounds and covers everything. Here the
largest such term keeps its bounds and all others together count as normal: the distribution of
their sum is known in closed form (JCGM 101:2008, the propagation of distributions; its 9.4 has
such a sum as its example).
"""

import math
from collections.abc import Iterable
from typing import Final

from dac_control.gauges.budget import BudgetTerm, quadrature

__all__ = ["half_width_gpa"]

_MOST_STEPS: Final = 60
_PRECISION: Final = 1e-13
"""Of the half-width: as near as floating point comes to the last step of Newton."""
_NEARLY_NOTHING: Final = 1e-3
"""Of the whole: a normal part below this is too narrow to be told from none."""


def half_width_gpa(budget: Iterable[BudgetTerm], level: float = 0.95) -> float:
    """Half-width of the interval about the pressure that covers the truth with `level`.

    Parameters
    ----------
    budget : iterable of BudgetTerm
        Statistical and systematic terms.
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        In GPa; NaN where a term is not finite, or there is none.
    """
    terms = list(budget)
    total = math.hypot(quadrature(terms, "statistical"), quadrature(terms, "systematic"))
    if not terms or not math.isfinite(total):
        return math.nan
    if total == 0.0:
        return 0.0
    even = max(
        (term for term in terms if term.between_gpa is not None),
        key=lambda term: term.sigma_gpa,
        default=None,
    )
    if even is None or even.between_gpa is None or even.sigma_gpa == 0.0:
        low, high, normal = 0.0, 0.0, total
    else:
        low, high = even.between_gpa
        normal = math.sqrt(max(0.0, total**2 - even.sigma_gpa**2))
        normal = max(normal, _NEARLY_NOTHING * total)
    below, above = 0.0, max(abs(low), abs(high)) + 8.0 * normal
    half = 0.5 * (below + above)
    for _ in range(_MOST_STEPS):
        covered = _below(half, low, high, normal) - _below(-half, low, high, normal)
        density = _density(half, low, high, normal) + _density(-half, low, high, normal)
        below, above = (half, above) if covered < level else (below, half)
        before = half
        # Newton's step where it stays between what is known, else half the way
        half = half + (level - covered) / density if density > 0.0 else above
        if not below < half < above:
            half = 0.5 * (below + above)
        if abs(half - before) <= _PRECISION * above:
            break
    return half


def _below(error: float, low: float, high: float, sigma: float) -> float:
    """Probability that an even error from `low` to `high` plus a normal one is below `error`."""
    if high - low < 1e-6 * sigma:
        return _distribution((error - 0.5 * (low + high)) / sigma)
    rising = _integral((error - low) / sigma) - _integral((error - high) / sigma)
    return rising * sigma / (high - low)


def _density(error: float, low: float, high: float, sigma: float) -> float:
    """Derivative of `_below` by the error."""
    if high - low < 1e-6 * sigma:
        z = (error - 0.5 * (low + high)) / sigma
        return math.exp(-0.5 * z * z) / (sigma * math.sqrt(2.0 * math.pi))
    rising = _distribution((error - low) / sigma) - _distribution((error - high) / sigma)
    return rising / (high - low)


def _distribution(z: float) -> float:
    """Normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _integral(z: float) -> float:
    """Integral of the normal distribution function from minus infinity to `z`."""
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return z * _distribution(z) + density
