"""What a person sees of a running ramp: a table that grows, and how long it still takes."""

import logging
import math
import time
from collections.abc import Mapping
from typing import Any, Literal

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from dac_control.app.progress import RampProgress

__all__ = ["LiveView"]

logger = logging.getLogger(__name__)

# header, justification, width; the narrowest terminal that shows all of it is 100 columns
_COLUMNS: tuple[tuple[str, Literal["left", "right"], int | None], ...] = (
    ("step", "right", 4),
    ("branch", "left", 9),
    ("turns", "right", 8),
    ("P/GPa", "right", 7),
    ("±stat", "right", 7),
    ("±sys", "right", 5),
    ("Tcell/K", "right", 7),
    ("Tstage/K", "right", 8),
    ("R1/nm", "right", 8),
    ("dwell", "right", 6),
    ("outcome", "left", 14),
    ("flags", "left", None),
)


class LiveView:
    """A document callback that draws steps as they are recorded.

    On a terminal the table stays in place with a progress bar under it; elsewhere each step is
    one line, so that a log file or a pipe reads well.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._table = _new_table()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[left]}"),
            console=console,
        )
        self._live: Live | None = None
        self._task: TaskID | None = None
        self._start: Mapping[str, Any] = {}
        self._streams: dict[str, str] = {}
        self._progress: RampProgress | None = None
        self._readings = 0
        self._given_up = False

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take in one document; a table that cannot be drawn is given up, never the run."""
        if self._given_up:
            return
        try:
            self._take(name, doc)
        except Exception as error:  # noqa: BLE001 - the run matters, the view does not
            self._given_up = True
            logger.warning("the live view is given up: %s", error)

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
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _begin(self, start: Mapping[str, Any]) -> None:
        self.close()
        self._start = start
        self._readings = 0
        self._streams = {}
        self._table = _new_table()
        self._progress = RampProgress(start) if "targets" in start else None
        if self._progress is None:
            return
        self._task = self._bar.add_task("measuring the start", total=1.0, left="")
        if self._console.is_terminal:
            self._live = Live(
                Group(self._table, self._bar),
                console=self._console,
                refresh_per_second=8,
                vertical_overflow="visible",
            )
            self._live.start()
        else:
            self._print_plain([header for header, _, _ in _COLUMNS])

    def _print_plain(self, cells: list[str]) -> None:
        self._console.print(_plain(cells), highlight=False, soft_wrap=True)

    def _value(self, data: Mapping[str, Any], role: str, attribute: str) -> Any:
        return data[f"{self._start['devices'][role]}_{attribute}"]

    def _dwell_reading(self, data: Mapping[str, Any]) -> None:
        self._readings += 1
        if self._task is None:
            return
        pressure = self._value(data, "ruby", "pressure_gpa")
        number = self._value(data, "step", "number")
        text = f"step {number}: {pressure:.2f} GPa, {self._readings} spectra"
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
        def number(role: str, attribute: str, digits: int) -> str:
            value = self._value(data, role, attribute)
            return "–" if not math.isfinite(value) else f"{value:.{digits}f}"

        return [
            str(self._value(data, "step", "number")),
            str(self._value(data, "step", "branch")),
            number("drive", "turns", 4),
            number("ruby", "pressure_gpa", 2),
            number("ruby", "pressure_sigma_stat_gpa", 4),
            number("ruby", "pressure_sigma_sys_gpa", 2),
            number("cryostat", "cell_temperature_k", 2),
            number("cryostat", "stage_temperature_k", 2),
            number("ruby", "r1_nm", 3),
            _duration(self._value(data, "step", "dwell_s")),
            str(self._value(data, "step", "outcome")),
            str(self._value(data, "ruby", "flags")),
        ]

    def _end(self) -> None:
        if self._task is not None:
            self._bar.update(self._task, description=f"{self._readings} spectra", left="")
            self._task = None
        self.close()
        self._progress = None


def _new_table() -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header, justify, width in _COLUMNS:
        table.add_column(header, justify=justify, min_width=width, no_wrap=width is not None)
    return table


def _plain(cells: list[str]) -> str:
    padded = []
    for cell, (_, justify, width) in zip(cells, _COLUMNS, strict=True):
        size = width or 0
        padded.append(cell.rjust(size) if justify == "right" else cell.ljust(size))
    return "  ".join(padded).rstrip()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
