"""Run precision tables and the campaign for gross errors, print them, return them."""

import time
from collections.abc import Iterable
from typing import Any

from gauge_precision.cells import Cell
from gauge_precision.figures import CellFigures
from gauge_precision.hard import anywhere, hard_set, rival_set
from gauge_precision.printing import Verdict, at_least, at_most, print_rows
from gauge_precision.tables import TABLES, gross_campaign, run_cell
from gauge_precision.twin_campaign import answered, bins, draw_twins

__all__ = ["find_cell", "run_gross", "run_table", "run_twin"]

_COLUMNS = (
    "cell",
    "bound pm",
    "rms pm",
    "efficiency (95 %)",
    "bias pm",
    "bias^2/b.",
    "pull",
    "read",
    "disq.",
    "gross, silent",
    "false",
    "verdict",
)


def run_table(key: str, spectra: int, seed: int, only: str | None = None) -> dict[str, Any]:
    """Run one table.

    Parameters
    ----------
    key : str
        Of `tables.TABLES`.
    spectra : int
        Drawn for each cell.
    seed : int
    only : str, optional
        Run the cells whose name contains this.
    """
    table, began = TABLES[key], time.perf_counter()
    results: list[dict[str, Any]] = []
    rows: list[tuple[str, ...]] = []
    for cell in table.cells():
        if only is not None and only not in cell.name:
            continue
        figures, fitting_s = run_cell(cell, spectra, seed)
        verdicts = table.judgement(cell, figures)
        results.append({"figures": figures.as_json(), "verdicts": verdicts, "fitting_s": fitting_s})
        rows.append(_row(figures, verdicts))
    seconds = time.perf_counter() - began
    print_rows(f"{table.title} ({spectra} spectra a cell, seed {seed})", _COLUMNS, rows)
    verdicts = [verdict for result in results for verdict in result["verdicts"]]
    print(_summary(verdicts, len(results)), f"{seconds:.0f} s", "", sep="\n")
    return {"title": table.title, "cells": results, "seconds": seconds}


def run_gross(spectra: int, seed: int) -> dict[str, Any]:
    """Run the campaign for gross errors: the hard set, and a fifth as many with rivals of R1."""
    began = time.perf_counter()
    found = _gross("Gross errors in the hard set at any pressure", hard_set(), spectra, seed)
    rivals = _gross("Gross errors beside lines that could be R1", rival_set(), spectra // 5, seed)
    seconds = time.perf_counter() - began
    print(f"{seconds:.0f} s", "", sep="\n")
    return {**found, "rivals": rivals, "seconds": seconds}


def _gross(title: str, cells: Iterable[Cell], spectra: int, seed: int) -> dict[str, Any]:
    kinds = list(gross_campaign(cells, spectra, seed))
    total = sum(kind.spectra for kind in kinds)
    silent = sum(kind.gross_silent for kind in kinds)
    rows = [
        (
            kind.name,
            str(kind.spectra),
            f"{kind.lost:.1%}",
            f"{kind.disqualified:.1%}",
            str(kind.gross),
            f"{kind.gross_silent}, {kind.gross_flagless}",
            " ".join(map(str, kind.silent_at)),
        )
        for kind in kinds
    ]
    columns = ("kind", "spectra", "no line", "disq.", "gross", "silent, flagless", "silent ones")
    print_rows(f"{title} (seed {seed})", columns, rows)
    flagless = sum(kind.gross_flagless for kind in kinds)
    verdicts = [
        at_most(f"gross errors without any flag in {total} spectra", flagless, 0),
        at_most(f"gross errors without a disqualifying flag in {total} spectra", silent, 0),
    ]
    print(*map(str, verdicts), sep="\n")
    return {"kinds": [k.as_json() for k in kinds], "verdicts": verdicts}


def run_twin(spectra: int, seed: int) -> dict[str, Any]:
    """Run the campaign on the simulated laboratory."""
    began = time.perf_counter()
    found = [part for batch in draw_twins(spectra, seed) for part in bins(batch, answered(batch))]
    rows = [
        (
            f"{part.temperature_k:g} K, {part.from_gpa:g} to {part.to_gpa:g} GPa",
            str(part.spectra),
            f"{part.ok:.1%}",
            f"{part.silent}, {part.of_nothing}, {part.beyond_photons}",
            f"{part.bias_pm:+.1f}",
            f"{part.stated_stat_pm:.1f}",
            f"{part.stated_sys_pm:.1f}",
            f"{part.within:.0%}",
            f"{part.pull_rms:.2f}",
            " ".join(part.silent_at),
        )
        for part in found
    ]
    columns = (
        "twin",
        "spectra",
        "ok",
        "silent, of nothing, > photons",
        "bias pm",
        "stat pm",
        "sys pm",
    )
    columns += ("within 2 u", "pull", "seed/number of silent ones")
    print_rows(f"Ruby of the simulated laboratory, papers as given (seed {seed})", columns, rows)
    total, silent = sum(part.spectra for part in found), sum(part.silent for part in found)
    seen = [part for part in found if part.to_gpa <= 100.0]
    verdicts = [
        at_most(f"gross errors without a disqualifying flag in {total} spectra", silent, 0),
        at_least("least share of good readings below 100 GPa", min(p.ok for p in seen), 0.99),
        at_least("least share within two sigma below 100 GPa", min(p.within for p in seen), 0.95),
    ]
    seconds = time.perf_counter() - began
    print(*map(str, verdicts), f"{seconds:.0f} s", "", sep="\n")
    return {"bins": [p.as_json() for p in found], "verdicts": verdicts, "seconds": seconds}


def find_cell(name: str) -> Cell:
    """The cell of this name, of the tables or of the campaign.

    Raises
    ------
    SystemExit
        There is none.
    """
    for table in TABLES.values():
        for cell in table.cells():
            if cell.name == name:
                return cell
    for cell in map(anywhere, (*hard_set(), *rival_set())):
        if cell.name == name:
            return cell
    raise SystemExit(f"There is no cell named '{name}'.")


def _row(f: CellFigures, verdicts: list[Verdict]) -> tuple[str, ...]:
    missed = [str(verdict) for verdict in verdicts if verdict.mark == "MISSED"]
    near = any(verdict.mark == "within error" for verdict in verdicts)
    low, high = f.efficiency_95
    return (
        f.name,
        f"{f.bound_pm:.3f}",
        f"{f.rms_pm:.3f}",
        f"{f.efficiency:.3f} ({low:.3f}-{high:.3f})",
        f"{f.bias_pm:+.3f}",
        f"{f.bias2_share:.3f}",
        f"{f.pull_sd:.3f}",
        f"{f.read:.1%}",
        f"{f.disqualified:.1%}",
        f"{f.gross}, {f.gross_silent}",
        f"{f.false_flags:.1%}",
        "; ".join(missed) or ("within error" if near else "met"),
    )


def _summary(verdicts: list[Verdict], cells: int) -> str:
    names = dict.fromkeys(verdict.name for verdict in verdicts)
    lines = [f"{cells} cells"]
    for name in names:
        same = [verdict for verdict in verdicts if verdict.name == name]
        met = sum(verdict.mark == "met" for verdict in same)
        near = sum(verdict.mark == "within error" for verdict in same)
        values = [verdict.value for verdict in same]
        spread = f"{min(values):.3g} to {max(values):.3g}"
        lines.append(
            f"  {name} ({same[0].target}): {met} met, {near} within error, "
            f"{len(same) - met - near} missed; {spread}"
        )
    return "\n".join(lines)
