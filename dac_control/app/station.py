"""The station file: what stands on the table, its limits, where data go."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from dac_control.app.toml_file import NumbersOnly, parse_toml, read_text
from dac_control.gauges import CORRECTIONS, SCALES
from dac_control.safety.limits import StepLimits

__all__ = [
    "BaslerCamera",
    "LakeShoreCryostat",
    "OceanSpectrometer",
    "Station",
    "ZaberDrive",
    "load_station",
    "load_station_and_text",
]

# strict: neither "0.8" nor true is a number
Positive = Annotated[float, Field(gt=0, strict=True)]
NonNegative = Annotated[float, Field(ge=0, strict=True)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Strict(BaseModel):
    """A table of the file in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class General(Strict):
    """``[station]``."""

    name: str
    simulated: Annotated[bool, Field(strict=True)] = False
    """True for simulated instruments: every document, figure and page then says so."""
    operator: str = ""


class Clock(Strict):
    """``[clock]``."""

    speed: Positive = 1.0
    """Laboratory seconds per second; other than 1 only in front of simulated instruments."""


class Storage(Strict):
    """``[storage]``; paths are relative to the station file."""

    runs: Path = Path("runs")
    state: Path = Path("state")


class Cell(Strict):
    """``[cell]``: the diamond anvil cell."""

    id: str
    type: str = ""
    culet_um: Positive | None = None
    bevel: str = ""
    gasket: str = ""
    hole_um: Positive | None = None


class Specimen(Strict):
    """``[specimen]``: what is inside."""

    id: str
    material: str = ""
    ptm: str = ""


class LambdaZero(Strict):
    """``[gauge.lambda0]``: ruby line at zero pressure, measured, never assumed."""

    value_nm: Annotated[float, Field(gt=690, lt=698, strict=True)]
    sigma_nm: Positive
    chip: str
    date: date
    temperature_k: Positive


def _known_scale(name: str) -> str:
    if name not in SCALES:
        raise ValueError(f"no such ruby scale; there are {', '.join(SCALES)}")
    return name


def _known_correction(name: str) -> str:
    if name not in CORRECTIONS:
        raise ValueError(f"no such temperature correction; there are {', '.join(CORRECTIONS)}")
    return name


def _always_several(found: Any) -> Any:
    return (found,) if isinstance(found, Mapping) else found


class StrengthRatio(Strict):
    """``[gauge.strength_ratio]``: R2 over R1 of the chip without the thermal factor."""

    value: Annotated[float, Field(gt=0, lt=5, strict=True)]
    sigma: Positive
    """Standard uncertainty, absolute."""


class Gauge(Strict):
    """``[gauge]``: how light becomes pressure.

    What is optional and not stated is a term of 0 in the budget that says so.
    """

    name: Literal["ruby"] = "ruby"
    scale: Annotated[str, AfterValidator(_known_scale)]
    temperature_correction: Annotated[str, AfterValidator(_known_correction)] = "datchi2007"
    lambda0: Annotated[
        tuple[LambdaZero, ...], Field(min_length=1), BeforeValidator(_always_several)
    ]
    """One table, or ``[[gauge.lambda0]]`` for each temperature that it was measured at."""
    axis_sigma_nm: NonNegative
    """Standard uncertainty of the wavelength axis since lambda0 was measured on it."""
    temperature_sigma_k: NonNegative
    """Standard uncertainty of the cell's sensor."""
    axis_offset_sigma_nm: NonNegative | None = None
    """Standard uncertainty of the whole axis on the day of lambda0."""
    axis_offset_correlation: Annotated[float, Field(ge=-1, le=1, strict=True)] = 1.0
    """Of that error in the line with that in lambda0; 1 for one spectrometer."""
    axis_dispersion_sigma: NonNegative | None = None
    """Relative standard uncertainty of distances on the axis."""
    uniaxial_stress_gpa: NonNegative | None = None
    """Uniaxial stress at the chip."""
    gradient_gpa: NonNegative | None = None
    """Largest difference of pressure across the chip."""
    strength_ratio: StrengthRatio | None = None
    """Makes the chip a thermometer."""

    @field_validator("lambda0")
    @classmethod
    def _one_chip(cls, several: tuple[LambdaZero, ...]) -> tuple[LambdaZero, ...]:
        chips = sorted({each.chip for each in several})
        if len(chips) > 1:
            raise ValueError(f"these are of the chips {', '.join(chips)}; give those of one chip")
        return several


class LakeShoreCryostat(Strict):
    """``[devices.cryostat]`` with a Lake Shore 336."""

    driver: Literal["lakeshore336"]
    name: Name = "cryostat"
    address: str
    serial: str | None = None
    stage_input: Literal["A", "B", "C", "D"] = "A"
    cell_input: Literal["A", "B", "C", "D"] = "B"
    output: Annotated[int, Field(ge=1, le=2, strict=True)] = 1
    min_setpoint_k: Positive = 1.0
    max_setpoint_k: Positive = 310.0
    rate_k_per_min: Annotated[float, Field(ge=0.1, le=100, strict=True)] = 1.0

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.min_setpoint_k >= self.max_setpoint_k:
            raise ValueError(
                f"min_setpoint_k ({self.min_setpoint_k}) must lie below max_setpoint_k "
                f"({self.max_setpoint_k})"
            )
        if self.stage_input == self.cell_input:
            raise ValueError("stage_input and cell_input name the same sensor")
        return self


class ZaberDrive(Strict):
    """``[devices.drive]`` with a Zaber ASCII controller."""

    driver: Literal["zaber"]
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
    nodes: dict[str, bool | int | float | str] = {}
    """GenICam nodes set on connection, in this order."""
    environment: dict[str, str] = {}
    """Environment variables that the vendor's library reads when it is loaded."""


class Devices(Strict):
    """``[devices]``: one table per role."""

    cryostat: LakeShoreCryostat
    drive: ZaberDrive
    spectrometer: OceanSpectrometer
    microscope: BaslerCamera | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        present = [self.cryostat, self.drive, self.spectrometer, self.microscope]
        names = [device.name for device in present if device is not None]
        taken = {"ruby", "clock", "step"}
        for name in names:
            if names.count(name) > 1 or name in taken:
                raise ValueError(f"the name {name!r} is used twice or reserved")
        return self


class Station(Strict):
    """A whole station file."""

    station: General
    clock: Clock = Clock()
    storage: Storage = Storage()
    cell: Cell
    specimen: Specimen
    gauge: Gauge
    limits: Annotated[StepLimits, NumbersOnly]
    devices: Devices

    @model_validator(mode="after")
    def _only_simulators_run_fast(self) -> Self:
        if self.clock.speed != 1.0 and not self.station.simulated:
            raise ValueError(
                f"clock.speed is {self.clock.speed:g}, but real instruments run at speed 1; "
                "set station.simulated = true only for simulated ones"
            )
        return self


def load_station(path: Path) -> Station:
    """Read a station file; see `load_station_and_text`."""
    return load_station_and_text(path)[0]


def load_station_and_text(path: Path) -> tuple[Station, str]:
    """Read a station file, make its storage paths absolute, and return its text too.

    Raises
    ------
    ConfigurationError
        Naming file, line and key of each mistake.
    """
    path = path.resolve()
    text = read_text(path)
    station = parse_toml(text, Station, path)
    storage = Storage(
        runs=path.parent / station.storage.runs, state=path.parent / station.storage.state
    )
    return station.model_copy(update={"storage": storage}), text
