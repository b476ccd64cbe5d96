"""Camera frames of a run: ``frames.h5``, readable while it grows and after a kill.

The file is in HDF5's single-writer-multiple-reader mode: of a writer that was killed, only such
a file opens again, with every frame that was flushed. Nothing new can be created in it once the
mode is on, so every camera declares its frames before the first of a run is stored.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.records.disk import O_BINARY, record_error, sync_folder
from dac_control.records.frame_series import AssetDoc, FrameSeries

if TYPE_CHECKING:
    import h5py

__all__ = ["FRAMES_NAME", "FrameStore"]

FRAMES_NAME = "frames.h5"


class FrameStore:
    """Where cameras put their frames; the recorder opens and closes it for each run.

    Thread-safe: frames come from a camera's worker thread, `asset_docs` is asked on the
    RunEngine's and does no I/O.

    Parameters
    ----------
    sync : bool
        Force each frame to the disk, not only to the operating system. Without it a frame
        survives ``kill -9`` and may not survive a power cut.
    """

    def __init__(self, *, sync: bool = True) -> None:
        self._sync = sync
        self._io_lock = threading.RLock()
        self._series: dict[str, FrameSeries] = {}
        self._folder: Path | None = None
        self._attributes: dict[str, str | bool] = {}
        self._file: h5py.File | None = None
        self._descriptor = -1

    @property
    def ready(self) -> bool:
        """True while a run is open, so that frames have a place to go."""
        return self._folder is not None

    def begin(self, folder: Path, attributes: Mapping[str, str | bool] | None = None) -> None:
        """Open the store for the run in `folder`; the file is made by the first frame.

        Parameters
        ----------
        folder : Path
            The run folder.
        attributes : Mapping, optional
            What the file shall say of its run when it is found alone, e.g. its uid.
        """
        with self._io_lock:
            self.end()
            for series in self._series.values():
                series.restart()
            self._attributes = dict(attributes or {})
            self._folder = folder.absolute()

    def end(self) -> None:
        """Close the file of the run; idempotent.

        Raises
        ------
        RecordError
            If what is left could not be written.
        """
        with self._io_lock:
            folder, self._folder = self._folder, None
            file, self._file = self._file, None
            descriptor, self._descriptor = self._descriptor, -1
            for series in self._series.values():
                series.dataset = None
            if file is None or folder is None:
                return
            try:
                file.close()
                if descriptor >= 0:
                    os.fsync(descriptor)
            except (OSError, RuntimeError) as error:
                raise _failed("Closing the frames", folder, error) from error
            finally:
                if descriptor >= 0:
                    os.close(descriptor)

    def declare(self, key: str, shape: tuple[int, int], dtype: str = "|u1") -> None:
        """Say what the frames of `key` look like; kept for later runs, free to repeat.

        Parameters
        ----------
        key : str
            The data key.
        shape : tuple of int
            (height, width) in pixels.
        dtype : str
            numpy dtype of a pixel, e.g. ``"|u1"`` or ``"<u2"``.

        Raises
        ------
        RecordError
            If frames of this run are stored already and this declaration is another.
        """
        series = FrameSeries(key=key, shape=(int(shape[0]), int(shape[1])), dtype=np.dtype(dtype))
        with self._io_lock:
            known = self._series.get(key)
            if known and (known.shape, known.dtype) == (series.shape, series.dtype):
                return
            if self._file is not None:
                raise RecordError(
                    f"The frames of {key!r} were declared as {series.shape} {dtype} after the "
                    "first frame of the run; declare every camera, and keep its region of "
                    "interest, from before the run."
                )
            self._series[key] = series

    def append(self, key: str, frame: NDArray[Any]) -> int:
        """Store a frame; it is in the file when this returns.

        Parameters
        ----------
        key : str
            A declared data key.
        frame : ndarray
            Shape (height, width) and dtype as declared.

        Returns
        -------
        int
            Index of the frame in its dataset, from 0 in every run.

        Raises
        ------
        RecordError
            If no run is open, the frame is not as declared, or it cannot be written.
        """
        with self._io_lock:
            series = self._declared(key)
            if self._folder is None:
                raise RecordError(f"A frame of {key!r} came while no run is open; start one first.")
            if (frame.shape, frame.dtype) != (series.shape, series.dtype):
                raise RecordError(
                    f"A frame of {key!r} is {frame.shape} {frame.dtype.str} and not {series.shape} "
                    f"{series.dtype.str} as declared; keep the camera's region of interest and "
                    "pixel format during a run."
                )
            try:
                return self._store(series, frame, self._folder)
            except (OSError, RuntimeError) as error:
                raise _failed("Writing a frame", self._folder, error) from error

    def count(self, key: str) -> int:
        """Return how many frames of `key` this run has stored."""
        return self._declared(key).count

    def asset_docs(self, key: str, upto_index: int | None = None) -> list[AssetDoc]:
        """Return the documents that bind the newest frame to the event that is being read.

        The RunEngine accepts exactly one frame an event. Frames that no event asked for (its
        reading failed, say) stay in the file and are skipped here, so a frame can never be
        taken for that of another event.

        Parameters
        ----------
        key : str
            A declared data key.
        upto_index : int, optional
            Consider only the first `upto_index` frames; all by default.

        Returns
        -------
        list of (name, document)
            A ``stream_resource`` until one was emitted, then a ``stream_datum``, with the
            ``descriptor`` and ``seq_nums`` that the RunEngine fills in; empty if there is no
            frame that was not handed out before.

        Raises
        ------
        RecordError
            If `key` was not declared.
        """
        series, folder = self._declared(key), self._folder
        return [] if folder is None else series.asset_docs(folder / FRAMES_NAME, upto_index)

    def _declared(self, key: str) -> FrameSeries:
        try:
            return self._series[key]
        except KeyError:
            raise RecordError(
                f"The frames of {key!r} were not declared; declare their shape and dtype first."
            ) from None

    def _store(self, series: FrameSeries, frame: NDArray[Any], folder: Path) -> int:
        if self._file is None:
            self._create(folder)
        dataset = series.dataset
        if dataset is None:
            raise RecordError(f"The frames of {series.key!r} have no place in this run's file.")
        index = series.count
        dataset.resize(index + 1, axis=0)
        dataset[index] = frame
        dataset.flush()
        if self._descriptor >= 0:
            os.fsync(self._descriptor)
        series.count = index + 1
        return index

    def _create(self, folder: Path) -> None:
        path = folder / FRAMES_NAME
        # imported with the first frame: HDF5 takes a third of a second
        import h5py
        import hdf5plugin

        # "v110" is the oldest format that knows the mode, so the most programs can read it.
        file = h5py.File(path, "x", libver=("v110", "v110"))
        self._file = file
        for name, value in self._attributes.items():
            file.attrs[name] = value
        for series in self._series.values():
            # One chunk a frame: a frame is written, and read back, as a whole.
            series.dataset = file.create_dataset(
                series.location,
                shape=(0, *series.shape),
                maxshape=(None, *series.shape),
                chunks=(1, *series.shape),
                dtype=series.dtype,
                **hdf5plugin.Bitshuffle(cname="lz4"),
            )
        file.swmr_mode = True
        if self._sync:
            # HDF5 has no sync of its own; one through any descriptor of the file does it.
            self._descriptor = os.open(path, os.O_RDWR | O_BINARY)
            sync_folder(folder)


def _failed(doing: str, folder: Path, error: OSError | RuntimeError) -> RecordError:
    # HDF5 reports some failures of the disk as RuntimeError, without a number.
    cause = error if isinstance(error, OSError) else OSError(str(error))
    return record_error(doing, folder / FRAMES_NAME, cause)
