"""What Tiled is given of a run: its documents, mended where Tiled would choke. Pure but for paths.

- A row that was taken twice has one number; the last one counts, as in `records.Run`.
- Frames: Tiled refuses a whole array if the file holds one frame more than was registered, which
  is what a kill leaves behind. So each stream gets one resource with a slice of exactly the frames
  that its events name, registered when the run is over. Frames with a gap between them are left
  out and said: they would stand beside the wrong events.
- A folder may have been moved: frames are looked for in it, whatever address the documents have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dac_control.records.frame_series import file_uri
from dac_control.records.frames import FRAMES_NAME

__all__ = ["Document", "Prepared", "prepare", "without_frames"]

Document = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Prepared:
    """Documents of a run, in an order that Tiled takes."""

    documents: list[Document]
    notes: list[str] = field(default_factory=list)
    """Sentences about what was left out."""


@dataclass
class _Frames:
    """Frames of one stream and data key."""

    resource: dict[str, Any]
    descriptor: str
    index_of: dict[int, int] = field(default_factory=dict)
    """Frame by number of the event."""


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
    for (stream, key), frames in sorted(_frames(everything, streams).items()):
        found = _asset_documents(stream, key, frames, numbers.get(stream, set()), folder)
        if found is None:
            notes.append(
                f"the frames {key} of {stream!r} do not form a row beside its events; read them "
                "from the run folder"
            )
        else:
            kept += found
    return Prepared(kept + stop, notes)


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


def _asset_documents(
    stream: str, key: str, frames: _Frames, numbers: set[int], folder: Path
) -> list[Document] | None:
    """One resource and one datum for all frames of a stream; None if they form no row."""
    # a frame whose event was never finished belongs to no row
    pairs = sorted((n, i) for n, i in frames.index_of.items() if n in numbers)
    if not pairs:
        return None
    first, begin = pairs[0]
    in_a_row = all(n - first == i - begin == at for at, (n, i) in enumerate(pairs))
    if not in_a_row or first != min(numbers):
        return None
    resource, uid = frames.resource, f"{frames.resource['uid']}-{stream}"
    parameters = {**resource["parameters"], "slice": f"{begin}:{begin + len(pairs)}"}
    moved = {
        "uid": uid,
        "uri": file_uri((folder / FRAMES_NAME).resolve()),
        "parameters": parameters,
    }
    datum = {
        "uid": f"{uid}/0",
        "stream_resource": uid,
        "descriptor": frames.descriptor,
        "indices": {"start": 0, "stop": len(pairs)},
        "seq_nums": {"start": first, "stop": first + len(pairs)},
    }
    return [("stream_resource", {**resource, **moved, "data_key": key}), ("stream_datum", datum)]
