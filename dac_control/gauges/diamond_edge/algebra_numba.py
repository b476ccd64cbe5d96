"""Small linear equations, in compiled code."""

import math

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.compiled import helper
from dac_control.gauges.fisher import TINY

__all__ = ["normalise", "solve"]

Array = NDArray[np.float64]


@helper
def normalise(information: Array, unit: Array, scale: Array) -> None:
    """Fill an information in units of its diagonal, and what each parameter is divided by."""
    for j in range(scale.size):
        scale[j] = 1.0 / math.sqrt(max(information[j, j], TINY))
    for a in range(scale.size):
        for b in range(scale.size):
            unit[a, b] = information[a, b] * scale[a] * scale[b]


@helper
def solve(square: Array, values: Array) -> bool:
    """Put the answer of linear equations in the place of their values; False if singular.

    By elimination with the largest pivot of a column, as LAPACK does; `square` is used up.
    """
    n = values.size
    for k in range(n):
        best = k
        for row in range(k + 1, n):
            if abs(square[row, k]) > abs(square[best, k]):
                best = row
        if square[best, k] == 0.0:
            return False
        if best != k:
            values[k], values[best] = values[best], values[k]
            for column in range(k, n):
                held = square[k, column]
                square[k, column] = square[best, column]
                square[best, column] = held
        for row in range(k + 1, n):
            share = square[row, k] / square[k, k]
            values[row] -= share * values[k]
            for column in range(k + 1, n):
                square[row, column] -= share * square[k, column]
    for k in range(n - 1, -1, -1):
        for column in range(k + 1, n):
            values[k] -= square[k, column] * values[column]
        values[k] /= square[k, k]
    return True
