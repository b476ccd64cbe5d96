"""Moments that stand for an exposure."""

import functools
import math

import numpy as np

from simulators.twin.physics import Moment, Physics

__all__ = ["exposure_nodes"]

NM_PER_NODE = 0.02
"""An exposure during which R1 moves more than this is sampled more often."""

STANDING_NM = 0.001
"""One that moves less is taken at the middle: 0.3 pm of width in quadrature is not seen."""

MOST_NODES = 16


def exposure_nodes(
    physics: Physics, start_lab_s: float, exposure_s: float
) -> list[tuple[float, Moment]]:
    """Moments that stand for an exposure, each with its weight (they sum to 1).

    Gauss-Legendre nodes in time: one for a line that stands, two for one that drifts, more for
    one that runs.
    """
    ends = [physics.moment(start_lab_s + part * exposure_s).r1_nm for part in (0.0, 0.5, 1.0)]
    moved_nm = max(ends) - min(ends)
    if moved_nm < STANDING_NM:
        return [(1.0, physics.moment(start_lab_s + 0.5 * exposure_s))]
    count = min(2 + math.floor(moved_nm / NM_PER_NODE), MOST_NODES)
    places, weights = _gauss_legendre(count)
    return [
        (0.5 * w, physics.moment(start_lab_s + 0.5 * (1.0 + x) * exposure_s))
        for x, w in zip(places, weights, strict=True)
    ]


@functools.cache
def _gauss_legendre(count: int) -> tuple[list[float], list[float]]:
    """Places in [-1, 1] and weights; computed once, it costs as much as an exposure."""
    places, weights = np.polynomial.legendre.leggauss(count)
    return places.tolist(), weights.tolist()
