"""The picture as a device: it analyses the last frame, off the RunEngine's thread."""

import logging
from typing import Any

from ophyd import Component as Cpt
from ophyd import Device
from ophyd.status import Status

from dac_control.errors import StaleReading
from dac_control.picture import PictureReading, PictureScale, read_picture
from devices.microscope_camera import MicroscopeCamera
from devices.signals import CachedSignal
from devices.statuses import finish_with
from devices.timing import REAL_TIME, Timing

__all__ = ["Picture"]

logger = logging.getLogger(__name__)


class Picture(Device):
    """Hole, sample and focus on the last frame of a microscope.

    Trigger the microscope first; triggering this reads the frame that it holds. A frame without
    a hole reads NaN with flags that say why; `last` is for `dac_control.picture.PictureHistory`.
    `judged` says whether it was compared with the frames before it (`plans.picture_watch`).

    Parameters
    ----------
    microscope : MicroscopeCamera
        Whose last frame is read.
    scale : PictureScale
        Size of a pixel, black level, culet.
    """

    hole_um = Cpt(CachedSignal, units="um", precision=2)
    hole_sigma_um = Cpt(CachedSignal, units="um", precision=3)
    hole_sigma_sys_um = Cpt(CachedSignal, units="um", precision=3)
    hole_px = Cpt(CachedSignal, units="px", precision=2)
    hole_sigma_px = Cpt(CachedSignal, units="px", precision=3)
    ellipticity = Cpt(CachedSignal, precision=4)
    ellipticity_sigma = Cpt(CachedSignal, precision=5)
    culet_gap_um = Cpt(CachedSignal, units="um", precision=2)
    brightness = Cpt(CachedSignal, precision=3)
    brightness_sigma = Cpt(CachedSignal, precision=4)
    core = Cpt(CachedSignal, precision=3)
    core_sigma = Cpt(CachedSignal, precision=4)
    red = Cpt(CachedSignal, precision=3)
    green = Cpt(CachedSignal, precision=3)
    blue = Cpt(CachedSignal, precision=3)
    core_counts = Cpt(CachedSignal, units="counts", precision=1)
    gasket_counts = Cpt(CachedSignal, units="counts", precision=1)
    focus = Cpt(CachedSignal, units="1/px", precision=3)
    rim_seen = Cpt(CachedSignal, precision=2)
    saturated_share = Cpt(CachedSignal, precision=4)
    measured = Cpt(CachedSignal, dtype="boolean")
    flags = Cpt(CachedSignal, dtype="string")
    judged = Cpt(CachedSignal, dtype="boolean")

    def __init__(
        self,
        *,
        microscope: MicroscopeCamera,
        scale: PictureScale,
        name: str,
        timing: Timing = REAL_TIME,
        timeout_s: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.scale = scale
        self.reads_after = microscope
        self._microscope = microscope
        self._statuses = timing.statuses
        self._timeout_s = timeout_s
        self._worker = timing.make_worker(f"{name}-worker", None, timing.poll_period_s)
        self.last: PictureReading | None = None
        self.failure = ""
        """Why the last frame could not even be analysed; empty if it could."""

    @property
    def address(self) -> str:
        """Where its frames come from."""
        return self._microscope.address

    def trigger(self) -> Status:
        """Read the last frame."""
        status = self._statuses(self, self._timeout_s)
        finish_with(status, self._worker.submit(self._measure))
        return status

    def note_judged(self, compared: bool) -> None:
        """Note that the last frame was compared with those before it, or could not be."""
        self.judged.update(compared, self.measured.timestamp)

    def _measure(self) -> None:
        frame = self._microscope.last
        if frame is None:
            raise StaleReading(f"{self.name} needs a frame first; trigger the microscope.")
        try:
            self.last = read_picture(frame.pixels, self.scale, exposure_s=frame.exposure_s)
        except Exception as error:  # one frame that cannot be analysed must not end a ramp
            logger.exception("the picture could not be analysed")
            self.last, self.failure = None, f"the analysis failed: {error}"
        else:
            self.failure = ""
        self._publish(self.last, frame.time)

    def _publish(self, reading: PictureReading | None, time: float) -> None:
        colours = reading.channel_brightness if reading is not None else ()
        red_green_blue = colours if len(colours) == 3 else (float("nan"),) * 3
        for attribute, value in zip(("red", "green", "blue"), red_green_blue, strict=True):
            getattr(self, attribute).update(float(value), time)
        for attribute in _NUMBERS:
            value = float("nan") if reading is None else float(getattr(reading, attribute))
            getattr(self, attribute).update(value, time)
        self.measured.update(reading is not None and reading.ok, time)
        flags = "analysis_failed" if reading is None else " ".join(reading.flags)
        self.flags.update(flags, time)
        self.judged.update(False, time)

    def destroy(self) -> None:
        """End the worker thread."""
        self._worker.close()
        super().destroy()


_NUMBERS = (
    "hole_um",
    "hole_sigma_um",
    "hole_sigma_sys_um",
    "hole_px",
    "hole_sigma_px",
    "ellipticity",
    "ellipticity_sigma",
    "culet_gap_um",
    "brightness",
    "brightness_sigma",
    "core",
    "core_sigma",
    "core_counts",
    "gasket_counts",
    "focus",
    "rim_seen",
    "saturated_share",
)
