"""Frames of a recorded run, found through the documents that bind them to events."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.records.frames import FRAMES_NAME

__all__ = ["FrameIndex"]


class FrameIndex:
    """Which frame belongs to which event, and the way to read it.

    The frames are looked for in the run folder, whatever address the documents give: a folder
    may have been moved or copied since.

    Parameters
    ----------
    folder : Path
        The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FRAMES_NAME
        self._resources: dict[str, dict[str, Any]] = {}
        self._places: dict[tuple[str, str, int], tuple[str, int]] = {}

    def take_resource(self, doc: dict[str, Any]) -> None:
        """Take a ``stream_resource`` document."""
        self._resources[doc["uid"]] = doc

    def take_datum(self, doc: Mapping[str, Any], stream: str) -> None:
        """Take a ``stream_datum`` document of a stream; of one number the last counts."""
        resource = self._resources.get(doc["stream_resource"])
        if resource is None:
            return
        dataset = resource.get("parameters", {}).get("dataset", "")
        numbers = range(doc["seq_nums"]["start"], doc["seq_nums"]["stop"])
        indices = range(doc["indices"]["start"], doc["indices"]["stop"])
        for number, index in zip(numbers, indices, strict=False):
            self._places[resource["data_key"], stream, number] = (dataset, index)

    def read_one(self, key: str, stream: str, number: int) -> NDArray[Any]:
        """Return the frame, shape (height, width), of event `number` of a stream.

        Raises
        ------
        RecordError
            If there is none or it cannot be read.
        """
        place = self._places.get((key, stream, number))
        if place is not None:
            found = self._read([place])
            if found:
                return found[0]
        raise RecordError(
            f"Event {number} of the stream {stream!r} has no frame {key!r} in {self._path}; "
            "the run may have been cut off there."
        )

    def read_all(
        self, key: str, stream: str, numbers: Sequence[int], shape: tuple[int, int]
    ) -> NDArray[Any]:
        """Return the frames of events, shape (n, height, width).

        Parameters
        ----------
        key : str
            The data key.
        stream : str
            The stream.
        numbers : Sequence of int
            Numbers of the events, one row each.
        shape : tuple of int
            (height, width) of a frame, for a run that has none.

        Returns
        -------
        ndarray
            Rows at the end that have no frame are left out; such rows before it are masked.

        Raises
        ------
        RecordError
            If the file cannot be read.
        """
        places = [self._places.get((key, stream, number)) for number in numbers]
        found = self._read([place for place in places if place is not None])
        have = [index for index, place in enumerate(places) if place is not None]
        rows = dict(zip(have, found, strict=False))
        if not rows:
            return np.empty((0, *shape), dtype=np.uint8)
        first = next(iter(rows.values()))
        count = max(rows) + 1
        if len(rows) == count:
            return np.stack([rows[index] for index in range(count)])
        frames = np.ma.array(np.zeros((count, *first.shape), dtype=first.dtype), mask=True)
        for index, frame in rows.items():
            frames[index] = frame
        return frames

    def _read(self, places: Sequence[tuple[str, int]]) -> list[NDArray[Any]]:
        """Read frames in order, up to the first that is not in the file."""
        if not places:
            return []
        # imported here: a third of a second, which most readers of records need not wait for
        import h5py
        import hdf5plugin

        # for its effect: it registers the filter that the frames are packed with
        _ = hdf5plugin
        found: list[NDArray[Any]] = []
        try:
            # swmr: a file whose writer was killed opens in this mode only.
            with h5py.File(self._path, "r", swmr=True) as file:
                for name, index in places:
                    dataset = file[name]
                    if not isinstance(dataset, h5py.Dataset) or index >= dataset.shape[0]:
                        break
                    found.append(np.asarray(dataset[index]))
        except (OSError, RuntimeError, KeyError) as error:
            raise RecordError(
                f"The frames in {self._path} cannot be read ({error}); restore the file from a "
                "copy. The documents of the run do not depend on it."
            ) from error
        return found
