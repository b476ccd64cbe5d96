"""The table of results for people, in 80 columns."""

import math
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.number_text import decimals, with_sigma
from dac_control.app.fit.results import FileResult, Reading, SpectrumResult
from dac_control.gauges import PressureMeasurement

__all__ = ["print_results"]

_NARROWEST_NAME: Final = 20
_NUMBERS_WIDTH: Final = 60
"""Of line, pressure and flags, in characters."""
_MOST_DECIMALS_GPA: Final = 3
_NO_WORD: Final = frozenset(("gain_assumed", "dark_assumed", "temperature_assumed", "axis_assumed"))
"""Flags that need no place in the table: what is assumed stands in words below it, or, for the
detector, in the JSON document."""


def print_results(
    console: Console, files: Sequence[FileResult], adapter: type[GaugeAdapter]
) -> None:
    """Print one row a spectrum, and below what is to be said about them."""
    width = max(_NARROWEST_NAME, console.width - _NUMBERS_WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("file", no_wrap=True)
    table.add_column(f"{adapter.symbol} / {adapter.unit}", no_wrap=True)
    pressures = any(each.reading.measurement for file in files for each in file.spectra)
    if pressures:
        table.add_column("P / GPa ± stat ± sys", no_wrap=True)
    table.add_column("flags", overflow="fold")
    for file in files:
        _add_file(table, file, adapter, width, pressures)
    console.print(table)
    for flag in _shown_flags(files):
        meaning = adapter.meanings.get(flag)
        if meaning:
            console.print(Text(f"{flag.replace('_', ' ')}: {meaning}"), soft_wrap=True)
    for message, names in _messages(files).items():
        who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        everybody = len(names) > 1 and len(names) == sum(max(1, len(f.spectra)) for f in files)
        console.print(Text(message if everybody else f"{who}: {message}"), soft_wrap=True)


def _add_file(
    table: Table, file: FileResult, adapter: type[GaugeAdapter], width: int, pressures: bool
) -> None:
    if not file.spectra:
        dashes = ["–", "–"] if pressures else ["–"]
        unreadable = Text("unreadable", style="red")
        table.add_row(_name(file.path.name, width), *dashes, unreadable)
    if len(file.spectra) > 1:
        table.add_row(_name(file.path.name, width))
    for each in file.spectra:
        name = f"  {each.frame.label}" if len(file.spectra) > 1 else file.path.name
        table.add_row(_name(name, width), *_cells(each, adapter, pressures))
        other = _alternatives(each.reading.measurement)
        if other:
            table.add_row("", "", Text(other, style="dim"))


def _cells(each: SpectrumResult, adapter: type[GaugeAdapter], pressures: bool) -> list[Text]:
    reading = each.reading
    style = "" if reading.ok else "dim"
    cells = [Text(_observable(reading, adapter), style=style)]
    if pressures:
        cells.append(Text(_pressure(reading), style="bold" if reading.ok else style))
    flags = ", ".join(flag.replace("_", " ") for flag in reading.flags if flag not in _NO_WORD)
    cells.append(Text(flags, style="yellow" if reading.ok else "red"))
    return cells


def _alternatives(found: PressureMeasurement | None) -> str:
    """The same on other scales: one of them, or the span of several."""
    if found is None or not found.measured:
        return ""
    others = [
        each
        for each in found.alternatives
        if each.scale != found.scale and math.isfinite(each.pressure_gpa)
    ]
    if len(others) == 1:
        return f"{others[0].pressure_gpa:.3f} on {others[0].scale}"
    if not others:
        return ""
    pressures = [each.pressure_gpa for each in others] + [found.pressure_gpa]
    return f"{min(pressures):.0f} to {max(pressures):.0f} on {len(pressures)} scales"


def _shown_flags(files: Sequence[FileResult]) -> list[str]:
    """Flags of fits that hold; why others do not is said in their messages."""
    shown = dict.fromkeys(
        flag
        for file in files
        for each in file.spectra
        if each.reading.ok
        for flag in each.reading.flags
    )
    return [flag for flag in shown if flag not in _NO_WORD]


def _name(name: str, width: int) -> Text:
    """Name of a file, cut in its middle: the ends of names tell measurements apart."""
    if len(name) > width:
        keep = width - 1
        name = f"{name[: keep // 3]}…{name[-(keep - keep // 3) :]}"
    return Text(name)


def _observable(reading: Reading, adapter: type[GaugeAdapter]) -> str:
    if not math.isfinite(reading.observable):
        return "–"
    floor = 4 if adapter.unit == "nm" else 2
    return with_sigma(reading.observable, reading.sigma, floor)


def _pressure(reading: Reading) -> str:
    found = reading.measurement
    if found is None or not math.isfinite(found.pressure_gpa):
        return "–"
    digits = decimals(min(found.sigma_stat_gpa, found.sigma_sys_gpa), most=_MOST_DECIMALS_GPA)
    stat, system = (f"{s:.{digits}f}" for s in (found.sigma_stat_gpa, found.sigma_sys_gpa))
    return f"{found.pressure_gpa:.{digits}f} ± {stat} ± {system}"


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
