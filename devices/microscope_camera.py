"""The microscope camera: frames go to the run's HDF5 file, documents point at them."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from ophyd import Component as Cpt

from devices.drivers.roles import CameraDriver, Frame
from devices.instrument import InstrumentDevice
from devices.signals import CachedSignal

__all__ = ["FrameSink", "MicroscopeCamera"]


class FrameSink(Protocol):
    """Where frames of the run in progress are kept."""

    @property
    def ready(self) -> bool:
        """True while a run is open that frames can go to."""
        ...

    def declare(self, key: str, shape: tuple[int, int], dtype: str) -> None:
        """Announce what will be appended under `key`."""
        ...

    def append(self, key: str, frame: NDArray[Any]) -> int:
        """Write one frame and flush; return its index."""
        ...

    def asset_docs(self, key: str, upto_index: int) -> Any:
        """Documents up to `upto_index` (exclusive) that were not yet handed out."""
        ...


class MicroscopeCamera(InstrumentDevice[CameraDriver]):
    """Takes a frame when triggered and writes it as an external asset of the run.

    Outside a run a frame is only kept in `last`.
    """

    exposure_s = Cpt(CachedSignal, units="s", precision=4)

    def __init__(self, *, sink: FrameSink, **kwargs: Any) -> None:
        self._sink = sink
        self._frames = 0
        self.last: Frame | None = None
        super().__init__(polled=False, **kwargs)

    @property
    def frame_key(self) -> str:
        """Data key of the frames."""
        return f"{self.name}_frame"

    def _refresh(self) -> None:
        frame = self._driver.grab()
        self.last = frame
        self.exposure_s.update(frame.exposure_s, frame.time)
        if self._sink.ready:
            self._sink.declare(
                self.frame_key, shape=self._driver.frame_shape, dtype=self._driver.frame_dtype
            )
            self._frames = self._sink.append(self.frame_key, np.ascontiguousarray(frame.pixels)) + 1

    def describe(self) -> dict[str, Any]:
        """Scalars as usual; the frame as an external stream."""
        keys: dict[str, Any] = {str(key): value for key, value in super().describe().items()}
        keys[self.frame_key] = {
            "source": f"{self.address}#frame",
            "dtype": "array",
            "shape": [1, *self._driver.frame_shape],
            "dtype_numpy": self._driver.frame_dtype,
            "external": "STREAM:",
            "units": "counts",
        }
        return keys

    def get_index(self) -> int:
        """Frames written in the run in progress."""
        return self._frames

    def collect_asset_docs(self, index: int | None = None) -> Iterator[Any]:
        """Documents of the frames written since the last call."""
        yield from self._sink.asset_docs(self.frame_key, self._frames if index is None else index)
