"""What a person sees of a running ramp: a table that grows, and how long it still takes."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from dac_control.app.asking import drawn_around
from dac_control.app.live_table import (
    columns_for,
    duration,
    new_table,
    plain_line,
    row_of,
    value_of,
)
from dac_control.app.progress import RampProgress
from dac_control.safety.hold import HoldFlag

__all__ = ["LiveView"]

logger = logging.getLogger(__name__)


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
        self._columns = columns_for(console.width if console.is_terminal else 10_000)
        self._table = new_table(self._columns)
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
                self._table = new_table(self._columns)
        try:
            yield
        finally:
            with self._drawing:
                if live is not None and self._live is live:
                    self._draw_again()

    def _draw_again(self) -> None:
        """Draw the new table; where that fails each step is a line from here on."""
        self._live = None
        try:
            self._live = self._drawn()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the run matters, not its view
            logger.warning("the table cannot be drawn again: %s", error)

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
        self._table = new_table(self._columns)
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._progress = RampProgress(start) if "targets" in start else None
        if self._progress is None:
            return
        self._task = self._bar.add_task("measuring the start", total=1.0, left="")
        if self._console.is_terminal:
            with self._drawing:  # a question that is opened now waits, and then finds the table
                drawn_around.add(self.standing_still)
                self._live = self._drawn()
        else:
            self._print_plain([column.header for column in self._columns])

    def _print_plain(self, cells: list[str]) -> None:
        line = plain_line(self._columns, cells)
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def _value(self, data: Mapping[str, Any], role: str, attribute: str) -> Any:
        return value_of(self._start["devices"], data, role, attribute)

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
        row = row_of(self._columns, self._start["devices"], data)
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
        left = "" if left_s is None else f"about {duration(left_s)} left"
        self._bar.update(self._task, completed=fraction, left=left)

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
