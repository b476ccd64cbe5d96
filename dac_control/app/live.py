"""What a person sees of a running ramp: a table that grows, and how long it still takes."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from dac_control.app.asking import drawn_around
from dac_control.app.progress import RampProgress
from dac_control.safety.hold import HoldFlag

__all__ = ["LiveView"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Column:
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
    _Column("step", 4, "step", "number", 0),
    _Column("branch", 9, "step", "branch", left=True),
    _Column("turns", 7, "drive", "turns", 4),
    _Column("P/GPa", 6, "ruby", "pressure_gpa", 2),
    _Column("±stat", 6, "ruby", "pressure_sigma_stat_gpa", 4, spare=3),
    _Column("±sys", 4, "ruby", "pressure_sigma_sys_gpa", 2),
    _Column("Tcell/K", 7, "cryostat", "cell_temperature_k", 2, spare=2),
    _Column("Tstage/K", 8, "cryostat", "stage_temperature_k", 2, spare=4),
    _Column("R1/nm", 7, "ruby", "r1_nm", 3, spare=5),
    _Column("dwell", 6, "step", "dwell_s", spare=1),
    _Column("outcome", 14, "step", "outcome", left=True),
    _Column("flags", 8, "ruby", "flags", left=True),
)
_GAP = 2


def _columns_for(width: int) -> list[_Column]:
    """Columns that fit into `width` characters; the spare ones go first."""
    columns = list(_COLUMNS)
    while sum(c.width + _GAP for c in columns) - _GAP > width and any(c.spare for c in columns):
        columns.remove(max(columns, key=lambda column: column.spare))
    return columns


class _HoldColumn(ProgressColumn):
    """Says under the table that the ramp is held, and why."""

    def __init__(self, hold: HoldFlag | None) -> None:
        super().__init__()
        self._hold = hold

    def render(self, task: Task) -> Text:
        """Reason of the hold, or nothing."""
        reason = self._hold.reason if self._hold is not None else None
        return Text(f"HELD: {reason}" if reason else "", style="bold red")


class LiveView:
    """A document callback that draws steps as they are recorded.

    On a terminal the table stays in place with a progress bar under it; elsewhere each step is
    one line, so that a log file or a pipe reads well.
    """

    def __init__(self, console: Console, hold: HoldFlag | None = None) -> None:
        self._console = console
        self._columns = _columns_for(console.width if console.is_terminal else 10_000)
        self._table = _new_table(self._columns)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[left]}"),
            _HoldColumn(hold),
            console=console,
        )
        self._live: Live | None = None
        self._drawing = threading.Lock()
        self._task: TaskID | None = None
        self._start: Mapping[str, Any] = {}
        self._streams: dict[str, str] = {}
        self._progress: RampProgress | None = None
        self._readings = self._step_readings = self._number = 0
        self._given_up = False

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take in one document; a table that cannot be drawn is given up, never the run."""
        if self._given_up:
            return
        try:
            self._take(name, doc)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the run matters, not its view
            self._given_up = True
            logger.warning("the live view is given up: %s", error)
            self.close()

    def _take(self, name: str, doc: Mapping[str, Any]) -> None:
        if name == "start":
            self._begin(doc)
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        elif name == "event" and self._progress is not None:
            stream = self._streams.get(doc["descriptor"])
            if stream == "primary":
                self._step(doc["data"])
            elif stream == "dwell":
                self._dwell_reading(doc["data"])
        elif name == "stop":
            self._end()

    def close(self) -> None:
        """Leave the terminal as it was, also after a run that did not stop."""
        drawn_around.discard(self.standing_still)
        with self._drawing:
            live, self._live = self._live, None
            _stop(live)

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Draw nothing while a person types; a new table begins below the answer."""
        with self._drawing:
            live = self._live
            _stop(live)
            if live is not None:
                self._table = _new_table(self._columns)
        try:
            yield
        finally:
            with self._drawing, contextlib.suppress(Exception, SystemExit):
                if live is not None and self._live is live:
                    self._live = self._drawn()

    def _drawn(self) -> Live:
        live = Live(
            Group(self._table, self._bar),
            console=self._console,
            refresh_per_second=8,
            vertical_overflow="visible",
        )
        live.start()
        return live

    def _begin(self, start: Mapping[str, Any]) -> None:
        self.close()
        self._start = start
        self._readings = 0
        self._streams = {}
        self._table = _new_table(self._columns)
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._progress = RampProgress(start) if "targets" in start else None
        if self._progress is None:
            return
        self._task = self._bar.add_task("measuring the start", total=1.0, left="")
        if self._console.is_terminal:
            self._live = self._drawn()
            drawn_around.add(self.standing_still)
        else:
            self._print_plain([column.header for column in self._columns])

    def _print_plain(self, cells: list[str]) -> None:
        padded = [
            cell.ljust(column.width) if column.left else cell.rjust(column.width)
            for cell, column in zip(cells, self._columns, strict=True)
        ]
        line = "  ".join(padded).rstrip()
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def _value(self, data: Mapping[str, Any], role: str, attribute: str) -> Any:
        return data[f"{self._start['devices'][role]}_{attribute}"]

    def _dwell_reading(self, data: Mapping[str, Any]) -> None:
        self._readings += 1
        if self._task is None:
            return
        pressure = self._value(data, "ruby", "pressure_gpa")
        number = self._value(data, "step", "number")
        if number != self._number:
            self._number, self._step_readings = number, 0
        self._step_readings += 1
        text = f"step {number}: {pressure:.2f} GPa, reading {self._step_readings}"
        self._bar.update(self._task, description=text)

    def _step(self, data: Mapping[str, Any]) -> None:
        row = self._row(data)
        if self._live is not None:
            self._table.add_row(*row)
        else:
            self._print_plain(row)
        self._advance(data)

    def _advance(self, data: Mapping[str, Any]) -> None:
        if self._task is None or self._progress is None:
            return
        fraction = self._progress.fraction(
            self._value(data, "step", "branch"),
            self._value(data, "step", "target"),
            self._value(data, "drive", "turns"),
            self._value(data, "ruby", "pressure_gpa"),
        )
        left_s = self._progress.left_s(fraction, time.monotonic())
        left = "" if left_s is None else f"about {_duration(left_s)} left"
        self._bar.update(self._task, completed=fraction, left=left)

    def _row(self, data: Mapping[str, Any]) -> list[str]:
        return [
            _cell(column, self._value(data, column.role, column.attribute))
            for column in self._columns
        ]

    def _end(self) -> None:
        if self._task is not None:
            self._bar.update(self._task, description=f"{self._readings} spectra", left="")
            self._task = None
        self.close()
        self._progress = None


def _stop(live: Live | None) -> None:
    if live is not None:
        with contextlib.suppress(Exception, SystemExit):
            live.stop()


def _new_table(columns: list[_Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for column in columns:
        justify = "left" if column.left else "right"
        table.add_column(column.header, justify=justify, min_width=column.width, no_wrap=True)
    return table


def _cell(column: _Column, value: Any) -> str:
    if column.attribute == "dwell_s":
        return _duration(value)
    if column.digits is None:
        return str(value)
    return f"{value:.{column.digits}f}" if math.isfinite(value) else "–"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
