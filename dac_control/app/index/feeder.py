"""Feeds run folders into Tiled: each run once, a grown one anew, a failure never twice in a row."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import httpx
import numpy as np
from numpy.typing import NDArray

from dac_control.app.index.documents import FrameCopy, Prepared, prepare, without_frames
from dac_control.errors import IndexUnreachable, RecordError
from dac_control.records import open_run
from dac_control.records.catalog import RunInfo, list_runs
from dac_control.records.frames import FRAMES_NAME
from dac_control.records.tail import RunTail

__all__ = ["Fed", "Feeder"]

logger = logging.getLogger(__name__)

Outcome: TypeAlias = Literal["added", "completed", "grown", "unchanged", "failed"]

# Rows that go into Tiled at once; a run's first rows also decide about the types of its columns.
_BATCH = 50
_ALL_AT_ONCE = 1_000_000
# The most that Tiled gives at once.
_PAGE = 300


@dataclass(frozen=True, kw_only=True)
class Fed:
    """What became of one run."""

    uid: str
    folder: Path
    outcome: Outcome
    notes: list[str] = field(default_factory=list)
    """Sentences about what was left out, or why it failed."""


@dataclass
class _Live:
    """A run that is being recorded and followed."""

    writer: Any
    tail: RunTail


class Feeder:
    """Keeps an index like the folder of runs.

    What is in the index with a stop document was written whole, since that is written last. A
    run without one there is written anew: as much as there is of it now, or all of it if it has
    ended meanwhile. While one `Feeder` lives, live runs are appended to.

    Parameters
    ----------
    client : tiled client
        The root of the index.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._writers: dict[int, Any] = {}
        self._live: dict[str, _Live] = {}
        # asked once for all runs: asking for each is a tenth of what feeding costs
        self._there = set(client.keys().page_size(_PAGE))
        # after the keys: a run that another process adds meanwhile is not taken for a whole one
        self._whole = self._there.difference(_unfinished(client))
        self._done: set[str] = set()
        self._failures: dict[str, int] = {}

    def feed_all(self, root: Path) -> list[Fed]:
        """Bring the index up to date with a folder of runs, the oldest first."""
        return [self.feed(info) for info in self.pending(root)]

    def pending(self, root: Path) -> list[RunInfo]:
        """List the runs of a folder that the index may lack something of, the oldest first.

        A folder whose run was found whole in the index is never looked at again.
        """
        found = list_runs(root, but=self._done)
        self._done.update(info.folder.name for info in found if info.uid in self._whole)
        left = [info for info in found if info.uid not in self._whole and self._may_try(info)]
        return left[::-1]

    def feed(self, info: RunInfo) -> Fed:
        """Bring the index up to date with one run; a failure is told, not raised.

        Raises
        ------
        IndexUnreachable
            If the index is gone: then it is no fault of the run, which is tried again later.
        """
        try:
            return self._feed(info)
        except httpx.TransportError as error:
            raise IndexUnreachable(
                f"The index does not answer any more: {_in_words(error)}. Runs do not depend on "
                "it; run `dac-control index` again once it is there."
            ) from error
        except RecordError as error:
            return self._failed(info, str(error))
        except Exception as error:
            logger.exception("%s was not indexed", info.folder)
            return self._failed(info, _in_words(error))

    def _feed(self, info: RunInfo) -> Fed:
        if info.exit_status == "unfinished":
            return self._feed_live(info)
        self._live.pop(info.uid, None)
        there = info.uid in self._there
        if there:
            self._remove(info.uid)
        prepared = prepare(open_run(info.folder).documents(), info.folder)
        self._write(info, prepared)
        self._whole.add(info.uid)
        self._failures.pop(info.uid, None)
        outcome: Outcome = "completed" if there else "added"
        return Fed(uid=info.uid, folder=info.folder, outcome=outcome, notes=prepared.notes)

    def _feed_live(self, info: RunInfo) -> Fed:
        live = self._live.pop(info.uid, None)
        outcome: Outcome = "grown" if info.uid in self._there else "added"
        known = live is not None
        if live is None:
            if info.uid in self._there:
                self._remove(info.uid)
            live = _Live(self._writer(1), RunTail(info.folder))
        documents = live.tail.read()
        self._there.add(info.uid)
        for name, doc in without_frames(documents):
            live.writer(name, doc)
        # only now: what failed half way is written anew
        self._live[info.uid] = live
        if known and not documents:
            outcome = "unchanged"
        return Fed(uid=info.uid, folder=info.folder, outcome=outcome)

    def _write(self, info: RunInfo, prepared: Prepared) -> None:
        """Write a whole run; in one piece if its columns change their types on the way."""
        uid = info.uid
        try:
            self._write_batched(info, prepared, _BATCH)
        except Exception as error:  # noqa: BLE001 - the second try tells what is really wrong
            logger.info("%s is written again in one piece: %s", uid, error)
            self._remove(uid)
            self._write_batched(info, prepared, _ALL_AT_ONCE)

    def _write_batched(self, info: RunInfo, prepared: Prepared, batch: int) -> None:
        # one for all runs: making one asks the server
        writer = self._writers.pop(batch, None) or self._writer(batch)
        self._there.add(info.uid)
        for name, doc in prepared.documents:
            if name == "stop":
                # before it: what has a stop document there is whole
                for copy in prepared.copies:
                    frames = _read_frames(info.folder, copy)
                    self._client[info.uid][copy.stream].write_array(frames, key=copy.key)
            writer(name, doc)
        self._writers[batch] = writer

    def _writer(self, batch: int) -> Any:
        from bluesky_tiled_plugins import TiledWriter

        return TiledWriter(self._client, batch_size=batch)

    def _remove(self, uid: str) -> None:
        """Remove a run, or what there is of it."""
        if uid in self._client:
            self._client.delete_contents(uid, recursive=True, external_only=False)
        self._there.discard(uid)

    def _failed(self, info: RunInfo, why: str) -> Fed:
        self._failures[info.uid] = info.folder.joinpath("documents.jsonl").stat().st_size
        return Fed(uid=info.uid, folder=info.folder, outcome="failed", notes=[why])

    def _may_try(self, info: RunInfo) -> bool:
        """False for a run that failed and has not changed since."""
        size = self._failures.get(info.uid)
        return size is None or info.folder.joinpath("documents.jsonl").stat().st_size != size


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _unfinished(client: Any) -> set[str]:
    """Uids of runs that have no stop document in the index."""
    from tiled.queries import KeyPresent

    return set(client.search(KeyPresent("stop.exit_status", exists=False)).keys().page_size(_PAGE))


def _read_frames(folder: Path, copy: FrameCopy) -> NDArray[Any]:
    """Read the frames of a stream, as many as are in the file; shape (frames, 1, height, width)."""
    import h5py
    import hdf5plugin

    # for its effect: it registers the filter that the frames are packed with
    _ = hdf5plugin
    # swmr: a file whose writer was killed opens in this mode only
    with h5py.File(folder / FRAMES_NAME, "r", swmr=True) as file:
        dataset: Any = file[copy.dataset]
        there = [index for index in copy.indices if index < dataset.shape[0]]
        return np.stack([dataset[index] for index in there])[:, np.newaxis]
