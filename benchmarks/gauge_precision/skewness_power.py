"""How often any test could see that a line is skewed.

Neyman and Pearson, Phil. Trans. R. Soc. A 231, 289 (1933): of all tests with a given share of false
alarms, the one that knows both shapes is the most powerful. With many photons in each pixel the
difference between a skewed line and the symmetric one that fits it best is a vector in white noise;
its length is the signal-to-noise ratio of the skewness, whatever is done with the data.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import least_squares
from scipy.special import ndtr, ndtri

from gauge_precision.bounds import pixel_information
from gauge_precision.cells import Cell
from gauge_precision.shapes import Array

__all__ = ["largest_power", "skewness_signal"]

_STEP: Final = 1e-3
"""Of a parameter, where its own size says nothing."""


def skewness_signal(cell: Cell) -> float:
    """Signal-to-noise ratio of what no symmetric line can imitate."""
    fixed = {name: np.array([value]) for name, value in cell.fixed.items()}
    skewed = cell.recipe.expected_e(fixed)[0]
    weight = np.sqrt(pixel_information(skewed, cell.detector.total_read_noise_e))
    symmetric = replace(cell.recipe, gradient=((0.0, 1.0),))
    names = ("r1_nm", *cell.nuisances)
    start = np.array([cell.fixed[name] for name in names])
    scale = np.array([_scale(name, cell) for name in names])

    def left(moved: Array) -> Array:
        values = dict(zip(names, (start + moved * scale)[:, None], strict=True))
        return weight * (skewed - symmetric.expected_e({**fixed, **values})[0])

    return float(np.sqrt(2.0 * least_squares(left, np.zeros(len(names)), method="lm").cost))


def largest_power(signal: float, false_alarms: float) -> float:
    """Share of skewed lines that the best test finds at a given share of false alarms."""
    return float(ndtr(signal - ndtri(1.0 - false_alarms)))


def _scale(name: str, cell: Cell) -> float:
    if name == "r1_nm":
        return 0.1 * cell.fixed["fwhm_nm"]
    return 0.1 * abs(cell.fixed[name]) or _STEP
