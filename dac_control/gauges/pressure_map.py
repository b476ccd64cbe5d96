"""Pressures at several places of one cell, taken in turn: differences, apart from the drift.

The levels of all places and one steady drift are fitted together by weighted least squares, so a
creep of the cell between two places is not taken for a gradient. Arrays in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dac_control.errors import NotMeasured

__all__ = ["PlaceLevel", "PlaceReading", "PressureMap", "map_pressures"]

_S_PER_H = 3600.0


@dataclass(frozen=True, kw_only=True)
class PlaceReading:
    """One measured pressure at a place."""

    place: str
    pressure_gpa: float
    sigma_gpa: float
    """Statistical standard uncertainty; what is common to all places plays no part."""
    lab_time_s: float


@dataclass(frozen=True, kw_only=True)
class PlaceLevel:
    """What was found at a place."""

    place: str
    readings: int
    difference_gpa: float
    """Against the first place, at one time; 0 for that itself."""
    sigma_gpa: float
    """Statistical standard uncertainty of the difference."""


@dataclass(frozen=True, kw_only=True)
class PressureMap:
    """Differences between places, and the drift of all of them."""

    places: tuple[PlaceLevel, ...]
    drift_gpa_per_h: float
    drift_sigma_gpa_per_h: float
    chi2_reduced: float
    """NaN without a degree of freedom; above 1 the uncertainties are widened by its root."""
    degrees_of_freedom: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        known = np.isfinite(self.chi2_reduced)
        return {
            "places": [vars(each) for each in self.places],
            "drift_gpa_per_h": self.drift_gpa_per_h,
            "drift_sigma_gpa_per_h": self.drift_sigma_gpa_per_h,
            "chi2_reduced": self.chi2_reduced if known else None,
            "degrees_of_freedom": self.degrees_of_freedom,
        }


def map_pressures(readings: Sequence[PlaceReading]) -> PressureMap:
    """Fit the differences between places and a steady drift.

    Parameters
    ----------
    readings : sequence of PlaceReading
        In the order in which they were taken; at least one place was seen twice.

    Raises
    ------
    NotMeasured
        If there are fewer than two places, no place was seen twice, or a sigma is none.
    """
    names = list(dict.fromkeys(each.place for each in readings))
    sigma = np.array([each.sigma_gpa for each in readings])
    if len(names) < 2 or len(readings) <= len(names):
        raise NotMeasured(
            f"{len(readings)} readings at {len(names)} places make no map; two places are needed, "
            "and one of them twice, since the pressure may drift meanwhile."
        )
    if not np.all(np.isfinite(sigma) & (sigma > 0.0)):
        raise NotMeasured("A pressure of the map has no statistical uncertainty.")
    time_s = np.array([each.lab_time_s for each in readings])
    hours = (time_s - time_s.mean()) / _S_PER_H
    # columns: level of the first place, differences of the others from it, drift
    design = np.zeros((len(readings), len(names) + 1))
    design[:, 0], design[:, -1] = 1.0, hours
    for row, each in enumerate(readings):
        at = names.index(each.place)
        if at:
            design[row, at] = 1.0
    weighted = design / sigma[:, np.newaxis]
    values = np.array([each.pressure_gpa for each in readings]) / sigma
    covariance = np.linalg.pinv(weighted.T @ weighted)
    found = covariance @ (weighted.T @ values)
    freedom = len(readings) - design.shape[1]
    chi2 = float(np.sum((values - weighted @ found) ** 2))
    reduced = chi2 / freedom if freedom > 0 else float("nan")
    widened = max(1.0, reduced) if freedom > 0 else 1.0
    errors = np.sqrt(np.diag(covariance) * widened)
    count = {name: sum(each.place == name for each in readings) for name in names}
    return PressureMap(
        places=tuple(
            PlaceLevel(
                place=name,
                readings=count[name],
                difference_gpa=float(found[at]) if at else 0.0,
                sigma_gpa=float(errors[at]) if at else 0.0,
            )
            for at, name in enumerate(names)
        ),
        drift_gpa_per_h=float(found[-1]),
        drift_sigma_gpa_per_h=float(errors[-1]),
        chi2_reduced=reduced,
        degrees_of_freedom=freedom,
    )
