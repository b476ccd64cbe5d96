"""``dac-control pressure``: a line or edge to a pressure on any scale, or back."""

import math
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dac_control.app.commands.common import console_for, print_json
from dac_control.app.conversion import COLD_SCALE, convert
from dac_control.app.conversion_request import Request
from dac_control.app.converted import Conversion, Converted
from dac_control.gauges.budget import finite_or_none
from dac_control.gauges.scales import ROOM_K, load_scales, register

__all__ = ["convert_number"]


def convert_number(
    request: Request, *, scale_files: list[Path], every_scale: bool, as_json: bool
) -> int:
    """Convert and print; 1 where the scale gives no answer."""
    for path in scale_files:
        for scale in load_scales(path):
            register(scale)
    conversion = convert(request)
    if as_json:
        print_json(_document(conversion))
    else:
        _print(console_for(False), conversion, to_line=request.observable is None, full=every_scale)
    chosen = conversion.chosen
    if math.isfinite(chosen.pressure_gpa) and math.isfinite(chosen.observable):
        return 0
    typer.echo(f"No answer: {chosen.range_note.rstrip('.')}.", err=True)
    return 1


def _document(conversion: Conversion) -> dict[str, Any]:
    chosen = conversion.chosen
    spread = conversion.spread_gpa
    return {
        **_row(chosen, chosen.sigma_sys_gpa),
        "gauge": chosen.scale.gauge,
        "range_k": list(chosen.scale.range_k),
        "formula": chosen.scale.form.text,
        "coefficients": {
            item.name: {"value": item.value, "sigma": item.sigma}
            for item in chosen.scale.coefficients
        },
        "wavelength": chosen.scale.wavelength,
        "temperature_k": conversion.temperature_k,
        "lambda0_temperature_k": conversion.lambda0_temperature_k,
        "correction": conversion.correction,
        "assumed": list(conversion.assumed),
        "sigma_note": conversion.sigma_note,
        "budget": [
            {"name": term.name, "sigma_gpa": term.sigma_gpa, "note": term.note}
            for term in chosen.budget
        ],
        "spread_gpa": None if spread is None else list(spread),
        "alternatives": [
            _row(other, other.sigma_beside_gpa) for other in conversion.every if other is not chosen
        ],
    }


def _row(item: Converted, sigma_gpa: float) -> dict[str, Any]:
    scale = item.scale
    return {
        "pressure_gpa": finite_or_none(item.pressure_gpa),
        "sigma_sys_gpa": finite_or_none(sigma_gpa),
        "in_range": item.in_range,
        "range_note": item.range_note,
        "scale": scale.name,
        "source": scale.citation,
        "observable": finite_or_none(item.observable),
        "observable_unit": scale.unit,
        "reference": item.reference,
        "evidence": scale.evidence,
        "range_gpa": list(scale.range_gpa),
        "medium": scale.medium,
        "note": scale.note,
    }


def _print(console: Console, conversion: Conversion, *, to_line: bool, full: bool) -> None:
    chosen = conversion.chosen
    console.print(_headline(chosen, to_line))
    details = Table.grid(padding=(0, 2, 0, 0))
    details.add_column(style="dim")
    details.add_column(overflow="fold")
    for label, text in _details(conversion):
        details.add_row(f"  {label}", Text(text))
    console.print(details)
    shown = _shown(conversion, full)
    if len(shown) > 1:
        console.print()
        console.print(_table(shown, chosen, to_line))
    if conversion.spread_gpa and not to_line and chosen.scale.gauge == "diamond_edge":
        low, high = conversion.spread_gpa
        console.print(
            f"One reading of {chosen.observable:.0f} cm⁻¹ is {low:.0f} to {high:.0f} GPa on "
            "published scales."
        )


def _headline(item: Converted, to_line: bool) -> str:
    scale = item.scale
    sigma = f" ± {item.sigma_sys_gpa:.2g}" if math.isfinite(item.sigma_sys_gpa) else ""
    pressure = f"{item.pressure_gpa:.{_digits(scale.unit)}f}{sigma} GPa"
    place = f"{item.observable:.4f} nm" if scale.unit == "nm" else f"{item.observable:.2f} cm⁻¹"
    if not math.isfinite(item.pressure_gpa):
        return f"[bold]no pressure[/]  at {place} on {scale.name}"
    if not math.isfinite(item.observable):
        return f"[bold]no line[/]  at {pressure} on {scale.name}"
    first, second = (place, pressure) if to_line else (pressure, place)
    mark = "" if item.in_range else ", [yellow]outside its range[/]"
    return f"[bold]{first}[/]  at {second} on {scale.name}{mark}"


def _details(conversion: Conversion) -> list[tuple[str, str]]:
    chosen = conversion.chosen
    scale = chosen.scale
    (low, high), (cold, warm) = scale.range_gpa, scale.range_k
    lines = [
        ("source", f"{scale.citation}; {_checked(scale.evidence)}"),
        ("made for", f"{low:g} to {high:g} GPa, {cold:g} to {warm:g} K; {scale.medium}"),
    ]
    if chosen.range_note:
        lines.append(("outside", chosen.range_note))
    if chosen.reference is not None:
        lines.append(_reference(conversion, chosen.reference))
    if conversion.assumed:
        lines.append(("assumed", "; ".join(conversion.assumed)))
    if chosen.budget:
        terms = (f"{term.name} {term.sigma_gpa:.2g} GPa" for term in chosen.budget)
        lines.append(("±", "; ".join(terms)))
        lines.append(("", conversion.sigma_note))
    if scale.note:
        lines.append(("note", scale.note))
    return lines


def _reference(conversion: Conversion, reference: float) -> tuple[str, str]:
    if conversion.chosen.scale.unit == "cm-1":
        return "nu0", f"{reference:.2f} cm⁻¹"
    here, there = conversion.temperature_k, conversion.lambda0_temperature_k
    if here is None:
        return "lambda0", f"{reference:.4f} nm"
    by = "" if there is None or here == there else f", by {conversion.correction} from {there:g} K"
    return "lambda0", f"{reference:.4f} nm at {here:g} K{by}"


def _checked(evidence: str) -> str:
    return {
        "abstract": "coefficients as in its abstract",
        "independent codes": "coefficients as in independent programs",
        "one code": "coefficients as in one program",
        "from memory": "coefficients from memory, not verified",
        "disputed": "sources disagree on its coefficients",
        "user": "coefficients from your file",
    }[evidence]


def _shown(conversion: Conversion, full: bool) -> list[Converted]:
    """Rows of the table: all for the edge, the cold pair for ruby below room temperature."""
    chosen = conversion.chosen
    if full or chosen.scale.gauge == "diamond_edge":
        return list(conversion.every)
    cold = conversion.temperature_k is not None and conversion.temperature_k < ROOM_K[0]
    if cold and chosen.scale.gauge == "ruby":
        beside = [item for item in conversion.every if item.scale.name == COLD_SCALE]
        if chosen.scale.name == COLD_SCALE:
            beside = [item for item in conversion.every if item.scale.name == "ruby2020"]
        return [chosen, *beside]
    return [chosen]


def _table(shown: list[Converted], chosen: Converted, to_line: bool) -> Table:
    unit = chosen.scale.unit
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("scale")
    table.add_column(f"at/{unit.replace('cm-1', 'cm⁻¹')}" if to_line else "P/GPa", justify="right")
    table.add_column("±/GPa", justify="right")
    table.add_column("range/GPa")
    table.add_column("range/K")
    table.add_column("inside")
    table.add_column("coefficients")
    for item in shown:
        value = item.observable if to_line else item.pressure_gpa
        digits = (4 if unit == "nm" else 2) if to_line else _digits(unit)
        (low, high), (cold, warm) = item.scale.range_gpa, item.scale.range_k
        table.add_row(
            item.scale.name,
            _number(value, digits),
            _number(item.sigma_beside_gpa, 2 if unit == "nm" else 1),
            f"{low:g}–{high:g}",
            f"{cold:g}–{warm:g}",
            "yes" if item.in_range else "no",
            item.scale.evidence,
            style="bold" if item is chosen else "" if item.in_range else "dim",
        )
    return table


def _digits(unit: str) -> int:
    return 3 if unit == "nm" else 1


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"
