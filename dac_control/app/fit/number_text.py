"""Numbers with their uncertainties as text."""

import math
from collections.abc import Sequence
from typing import Final

__all__ = ["decimals", "span", "with_both_sigmas", "with_sigma"]

_MOST_DECIMALS_GPA: Final = 4


def with_sigma(value: float, sigma: float, most_decimals: int) -> str:
    """Value and uncertainty, with as many decimals as two digits of the uncertainty need."""
    if not math.isfinite(sigma):
        return f"{value:.{most_decimals}f}"
    digits = decimals(sigma, most_decimals)
    return f"{value:.{digits}f} ± {sigma:.{digits}f}"


def with_both_sigmas(pressure_gpa: float, stat_gpa: float, sys_gpa: float) -> tuple[str, str, str]:
    """Pressure and its two uncertainties, these with two digits each.

    The pressure has the decimals of the smaller one, for differences within a run are as good
    as that.
    """
    digits = decimals(min(stat_gpa, sys_gpa), _MOST_DECIMALS_GPA)
    stat, systematic = (f"{s:.{decimals(s, _MOST_DECIMALS_GPA)}f}" for s in (stat_gpa, sys_gpa))
    return f"{pressure_gpa:.{digits}f}", stat, systematic


def span(values: Sequence[float]) -> str:
    """The lowest and the highest of some values, told apart."""
    low, high = min(values), max(values)
    digits = decimals(high - low, most=2) if high - low < 10.0 else 0
    return f"{low:.{digits}f} to {high:.{digits}f}"


def decimals(sigma: float, most: int) -> int:
    """Decimals that show two digits of an uncertainty, between 1 and `most`."""
    if not (math.isfinite(sigma) and sigma > 0.0):
        return most
    return min(most, max(1, 1 - math.floor(math.log10(sigma))))
