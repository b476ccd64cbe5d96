"""Numbers with their uncertainties as text."""

import math

__all__ = ["decimals", "with_sigma"]


def with_sigma(value: float, sigma: float, most_decimals: int) -> str:
    """Value and uncertainty, with as many decimals as two digits of the uncertainty need."""
    if not math.isfinite(sigma):
        return f"{value:.{most_decimals}f}"
    digits = decimals(sigma, most_decimals)
    return f"{value:.{digits}f} ± {sigma:.{digits}f}"


def decimals(sigma: float, most: int) -> int:
    """Decimals that show two digits of an uncertainty, between 1 and `most`."""
    if not (math.isfinite(sigma) and sigma > 0.0):
        return most
    return min(most, max(1, 1 - math.floor(math.log10(sigma))))
