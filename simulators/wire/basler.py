"""Feeds a simulated Basler camera, whose other half lives inside the client.

There is no wire to a camera that a simulator could serve: pypylon's own emulator runs in the
client's process and reads each frame from an image file, which the client names in GenICam
nodes (Basler, pypylon samples, "emulated camera": PYLON_CAMEMU, ImageFileMode, ImageFilename).
So this simulator keeps one file up to date with what the camera would see. The emulator ignores
exposure and gain, hence the exposure is baked into the frame.

The emulator opens the file anew at each single grab and reads one whole version of it (measured
on pypylon 26.9, 353 grabs against 6488 replacements, none torn), since a replaced file lives on
for whoever has it open.
"""

import logging
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["CameraFeeder", "Scene", "encode_png"]

logger = logging.getLogger(__name__)

SERIAL = "0815-0000"
"""Serial number of the emulator's first camera."""
REPLACE_ATTEMPTS = 50
REPLACE_PAUSE_S = 0.01
"""Windows refuses to replace a file that is open, which a reader keeps for some milliseconds."""


class Scene(Protocol):
    """What the camera looks at."""

    def frame(self, exposure_s: float) -> NDArray[np.uint8]:
        """One frame, shape (height, width)."""
        ...


class CameraFeeder:
    """Keeps ``frame.png`` in a folder up to date with a scene.

    Parameters
    ----------
    scene : Scene
        Usually the twin.
    folder : Path
        Where to keep the file; made if it is not there.
    exposure_s : float
        Exposure of every frame in s.
    period_s : float
        Time between frames in s on the wall.

    Raises
    ------
    ValueError
        If exposure or period are not above 0.
    """

    def __init__(
        self, scene: Scene, folder: Path, exposure_s: float, period_s: float = 0.1
    ) -> None:
        if not (exposure_s > 0 and period_s > 0):
            raise ValueError(
                "Exposure and period of the simulated camera must be above 0 s, "
                f"not {exposure_s} s and {period_s} s."
            )
        self._scene = scene
        # Absolute, since the client reads it from a working folder of its own.
        self._path = folder.resolve() / "frame.png"
        self._exposure_s = exposure_s
        self._period_s = period_s
        self._shape = (0, 0)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def path(self) -> Path:
        """The file that is replaced."""
        return self._path

    @property
    def serial(self) -> str:
        """Serial number under which a client finds the emulated camera."""
        return SERIAL

    @property
    def exposure_s(self) -> float:
        """Exposure that the frames show, in s."""
        return self._exposure_s

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that a client must set before it imports pypylon."""
        return {"PYLON_CAMEMU": "1"}

    @property
    def nodes(self) -> dict[str, str | int]:
        """GenICam nodes that a client must set, in this order; raises before `start`."""
        if self._thread is None:
            raise RuntimeError("The simulated camera has no frame before it is started.")
        height, width = self._shape
        return {
            "TestImageSelector": "Off",
            "ImageFileMode": "On",
            "ImageFilename": str(self._path),
            "Width": width,
            "Height": height,
        }

    def start(self) -> None:
        """Write the first frame, then keep it up to date in a thread; idempotent.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        if self._thread is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._write()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopping,), name="simulator-camera", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Join the thread and remove the file, so that nobody takes old frames; idempotent."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None

    def _run(self, stopping: threading.Event) -> None:
        try:
            while not stopping.wait(self._period_s):
                try:
                    self._write()
                except PermissionError as error:
                    logger.warning("a camera frame was left out, a reader holds it: %s", error)
        finally:
            # Also after a failure: a client must see that frames stopped, not an old one.
            self._attempt(lambda: self._path.unlink(missing_ok=True))

    def _write(self) -> None:
        frame = self._scene.frame(self._exposure_s)
        self._shape = (frame.shape[0], frame.shape[1])
        partial = self._path.with_suffix(".partial")
        partial.write_bytes(encode_png(frame))
        self._attempt(lambda: os.replace(partial, self._path))

    def _attempt(self, action: Callable[[], object]) -> None:
        """Do something to the file that a reader's open handle may forbid for a moment."""
        for _ in range(REPLACE_ATTEMPTS - 1):
            try:
                action()
            except PermissionError:
                time.sleep(REPLACE_PAUSE_S)
            else:
                return
        action()


def encode_png(frame: NDArray[np.uint8]) -> bytes:
    """Encode a grey frame as PNG (ISO/IEC 15948), stored without compression.

    Photon noise leaves little to compress, and this takes a tenth of the time of a compressing
    encoder, ten times a second.

    Parameters
    ----------
    frame : numpy.ndarray
        Shape (height, width), uint8.
    """
    height, width = frame.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter type, 0
    rows[:, 1:] = frame
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bit, grey, not interlaced
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
