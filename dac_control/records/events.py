"""The events of a run: sorted into streams, numbered, and put into tables."""

from collections.abc import Mapping
from typing import Any

import event_model
import numpy as np
from numpy.typing import NDArray

from dac_control.records.columns import column, restore

__all__ = ["Events"]

# Time in s since the epoch, and the data.
Row = tuple[float, dict[str, Any]]


class Events:
    """Descriptors and events of one run, taken in the order of its journal."""

    def __init__(self) -> None:
        self._descriptors: dict[str, dict[str, Any]] = {}
        self._rows: dict[str, dict[int, Row]] = {}
        self._tables: dict[str, dict[str, NDArray[Any]]] = {}

    def take(self, name: str, doc: dict[str, Any]) -> None:
        """Take a document; all but descriptors and events are ignored."""
        if name == "descriptor":
            self._descriptors[doc["uid"]] = doc
        elif name == "event":
            self._take_event(doc)
        elif name == "event_page":
            for event in event_model.unpack_event_page(doc):  # pyright: ignore[reportArgumentType]
                self._take_event(dict(event))

    def _take_event(self, doc: dict[str, Any]) -> None:
        stream = self.stream_of(doc["descriptor"])
        if stream is None:  # the write of the descriptor failed, and so ended the run
            return
        # After a rewind the RunEngine takes a number again; the last event of it counts.
        rows = self._rows.setdefault(stream, {})
        rows[doc["seq_num"]] = (doc["time"], self.restored(doc)["data"])

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of the streams that were described, in order of appearance."""
        return tuple(dict.fromkeys(_stream_name(doc) for doc in self._descriptors.values()))

    def stream_of(self, descriptor_uid: str) -> str | None:
        """Return the stream that a descriptor describes; None if it is not known."""
        doc = self._descriptors.get(descriptor_uid)
        return None if doc is None else _stream_name(doc)

    def descriptor(self, stream: str) -> dict[str, Any] | None:
        """Return the last descriptor of a stream; None if there is none."""
        found = [doc for doc in self._descriptors.values() if _stream_name(doc) == stream]
        return found[-1] if found else None

    def restored(self, doc: dict[str, Any]) -> dict[str, Any]:
        """Return an event with the data that the devices gave: see `columns.restore`."""
        descriptor = self._descriptors.get(doc["descriptor"])
        if descriptor is None:
            return doc
        keys = descriptor["data_keys"]
        data = {key: restore(value, keys.get(key, {})) for key, value in doc["data"].items()}
        return {**doc, "data": data}

    def numbers(self, stream: str) -> list[int]:
        """Return the sequence numbers of a stream's rows."""
        return sorted(self._rows.get(stream, {}))

    def table(self, stream: str) -> dict[str, NDArray[Any]]:
        """Return the rows of a stream as columns: see `Run.table`."""
        if stream not in self._tables:
            self._tables[stream] = self._columns(stream)
        return dict(self._tables[stream])

    def _columns(self, stream: str) -> dict[str, NDArray[Any]]:
        rows = sorted(self._rows.get(stream, {}).items())
        if not rows:
            return {}
        columns: dict[str, NDArray[Any]] = {
            "seq_num": np.array([number for number, _ in rows], dtype=np.int64),
            "time": np.array([time for _, (time, _) in rows], dtype=float),
        }
        data_keys: dict[str, Any] = {}
        for doc in self._descriptors.values():
            if _stream_name(doc) == stream:
                data_keys.update(doc["data_keys"])
        for key in dict.fromkeys(key for _, (_, data) in rows for key in data):
            values = [data.get(key) for _, (_, data) in rows]
            columns[key] = column(values, data_keys.get(key, {}))
        return columns


def _stream_name(descriptor: Mapping[str, Any]) -> str:
    return descriptor.get("name") or "primary"
