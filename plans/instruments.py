"""What a plan works with: the devices by role, the limits, the hold flag."""

from dataclasses import dataclass
from typing import Any, Protocol

from dac_control.clock import LabClock
from dac_control.safety.hold import HoldFlag
from dac_control.safety.limits import StepLimits
from devices.clock_reading import ClockReading
from devices.cryostat import Cryostat
from devices.microscope_camera import MicroscopeCamera
from devices.ruby import Ruby
from devices.screw_drive import ScrewDrive
from devices.spectrometer import Spectrometer
from devices.step_notes import StepNotes

__all__ = ["Instruments", "LightSource"]


class LightSource(Protocol):
    """Light for the ruby: open for the exposure only.

    Any bluesky Movable that takes True (open) and False (closed) will do; its Status is done
    once the shutter was read back.
    """

    name: str
    parent: Any

    def set(self, value: bool) -> Any:
        """Open or close."""
        ...


@dataclass(frozen=True, kw_only=True)
class Instruments:
    """The laboratory as plans see it."""

    drive: ScrewDrive
    cryostat: Cryostat
    spectrometer: Spectrometer
    ruby: Ruby
    clock_reading: ClockReading
    step: StepNotes
    limits: StepLimits
    hold: HoldFlag
    microscope: MicroscopeCamera | None = None
    light: LightSource | None = None

    @property
    def clock(self) -> LabClock:
        """The laboratory clock."""
        return self.clock_reading.clock

    @property
    def names(self) -> dict[str, str]:
        """Device name of each role, for the start document."""
        roles: dict[str, Any] = {
            "drive": self.drive,
            "cryostat": self.cryostat,
            "spectrometer": self.spectrometer,
            "ruby": self.ruby,
            "clock": self.clock_reading,
            "step": self.step,
            "microscope": self.microscope,
        }
        return {role: device.name for role, device in roles.items() if device is not None}
