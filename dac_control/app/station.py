"""The station file: what stands on the table, its limits, where data go."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dac_control.app.cell_tables import Cell, Specimen, loading_of
from dac_control.app.device_tables import (
    REFERENCE_SPOT,
    BaslerCamera,
    Devices,
    LakeShoreCryostat,
    ManualScrew,
    OceanSpectrometer,
    ZaberDrive,
)
from dac_control.app.gauge_tables import Gauge
from dac_control.app.index_tables import IndexTable
from dac_control.app.light_tables import Cobolt06Laser, LightTable
from dac_control.app.notify_tables import NotifyTable
from dac_control.app.queue_tables import QueueTable
from dac_control.app.raman_tables import Edge, Vibron
from dac_control.app.reflectance_tables import GasketReflectance
from dac_control.app.rule_tables import Rules, refuse_unreadable
from dac_control.app.station_light import arm_needs, lit_places, refuse_light, refuse_limits
from dac_control.app.supplies_tables import SuppliesTable
from dac_control.app.tables import Positive, Strict
from dac_control.app.toml_file import FromFile, NumbersOnly, parse_toml, read_text
from dac_control.gauges import SCALES, scales_of
from dac_control.records.calibrations_in_use import CalibrationAges
from dac_control.reflectance import Loading
from dac_control.safety.limits import StepLimits
from plans.gauge_ranges import Span, span_gpa
from plans.looks import LookRules
from plans.optics_settings import ReflectanceSettings

__all__ = [
    "BaslerCamera",
    "Cobolt06Laser",
    "LakeShoreCryostat",
    "ManualScrew",
    "OceanSpectrometer",
    "Station",
    "Strict",
    "ZaberDrive",
    "load_station",
    "load_station_and_text",
]


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


class Rehearsal(Strict):
    """``[rehearsal]``: what a rehearsal has to know and no other table says."""

    start_temperature_k: Annotated[float, Field(ge=1.5, le=400, strict=True)] = 80.0
    """Where stage and cell have settled when the run begins. Where it is written, the light of a
    run file that moves the temperature is weighed from there, too."""
    cooling: Literal["closed_cycle", "helium_flow"] = "closed_cycle"
    """What cools: a machine, or liquid helium that is used up."""
    cell: Literal["four_pin", "bevelled", "toroidal"] | None = None
    """Kind of cell that the twin is; by default what `cell.type` and `cell.bevel` sound like."""
    realistic: Annotated[bool, Field(strict=True)] = False
    """With everything that disturbs: spectra outside of what the analysis assumes (line shapes,
    fringes, cosmic rays), jumps of the screw, drifts, and failures. Otherwise ruby lines are the
    two Voigt profiles of the fit, and nothing of that happens."""


class Station(FromFile):
    """A whole station file."""

    station: General
    clock: Clock = Clock()
    storage: Storage = Storage()
    cell: Cell
    specimen: Specimen
    gauge: Gauge
    edge: Edge | None = None
    vibron: Vibron | None = None
    limits: Annotated[StepLimits, NumbersOnly]
    calibrations: Annotated[CalibrationAges, NumbersOnly] = CalibrationAges()
    light: LightTable = LightTable()
    reflectance: Annotated[ReflectanceSettings, NumbersOnly] = ReflectanceSettings()
    """How it is taken where `light.arm_needs` asks for it."""
    gasket_reflectance: GasketReflectance | None = None
    rules: Rules = ()
    notify: NotifyTable | None = None
    index: IndexTable | None = None
    queue: QueueTable | None = None
    supplies: SuppliesTable = SuppliesTable()
    devices: Devices
    rehearsal: Rehearsal = Rehearsal()

    @model_validator(mode="after")
    def _raman_lines_are_seen(self) -> Self:
        lines = [name for name in ("edge", "vibron") if getattr(self, name) is not None]
        if bool(lines) != (self.devices.raman is not None):
            raise ValueError(
                "[edge] or [vibron], and [devices.raman], belong together: a gauge, and the "
                "spectrometer that sees it; one of them is missing"
            )
        return self

    @model_validator(mode="after")
    def _the_reference_is_found(self) -> Self:
        spots = self.devices.spots
        places = () if spots is None else spots.places
        if self.gauge.reference_ruby is not None and REFERENCE_SPOT not in places:
            raise ValueError(
                f"[gauge.reference_ruby] is looked at at every step, and {REFERENCE_SPOT!r} is not "
                "among places of [devices.spots]; name it there"
            )
        return self

    @model_validator(mode="after")
    def _light_is_accounted_for(self) -> Self:
        refuse_light(self.devices, self.light, self.limits)
        refuse_limits(self.light.limits, self.lit_places)
        return self

    @property
    def scale_spans_gpa(self) -> dict[str, Span]:
        """Pressures that each gauge may be in charge at, by gauge; see `span_gpa`."""
        spans = {"ruby": span_gpa(SCALES[self.gauge.scale])}
        if self.edge is not None:
            spans["diamond_edge"] = span_gpa(scales_of("diamond_edge")[self.edge.scale])
        if self.vibron is not None:
            spans[self.vibron.gauge] = span_gpa(self.vibron.load_scale())
        return spans

    @property
    def gauge_names(self) -> tuple[str, ...]:
        """The gauges that it has, the ruby first."""
        edge = () if self.edge is None else ("diamond_edge",)
        return ("ruby", *edge, *(() if self.vibron is None else (self.vibron.gauge,)))

    @property
    def loading(self) -> Loading:
        """Which anvils and which piece of gasket stand in the optics."""
        return loading_of(self.cell, self.specimen)

    @property
    def arm_needs(self) -> tuple[str, ...]:
        """What must be on record before a laser shoots at high pressure."""
        return arm_needs(self.devices, self.light, self.limits)

    @property
    def lit_places(self) -> dict[str, tuple[str, ...]]:
        """Places where each light that it accounts for can fall, by the light's label."""
        return lit_places(self.devices, self.light, self.gauge_names)

    @property
    def look_rules(self) -> LookRules:
        """What of it adds to the looks of every plan."""
        armed = self.devices.laser is not None and "reflectance" in self.arm_needs
        said = "start_temperature_k" in self.rehearsal.model_fields_set
        return LookRules(
            limits=self.limits,
            reference=self.gauge.reference_ruby is not None,
            armed_by=self.reflectance if armed else None,
            armed_from_gpa=self.light.arm_above_gpa,
            cell_k=self.rehearsal.start_temperature_k if said else None,
            cell_k_by="rehearsal.start_temperature_k of the station file",
            rate_k_per_min=self.devices.cryostat.rate_k_per_min,
        )

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
    refuse_unreadable(station.rules, station.devices, text, path)
    storage = Storage(
        runs=path.parent / station.storage.runs, state=path.parent / station.storage.state
    )
    vibron = None if station.vibron is None else station.vibron.beside(path.parent)
    found = station.model_copy(update={"storage": storage, "vibron": vibron})
    found.read_from(path, text)
    return found, text
