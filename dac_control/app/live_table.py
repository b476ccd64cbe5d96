"""The table of a running ramp: which columns fit, and what stands in their cells."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

__all__ = ["Column", "columns_for", "duration", "new_table", "plain_line", "row_of", "value_of"]


@dataclass(frozen=True)
class Column:
    """One column of the table, and what fills it."""

    header: str
    width: int
    role: str
    attribute: str
    digits: int | None = None
    """Digits after the point; None for text."""
    left: bool = False
    spare: int = 0
    """Columns with the highest number are left out first where the terminal is narrow."""


_COLUMNS = (
    Column("step", 4, "step", "number", 0),
    Column("branch", 9, "step", "branch", left=True),
    Column("turns", 7, "drive", "turns", 4),
    Column("P/GPa", 6, "ruby", "pressure_gpa", 2),
    Column("±stat", 6, "ruby", "pressure_sigma_stat_gpa", 4, spare=3),
    Column("±sys", 4, "ruby", "pressure_sigma_sys_gpa", 2),
    Column("Tcell/K", 7, "cryostat", "cell_temperature_k", 2, spare=2),
    Column("Tstage/K", 8, "cryostat", "stage_temperature_k", 2, spare=4),
    Column("R1/nm", 7, "ruby", "r1_nm", 3, spare=5),
    Column("dwell", 6, "step", "dwell_s", spare=1),
    Column("outcome", 14, "step", "outcome", left=True),
    Column("flags", 8, "ruby", "flags", left=True),
)
_GAP = 2


def columns_for(width: int) -> list[Column]:
    """Columns that fit into `width` characters; the spare ones go first."""
    columns = list(_COLUMNS)
    while sum(c.width + _GAP for c in columns) - _GAP > width and any(c.spare for c in columns):
        columns.remove(max(columns, key=lambda column: column.spare))
    return columns


def new_table(columns: Sequence[Column]) -> Table:
    """Return an empty table of these columns."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for column in columns:
        justify = "left" if column.left else "right"
        table.add_column(column.header, justify=justify, min_width=column.width, no_wrap=True)
    return table


def row_of(
    columns: Sequence[Column], devices: Mapping[str, str], data: Mapping[str, Any]
) -> list[str]:
    """Return the cells of a step; `devices` names the one of each role."""
    return [
        _cell(column, value_of(devices, data, column.role, column.attribute)) for column in columns
    ]


def value_of(devices: Mapping[str, str], data: Mapping[str, Any], role: str, attribute: str) -> Any:
    """Return what an event says of a role's device."""
    return data[f"{devices[role]}_{attribute}"]


def plain_line(columns: Sequence[Column], cells: Sequence[str]) -> str:
    """Return a row as text, for where there is no table."""
    padded = [
        cell.ljust(column.width) if column.left else cell.rjust(column.width)
        for cell, column in zip(cells, columns, strict=True)
    ]
    return "  ".join(padded).rstrip()


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _cell(column: Column, value: Any) -> str:
    if column.attribute == "dwell_s":
        return duration(value)
    if column.digits is None:
        return str(value)
    return f"{value:.{column.digits}f}" if math.isfinite(value) else "–"
