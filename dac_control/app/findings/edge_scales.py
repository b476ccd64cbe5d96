"""The same diamond edge on every published scale: 482 to 599 GPa for one reading, once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dac_control.app.findings.evolution import Evolution
from dac_control.gauges import OnScale, scales_of
from dac_control.records import Run

__all__ = ["EdgeOnScales", "edge_on_scales"]

EDGE = "diamond_edge"


@dataclass(frozen=True, kw_only=True)
class EdgeOnScales:
    """The highest edge reading of a run on all scales."""

    step: int
    edge_cm1: float
    nu0_cm1: float | None
    """Reference of all of them; None where the record names none, and each scale's own is used."""
    scales: tuple[OnScale, ...]
    """By pressure; their systematic uncertainty is not computed here and reads NaN."""

    @property
    def found(self) -> tuple[OnScale, ...]:
        """The scales that have a pressure for this edge, by pressure."""
        return tuple(each for each in self.scales if math.isfinite(each.pressure_gpa))

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        return {
            "step": self.step,
            "edge_cm1": self.edge_cm1,
            "nu0_cm1": self.nu0_cm1,
            "scales": [each.to_dict() for each in self.scales],
        }


def edge_on_scales(run: Run, evolution: Evolution) -> EdgeOnScales | None:
    """Recompute the highest edge reading; None where no edge was measured."""
    series = next((each for each in evolution.gauges if each.gauge == EDGE), None)
    if series is None or not np.any(series.measured & np.isfinite(series.observable)):
        return None
    row = int(np.nanargmax(np.where(series.measured, series.pressure_gpa, np.nan)))
    edge_cm1, nu0_cm1 = float(series.observable[row]), _nu0_cm1(run.start)
    found: list[OnScale] = []
    for scale in scales_of(EDGE).values():
        reference = scale.reference if nu0_cm1 is None else nu0_cm1
        pressure_gpa = float(scale.pressure_gpa(scale.argument(edge_cm1, reference)))
        low, high = scale.range_gpa
        found.append(
            OnScale(
                scale=scale.name,
                pressure_gpa=pressure_gpa,
                sigma_sys_gpa=math.nan,
                in_range=low <= pressure_gpa <= high,
                range_gpa=scale.range_gpa,
                citation=scale.citation,
                evidence=scale.evidence,
            )
        )
    found.sort(key=lambda each: (math.isnan(each.pressure_gpa), each.pressure_gpa))
    return EdgeOnScales(
        step=int(evolution.steps.step[row]),
        edge_cm1=edge_cm1,
        nu0_cm1=nu0_cm1,
        scales=tuple(found),
    )


def _nu0_cm1(start: Mapping[str, Any]) -> float | None:
    found = start.get("nu0_cm1")
    return float(found) if isinstance(found, (int, float)) else None
