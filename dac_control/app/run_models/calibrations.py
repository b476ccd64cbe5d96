"""Run files of plans that calibrate."""

from typing import Annotated

from pydantic import Field

from dac_control.app.calibrations import spectrometer_of
from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile, check_gauges
from dac_control.app.station import Station
from dac_control.app.tables import Positive
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import ConfigurationError
from dac_control.gauges.axis_calibration import lamp_lines
from dac_control.records.calibrations import CalibrationKind
from dac_control.records.calibrations_in_use import Need
from plans.calibrate_axis import calibrate_axis_plan
from plans.gauge_settings import RubySettings
from plans.instruments import Instruments
from plans.looks import LookRules, Looks, axis_looks, gain_looks, lambda0_looks
from plans.measure_gain import measure_gain
from plans.measure_lambda0 import measure_lambda0, measure_reference_ruby

__all__ = ["AxisFile", "GainFile", "LambdaZeroFile", "ReferenceFile"]


class LambdaZeroFile(RunFile):
    """``plan = "measure_lambda0"``."""

    chip: Annotated[str, Field(min_length=1)]
    readings: Annotated[int, Field(ge=3, le=1000, strict=True)] = 8
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The ruby."""
        return ("ruby",)

    @property
    def rests_on(self) -> tuple[CalibrationKind, ...]:
        """Its axis and its detector."""
        return ("axis", "gain")

    def brings(self, station: Station) -> tuple[Need, ...]:
        """R1 of the chip, where the station states a first one that this can follow."""
        return (("lambda0", self.chip),) if station.gauge.lambda0_known else ()

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every reading."""
        return lambda0_looks("ruby", self.ruby, self.readings, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_lambda0(
            instruments, self.chip, readings=self.readings, settings=self.ruby, md=md
        )


class ReferenceFile(LambdaZeroFile):
    """``plan = "measure_reference_ruby"``."""

    def brings(self, station: Station) -> tuple[Need, ...]:
        """Nothing that another plan asks for."""
        return ()

    def check(self, station: Station) -> None:
        """Ask for a reference ruby of the station."""
        if station.gauge.reference_ruby is None:
            raise Impossible(
                "plan",
                "this station has no ruby outside the pressure chamber; declare "
                "[gauge.reference_ruby] in the station file",
            )

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every reading, beside the cell."""
        return lambda0_looks("reference_ruby", self.ruby, self.readings, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_reference_ruby(
            instruments, self.chip, readings=self.readings, settings=self.ruby, md=md
        )


class AxisFile(RunFile):
    """``plan = "calibrate_axis"``."""

    lamp: Annotated[str, Field(min_length=1)]
    gauge: str = "ruby"
    """Whose spectrometer is calibrated."""
    exposures_s: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.05, 0.5)
    averages: Annotated[int, Field(ge=1, strict=True)] = 4

    def check(self, station: Station) -> None:
        """Ask for a gauge of the station, and a lamp whose lines are known."""
        check_gauges(station, {"gauge": [self.gauge]})
        try:
            lamp_lines(self.lamp)
        except ConfigurationError as error:
            raise Impossible("lamp", str(error)) from None

    def brings(self, station: Station) -> tuple[Need, ...]:
        """The axis of that spectrometer."""
        return (("axis", spectrometer_of(station, self.gauge)),)

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every exposure."""
        return axis_looks(self.gauge, self.exposures_s, self.averages)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the calibration."""
        return calibrate_axis_plan(
            instruments,
            self.lamp,
            gauge=self.gauge,
            exposures_s=self.exposures_s,
            averages=self.averages,
            md=md,
        )


class GainFile(RunFile):
    """``plan = "measure_gain"``."""

    gauge: str = "ruby"
    """Whose spectrometer is measured."""
    probe_s: Positive = 0.1
    exposures: Annotated[int, Field(ge=4, le=40, strict=True)] = 8

    def check(self, station: Station) -> None:
        """Ask for a gauge and a lamp of the station."""
        check_gauges(station, {"gauge": [self.gauge]})
        if station.devices.lamp is None:
            raise Impossible(
                "plan",
                "a photon transfer curve needs light that can be switched off; declare "
                "[devices.lamp] in the station file",
            )

    def brings(self, station: Station) -> tuple[Need, ...]:
        """Gain and read noise of that spectrometer."""
        return (("gain", spectrometer_of(station, self.gauge)),)

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """The first exposure."""
        return gain_looks(self.gauge, self.probe_s)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_gain(
            instruments, gauge=self.gauge, probe_s=self.probe_s, exposures=self.exposures, md=md
        )
