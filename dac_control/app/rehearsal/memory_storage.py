"""What a rehearsal keeps: a journal and frames that last as long as it does, and no file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from event_model import ComposeStreamResource, ComposeStreamResourceBundle, StreamRange
from numpy.typing import NDArray

__all__ = ["CountedFrames", "MemoryLog", "NoRecord"]


class MemoryLog:
    """Moves, or openings of lights, that a station would keep in a file.

    Parameters
    ----------
    records : sequence of dict
        What was there before.
    """

    def __init__(self, records: Sequence[Mapping[str, Any]] = ()) -> None:
        self._records = [dict(record) for record in records]

    def append(self, record: Mapping[str, Any]) -> None:
        """Keep one record."""
        self._records.append(dict(record))

    def read(self) -> list[dict[str, Any]]:
        """All records, oldest first."""
        return list(self._records)

    def lines_of_run(self, uid: str) -> bytes:
        """The records whose ``"run"`` is `uid`, as JSON lines."""
        lines = (orjson.dumps(record) for record in self._records if record.get("run") == uid)
        return b"".join(line + b"\n" for line in lines)


class CountedFrames:
    """Counts frames and keeps none; its documents say so.

    The documents of a run need a resource for their frames; this one points nowhere.
    """

    def __init__(self) -> None:
        self._shapes: dict[str, tuple[int, int]] = {}
        self.restart()

    def restart(self) -> None:
        """Begin with the frames of another run."""
        self._count = self._handed_out = 0
        self._bundle: ComposeStreamResourceBundle | None = None

    @property
    def ready(self) -> bool:
        """Always: there is no file to be opened."""
        return True

    def declare(self, key: str, shape: tuple[int, int], dtype: str) -> None:
        """Remember what a frame looks like."""
        self._shapes[key] = shape

    def append(self, key: str, frame: NDArray[Any]) -> int:
        """Count one frame; return its index."""
        self._count += 1
        return self._count - 1

    def asset_docs(self, key: str, upto_index: int | None = None) -> list[tuple[str, Any]]:
        """Documents for the newest frame that was not yet handed out."""
        stop = self._count if upto_index is None else min(upto_index, self._count)
        if stop <= self._handed_out:
            return []
        if self._bundle is None:
            self._bundle = ComposeStreamResource()(
                mimetype="application/octet-stream",
                uri="file://localhost/frames-of-a-rehearsal-are-not-kept",
                data_key=key,
                parameters={"chunk_shape": [1, *self._shapes[key]], "kept": False},
            )
        resource, compose_datum = self._bundle
        docs: list[tuple[str, Any]] = []
        if not resource.get("run_start"):
            docs.append(("stream_resource", resource))
        docs.append(("stream_datum", compose_datum(StreamRange(start=stop - 1, stop=stop))))
        self._handed_out = stop
        return docs


class NoRecord:
    """A recorder that keeps nothing; it begins the frames of each run anew."""

    folder: Path | None = None

    def __init__(self, frames: CountedFrames) -> None:
        self._frames = frames

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Let the document go."""
        if name == "start":
            self._frames.restart()

    def close(self) -> None:
        """Nothing is open."""
