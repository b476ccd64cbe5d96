"""Errors of the differences between sample and control: what is independent and what is shared."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dac_control.reflectance.bands import Curve
from dac_control.reflectance.matching import Match
from dac_control.reflectance.uncertainty import Scope

__all__ = ["Base", "mix", "noise_covariance", "pressure_errors", "shared_errors"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

Base = Sequence[tuple[Curve, int, float]]
"""Steps of the control that stand for one of the sample: curve, index, weight."""


def mix(base: Base) -> Vector:
    """Interpolate the control."""
    return np.sum([weight * curve.values for curve, _index, weight in base], axis=0)


def noise_covariance(tops: Sequence[Curve], bases: Sequence[Base]) -> Matrix:
    """Covariance from noise; pairs that lean on one step of the control share its noise."""
    pairs, size = len(tops), tops[0].values.size
    covariance = np.zeros((pairs, size, pairs, size))
    diagonal = np.arange(size)
    for i, top in enumerate(tops):
        covariance[i, diagonal, i, diagonal] += top.sigma_stat**2
        for j in range(pairs):
            for curve, index, weight in bases[i]:
                for _other, other_index, other_weight in bases[j]:
                    if index == other_index:
                        covariance[i, diagonal, j, diagonal] += (
                            weight * other_weight * curve.sigma_stat**2
                        )
    return covariance.reshape(pairs * size, pairs * size)


def shared_errors(
    tops: Sequence[Curve],
    bases: Sequence[Base],
    matches: Sequence[Match],
    owner: Callable[[str, int, Scope], str],
) -> list[Matrix]:
    """One array of shape (pairs, bands) for each independent systematic error.

    Parameters
    ----------
    tops, bases, matches : sequences
        One for each pair.
    owner : callable
        Of side ("sample" or "control"), index and scope of a term: what its error belongs to.
    """
    shape = (len(tops), tops[0].values.size)
    found: dict[tuple[str, str], Matrix] = {}

    def add(key: tuple[str, str], pair: int, values: Vector) -> None:
        found.setdefault(key, np.zeros(shape))[pair] += values

    for pair, (top, base, match) in enumerate(zip(tops, bases, matches, strict=True)):
        parts = [(top, "sample", match.sample, 1.0)]
        parts += [(curve, "control", i, -weight) for curve, i, weight in base]
        for curve, side, index, factor in parts:
            for name, scope, row in zip(curve.names, curve.scopes, curve.systematic, strict=True):
                add((name, owner(side, index, scope)), pair, factor * row)
    return list(found.values())


def pressure_errors(
    matches: Sequence[Match], control: Sequence[Curve | None], shape: tuple[int, ...]
) -> list[Matrix]:
    """What unequal pressures and the interpolation of the control add, one array for each."""
    found: list[Matrix] = []
    for pair, match in enumerate(matches):
        if match.neighbours is None:
            continue
        low, high = (control[i] for i in match.neighbours)
        if low is None or high is None:
            continue
        change = high.values - low.values
        for share in (match.interpolation_share, match.slope_share):
            if share > 0.0:
                term = np.zeros(shape)
                term[pair] = share * change
                found.append(term)
    return found
