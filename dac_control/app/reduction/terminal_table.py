"""A recomputed run for people, in 80 columns."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dac_control.app.fit.number_text import decimals
from dac_control.app.reduction.reduce import Reduction
from dac_control.app.reduction.reduced import Reduced
from dac_control.app.reduction.sentences import what_came_out, what_changed
from dac_control.app.reduction.stored_lines import StoredLine
from dac_control.gauges import RUBY_FLAGS, BudgetTerm, OnScale
from dac_control.gauges.diamond_edge import EDGE_FLAGS
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.vibron import RAMAN_LINE_FLAGS

__all__ = ["print_reduction"]

_BEFORE: Final = ("step", "turns")
_AFTER: Final = ("T/K", "recorded", "P/GPa", "change", "±stat", "±sys")
_MEANINGS: Final = RAMAN_LINE_FLAGS | EDGE_FLAGS | RUBY_FLAGS | MEASUREMENT_FLAGS
_NOTHING: Final = "–"
_PADDING: Final = (0, 2, 0, 0)
_MOST_DECIMALS_GPA: Final = 4
_NO_WORD: Final = frozenset(("gain_assumed", "dark_assumed"))
"""Flags of the detector, the same for every spectrum of a run; they stand in the document."""


def print_reduction(console: Console, reduction: Reduction) -> None:
    """Print what was changed, the steps, and the highest of them in full."""
    run = reduction.run
    mark = ", SIMULATED" if run.simulated else ""
    _say(console, f"{run.start.get('plan_name')} {run.uid}{mark}, {run.exit_status}")
    for sentence in what_changed(reduction):
        _say(console, sentence)
    marks = _marks(reduction.steps + reduction.dwell)
    _print_rows(console, reduction.steps, marks, reduction.chosen.symbol)
    if reduction.dwell:
        console.print(Text("\nbetween the steps", style="bold"))
        _print_rows(console, reduction.dwell, marks, reduction.chosen.symbol)
    for flag, mark in marks.items():
        _say(console, f"{mark} {flag.replace('_', ' ')}: {_MEANINGS.get(flag, '')}".rstrip(": "))
    for sentence in what_came_out(reduction):
        _say(console, sentence)
    _print_top(console, reduction)


def _say(console: Console, text: str) -> None:
    console.print(Text(text))


def _print_rows(
    console: Console, rows: Sequence[Reduced], marks: Mapping[str, int], symbol: str
) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=_PADDING)
    for header in (*_BEFORE, symbol, *_AFTER):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("flags", overflow="fold")
    for each in rows:
        found = " ".join(str(marks[flag]) for flag in each.flags if flag in marks)
        style = "" if each.measured else "red" if each.lost else "dim"
        table.add_row(*_cells(each), found, style=style)
    console.print(table)


def _cells(each: Reduced) -> list[str]:
    found = each.measurement
    stat = math.nan if found is None else found.sigma_stat_gpa
    system = math.nan if found is None else found.sigma_sys_gpa
    digits = decimals(stat, most=_MOST_DECIMALS_GPA)
    return [
        str(each.step),
        _number(each.turns, 4),
        _number(each.line.value, 4 if isinstance(each.line, StoredLine) else 2),
        _number(each.line.temperature_k, 2),
        _number(each.recorded_gpa, digits),
        _number(each.pressure_gpa, digits),
        _number(each.difference_gpa, digits, sign=True),
        _number(stat, digits),
        _number(system, decimals(system, most=2)),
    ]


def _marks(rows: Sequence[Reduced]) -> dict[str, int]:
    """Flags by the number that stands for them in the last column."""
    shown = dict.fromkeys(flag for each in rows for flag in each.flags if flag not in _NO_WORD)
    return {flag: number for number, flag in enumerate(shown, start=1)}


def _print_top(console: Console, reduction: Reduction) -> None:
    top = reduction.top
    if top is None or top.measurement is None:
        return
    found = top.measurement
    console.print()
    _say(
        console,
        f"Highest: step {top.step}, {found.pressure_gpa:.4f} GPa on {found.scale}. "
        f"{found.reference} {found.range_note}".rstrip(),
    )
    console.print(_budget(found.budget))
    if reduction.others:
        _say(console, f"The same reading on other scales, in GPa: {_others(reduction)}.")
    if any(not other.in_range for other in reduction.others):
        _say(console, "* outside the pressures or temperatures that the scale was made for")


def _budget(budget: Sequence[BudgetTerm]) -> Table:
    """The terms that are not 0, the largest first; the zeros stand in the document."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=_PADDING)
    table.add_column("budget of the highest step")
    table.add_column("±GPa", justify="right", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    for term in sorted(budget, key=lambda term: -term.sigma_gpa):
        if term.sigma_gpa > 0.0:
            table.add_row(term.name, f"{term.sigma_gpa:.2g}", term.kind)
    return table


def _others(reduction: Reduction) -> str:
    own = reduction.chosen.scale.name
    return ", ".join(_other(other) for other in reduction.others if other.scale != own)


def _other(other: OnScale) -> str:
    mark = "" if other.in_range else "*"
    return f"{other.scale} {_number(other.pressure_gpa, 2)}{mark}"


def _number(value: float, digits: int, *, sign: bool = False) -> str:
    if not math.isfinite(value):
        return _NOTHING
    return f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
