"""The frames of one data key in a run, and the documents that bind them to its events."""

import threading
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from event_model import ComposeStreamResource, ComposeStreamResourceBundle, StreamRange

if TYPE_CHECKING:
    import h5py

__all__ = ["AssetDoc", "FrameSeries", "file_uri"]

AssetDoc: TypeAlias = tuple[Literal["stream_resource", "stream_datum"], Any]


def file_uri(path: PurePath) -> str:
    """Return the ``file://localhost/...`` address of an absolute path, on Windows too."""
    # as_uri leaves the host empty, except for a Windows share, whose server is the host.
    uri = path.as_uri()
    return uri.replace("file:///", "file://localhost/", 1)


@dataclass
class FrameSeries:
    """What was declared of a data key, where its frames are, and which were handed out."""

    key: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    dataset: "h5py.Dataset | None" = None
    count: int = 0
    _handed_out: int = 0
    _bundle: ComposeStreamResourceBundle | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def location(self) -> str:
        """Path of the dataset in the file."""
        return f"/entry/data/{self.key}"

    def restart(self) -> None:
        """Forget the frames of the last run."""
        with self._lock:
            self.dataset, self._bundle = None, None
            self.count = self._handed_out = 0

    def asset_docs(self, path: Path, upto_index: int | None) -> list[AssetDoc]:
        """Return the documents for the newest frame; see `FrameStore.asset_docs`."""
        with self._lock:
            stop = self.count if upto_index is None else min(upto_index, self.count)
            if stop <= self._handed_out:
                return []
            if self._bundle is None:
                self._bundle = self._compose(path)
            resource, compose_datum = self._bundle
            docs: list[AssetDoc] = []
            # The RunEngine forgets the documents of an event that it drops, and stamps those
            # that it emits; it takes no frame of a resource that it has not emitted.
            if not resource.get("run_start"):
                docs.append(("stream_resource", resource))
            docs.append(("stream_datum", compose_datum(StreamRange(start=stop - 1, stop=stop))))
            self._handed_out = stop
            return docs

    def _compose(self, path: Path) -> ComposeStreamResourceBundle:
        return ComposeStreamResource()(
            mimetype="application/x-hdf5",
            uri=file_uri(path),
            data_key=self.key,
            parameters={
                "dataset": self.location,
                "chunk_shape": [1, *self.shape],
                "swmr": True,
            },
        )
