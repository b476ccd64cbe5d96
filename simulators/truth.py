"""Writes what is true in the simulated laboratory, for whoever wants to check a measurement.

One JSON object per line: the first holds the constants, each later one an exposure.
Only simulators and tests read this.
"""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

from simulators.wire.ocean import Light

__all__ = ["ExposedTwin", "TruthLight", "TruthWriter"]


class TruthWriter:
    """Appends lines to a file, each on its way to the disk before the call returns.

    Parameters
    ----------
    path : Path
        File to write; an existing one is replaced.
    head : Mapping
        First line.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self._path = path
        self._head = dict(head)
        self._file: TextIO | None = None
        self._lock = threading.Lock()
        self.exposing = threading.Lock()
        """Held while something is exposed: an exposure and its truth belong together."""

    def open(self) -> None:
        """Make the file and write the first line.

        Raises
        ------
        OSError
            If the file cannot be written; its `strerror` is a sentence for a person.
        """
        try:
            with self._lock:
                self._file = self._path.open("w", encoding="utf-8", newline="\n")
            self.write(self._head)
        except OSError as error:
            raise OSError(
                error.errno,
                f"The truth file {self._path} cannot be written ({error.strerror}); "
                "name a file in a folder that exists and has room.",
            ) from error

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line and flush it; nothing happens while the file is not open."""
        text = json.dumps(line, default=_plain) + "\n"
        with self._lock:
            if self._file is not None:
                self._file.write(text)
                self._file.flush()

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class ExposedTwin(Light, Protocol):
    """What of the twin an exposure needs."""

    def last_exposure(self) -> dict[str, Any] | None:
        """What was true, averaged over the last exposure."""
        ...


class TruthLight:
    """The light of the twin, with a line of truth for every exposure."""

    def __init__(self, twin: ExposedTwin, writer: TruthWriter) -> None:
        self._twin = twin
        self._writer = writer

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self._twin.pixels

    @property
    def full_scale(self) -> int:
        """Counts at which a pixel clips."""
        return self._twin.full_scale

    @property
    def wavelength_coefficients(self) -> tuple[float, float, float, float]:
        """Wavelength in nm as a cubic in the pixel index."""
        return self._twin.wavelength_coefficients

    def expose(self, start_lab_s: float, exposure_s: float) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,), once its truth is written."""
        with self._writer.exposing:
            counts = self._twin.expose(start_lab_s, exposure_s)
            truth = self._twin.last_exposure()
            if truth is not None:
                self._writer.write(truth)
        return counts


def _plain(value: object) -> object:
    """Turn numpy's numbers and arrays into what JSON knows."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in a truth file.")
