"""The control at the pressures of the sample: interpolated inside its range, never beyond."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import NotMeasured
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.results import Reflectance

__all__ = ["Match", "match_pressures"]


@dataclass(frozen=True, kw_only=True)
class Match:
    """One step of the sample and the step or two of the control that stand for it."""

    sample: int
    """Index of the sample's step."""
    weights: tuple[tuple[int, float], ...]
    """Steps of the control with their weights, which sum to 1."""
    mismatch_gpa: float
    """Standard uncertainty of the difference of the two pressures."""
    neighbours: tuple[int, int] | None
    """Steps of the control that give its slope against pressure; None with one step."""
    interpolation_share: float
    """Standard uncertainty of the interpolation as a share of the neighbours' difference."""
    slope_share: float
    """`mismatch_gpa` over the distance of the neighbours: the same for unequal pressures."""


def match_pressures(
    sample: Sequence[Reflectance], control: Sequence[Reflectance]
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """Find the control's reflectance at the pressure of each step of the sample.

    Up to two standard uncertainties beyond the ends of the control its last step is used as it
    is; further out the sample's step stays unmatched.

    Parameters
    ----------
    sample, control : sequences of AbsoluteReflectance or RelativeReflectance

    Returns
    -------
    tuple of matches and of sentences
        A sentence for each step that has no counterpart.

    Raises
    ------
    NotMeasured
        No step of the control has a measured pressure.
    """
    order = sorted(
        (i for i, step in enumerate(control) if step.pressure.measured),
        key=lambda i: control[i].pressure.pressure_gpa,
    )
    if not order:
        raise NotMeasured(
            "No step of the control has a measured pressure, so there is nothing to compare with."
        )
    matches: list[Match] = []
    unmatched: list[str] = []
    for index, step in enumerate(sample):
        found = _match(index, step.pressure, [control[i].pressure for i in order], order)
        if isinstance(found, Match):
            matches.append(found)
        else:
            unmatched.append(found)
    return tuple(matches), tuple(unmatched)


def _match(
    index: int, pressure: AtPressure, along: list[AtPressure], order: list[int]
) -> Match | str:
    if not pressure.measured:
        return f"Step {index} of the sample has no measured pressure and was not compared."
    gpa = pressure.pressure_gpa
    axis = np.array([item.pressure_gpa for item in along])
    nearest = int(np.argmin(np.abs(axis - gpa)))
    if not axis[0] <= gpa <= axis[-1] and not pressure.agrees_with(along[nearest]):
        return (
            f"The sample at {pressure.text} has no counterpart: the control was measured from "
            f"{axis[0]:.4g} to {axis[-1]:.4g} GPa."
        )
    after = int(np.clip(np.searchsorted(axis, gpa), 1, max(axis.size - 1, 1)))
    inside = axis.size > 1 and axis[0] <= gpa <= axis[-1] and axis[after] > axis[after - 1]
    mismatch = pressure.sigma_against(along[nearest])
    neighbours = _neighbours(axis, order, after)
    slope = mismatch / float(axis[after] - axis[after - 1]) if neighbours else 0.0
    weights: tuple[tuple[int, float], ...] = ((order[nearest], 1.0),)
    bend = 0.0
    if inside:
        share = float((gpa - axis[after - 1]) / (axis[after] - axis[after - 1]))
        weights = ((order[after - 1], 1.0 - share), (order[after], share))
        # the curve between two steps may take any way between them: a rectangle as wide as their
        # difference half way, nothing at either
        bend = 4.0 * share * (1.0 - share) / float(np.sqrt(12.0))
    return Match(
        sample=index,
        weights=weights,
        mismatch_gpa=mismatch,
        neighbours=neighbours,
        interpolation_share=bend,
        slope_share=slope,
    )


def _neighbours(axis: NDArray[np.float64], order: list[int], after: int) -> tuple[int, int] | None:
    if axis.size < 2 or axis[after] <= axis[after - 1]:
        return None
    return order[after - 1], order[after]
