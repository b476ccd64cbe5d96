"""A run as it was recorded: documents, tables, arrays and frames.

Reads a finished, a live and a killed run alike: a torn last line is dropped, and the frames are
opened as HDF5's reader of a file that may still have, or have lost, its writer.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.records.disk import record_error
from dac_control.records.events import Events
from dac_control.records.frame_reader import FrameIndex
from dac_control.records.journal import JOURNAL_NAME, iter_documents

__all__ = ["Run", "open_run"]


class Run:
    """One run, read from its folder when it was opened; made by `open_run`."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._start: dict[str, Any] | None = None
        self.stop: dict[str, Any] | None = None
        """The stop document; None if the run was killed or is still going on."""
        self._events = Events()
        self._frames = FrameIndex(folder)
        for name, doc in iter_documents(folder, size):
            self._take(name, doc)
        if self._start is None:
            raise RecordError(
                f"The run folder {folder} holds no start document: the run was killed before it "
                "began, and nothing was measured in it."
            )
        self.start: dict[str, Any] = self._start

    def _take(self, name: str, doc: dict[str, Any]) -> None:
        if name == "start":
            self._start = doc
        elif name == "stop":
            self.stop = doc
        elif name == "stream_resource":
            self._frames.take_resource(doc)
        elif name == "stream_datum":
            stream = self._events.stream_of(doc["descriptor"])
            if stream is not None:
                self._frames.take_datum(doc, stream)
        else:
            self._events.take(name, doc)

    @property
    def uid(self) -> str:
        """The run's unique name."""
        return self.start["uid"]

    def __repr__(self) -> str:
        """Name plan, end, number of steps and folder."""
        steps = len(self.table("primary").get("seq_num", ()))
        mark = ", simulated" if self.simulated else ""
        return (
            f"<Run {self.uid[:8]} {self.start.get('plan_name')}: {self.exit_status}, "
            f"{steps} steps{mark}, in {self.folder}>"
        )

    @property
    def exit_status(self) -> str:
        """``"success"``, ``"abort"``, ``"fail"``, or ``"unfinished"`` without a stop document."""
        return self.stop["exit_status"] if self.stop else "unfinished"

    @property
    def reason(self) -> str:
        """Why the run ended, in words; empty after a success."""
        if self.stop is None:
            return "no stop document: the run was killed or is still going on"
        return str(self.stop.get("reason") or "")

    @property
    def simulated(self) -> bool:
        """True if no instrument was real."""
        return bool(self.start.get("simulated", False))

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of the streams that were described, in order of appearance."""
        return self._events.streams

    def descriptor(self, stream: str) -> dict[str, Any]:
        """Return the (last) descriptor of a stream.

        Raises
        ------
        RecordError
            If the run has no such stream.
        """
        doc = self._events.descriptor(stream)
        if doc is None:
            raise RecordError(
                f"The run {self.folder.name} has no stream {stream!r}; "
                f"it has {', '.join(self.streams) or 'none'}."
            )
        return doc

    def key(self, role: str, attribute: str) -> str:
        """Return the data key of a role's attribute, under the device name of that station.

        Raises
        ------
        RecordError
            If the run had no device in that role.
        """
        devices = self.start.get("devices", {})
        try:
            return f"{devices[role]}_{attribute}"
        except KeyError:
            raise RecordError(
                f"The run {self.folder.name} had no device in the role {role!r}; "
                f"it had {', '.join(devices) or 'none'}."
            ) from None

    def table(self, stream: str = "primary") -> dict[str, NDArray[Any]]:
        """Return the events of a stream as columns, one row for each number of the sequence.

        Returns
        -------
        dict of ndarray
            ``seq_num``, ``time`` (s since the epoch) and every data key that is in the events:
            scalars of shape (events,), text as objects, arrays stacked to (events, ...) or, if
            they differ in shape, as objects. Empty if the stream has no events.
        """
        return self._events.table(stream)

    def column(self, role: str, attribute: str, stream: str = "primary") -> NDArray[Any]:
        """Return one column of `table`, named by role.

        Raises
        ------
        RecordError
            If it is not there.
        """
        key = self.key(role, attribute)
        try:
            return self.table(stream)[key]
        except KeyError:
            raise RecordError(
                f"The stream {stream!r} of the run {self.folder.name} has no column {key!r}."
            ) from None

    def frames(self, role: str = "microscope", stream: str = "primary") -> NDArray[Any]:
        """Return the frames of a stream's events, row by row of its `table`.

        Returns
        -------
        ndarray
            Shape (rows, height, width). Shorter than the table where the last frames are
            missing; a row without a frame before them is masked (a masked array).

        Raises
        ------
        RecordError
            If the run recorded no frames of that role, or their file cannot be read.
        """
        key, shape = self._frame_key(role, stream)
        return self._frames.read_all(key, stream, self._events.numbers(stream), shape)

    def frame(self, index: int, role: str = "microscope", stream: str = "primary") -> NDArray[Any]:
        """Return the frame, shape (height, width), of row `index` of a stream's `table`.

        Raises
        ------
        RecordError
            If there is no such row, or it has no frame.
        """
        key, _ = self._frame_key(role, stream)
        numbers = self._events.numbers(stream)
        if not -len(numbers) <= index < len(numbers):
            raise RecordError(
                f"The stream {stream!r} of the run {self.folder.name} has {len(numbers)} rows, "
                f"so there is no frame of row {index}."
            )
        return self._frames.read_one(key, stream, numbers[index])

    def _frame_key(self, role: str, stream: str) -> tuple[str, tuple[int, int]]:
        key = self.key(role, "frame")
        data_key = self.descriptor(stream)["data_keys"].get(key)
        if data_key is None or not data_key.get("external"):
            raise RecordError(
                f"The stream {stream!r} of the run {self.folder.name} has no frames {key!r}."
            )
        height, width = data_key["shape"][-2:]
        return key, (height, width)

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (name, document) in the order of the journal, up to where it was opened.

        The data of events are what the devices gave: NaN is NaN again, arrays are ndarrays.
        """
        for name, doc in iter_documents(self.folder, self._size):
            yield name, self._events.restored(doc) if name == "event" else doc


def open_run(path: Path | str) -> Run:
    """Open a run folder, of a finished, a live or a killed run.

    Parameters
    ----------
    path : Path or str
        The folder, or the journal in it.

    Returns
    -------
    Run
        What was on the disk at this moment.

    Raises
    ------
    RecordError
        If there is no run, its start never reached the disk, or its journal is damaged
        elsewhere than at its end.
    """
    folder = Path(path)
    if folder.name == JOURNAL_NAME:
        folder = folder.parent
    try:
        size = os.stat(folder / JOURNAL_NAME).st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RecordError(
            f"There is no run in {folder} (it has no {JOURNAL_NAME}); check how it is spelled."
        ) from error
    except OSError as error:
        raise record_error("Reading the journal", folder / JOURNAL_NAME, error) from error
    return Run(folder, size)
