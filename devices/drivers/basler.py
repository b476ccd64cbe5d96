"""Basler cameras (GigE, USB3) through the vendor's SDK `pypylon`; single grabs.

The SDK is proprietary and large, so it is an extra and is imported in `Basler.connect` only.
Measured on pypylon 26.9: a failed grab may carry error code 0 (so the success flag decides), and
the camera's own time stamp may be 0 (so the host stamps the frame).
"""

import logging
import math
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    LinkDown,
    ProtocolError,
    ReplyTimeout,
)
from devices.drivers.basler_sdk import (
    EXPOSURE_US,
    NodeMap,
    NodeValue,
    Sdk,
    attach,
    identify,
    import_sdk,
    sentence,
)
from devices.drivers.roles import Frame, Identity

__all__ = ["Basler"]

_log = logging.getLogger(__name__)

_AUTO_MODES = ("ExposureAuto", "GainAuto", "BalanceWhiteAuto")
_EXPOSURE_NODES = frozenset((*EXPOSURE_US, "ExposureTimeRaw", "ExposureAuto"))
_ROI_NODES = frozenset(("OffsetX", "OffsetY", "Width", "Height"))
# One value per pixel, in whole bytes: what a (height, width) array of u1 or u2 can hold.
_PIXEL_FORMAT = re.compile(r"(?:Mono|Bayer(?:RG|GR|GB|BG))(8|10|12|16)")
_GRAB_ATTEMPTS = 3


class Basler:
    """A Basler camera that takes single frames; a `devices.drivers.roles.CameraDriver`.

    Parameters
    ----------
    serial : str
        Serial number as printed on the camera; it finds the camera and is checked.
    exposure_ms : float
        Exposure in ms; the frame tells what the camera made of it.
    roi : tuple of int, optional
        ``(offset_x, offset_y, width, height)`` in pixels; without it the camera's own.
    pixel_format : str
        GenICam name of a format with one value per pixel, e.g. ``"Mono8"`` or ``"Mono12"``.
    nodes : Mapping
        Any other GenICam nodes and their values, set in this order before everything above.
    environment : Mapping
        Environment variables that the SDK must find when it is first imported.
    timeout_s : float
        How long a frame may take beyond its exposure, in s.
    model : str, optional
        Model name that the camera must report.

    Raises
    ------
    ConfigurationError
        If an argument cannot be right on any camera.
    """

    def __init__(
        self,
        serial: str,
        *,
        exposure_ms: float,
        roi: tuple[int, int, int, int] | None = None,
        pixel_format: str = "Mono8",
        nodes: Mapping[str, NodeValue] | None = None,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
        model: str | None = None,
    ) -> None:
        self._serial = serial
        self._model = model
        self._exposure_ms = float(exposure_ms)
        self._roi = roi
        self._pixel_format = pixel_format
        self._nodes = dict(nodes or {})
        self._environment = dict(environment or {})
        self._timeout_s = float(timeout_s)
        self._check_arguments()
        self._lock = threading.RLock()
        self._sdk: Sdk | None = None
        self._camera: Any = None
        self._identity: Identity | None = None
        self._wanted = False
        self._exposure_s = self._exposure_ms / 1e3
        self._shape: tuple[int, int] | None = None
        bits = _PIXEL_FORMAT.fullmatch(pixel_format)
        self._dtype = "|u1" if bits and bits.group(1) == "8" else "<u2"

    @property
    def address(self) -> str:
        """Serial number of the camera, as the station file spells it."""
        return self._serial

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Height and width in pixels; raises `LinkDown` before the first `connect`."""
        if self._shape is None:
            raise LinkDown(f"{self._name} was not connected yet, so its frame size is unknown.")
        return self._shape

    @property
    def frame_dtype(self) -> str:
        """Type of a pixel as numpy spells it of a frame, ``"|u1"`` or ``"<u2"``."""
        return self._dtype

    def connect(self) -> Identity:
        """Find the camera, check who it is, and configure it; idempotent.

        Raises
        ------
        ConfigurationError
            If pypylon is missing or cannot take the environment any more, or if the camera has
            no such node or refuses a value.
        IdentityError
            If the camera reports another serial number or model.
        LinkDown
            If no such camera is there or it cannot be opened.
        """
        with self._lock:
            if self._camera is None or self._identity is None:
                self._identity = self._open()
            self._wanted = True
            return self._identity

    def grab(self) -> Frame:
        """Take one frame now; a failed one is asked for again, twice.

        A camera that vanished is looked for again at the next call.

        Returns
        -------
        Frame
            Contiguous copy of the pixels, shape `frame_shape`; the time is the host's when the
            frame was asked for, and the exposure the one that the camera reports.

        Raises
        ------
        LinkDown
            If the camera is not connected or vanished.
        ReplyTimeout
            If no frame came in time.
        ProtocolError
            If frames came and none was whole and of the expected size.
        """
        with self._lock:
            if not self._wanted:
                raise LinkDown(f"{self._name} is not connected; call connect() first.")
            if self._camera is None:
                self._identity = self._open()
            for _ in range(_GRAB_ATTEMPTS - 1):
                try:
                    return self._grab_once()
                except ProtocolError as error:
                    _log.warning("%s Asking again.", error)
            return self._grab_once()

    def concerns(self) -> list[str]:
        """Nothing: the instrument keeps no limits of its own."""
        return []

    def close(self) -> None:
        """Release the camera; idempotent, never raises."""
        with self._lock:
            self._wanted = False
            self._drop()

    @property
    def _name(self) -> str:
        return f"Basler camera {self._serial}"

    def _check_arguments(self) -> None:
        """Refuse what is wrong whatever camera answers."""
        if not (self._exposure_ms > 0 and math.isfinite(self._exposure_ms)):
            self._refuse("exposure_ms", self._exposure_ms, "give a time above 0 ms")
        if not (self._timeout_s > 0 and math.isfinite(self._timeout_s)):
            self._refuse("timeout_s", self._timeout_s, "give a time above 0 s")
        if not _PIXEL_FORMAT.fullmatch(self._pixel_format):
            advice = "use a format with one value per pixel, such as Mono8, Mono12 or BayerRG8"
            self._refuse("pixel_format", self._pixel_format, advice)
        if self._roi is not None and (
            len(self._roi) != 4 or min(self._roi[:2]) < 0 or min(self._roi[2:]) < 1
        ):
            advice = "give [offset_x, offset_y, width, height] in pixels"
            self._refuse("roi", self._roi, advice)
        for node in self._nodes:
            owner = _owner_of(node, has_roi=self._roi is not None)
            if owner:
                self._refuse("nodes", node, f"it belongs to {owner}; set it there only")

    def _refuse(self, key: str, value: object, advice: str) -> None:
        raise ConfigurationError(f"{self._name}: {key} cannot be {value!r}: {advice}.")

    def _open(self) -> Identity:
        """Open and configure; on any failure nothing stays open."""
        sdk = self._sdk = import_sdk(self._environment)
        try:
            self._camera = attach(sdk, self._serial)
            identity = identify(sdk, self._camera)
            self._check_identity(identity)
            self._configure(NodeMap(sdk, self._camera, self._name))
        except sdk.genicam.GenericException as error:
            self._drop()
            advice = "check its cable and power, and that no other program (pylon Viewer) holds it"
            raise LinkDown(
                f"{self._name} cannot be opened: {sentence(error)} Please {advice}."
            ) from error
        except BaseException:
            self._drop()
            raise
        return identity

    def _check_identity(self, identity: Identity) -> None:
        if identity.serial != self._serial:
            raise IdentityError(
                f"{self._name}: a camera with serial number {identity.serial} answered instead; "
                "correct the serial number in the station file."
            )
        if self._model is not None and identity.model != self._model:
            raise IdentityError(
                f"{self._name} is a {identity.model}, not a {self._model}; "
                "correct the model or the serial number in the station file."
            )

    def _configure(self, nodes: NodeMap) -> None:
        """Set everything that was asked for and read back size and exposure."""
        self._switch_autos_off(nodes)  # first: an automatic gain would lock a gain in `nodes`
        for name, value in self._nodes.items():
            nodes.set(name, value)
        self._switch_autos_off(nodes)  # again: `nodes` may have loaded a user set
        nodes.set("PixelFormat", self._pixel_format)
        if self._roi is not None:
            # Offsets go to 0 before the size, since together they bound each other.
            values = (0, 0, self._roi[2], self._roi[3], self._roi[0], self._roi[1])
            names = ("OffsetX", "OffsetY", "Width", "Height", "OffsetX", "OffsetY")
            for name, value in zip(names, values, strict=True):
                nodes.set(name, value)
        nodes.set(EXPOSURE_US[0], self._exposure_ms * 1e3)
        self._exposure_s = nodes.number(EXPOSURE_US[0]) * 1e-6
        self._shape = (int(nodes.number("Height")), int(nodes.number("Width")))

    def _switch_autos_off(self, nodes: NodeMap) -> None:
        for name in _AUTO_MODES:
            if name not in self._nodes and nodes.is_writable(name):
                nodes.set(name, "Off")

    def _grab_once(self) -> Frame:
        assert self._sdk is not None  # set by _open, which comes before every grab
        genicam = self._sdk.genicam
        asked_at = time.time()
        try:
            result = self._camera.GrabOne(math.ceil((self._timeout_s + self._exposure_s) * 1e3))
        except genicam.TimeoutException as error:
            self._raise_if_gone(error)
            raise ReplyTimeout(
                f"{self._name} gave no frame within {self._timeout_s:g} s beyond its exposure of "
                f"{self._exposure_s:g} s; check the cable, and that TriggerMode is Off."
            ) from error
        except genicam.GenericException as error:
            self._drop()
            raise LinkDown(f"{self._name} was lost: {sentence(error)}") from error
        try:
            pixels = self._pixels_of(result)
        finally:
            result.Release()
        return Frame(pixels=pixels, exposure_s=self._exposure_s, time=asked_at)

    def _pixels_of(self, result: Any) -> NDArray[Any]:
        """Copy the pixels out of a grab result: the buffer goes back to the SDK with it."""
        if not result.GrabSucceeded():
            self._raise_if_gone(None)
            description = str(result.GetErrorDescription()) or "it gave no reason."
            raise ProtocolError(f"{self._name} failed to take a frame: {description}")
        try:
            pixels = np.array(result.Array, order="C", copy=True)
        except ValueError as error:
            raise ProtocolError(f"{self._name} gave an unreadable frame: {error}.") from error
        if pixels.shape != self.frame_shape or pixels.dtype != np.dtype(self._dtype):
            raise ProtocolError(
                f"{self._name} gave a frame of shape {pixels.shape} and type {pixels.dtype.str}, "
                f"not {self.frame_shape} and {self._dtype}."
            )
        return pixels

    def _raise_if_gone(self, error: BaseException | None) -> None:
        if self._camera.IsCameraDeviceRemoved():
            self._drop()
            raise LinkDown(
                f"{self._name} was unplugged or lost power; it is looked for again at the next "
                "frame."
            ) from error

    def _drop(self) -> None:
        """Destroy the SDK's objects, whatever state they are in."""
        camera, self._camera = self._camera, None
        if camera is None or self._sdk is None:
            return
        for step in (camera.Close, camera.DestroyDevice):
            try:
                step()
            except self._sdk.genicam.GenericException as error:
                _log.debug("%s while closing: %s", self._name, error)


def _owner_of(node: str, *, has_roi: bool) -> str | None:
    """Name of the argument that sets `node`, so that two cannot contradict each other."""
    if node in _EXPOSURE_NODES:
        return "exposure_ms"
    if node == "PixelFormat":
        return "pixel_format"
    return "roi" if has_roi and node in _ROI_NODES else None
