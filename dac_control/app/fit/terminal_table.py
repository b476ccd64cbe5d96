"""The table of results for people, in the width of the terminal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.number_text import with_both_sigmas, with_sigma
from dac_control.app.fit.other_scales import on_other_scales
from dac_control.app.fit.results import FileResult, Reading

__all__ = ["print_results"]

_NARROWEST_NAME: Final = 12
_USUAL_NAME: Final = 20
"""Words give way to numbers before names give way."""
_BETWEEN: Final = 2
_DASH: Final = "–"
_NO_WORD: Final = frozenset(("gain_assumed", "dark_assumed", "temperature_assumed", "axis_assumed"))
"""Flags that need no place in the table: what is assumed stands in words below it, or, for the
detector, in the JSON document."""


@dataclass(frozen=True)
class _Row:
    """One line of the table; the pressure is empty where a file only has a heading."""

    name: str
    observable: str = ""
    pressure: str = ""
    others: str = ""
    flags: tuple[str, ...] = ()
    ok: bool = True


def print_results(console: Console, files: Sequence[FileResult], adapter: GaugeAdapter) -> None:
    """Print one row a spectrum, and below what is to be said about them."""
    rows = [row for file in files for row in _rows(file, adapter)]
    flags = _shown_flags(files)
    console.print(_table(rows, flags, _headings(files, adapter), console.width))
    numbers = _numbers(rows, flags, _headings(files, adapter), console.width)
    for flag in flags:
        meaning = adapter.meanings.get(flag)
        if meaning:
            number = f"{numbers[flag]} " if numbers else ""
            console.print(Text(f"{number}{_words(flag)}: {meaning}"), soft_wrap=True)
    for message, names in _messages(files).items():
        who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        everybody = len(names) > 1 and len(names) == sum(max(1, len(f.spectra)) for f in files)
        console.print(Text(message if everybody else f"{who}: {message}"), soft_wrap=True)
    hidden = sum(not each.shown for file in files for each in file.spectra)
    if hidden:
        console.print(f"{hidden} spectra taken between the steps are in --json and --csv.")


def _table(
    rows: Sequence[_Row], flags: Sequence[str], headings: Sequence[str], width: int
) -> Table:
    numbers = _numbers(rows, flags, headings, width)
    lines = [_cells(row, numbers) for row in rows]
    used = [column for column in range(5) if column < 2 or any(line[column] for line in lines)]
    others = sum(_width(lines, headings, column) + _BETWEEN for column in used[1:])
    name_width = max(_NARROWEST_NAME, width - others)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _BETWEEN, 0, 0))
    for column in used:
        table.add_column(headings[column], no_wrap=column < 4, overflow="fold")
    for row, line in zip(rows, lines, strict=True):
        style = "" if row.ok else "dim"
        bad = "yellow" if row.ok else "red"
        first = "red" if row.observable == _DASH else style
        styles = ("", first, "bold" if row.ok else style, "dim", bad)
        cells = [_shortened(line[0], name_width), *line[1:]]
        table.add_row(*(Text(cells[column], style=styles[column]) for column in used))
    return table


def _headings(files: Sequence[FileResult], adapter: GaugeAdapter) -> tuple[str, ...]:
    names = {
        others.where
        for file in files
        for each in file.spectra
        if (others := on_other_scales(each)) is not None
    }
    on = names.pop() if len(names) == 1 else "on all scales"
    line = f"{adapter.symbol} / {adapter.unit}"
    return "file", line, "P / GPa ± stat ± sys", on, "flags"


def _numbers(
    rows: Sequence[_Row], flags: Sequence[str], headings: Sequence[str], width: int
) -> Mapping[str, int]:
    """Numbers for flags where their words do not fit into the table; empty where they do."""
    lines = [_cells(row, {}) for row in rows]
    widths = [_width(lines, headings, column) for column in range(1, 5)]
    names = min(_USUAL_NAME, max((len(row.name) for row in rows), default=0))
    needed = names + sum(each + _BETWEEN for each in widths if each)
    return {} if needed <= width else {flag: n for n, flag in enumerate(flags, start=1)}


def _width(lines: Sequence[tuple[str, ...]], headings: Sequence[str], column: int) -> int:
    widest = max((len(line[column]) for line in lines), default=0)
    return max(widest, len(headings[column])) if widest else 0


def _rows(file: FileResult, adapter: GaugeAdapter) -> list[_Row]:
    if not file.spectra:
        return [_Row(file.path.name, _DASH, flags=("unreadable",), ok=False)]
    several = len(file.spectra) > 1
    rows = [_Row(file.path.name)] if several else []
    for each in file.spectra:
        if each.shown:
            reading, others = each.reading, on_other_scales(each)
            rows.append(
                _Row(
                    name=f"  {each.frame.label}" if several else file.path.name,
                    observable=_observable(reading, adapter),
                    pressure=_pressure(reading),
                    others=others.text if others else "",
                    flags=tuple(flag for flag in reading.flags if flag not in _NO_WORD),
                    ok=reading.ok,
                )
            )
    return rows


def _cells(row: _Row, numbers: Mapping[str, int]) -> tuple[str, ...]:
    """Texts of the five columns; why there is nothing to show is said in words, always."""
    flags = ", ".join(_words(flag) for flag in row.flags)
    if row.observable == _DASH:
        return row.name, flags, "", "", ""
    if row.ok and numbers:
        flags = " ".join(str(number) for number in sorted(numbers[flag] for flag in row.flags))
    return row.name, row.observable, row.pressure, row.others, flags


def _words(flag: str) -> str:
    return flag.replace("_", " ")


def _shown_flags(files: Sequence[FileResult]) -> list[str]:
    """Flags of fits that hold; why others do not is said in their messages."""
    shown = dict.fromkeys(
        flag
        for file in files
        for each in file.spectra
        if each.reading.ok and each.shown
        for flag in each.reading.flags
    )
    return [flag for flag in shown if flag not in _NO_WORD]


def _shortened(name: str, width: int) -> str:
    """Name of a file, cut in its middle: the ends of names tell measurements apart."""
    if len(name) <= width:
        return name
    keep = width - 1
    return f"{name[: keep // 3]}…{name[-(keep - keep // 3) :]}"


def _observable(reading: Reading, adapter: GaugeAdapter) -> str:
    if not math.isfinite(reading.observable):
        return _DASH
    floor = 4 if adapter.unit == "nm" else 2
    return with_sigma(reading.observable, reading.sigma, floor)


def _pressure(reading: Reading) -> str:
    found = reading.measurement
    if found is None or not math.isfinite(found.pressure_gpa):
        return ""
    both = with_both_sigmas(found.pressure_gpa, found.sigma_stat_gpa, found.sigma_sys_gpa)
    return " ± ".join(both)


def _messages(files: Sequence[FileResult]) -> dict[str, list[str]]:
    """Names of files by what is to be said of them."""
    found: dict[str, list[str]] = {}
    for file in files:
        if file.error:
            found.setdefault(file.error, []).append(file.path.name)
        for each in file.spectra:
            if each.reading.message:
                label = f" {each.frame.label}" if len(file.spectra) > 1 else ""
                found.setdefault(each.reading.message, []).append(f"{file.path.name}{label}")
    return found
