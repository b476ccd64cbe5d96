"""The evolution of the pressure: which gauge said something at which step, and where nobody did."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from dac_control.app.readings import Steps
from dac_control.errors import RecordError
from dac_control.records import Run
from dac_control.records.gauge_series import GaugeSeries, device_of, read_gauges
from dac_control.records.summary import plain

__all__ = ["Column", "Evolution", "Gap", "State", "gauge_words", "read_evolution"]

Array = NDArray[np.float64]
State = Literal["measured", "rejected", "not_taken"]

_WORDS: Final = {
    "ruby": "ruby",
    "diamond_edge": "diamond edge",
    "h2_vibron": "H₂ vibron",
    "reference_ruby": "reference ruby",
}


def gauge_words(gauge: str) -> str:
    """Name of a gauge for people."""
    return _WORDS.get(gauge, gauge.replace("_", " "))


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The longest stretch of steps at which a column has no value."""

    first_step: int
    last_step: int
    steps: int
    pressure_gpa: float | None
    """By how much the pressure in charge changed between the values around it; None where there
    is a value on one side only, or none."""
    turns: float | None
    lab_time_h: float | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One row of the matrix as people see it: one thing that could be seen at each step."""

    name: str
    kind: Literal["gauge", "reference", "picture", "reflectance"]
    states: tuple[State, ...]
    longest_gap: Gap | None
    """None where every step has a value."""

    def count(self, state: State) -> int:
        """How many steps are in a state."""
        return self.states.count(state)

    @property
    def words(self) -> str:
        """Its name for people."""
        return gauge_words(self.name)


@dataclass(frozen=True, kw_only=True)
class Evolution:
    """Steps by gauges, gaps marked."""

    steps: Steps
    """With the pressure of the gauge in charge."""
    gauges: tuple[GaugeSeries, ...]
    columns: tuple[Column, ...]

    def measured_gauges(self) -> tuple[GaugeSeries, ...]:
        """Gauges inside the cell that gave a pressure at a step or more."""
        return tuple(g for g in self.gauges if g.of_the_cell and np.any(g.measured))

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it: one list a column, one entry a step."""
        return {
            "steps": [int(number) for number in self.steps.step],
            "lab_time_s": plain(self.steps.lab_time_s),
            "turns": plain(self.steps.turns),
            "in_charge": list(self.steps.gauge),
            "columns": [
                {
                    "name": column.name,
                    "kind": column.kind,
                    "states": list(column.states),
                    "measured": column.count("measured"),
                    "rejected": column.count("rejected"),
                    "not_taken": column.count("not_taken"),
                    "longest_gap": None
                    if column.longest_gap is None
                    else plain(vars(column.longest_gap)),
                }
                for column in self.columns
            ],
        }


def read_evolution(run: Run, steps: Steps, with_frame: frozenset[int]) -> Evolution:
    """Put the matrix together.

    Parameters
    ----------
    run : Run
        The run.
    steps : Steps
        With the pressure of the gauge in charge.
    with_frame : frozenset of int
        Rows of the steps that have a microscope frame.
    """
    gauges = read_gauges(run)
    columns = [
        _column(steps, each.gauge, "gauge" if each.of_the_cell else "reference", _states(each))
        for each in gauges
    ]
    rows = range(steps.count)
    if with_frame or "microscope" in (run.start.get("devices") or {}):
        columns.append(
            _column(steps, "picture", "picture", _pictures(run, steps.count, with_frame))
        )
    if "reflectance" in run.streams:
        numbers = _steps_of(run, "reflectance")
        seen = tuple[State, ...](
            "measured" if steps.step[row] in numbers else "not_taken" for row in rows
        )
        columns.append(_column(steps, "reflectance", "reflectance", seen))
    return Evolution(steps=steps, gauges=gauges, columns=tuple(columns))


def _pictures(run: Run, count: int, with_frame: frozenset[int]) -> tuple[State, ...]:
    """A frame counts; where it was analysed, only one that shows the hole does."""
    try:
        shows = [bool(value) for value in run.column("picture", "measured")]
    except RecordError:
        shows = [True] * count
    return tuple(
        "not_taken" if row not in with_frame else "measured" if shows[row] else "rejected"
        for row in range(count)
    )


def _states(series: GaugeSeries) -> tuple[State, ...]:
    return tuple(
        "measured" if measured else "rejected" if taken else "not_taken"
        for taken, measured in zip(series.taken, series.measured, strict=True)
    )


def _column(
    steps: Steps,
    name: str,
    kind: Literal["gauge", "reference", "picture", "reflectance"],
    states: tuple[State, ...],
) -> Column:
    return Column(name=name, kind=kind, states=states, longest_gap=_longest_gap(steps, states))


def _longest_gap(steps: Steps, states: tuple[State, ...]) -> Gap | None:
    missing = [state != "measured" for state in states]
    if not any(missing):
        return None
    best = (0, 0)
    row = 0
    while row < len(missing):
        end = row
        while end < len(missing) and missing[end]:
            end += 1
        if end - row > best[1] - best[0]:
            best = (row, end)
        row = max(end, row + 1)
    first, end = best
    inside = first > 0 and end < len(missing)

    def across(values: Array) -> float | None:
        return float(abs(values[end] - values[first - 1])) if inside else None

    return Gap(
        first_step=int(steps.step[first]),
        last_step=int(steps.step[end - 1]),
        steps=end - first,
        pressure_gpa=across(np.where(steps.measured, steps.pressure_gpa, np.nan)),
        turns=across(steps.turns),
        lab_time_h=across(steps.lab_time_h),
    )


def _steps_of(run: Run, stream: str) -> frozenset[float]:
    device = device_of(run, "step")
    found = run.table(stream).get(f"{device}_number", ())
    return frozenset(float(number) for number in found if number is not None)
