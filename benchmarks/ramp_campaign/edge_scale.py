"""Draw the true scale of an edge from what its budget states: coefficients, and which scale.

Published scales of the edge differ by more than the coefficients of any of them explain; the
budget states a rectangle between the lowest and the highest, less what the coefficients of the
scale in use explain. A true scale is drawn from just that, term by term. The rectangle has steps
where a scale begins or ends to count; what is drawn is smooth, as diamond is: a step of the scale
would look to a ramp like one of the cell.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.budget import rectangle_rms
from dac_control.gauges.scales import scales_of

__all__ = ["draw_scale_table"]

Array = NDArray[np.float64]

_PLACES: Final = np.linspace(0.0, 0.6, 121)
"""nu/nu0 - 1, to 1000 GPa and more."""
_SMOOTH: Final = 0.03
"""40 cm-1, some 30 GPa."""
_NU0_CM1: Final = 1333.0
_GAUGE: Final = "diamond_edge"


def draw_scale_table(
    name: str, normal: Sequence[float], even: float
) -> tuple[tuple[float, float], ...]:
    """Return (nu/nu0 - 1, pressure in GPa) of a true scale.

    Parameters
    ----------
    name : str
        Scale in use.
    normal : sequence of float
        Standard normal numbers, one for each part of the scale's own uncertainty; those too many
        are left.
    even : float
        From 0 to 1: where between the lowest and the highest published scale the truth lies.
    """
    own, low, high = _published(name)
    scale = scales_of(_GAUGE)[name]
    parts = scale.coefficient_sigmas_gpa(scale.argument(_edges(), _NU0_CM1)).values()
    drawn, own2 = own.copy(), np.zeros(own.size)
    for part, number in zip(parts, normal, strict=False):
        drawn += part * number
        own2 += part**2
    whole2 = np.array([rectangle_rms(*each) ** 2 for each in zip(own, low, high, strict=True)])
    left = np.sqrt(np.clip(1.0 - own2 / np.maximum(whole2, 1e-12), 0.0, 1.0))
    drawn = drawn + left * (low + even * (high - low) - own)
    drawn = own * _smooth(drawn / np.maximum(own, 1e-9))
    # pressures must rise for the twin to look places up
    drawn = np.maximum.accumulate(drawn + 1e-9 * np.arange(drawn.size))
    return tuple(zip(_PLACES.tolist(), drawn.tolist(), strict=True))


def _smooth(ratio: Array) -> Array:
    """Means over neighbouring places, weighted by a Gaussian; shape (places,)."""
    weight = np.exp(-0.5 * ((_PLACES[:, np.newaxis] - _PLACES) / _SMOOTH) ** 2)
    weight[:, 0] = 0.0  # no pressure, and no ratio
    return np.asarray(weight @ ratio / weight.sum(axis=1))


@cache
def _published(name: str) -> tuple[Array, Array, Array]:
    """Pressure on the scale in use, and the lowest and highest of those that count there."""
    known = scales_of(_GAUGE)
    pressures = {
        each: np.array([scale.pressure_gpa(scale.argument(nu, _NU0_CM1)) for nu in _edges()])
        for each, scale in known.items()
        if scale.evidence != "from memory"
    }
    own = pressures[name]
    counted = []
    for each, values in pressures.items():
        counts = np.isfinite(values) & (values >= known[each].range_gpa[0])
        counted.append(np.where(counts, values, own))
    return own, np.min(counted, axis=0), np.max(counted, axis=0)


def _edges() -> Array:
    return _NU0_CM1 * (1.0 + _PLACES)
