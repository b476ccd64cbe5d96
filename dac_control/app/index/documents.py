"""What Tiled is given of a run: its documents, mended where Tiled would choke. Pure but for paths.

- A row that was taken twice has one number; the last one counts, as in `records.Run`.
- Frames: Tiled refuses a whole array if the file holds one frame more than was registered, which
  is what a kill leaves behind, and several streams share the frames of one camera. So each stream
  gets one resource with a slice of exactly the frames that its events name, registered when the
  run is over. Where no slice names them (some were taken again), they are copied into the index.
  Where events in between have no frame, they are left out and said: the others would stand beside
  the wrong events.
- A folder may have been moved: frames are looked for in it, whatever address the documents have.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dac_control.records.frame_series import file_uri
from dac_control.records.frames import FRAMES_NAME

__all__ = ["Document", "FrameCopy", "Prepared", "prepare", "without_frames"]

Document = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class FrameCopy:
    """Frames that no slice of their file names."""

    stream: str
    key: str
    dataset: str
    """Path in ``frames.h5``."""
    indices: tuple[int, ...]
    """Frames of the stream's first events, in their order."""


@dataclass(frozen=True)
class Prepared:
    """Documents of a run, in an order that Tiled takes."""

    documents: list[Document]
    copies: list[FrameCopy] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences about what was left out."""


@dataclass
class _Frames:
    """Frames of one stream and data key."""

    resource: dict[str, Any]
    descriptor: str
    index_of: dict[int, int] = field(default_factory=dict)
    """Frame by number of the event."""

    @property
    def dataset(self) -> str:
        """Path in ``frames.h5``."""
        return str(self.resource["parameters"].get("dataset", ""))


def prepare(documents: Iterable[Document], folder: Path) -> Prepared:
    """Mend the documents of a run that is over.

    Parameters
    ----------
    documents : iterable of (name, document)
        As `Run.documents` yields them.
    folder : Path
        The run folder.
    """
    everything = list(documents)
    streams = {doc["uid"]: str(doc.get("name", "")) for name, doc in everything if name == _DESC}
    last = {
        (streams.get(doc["descriptor"]), doc["seq_num"]): number
        for number, (name, doc) in enumerate(everything)
        if name == "event"
    }
    kept: list[Document] = []
    stop: list[Document] = []
    for number, (name, doc) in enumerate(everything):
        if name == "stop":
            stop = [(name, doc)]
        elif name == "event":
            if last[streams.get(doc["descriptor"]), doc["seq_num"]] == number:
                kept.append((name, doc))
        elif name not in _ASSETS:
            kept.append((name, doc))
    numbers: dict[str | None, set[int]] = {}
    for stream, number in last:
        numbers.setdefault(stream, set()).add(number)
    notes: list[str] = []
    copies: list[FrameCopy] = []
    for (stream, key), frames in sorted(_frames(everything, streams).items()):
        indices = _beside_events(frames, numbers.get(stream, set()))
        if indices is None:
            notes.append(
                f"events of {stream!r} between others have no frame {key}; read its frames from "
                "the run folder"
            )
        elif (step := _step(indices)) is not None:
            kept += _asset_documents(stream, key, frames, indices, step, folder)
        else:
            copies.append(FrameCopy(stream, key, frames.dataset, indices))
    return Prepared(kept + stop, copies, notes)


def without_frames(documents: Iterable[Document]) -> Iterator[Document]:
    """Leave out what only an ended run can say: where its frames are."""
    return (each for each in documents if each[0] not in _ASSETS)


_DESC = "descriptor"
_ASSETS = ("stream_resource", "stream_datum")


def _frames(
    documents: Iterable[Document], streams: dict[str, str]
) -> dict[tuple[str, str], _Frames]:
    resources: dict[str, dict[str, Any]] = {}
    found: dict[tuple[str, str], _Frames] = {}
    for name, doc in documents:
        if name == "stream_resource":
            resources[doc["uid"]] = doc
        elif name == "stream_datum" and doc["stream_resource"] in resources:
            resource = resources[doc["stream_resource"]]
            stream = streams.get(doc["descriptor"], "")
            frames = found.setdefault(
                (stream, resource["data_key"]), _Frames(resource, doc["descriptor"])
            )
            numbers = range(doc["seq_nums"]["start"], doc["seq_nums"]["stop"])
            indices = range(doc["indices"]["start"], doc["indices"]["stop"])
            frames.index_of.update(zip(numbers, indices, strict=False))
    return found


def _beside_events(frames: _Frames, numbers: set[int]) -> tuple[int, ...] | None:
    """Frames of the events in order; None unless those with a frame are the first ones."""
    # a frame whose event was never finished belongs to no row
    pairs = sorted((n, i) for n, i in frames.index_of.items() if n in numbers)
    first = sorted(numbers)[: len(pairs)]
    if not pairs or [number for number, _ in pairs] != first:
        return None
    return tuple(index for _, index in pairs)


def _step(indices: tuple[int, ...]) -> int | None:
    """Distance of frames that lie evenly in their file; None for others."""
    steps = {after - before for before, after in itertools.pairwise(indices)}
    if len(steps) > 1 or any(step <= 0 for step in steps):
        return None
    return steps.pop() if steps else 1


def _asset_documents(
    stream: str,
    key: str,
    frames: _Frames,
    indices: tuple[int, ...],
    step: int,
    folder: Path,
) -> list[Document]:
    """One resource and one datum for all frames of a stream."""
    resource, uid, count = frames.resource, f"{frames.resource['uid']}-{stream}", len(indices)
    # as numpy and Tiled write it
    taken = f"{indices[0]}:{indices[-1] + 1}" + (f":{step}" if step > 1 else "")
    parameters = {**resource["parameters"], "slice": taken}
    uri = file_uri((folder / FRAMES_NAME).resolve())
    first = min(frames.index_of)
    datum = {
        "uid": f"{uid}/0",
        "stream_resource": uid,
        "descriptor": frames.descriptor,
        "indices": {"start": 0, "stop": count},
        "seq_nums": {"start": first, "stop": first + count},
    }
    moved = {**resource, "uid": uid, "uri": uri, "parameters": parameters, "data_key": key}
    return [("stream_resource", moved), ("stream_datum", datum)]
