"""Figures beside their targets: marks, tables, JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Verdict", "at_least", "at_most", "between", "print_rows", "write_json"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A figure, what it should be, and whether it is."""

    name: str
    value: float
    target: str
    met: bool
    undecided: bool = False
    """The target lies within the figure's own 95 % interval."""

    @property
    def mark(self) -> str:
        """One word."""
        return "met" if self.met else "within error" if self.undecided else "MISSED"

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3g} ({self.target}): {self.mark}"


def at_least(
    name: str, value: float, target: float, interval: tuple[float, float] | None = None
) -> Verdict:
    """The figure should be large."""
    undecided = interval is not None and interval[0] <= target <= interval[1]
    target_text = f">= {target:g}"
    met = value >= target
    return Verdict(name=name, value=value, target=target_text, met=met, undecided=undecided)


def at_most(name: str, value: float, target: float) -> Verdict:
    """The figure should be small; one that is not known is not."""
    return Verdict(name=name, value=value, target=f"<= {target:g}", met=value <= target)


def between(name: str, value: float, low: float, high: float) -> Verdict:
    """The figure should lie between two."""
    met = low <= value <= high
    return Verdict(name=name, value=value, target=f"{low:g} to {high:g}", met=met)


def print_rows(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, as wide as it needs to be where the output is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=180)
    table = Table(title=title, title_justify="left")
    for nth, column in enumerate(columns):
        table.add_column(column, justify="left" if nth == 0 else "right", no_wrap=nth == 0)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def write_json(path: Path, document: Any) -> None:
    """Write a document; NaN becomes null."""
    path.write_text(json.dumps(_plain(document), indent=1) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, Verdict):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value != value:
        return None
    return value
