"""Formulas reckon with arrays; who gave one number gets one number back."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_given"]

Vector = NDArray[np.float64]


def as_given(given: float | Vector, result: Vector) -> float | Vector:
    """Return `result` as a float where what was given is one number, else as it is."""
    # most are plain numbers, which need not be asked for their dimensions
    return float(result) if isinstance(given, float) or np.ndim(given) == 0 else result
