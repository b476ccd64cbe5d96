"""What a residual shows that noise does not: a shape that is left beside the edge."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Structure", "structure_of"]

Vector = NDArray[np.float64]

_CORE_WIDTHS: Final = 2.5
"""Reach of the edge itself, in its widths; what lies beyond belongs to one of the sides."""
_BLOCK_PX: Final = 8
# Standard normal deviate of the sum over the blocks beyond which they are not noise: once in
# 3e4 clean sides, allowing for the skewness of chi squared.
_LIMIT: Final = 4.5


@dataclass(frozen=True)
class Structure:
    """How far sums over neighbouring pixels exceed what the scatter of single ones explains."""

    left: float
    """Of the low-frequency side, the plateau: standard normal where only noise is left."""
    core: float
    right: float
    excess: float
    """Variance of the block sums over what single pixels explain, of the worst part."""
    noise: float
    """Standard deviation of the weighted residual from pixel to pixel; 1 where the noise model
    is right."""

    @property
    def worst(self) -> float:
        """The largest of the three."""
        return max(self.left, self.core, self.right)

    @property
    def found(self) -> bool:
        """True where anything is left."""
        return self.worst > _LIMIT


def structure_of(
    x: Vector, residual: Vector, variance: Vector, edge_cm1: float, width_cm1: float
) -> Structure:
    """Judge a residual.

    Parameters
    ----------
    x, residual, variance : arrays, shape (n,)
    edge_cm1, width_cm1 : float
        Of the fit.
    """
    z = residual / np.sqrt(variance)
    # differences two pixels apart, to which neither slopes nor shared pixels contribute
    step = z[2:] - z[:-2]
    noise = max(float(np.sqrt(0.5 * ((step * step).sum() / step.size))), 1e-9)
    z = z / noise
    reach = _CORE_WIDTHS * width_cm1
    first, last = np.searchsorted(x, (edge_cm1 - reach, edge_cm1 + reach))
    parts = (z[:first], z[first:last], z[last:])
    squares = [_mean_square(part) for part in parts]
    left, core, right = (_deviate(*square) for square in squares)
    return Structure(
        left=left,
        core=core,
        right=right,
        excess=max(square for square, _blocks in squares),
        noise=noise,
    )


def _mean_square(z: Vector) -> tuple[float, int]:
    """Mean square of block sums over that of white noise, and the number of blocks."""
    blocks = z.size // _BLOCK_PX
    if blocks < 2:
        return 1.0, 0
    sums = z[: blocks * _BLOCK_PX].reshape(blocks, _BLOCK_PX).sum(axis=1)
    return float((sums * sums).sum()) / blocks / _BLOCK_PX, blocks


def _deviate(mean_square: float, blocks: int) -> float:
    """Standard normal deviate of a mean of squares (Wilson & Hilferty, PNAS 17, 684, 1931)."""
    if not blocks:
        return 0.0
    spread = 2.0 / (9.0 * blocks)
    return float((np.cbrt(mean_square) - (1.0 - spread)) / np.sqrt(spread))
