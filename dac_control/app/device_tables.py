"""Tables of the station file that declare an instrument each: ``[devices.ROLE]``."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from dac_control.app.light_tables import (
    Cobolt06Laser,
    LampBehindTable,
    LineLampTable,
    WhiteLampTable,
)
from dac_control.app.tables import Name, NonNegative, Positive, Strict
from devices.drivers.spot_role import CHIP

__all__ = [
    "REFERENCE_SPOT",
    "BaslerCamera",
    "Devices",
    "Drive",
    "LakeShoreCryostat",
    "ManualScrew",
    "ManualStage",
    "OceanSpectrometer",
    "ZaberDrive",
]

Place = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 _-]{0,39}$")]
"""Name of a place that optics can look at, and that light is charged to."""
Current = Annotated[float, Field(ge=0.02, le=6.0, strict=True)]
"""Amperes; a Zaber counts in 20 mA."""
REFERENCE_SPOT = "reference ruby"
"""Where the ruby outside the pressure chamber is."""


class LakeShoreCryostat(Strict):
    """``[devices.cryostat]`` with a Lake Shore 336."""

    driver: Literal["lakeshore336"]
    name: Name = "cryostat"
    address: str
    serial: str | None = None
    stage_input: Literal["A", "B", "C", "D"] = "A"
    cell_input: Literal["A", "B", "C", "D"] = "B"
    output: Annotated[int, Field(ge=1, le=2, strict=True)] = 1
    min_setpoint_k: Positive = 4.0
    """What it reaches with the cell in it: colder than by default is reached where somebody says
    so."""
    max_setpoint_k: Positive = 310.0
    rate_k_per_min: Annotated[float, Field(ge=0.1, le=100, strict=True)] = 1.0
    shutdown_k: Positive | None = None
    """Above it the instrument itself switches its heaters off (TLIMIT of both inputs); written
    into it before a run."""
    max_heater_range: Annotated[int, Field(ge=1, le=3, strict=True)] = 3
    """Highest range of the heater (1 low, 2 medium, 3 high); written into it before a run."""
    max_heater_current_a: Annotated[float, Field(ge=0.01, le=2.0, strict=True)] | None = None
    """Highest current of the heater's output (HTRSET); written into it before a run."""

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.min_setpoint_k >= self.max_setpoint_k:
            raise ValueError(
                f"min_setpoint_k ({self.min_setpoint_k}) must lie below max_setpoint_k "
                f"({self.max_setpoint_k})"
            )
        if self.shutdown_k is not None and self.shutdown_k <= self.max_setpoint_k:
            raise ValueError(
                f"shutdown_k ({self.shutdown_k}) must lie above max_setpoint_k "
                f"({self.max_setpoint_k}): the heaters would go off on the way there"
            )
        if self.stage_input == self.cell_input:
            raise ValueError("stage_input and cell_input name the same sensor")
        return self


def _known_drive(name: Any) -> Any:
    if name != "zaber":
        raise ValueError('no such driver of a screw; there are "zaber" and "manual"')
    return name


class ZaberDrive(Strict):
    """``[devices.drive]`` with a Zaber ASCII controller."""

    driver: Annotated[Literal["zaber"], BeforeValidator(_known_drive)]
    name: Name = "drive"
    address: str
    serial: str | None = None
    device: Annotated[int, Field(ge=1, le=99, strict=True)] = 1
    axis: Annotated[int, Field(ge=1, le=9, strict=True)] = 1
    steps_per_rev: Annotated[int, Field(ge=1, strict=True)] = 200
    microsteps: Annotated[int, Field(ge=1, strict=True)] = 64
    gear_ratio: Annotated[float, Field(strict=True)]
    tolerance_turns: Positive = 1e-4
    move_timeout_s: Positive = 900.0
    max_run_current_a: Current | None = None
    """Highest current of the turning motor, which bounds its torque; written into the drive
    before a run."""
    max_hold_current_a: Current | None = None
    """Highest current of the standing motor; written into the drive before a run."""


class ManualScrew(Strict):
    """``[devices.drive]`` with a key in a person's hand."""

    driver: Literal["manual"]
    name: Name = "drive"
    divisions: Annotated[int, Field(ge=1, le=3600, strict=True)] = 72
    """Marks of the key's scale on one turn."""
    clockwise_loads: Annotated[bool, Field(strict=True)] = True
    tolerance_turns: Positive = Field(default_factory=lambda known: 0.5 / known["divisions"])
    """How far from the target a person may end, half a division if not stated. What was read is
    what counts; a ramp keeps its bounds for a move that ends this far beyond."""
    patience_s: Positive = 7 * 24 * 3600.0
    """How long a question may wait for somebody, laboratory seconds."""

    @property
    def move_timeout_s(self) -> float:
        """A move lasts as long as the question waits."""
        return self.patience_s

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if self.tolerance_turns < 0.5 / self.divisions:
            raise ValueError(
                f"tolerance_turns ({self.tolerance_turns:g}) is finer than half a division of the "
                f"scale (1/{self.divisions} turn)"
            )
        return self


class OceanSpectrometer(Strict):
    """``[devices.spectrometer]`` with an Ocean instrument under seabreeze."""

    driver: Literal["ocean"]
    name: Name = "spectrometer"
    model: str
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535, strict=True)] | None = None
    serial: str | None = None
    gain_e_per_count: Positive | None = None
    read_noise_e: NonNegative | None = None
    dark_counts: NonNegative | None = None


class BaslerCamera(Strict):
    """``[devices.microscope]`` with a Basler camera under pypylon."""

    driver: Literal["basler"]
    name: Name = "microscope"
    serial: str
    exposure_ms: Positive
    pixel_format: str = "Mono8"
    roi: tuple[int, int, int, int] | None = None
    """Offset x, offset y, width, height in pixels."""
    nodes: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """GenICam nodes set on connection, in this order."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Environment variables that the vendor's library reads when it is loaded."""
    um_per_pixel: Positive | None = None
    """Size of a pixel on the culet; without it the hole is measured in pixels."""
    um_per_pixel_sigma: NonNegative = 0.0
    """Its standard uncertainty."""
    black_counts: NonNegative = 0.0
    """What a pixel shows without light."""
    culet_centre_px: tuple[float, float] | None = None
    """Column and row of the culet's middle; without it the hole's distance to the rim is not
    known."""


class ManualStage(Strict):
    """``[devices.spots]``: a stage that a person moves, so that the optics look elsewhere."""

    driver: Literal["manual"]
    name: Name = "spots"
    places: Annotated[tuple[Place, ...], Field(min_length=2)]
    """Places that the optics of all spectrometers can look at, ``chip`` among them: ``chip 2``,
    ``sample``, ``gasket``, ``anvil near``, ``anvil far``, ``reference ruby``."""
    patience_s: Positive = 24 * 3600.0
    """How long a question may wait for somebody, laboratory seconds."""

    @property
    def move_timeout_s(self) -> float:
        """A move lasts as long as the question waits."""
        return self.patience_s

    @model_validator(mode="after")
    def _has_the_chip(self) -> Self:
        if len(set(self.places)) < len(self.places):
            raise ValueError("a place is named twice")
        if CHIP not in self.places:
            raise ValueError(f'the place "{CHIP}", where the ruby is, must be among places')
        return self


def _tag_of_drive(table: Any) -> str:
    driver = table.get("driver") if isinstance(table, Mapping) else getattr(table, "driver", None)
    return "tag:manual" if driver == "manual" else "tag:zaber"


Drive = Annotated[
    Annotated[ZaberDrive, Tag("tag:zaber")] | Annotated[ManualScrew, Tag("tag:manual")],
    Discriminator(_tag_of_drive),
]
"""What turns the screw: a motor, or a person."""


class Devices(Strict):
    """``[devices]``: one table per role."""

    cryostat: LakeShoreCryostat
    drive: Drive
    spectrometer: OceanSpectrometer
    microscope: BaslerCamera | None = None
    laser: Cobolt06Laser | None = None
    raman: OceanSpectrometer | None = None
    """A second spectrometer, for the edge of the anvil; write a `name` of its own."""
    vis: OceanSpectrometer | None = None
    """A third one, for white light; without it reflectance is seen by the ruby's."""
    spots: ManualStage | None = None
    """What decides where the optics look; without it each spectrometer sees one place."""
    lamp: WhiteLampTable | None = None
    lamp_behind: LampBehindTable | None = None
    line_lamp: LineLampTable | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        present = [getattr(self, role) for role in type(self).model_fields]
        names = [device.name for device in present if device is not None]
        taken = {"ruby", "clock", "step", "workbench", "picture", "diamond_edge", "vibron"}
        for name in names:
            if names.count(name) > 1 or name in taken:
                raise ValueError(f"the name {name!r} is used twice or reserved")
        return self
