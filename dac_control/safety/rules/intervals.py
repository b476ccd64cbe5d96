"""Interval arithmetic with outward rounding: what a quantity can be over ranges. Pure.

See R. E. Moore, R. B. Kearfott, M. J. Cloud, *Introduction to Interval Analysis* (SIAM, 2009).
"""

import math
from typing import NamedTuple

__all__ = [
    "EMPTY",
    "EVERYTHING",
    "Interval",
    "add",
    "divide",
    "meet",
    "multiply",
    "negate",
    "outward",
]


class Interval(NamedTuple):
    """All numbers from `low` to `high`, both included; empty if `low` is above `high`."""

    low: float
    high: float

    @property
    def empty(self) -> bool:
        """True if no number is in it."""
        return not self.low <= self.high


EVERYTHING = Interval(-math.inf, math.inf)
EMPTY = Interval(math.inf, -math.inf)


def meet(one: Interval, other: Interval) -> Interval:
    """Numbers that are in both."""
    return Interval(max(one.low, other.low), min(one.high, other.high))


def negate(one: Interval) -> Interval:
    """All of ``-x``; exact."""
    return Interval(-one.high, -one.low)


def add(one: Interval, other: Interval) -> Interval:
    """All of ``x + y``."""
    return outward(one.low + other.low, one.high + other.high)


def multiply(one: Interval, other: Interval) -> Interval:
    """All of ``x * y``."""
    corners = [a * b for a in one for b in other]
    return outward(min(corners), max(corners)) if not _any_nan(corners) else EVERYTHING


def divide(one: Interval, other: Interval) -> Interval:
    """All of ``x / y``; everything if ``y`` may be 0."""
    if other.low <= 0.0 <= other.high:
        return EVERYTHING
    corners = [a / b for a in one for b in other]
    return outward(min(corners), max(corners)) if not _any_nan(corners) else EVERYTHING


def _any_nan(values: list[float]) -> bool:
    return any(math.isnan(value) for value in values)


def outward(low: float, high: float) -> Interval:
    """Widen by one step of the last digit, so that rounding leaves nothing out."""
    if math.isnan(low) or math.isnan(high):
        return EVERYTHING
    return Interval(math.nextafter(low, -math.inf), math.nextafter(high, math.inf))
