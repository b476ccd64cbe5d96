"""What a run file may hold: one model a plan. Tables map one to one onto the plan's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from bluesky.utils import MsgGenerator
from pydantic import Field

from dac_control.app.station import Station, Strict
from dac_control.app.tables import Positive
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import LimitError
from plans.calibrate_axis import calibrate_axis_plan
from plans.control_run import control_run
from plans.hold import hold
from plans.instruments import Instruments
from plans.measure_gain import measure_gain
from plans.measure_lambda0 import measure_lambda0
from plans.outliers import OutlierSettings
from plans.pressure_ramp import pressure_ramp
from plans.repeatability import repeatability
from plans.route import Repeat
from plans.settings import (
    DwellSettings,
    EdgeSettings,
    HoldSettings,
    RampSettings,
    RubySettings,
    StepSettings,
    Targets,
    TemperatureSettings,
)
from plans.temperature_ramp import cooldown, warmup

__all__ = ["PLANS", "Impossible", "RampFile", "RunFile"]

Plan = MsgGenerator[Any]
Metadata = Mapping[str, Any]


class Impossible(LimitError):
    """A run that this station cannot carry out; `key` is where its file asks for it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class RunFile(Strict):
    """What every run file has."""

    plan: str
    purpose: str = ""
    """One line on why, for the record."""

    @property
    def settings(self) -> RampSettings:
        """Settings of a ramp; the defaults for a plan that is none."""
        return RampSettings()

    def check(self, station: Station) -> None:
        """Raise `Impossible` for what this station cannot do; nothing is asked or moved."""

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the plan, not yet begun; `md` goes into its start document."""
        raise NotImplementedError


def _check_gauges(station: Station, gauges: Mapping[str, Sequence[str]]) -> None:
    """Raise `Impossible` for a gauge that the station does not declare; by the file's key."""
    known = ["ruby"] if station.edge is None else ["ruby", "diamond_edge"]
    for key, names in gauges.items():
        for name in names:
            if name not in known:
                raise Impossible(
                    key,
                    f"this station has no gauge {name!r}, it has {', '.join(known)}; declare "
                    "[edge] and [devices.raman] in the station file for the edge of the anvil",
                )


class ScrewFile(RunFile):
    """What the files of all plans that turn the screw have."""

    dwell: Annotated[DwellSettings, NumbersOnly] = DwellSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()
    step: Annotated[StepSettings, NumbersOnly] = StepSettings()
    outliers: Annotated[OutlierSettings, NumbersOnly] = OutlierSettings()

    @property
    def settings(self) -> RampSettings:
        """Settings of the ramp."""
        return RampSettings(
            dwell=self.dwell, ruby=self.ruby, step=self.step, outliers=self.outliers
        )


class RampFile(ScrewFile):
    """``plan = "pressure_ramp"``."""

    gauge: str = "ruby"
    """The gauge whose pressure the ramp acts on."""
    also: tuple[str, ...] = ()
    """Gauges that are measured at every step too."""
    edge: Annotated[EdgeSettings, NumbersOnly] = EdgeSettings()
    targets: Annotated[Targets, NumbersOnly]

    @property
    def settings(self) -> RampSettings:
        """Settings of the ramp."""
        return replace(super().settings, edge=self.edge, gauge=self.gauge, also=self.also)

    def check(self, station: Station) -> None:
        """Hold every target against the limits, and every gauge against the station's."""
        _check_gauges(station, {"gauge": [self.gauge], "also": self.also})
        for name in ("load", "unload"):
            _check_targets(station, self.targets.unit, getattr(self.targets, name), name)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the ramp."""
        return pressure_ramp(instruments, self.targets, settings=self.settings, md=md)


class ControlFile(RampFile):
    """``plan = "control_run"``: a ramp on an empty or coated cell."""

    controls: Annotated[str, Field(min_length=1)]
    """Uid of the run that this one controls."""
    contents: Annotated[str, Field(min_length=1)]
    """What is in the cell instead of the specimen."""

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the control run."""
        return control_run(
            instruments,
            self.targets,
            controls=self.controls,
            contents=self.contents,
            settings=self.settings,
            md=md,
        )


class RepeatFile(ScrewFile):
    """``plan = "repeatability"``."""

    repeat: Annotated[Repeat, NumbersOnly]

    def check(self, station: Station) -> None:
        """Hold the highest pressure against the limits."""
        top_gpa = self.repeat.pressure_gpa + self.repeat.swing_gpa
        _check_targets(station, "gpa", (top_gpa,), "pressure_gpa", table="repeat")

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the repetition."""
        return repeatability(instruments, self.repeat, settings=self.settings, md=md)


class TemperatureFile(RunFile):
    """``plan = "cooldown"`` or ``"warmup"``."""

    target_k: Positive
    temperature: Annotated[TemperatureSettings, NumbersOnly] = TemperatureSettings()

    def check(self, station: Station) -> None:
        """Hold the target against the cryostat's limits and the specimen's."""
        cryostat, specimen_k = station.devices.cryostat, station.specimen.max_temperature_k
        low_k, high_k = cryostat.min_setpoint_k, cryostat.max_setpoint_k
        if not low_k <= self.target_k <= high_k:
            raise Impossible(
                "target_k",
                f"a target of {self.target_k:g} K is outside {low_k:g} to {high_k:g} K, the "
                "setpoints that [devices.cryostat] allows",
            )
        if specimen_k is not None and self.target_k > specimen_k:
            raise Impossible(
                "target_k",
                f"a target of {self.target_k:g} K is above specimen.max_temperature_k "
                f"({specimen_k:g} K)",
            )

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the ramp of the temperature."""
        make = cooldown if self.plan == "cooldown" else warmup
        return make(instruments, self.target_k, settings=self.temperature, md=md)


class HoldFile(RunFile):
    """``plan = "hold"``."""

    duration_h: Positive
    hold: Annotated[HoldSettings, NumbersOnly] = HoldSettings()

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the hold."""
        return hold(instruments, self.duration_h, settings=self.hold, md=md)


class LambdaZeroFile(RunFile):
    """``plan = "measure_lambda0"``."""

    chip: Annotated[str, Field(min_length=1)]
    readings: Annotated[int, Field(ge=3, le=1000, strict=True)] = 8
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_lambda0(
            instruments, self.chip, readings=self.readings, settings=self.ruby, md=md
        )


class AxisFile(RunFile):
    """``plan = "calibrate_axis"``."""

    lamp: Annotated[str, Field(min_length=1)]
    exposures_s: tuple[Positive, ...] = (0.05, 0.5)
    averages: Annotated[int, Field(ge=1, strict=True)] = 4

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the calibration."""
        return calibrate_axis_plan(
            instruments, self.lamp, exposures_s=self.exposures_s, averages=self.averages, md=md
        )


class GainFile(RunFile):
    """``plan = "measure_gain"``."""

    probe_s: Positive = 0.1
    exposures: Annotated[int, Field(ge=4, le=40, strict=True)] = 8

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_gain(instruments, probe_s=self.probe_s, exposures=self.exposures, md=md)


PLANS: dict[str, type[RunFile]] = {
    "pressure_ramp": RampFile,
    "control_run": ControlFile,
    "repeatability": RepeatFile,
    "cooldown": TemperatureFile,
    "warmup": TemperatureFile,
    "hold": HoldFile,
    "measure_lambda0": LambdaZeroFile,
    "calibrate_axis": AxisFile,
    "measure_gain": GainFile,
}
"""Model of each plan's run file."""


def _check_targets(
    station: Station, unit: str, values: tuple[float, ...], name: str, table: str = "targets"
) -> None:
    try:
        station.limits.check_targets(unit, list(values))
    except LimitError as error:
        raise Impossible(f"{table}.{name}", str(error)) from None
