"""What a plan works with: the devices by role, the limits, the hold flag."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from dac_control.clock import LabClock
from dac_control.errors import ConfigurationError
from dac_control.records.calibrations import CalibrationStore
from dac_control.records.calibrations_in_use import CalibrationsInUse
from dac_control.reflectance import Loading, ReferenceTable
from dac_control.safety.hold import HoldFlag
from dac_control.safety.limits import StepLimits
from devices.clock_reading import ClockReading
from devices.cryostat import Cryostat
from devices.drivers.spot_role import CHIP
from devices.gauge_device import GaugeDevice
from devices.microscope_camera import MicroscopeCamera
from devices.ruby import Ruby
from devices.screw_drive import ScrewDrive
from devices.spectrometer import Spectrometer
from devices.spots import Spots
from devices.step_notes import StepNotes
from devices.workbench import Workbench
from plans.optics_settings import ReflectanceSettings

if TYPE_CHECKING:
    # most stations have no microscope
    from dac_control.picture import PictureHistory
    from devices.picture import Picture

__all__ = ["GaugeOptics", "Instruments", "LightSource"]


class LightSource(Protocol):
    """Light for the ruby: open for the exposure only.

    Any bluesky Movable that takes True (open) and False (closed) will do; its Status is done
    once the shutter was read back.
    """

    @property
    def name(self) -> str:
        """Name in the session."""
        ...

    @property
    def parent(self) -> Any:
        """None for a device of its own."""
        ...

    def set(self, value: bool) -> Any:
        """Open or close."""
        ...


@dataclass(frozen=True, kw_only=True)
class GaugeOptics:
    """A gauge with the spectrometer and the light that it needs."""

    device: GaugeDevice
    spectrometer: Spectrometer
    light: LightSource | None = None
    spot: str = ""
    """Where the optics must look, and what its light is charged to."""


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
    picture: "Picture | None" = None
    """Reads hole and sample off the microscope's last frame."""
    frames: "dict[str, PictureHistory]" = field(default_factory=dict)
    """Frames of the run or experiment under way, by place of the optics (`plans.picture_watch`)."""
    light: LightSource | None = None
    lamp: LightSource | None = None
    """White light, for reflectance and for the detector's gain."""
    lamp_behind: LightSource | None = None
    """White light through the cell, for the absorption of its anvils."""
    lamp_behind_drift_u: float = 1.0
    """Relative standard uncertainty of its light between two days."""
    line_lamp: LightSource | None = None
    """Lamp for the wavelength axis; None where it is on already."""
    spots: Spots | None = None
    """What decides where the optics look; None where each spectrometer sees one place only."""
    reflectance: ReflectanceSettings | None = None
    """How reflectance is taken before a laser is armed; None where the station does not ask."""
    gasket: ReferenceTable | None = None
    """What is known of the gasket's reflectance; None for nothing."""
    loading: Loading | None = None
    """Which anvils and which piece of gasket; None where nobody said."""
    specimen: str = ""
    """Identity of what is in the cell."""
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    """Names of things that link runs; a rehearsal has its own."""
    vis: Spectrometer | None = None
    """Spectrometer for white light; None where the ruby's serves."""
    workbench: Workbench | None = None
    """Works out what is too long for the RunEngine's thread."""
    calibrations: CalibrationStore | None = None
    """Where plans keep what they calibrate."""
    in_use: CalibrationsInUse = field(default_factory=CalibrationsInUse)
    """Which calibrations count, and how old they may be (`plans.calibrated`)."""
    wall_time: Callable[[], float] = time.time
    """Time of day in s since the epoch, of which ages are counted; a rehearsal has its own."""
    simulated: bool = False
    max_temperature_k: float | None = None
    """What the specimen stands; None where nobody said."""
    further_gauges: Mapping[str, GaugeOptics] = field(default_factory=dict)
    """Gauges beside the ruby, by name: ``diamond_edge``, ``h2_vibron``, ``reference_ruby``."""

    @property
    def at_each_step(self) -> list[Any]:
        """What is read, beside the gauge's own devices, for every event of ``primary``."""
        seen = [device for device in (self.microscope, self.picture) if device is not None]
        return [self.drive, *seen]

    @property
    def lights(self) -> tuple[LightSource | None, ...]:
        """Everything that lights the specimen; all that is accounted for shares one account."""
        return (self.light, self.lamp, self.lamp_behind, self.line_lamp)

    @property
    def white_spectrometer(self) -> Spectrometer:
        """What sees white light from gasket and sample, and through the cell."""
        return self.spectrometer if self.vis is None else self.vis

    @property
    def aimed(self) -> list[Any]:
        """What says where the optics look; belongs to the event of every spectrum."""
        return [] if self.spots is None else [self.spots]

    @property
    def gauges(self) -> dict[str, GaugeOptics]:
        """All gauges by name."""
        ruby = GaugeOptics(
            device=self.ruby, spectrometer=self.spectrometer, light=self.light, spot=CHIP
        )
        return {"ruby": ruby, **self.further_gauges}

    def gauge(self, name: str) -> GaugeOptics:
        """A gauge by name.

        Raises
        ------
        ConfigurationError
            If the station has none of that name.
        """
        found = self.gauges.get(name)
        if found is None:
            raise ConfigurationError(
                f"This station has no gauge {name!r}; it has {', '.join(self.gauges)}. "
                "Declare its spectrometer and its table in the station file."
            )
        return found

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
            "picture": self.picture,
            "spots": self.spots,
            "lamp": self.lamp,
            "lamp_behind": self.lamp_behind,
            "vis": self.vis,
        }
        for name, optics in self.further_gauges.items():
            roles[name] = optics.device
            roles[f"{name}_spectrometer"] = optics.spectrometer
        return {role: device.name for role, device in roles.items() if device is not None}
