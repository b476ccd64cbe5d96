"""Hand-over from one gauge to the next: only across pressures at which both were measured.

Two gauges read at the same steps differ by ``d_i = first_i - second_i``. Statistical errors are
independent from step to step; what is systematic is one error of each gauge that moves all its
pressures together, by its sigma at each. So the covariance of the differences is

    C_ij = delta_ij (stat_first_i**2 + stat_second_i**2 + scatter_i**2)
           + sys_first_i sys_first_j + sys_second_i sys_second_j

and ``d C^-1 d`` is chi squared with as many degrees of freedom as there are pairs, if the two
gauges tell one pressure (GUM, JCGM 100:2008, with the covariances of annex F.1.2.3). An offset
that all pairs share has one degree of freedom and is diluted in those of all pairs, so it is asked
for by itself, too: its generalised mean over its standard uncertainty, both from the same C.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from dac_control.gauges.handover.result import HandOver, HandOverRefused
from dac_control.gauges.measurement import PressureMeasurement

__all__ = ["FEWEST_PAIRS", "INCONSISTENT_BELOW", "hand_over"]

Pair = tuple[PressureMeasurement, PressureMeasurement]
Vector = NDArray[np.float64]

FEWEST_PAIRS: Final = 3
"""Two pairs always lie on a line; a third can contradict."""
INCONSISTENT_BELOW: Final = 0.01
"""Probability below which two gauges are said to contradict each other, in either of two questions:
gauges that agree are refused in at most 2 of 100 overlaps."""


def hand_over(
    pairs: Sequence[Pair],
    *,
    steps: Sequence[int] = (),
    scatter_gpa: Sequence[float] = (),
    fewest_pairs: int = FEWEST_PAIRS,
    level: float = INCONSISTENT_BELOW,
) -> HandOver:
    """Compare two gauges over the steps at which both were measured.

    Parameters
    ----------
    pairs : sequence of (PressureMeasurement, PressureMeasurement)
        Of the gauge that hands over and of the one that takes over, one pair a step.
    steps : sequence of int, optional
        Numbers of the steps, for the record.
    scatter_gpa : sequence of float, optional
        By how much the gauges may differ at each pair beyond noise and what all pairs share, as a
        standard uncertainty: they look at different places, and stress changes from step to step.
    fewest_pairs : int
    level : float
        Probability below which the gauges count as inconsistent, between 0 and 1.

    Raises
    ------
    HandOverRefused
        There are too few pairs, a value was not measured, the pairs mix gauges or scales, or
        there is no interval of pressure that both gauges cover. Gauges that contradict each
        other raise nothing: the result says so, and is not `granted`.
    """
    if not 0.0 < level < 1.0:
        raise HandOverRefused(
            f"The level of consistency is {level}; give a probability between 0 and 1."
        )
    if steps and len(steps) != len(pairs):
        raise HandOverRefused(
            f"There are {len(pairs)} pairs and {len(steps)} numbers of steps; give one for each."
        )
    if scatter_gpa and len(scatter_gpa) != len(pairs):
        raise HandOverRefused(
            f"There are {len(pairs)} pairs and {len(scatter_gpa)} scatters; give one for each."
        )
    if len(pairs) < max(fewest_pairs, 2):
        raise HandOverRefused(
            f"Two gauges were measured together at {len(pairs)} steps, and a hand-over needs "
            f"{max(fewest_pairs, 2)}; measure both at more steps before changing gauge."
        )
    _check_measured(pairs, steps)
    first, second = _name("first", [a for a, _ in pairs]), _name("second", [b for _, b in pairs])
    if first[0] == second[0]:
        raise HandOverRefused(
            f"Both values of each pair are of the gauge {first[0]}; a hand-over joins two gauges."
        )
    a, b = _columns([a for a, _ in pairs]), _columns([b for _, b in pairs])
    overlap = _overlap(a[0], b[0], first[0], second[0])
    scatter = np.asarray(scatter_gpa or [0.0] * len(pairs), dtype=np.float64)
    chi2, shape, offset, sigma = _compare(a, b, scatter)
    return HandOver(
        first_gauge=first[0],
        first_scale=first[1],
        second_gauge=second[0],
        second_scale=second[1],
        pairs=len(pairs),
        steps=tuple(int(step) for step in steps),
        overlap_gpa=overlap,
        chi2=chi2,
        degrees_of_freedom=len(pairs),
        p_value=_survival(chi2, len(pairs)),
        offset_gpa=offset,
        offset_sigma_gpa=sigma,
        shape_p_value=_survival(shape, len(pairs) - 1),
        level=level,
        scatter_gpa=tuple(float(each) for each in scatter),
    )


def _check_measured(pairs: Sequence[Pair], steps: Sequence[int]) -> None:
    for index, pair in enumerate(pairs):
        where = f"step {steps[index]}" if steps else f"pair {index + 1}"
        for value in pair:
            if not (value.measured and math.isfinite(value.pressure_gpa)):
                raise HandOverRefused(
                    f"At {where} the pressure of the gauge {value.gauge} was not measured; a "
                    "hand-over takes measured pressures of both gauges only."
                )
            if not (value.sigma_stat_gpa >= 0.0 and value.sigma_sys_gpa >= 0.0):
                raise HandOverRefused(
                    f"At {where} the gauge {value.gauge} states no uncertainty; without one "
                    "nothing can be said about consistency."
                )
        if not math.hypot(pair[0].sigma_stat_gpa, pair[1].sigma_stat_gpa) > 0.0:
            raise HandOverRefused(
                f"At {where} both gauges state a statistical uncertainty of 0 GPa; give the ones "
                "that their fits had."
            )


def _name(which: str, values: list[PressureMeasurement]) -> tuple[str, str]:
    names = sorted({(value.gauge, value.scale) for value in values})
    if len(names) > 1:
        listed = ", ".join(f"{gauge} on {scale}" for gauge, scale in names)
        raise HandOverRefused(
            f"The {which} values of the pairs are of more than one gauge or scale ({listed}); "
            "recompute them on one."
        )
    return names[0]


def _columns(values: list[PressureMeasurement]) -> tuple[Vector, Vector, Vector]:
    """Pressures, statistical and systematic sigmas, each of shape (pairs,)."""
    table = np.array([(v.pressure_gpa, v.sigma_stat_gpa, v.sigma_sys_gpa) for v in values])
    return table[:, 0], table[:, 1], table[:, 2]


def _overlap(a_gpa: Vector, b_gpa: Vector, first: str, second: str) -> tuple[float, float]:
    low = max(float(a_gpa.min()), float(b_gpa.min()))
    high = min(float(a_gpa.max()), float(b_gpa.max()))
    if not low < high:
        raise HandOverRefused(
            f"{first} covers {a_gpa.min():.2f} to {a_gpa.max():.2f} GPa and {second} "
            f"{b_gpa.min():.2f} to {b_gpa.max():.2f} GPa, which have no interval in common; "
            "measure both over one."
        )
    return low, high


def _compare(
    a: tuple[Vector, Vector, Vector], b: tuple[Vector, Vector, Vector], scatter: Vector
) -> tuple[float, float, float, float]:
    """Chi squared, that about the mean offset, the offset and its sigma."""
    difference = a[0] - b[0]
    covariance = (
        np.diag(a[1] ** 2 + b[1] ** 2 + scatter**2) + np.outer(a[2], a[2]) + np.outer(b[2], b[2])
    )
    scale = 1.0 / np.sqrt(np.diag(covariance))
    # Solved in units of the single sigmas: systematic terms may be a thousand times larger.
    unit = covariance * scale[:, None] * scale
    solved = np.linalg.solve(unit, np.stack((difference * scale, scale), axis=1))
    chi2 = float((difference * scale) @ solved[:, 0])
    weight = float(scale @ solved[:, 1])
    pull = float(scale @ solved[:, 0])
    return chi2, max(chi2 - pull * pull / weight, 0.0), pull / weight, 1.0 / math.sqrt(weight)


def _survival(chi2: float, degrees: int) -> float:
    return float(gammaincc(0.5 * degrees, 0.5 * chi2))
