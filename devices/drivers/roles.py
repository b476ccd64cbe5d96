"""What a driver owes to the role it plays; the Ophyd classes know drivers only by this.

Every method here may block and does its own I/O, so it is called from an instrument's worker
thread, never from the RunEngine's. Every method may raise `dac_control.errors.TransportError`
(the link) or `dac_control.errors.InstrumentError` (the instrument said no).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CameraDriver",
    "CryostatDriver",
    "CryostatReading",
    "DriveReading",
    "Frame",
    "HasOwnLimits",
    "Identity",
    "InstrumentDriver",
    "NoticesPowerUp",
    "RawSpectrum",
    "ScrewDriver",
    "SpectrometerDriver",
]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who answered at an address, in the instrument's own words."""

    vendor: str
    model: str
    serial: str
    firmware: str


class InstrumentDriver(Protocol):
    """What every driver can do."""

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        ...

    def connect(self) -> Identity:
        """Open the link, ask who is there, check that it is the expected model.

        Never moves, heats or resets anything. Idempotent.
        """
        ...

    def concerns(self) -> list[str]:
        """Settings in the instrument itself that do not fit the station file, a clause each."""
        ...

    def close(self) -> None:
        """Close the link; idempotent, never raises."""
        ...


@runtime_checkable
class HasOwnLimits(Protocol):
    """An instrument that keeps limits of its own, whoever talks to it."""

    def push_limits(self) -> list[str]:
        """Make them at least as strict as the station file, and read that back.

        Returns
        -------
        list of str
            What was changed, a clause each. A limit that is stricter stays.
        """
        ...


@runtime_checkable
class NoticesPowerUp(Protocol):
    """An instrument that tells when it was switched off and on."""

    @property
    def power_cycled(self) -> bool:
        """True once it was, after `connect`; stays so."""
        ...


@dataclass(frozen=True, kw_only=True)
class CryostatReading:
    """One consistent reading of a temperature controller."""

    stage_temperature_k: float
    cell_temperature_k: float
    setpoint_k: float
    heater_percent: float
    heater_range: int
    time: float
    """Wall-clock time in s since the epoch at which the reading was asked for."""


class CryostatDriver(InstrumentDriver, Protocol):
    """A temperature controller with a sensor at the stage and one at the cell."""

    def read(self) -> CryostatReading:
        """Read both temperatures, the setpoint and the heater in one exchange."""
        ...

    def set_setpoint(self, setpoint_k: float, rate_k_per_min: float) -> None:
        """Move the setpoint at a bounded rate (above 0) and verify by reading back."""
        ...

    def hold(self) -> None:
        """Freeze the setpoint where a ramp of it has come to; the loop stays on."""
        ...

    def heater_off(self) -> None:
        """Switch the loop's heater off, and read that back; only where a rule asks for it."""
        ...


@dataclass(frozen=True, kw_only=True)
class DriveReading:
    """Where a screw stands and what the drive says of it."""

    turns: float
    moving: bool
    position_known: bool
    """False after a power-up, and while a flag says that steps may have been lost."""
    flags: tuple[str, ...]
    """The instrument's fault and warning flags, e.g. ``("FS",)`` on a Zaber."""
    time: float


class ScrewDriver(InstrumentDriver, Protocol):
    """A motor that turns the pressure screw; positions are screw turns."""

    @property
    def resolution_turns(self) -> float:
        """Smallest step in turns of the screw."""
        ...

    def read(self) -> DriveReading:
        """Read position, motion and flags."""
        ...

    def start_move(self, turns: float, check_wanted: Callable[[], None]) -> None:
        """Start an absolute move to `turns` and return once the drive accepted it.

        `check_wanted` is called when the line is free, just before sending; whatever it
        raises, nothing is sent.
        """
        ...

    def fault_text(self, flags: tuple[str, ...]) -> str:
        """Say in words which of `flags` are faults; empty if none is."""
        ...

    def stop(self) -> None:
        """Stop the motion now, ahead of anything queued on the link."""
        ...

    def declare(self, turns: float) -> None:
        """Tell the drive that it stands at `turns`; nothing moves."""
        ...


@dataclass(frozen=True, kw_only=True)
class RawSpectrum:
    """One spectrum as the detector gave it."""

    wavelength_nm: NDArray[np.float64]
    """Axis that the instrument reports, in air, shape (pixels,)."""
    counts: NDArray[np.float64]
    """Mean counts over the averages, nothing subtracted, shape (pixels,)."""
    exposure_s: float
    averages: int
    saturated: bool
    """True if any pixel of any average reached 95 % of full scale."""
    time: float
    """Wall-clock time in s since the epoch at which the exposure began."""


class SpectrometerDriver(InstrumentDriver, Protocol):
    """A spectrometer with an axis in nm."""

    @property
    def pixels(self) -> int:
        """Number of pixels; known after `connect`."""
        ...

    @property
    def saturation_counts(self) -> float:
        """Full scale in counts."""
        ...

    @property
    def exposure_limits_s(self) -> tuple[float, float]:
        """Shortest and longest exposure."""
        ...

    def acquire(self, exposure_s: float, averages: int) -> RawSpectrum:
        """Expose `averages` times and return the mean."""
        ...


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One camera frame."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    """Shape (height, width)."""
    exposure_s: float
    time: float


class CameraDriver(InstrumentDriver, Protocol):
    """A camera that takes single frames."""

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Height and width in pixels; known after `connect`."""
        ...

    @property
    def frame_dtype(self) -> str:
        """Numpy dtype string of a frame, ``"|u1"`` or ``"<u2"``."""
        ...

    def grab(self) -> Frame:
        """Take one frame."""
        ...
