"""Gauges against each other, at the steps where both gave a pressure.

The test is the one by which the run itself lets a gauge take over: with the scatter that its
``[handover]`` states, and where it has handed over, on the steps that it weighed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.app.findings.evolution import Evolution
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.handover import HandOver, HandOverRefused, hand_over
from dac_control.gauges.quoting import OUTSIDE_SCALE_RANGE
from dac_control.records import Run
from dac_control.records.gauge_series import GaugeSeries
from dac_control.records.summary import plain
from plans.settings import HandOverSettings

__all__ = ["FEWEST_PAIRS", "Overlap", "compare_gauges", "hand_overs"]

Array = NDArray[np.float64]

FEWEST_PAIRS = 3
"""Steps at which two gauges must agree; two points always lie on a line."""
WITHIN = 2.0
"""Coverage factor at which a pair counts as agreeing."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two gauges at the steps where both were measured; arrays of shape (pairs,)."""

    first: str
    second: str
    steps: Array
    mean_gpa: Array
    difference_gpa: Array
    """First minus second."""
    sigma_stat_gpa: Array
    """Of the difference: statistical parts in quadrature."""
    sigma_gpa: Array
    """The same with the systematic parts of both gauges and the scatter between them."""
    result: HandOver | None
    """Chi squared with the full covariance, of the steps that were weighed at a hand-over, or else
    of all; None where that cannot be formed."""
    refused: str
    """Why not."""
    outside: tuple[int, int] = (0, 0)
    """Pairs at which the first and the second gauge used a scale beyond what it was made for."""

    @property
    def pairs(self) -> int:
        """Number of steps at which both were measured."""
        return self.steps.size

    @property
    def agreeing(self) -> int:
        """Pairs whose difference is within k = 2 of its whole uncertainty."""
        return int(np.count_nonzero(np.abs(self.difference_gpa) <= WITHIN * self.sigma_gpa))

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        return plain(
            {
                "first": self.first,
                "second": self.second,
                "steps": [int(step) for step in self.steps],
                "difference_gpa": self.difference_gpa,
                "sigma_stat_gpa": self.sigma_stat_gpa,
                "sigma_gpa": self.sigma_gpa,
                "agreeing": self.agreeing,
                "hand_over": None if self.result is None else self.result.to_dict(),
                "refused": self.refused,
                "outside_scale_range": list(self.outside),
            }
        )


def compare_gauges(run: Run, evolution: Evolution) -> tuple[Overlap, ...]:
    """Compare every two gauges of the cell that were measured at a common step."""
    settings = _settings_of(run)
    weighed = {(h["first"]["gauge"], h["second"]["gauge"]): h["steps"] for h in hand_overs(run)}
    found = (
        _overlap(evolution, first, second, settings, weighed.get((first.gauge, second.gauge), ()))
        for first, second in combinations(evolution.measured_gauges(), 2)
    )
    return tuple(overlap for overlap in found if overlap.pairs)


def hand_overs(run: Run) -> list[dict[str, Any]]:
    """What a run weighed before a gauge took over from another, as `HandOver.to_dict` has it."""
    bench = (run.start.get("devices") or {}).get("workbench", "workbench")
    found = run.table("hand_over").get(f"{bench}_result", ())
    return [json.loads(str(text)) for text in found]


def _settings_of(run: Run) -> HandOverSettings:
    """What the run asked of a hand-over; the conventions where it says nothing."""
    found: Any = run.start.get("plan_args")
    for key in ("settings", "handover"):
        found = found.get(key) if isinstance(found, Mapping) else None
    stated = found if isinstance(found, Mapping) else {}
    known = {field.name for field in fields(HandOverSettings)}
    return HandOverSettings(**{key: value for key, value in stated.items() if key in known})


def _overlap(
    evolution: Evolution,
    first: GaugeSeries,
    second: GaugeSeries,
    settings: HandOverSettings,
    weighed: Sequence[int],
) -> Overlap:
    both = np.flatnonzero(first.measured & second.measured)
    a, b = first.pressure_gpa[both], second.pressure_gpa[both]
    stat = np.hypot(first.sigma_stat_gpa[both], second.sigma_stat_gpa[both])
    sys = np.hypot(first.sigma_sys_gpa[both], second.sigma_sys_gpa[both])
    scatter = np.array([settings.scatter_at_gpa(float(each)) for each in a])
    steps = evolution.steps.step[both]
    taken = np.flatnonzero(np.isin(steps, weighed)) if weighed else np.arange(both.size)
    result, refused = None, ""
    try:
        result = hand_over(
            [(_measurement(first, row), _measurement(second, row)) for row in both[taken].tolist()],
            steps=[int(step) for step in steps[taken]],
            scatter_gpa=scatter[taken].tolist(),
            fewest_pairs=FEWEST_PAIRS,
        )
    except HandOverRefused as error:
        refused = str(error)
    return Overlap(
        first=first.gauge,
        second=second.gauge,
        steps=steps,
        mean_gpa=(a + b) / 2,
        difference_gpa=a - b,
        sigma_stat_gpa=stat,
        sigma_gpa=np.sqrt(stat**2 + sys**2 + scatter**2),
        result=result,
        refused=refused,
        outside=(_outside(first, both), _outside(second, both)),
    )


def _outside(series: GaugeSeries, rows: NDArray[np.intp]) -> int:
    return sum(OUTSIDE_SCALE_RANGE in series.flags[row] for row in rows.tolist())


def _measurement(series: GaugeSeries, row: int) -> PressureMeasurement:
    """What was recorded, in the type that a comparison of gauges takes."""
    return PressureMeasurement(
        measured=bool(series.measured[row]),
        pressure_gpa=float(series.pressure_gpa[row]),
        sigma_stat_gpa=float(series.sigma_stat_gpa[row]),
        sigma_sys_gpa=float(series.sigma_sys_gpa[row]),
        gauge=series.gauge,
        scale=series.scale,
        observable=float(series.observable[row]),
        observable_sigma=float(series.observable_sigma[row]),
        observable_unit="nm" if series.observable_unit == "nm" else "cm-1",
        temperature_k=float(series.temperature_k[row]),
        in_range=OUTSIDE_SCALE_RANGE not in series.flags[row],
        budget=(),
        flags=series.flags[row],
    )
