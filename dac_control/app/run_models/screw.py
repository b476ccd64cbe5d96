"""Run files of plans that turn the screw."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile, check_gauges
from dac_control.app.run_models.screw_checks import check_placing, check_scales, check_targets
from dac_control.app.station import Station
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import LimitError, RecordError
from dac_control.records import find_run, open_run
from plans.control_run import control_run
from plans.gauge_settings import EdgeSettings, RubySettings, VibronSettings
from plans.instruments import Instruments
from plans.looks import LookRules, Looks
from plans.outliers import OutlierSettings
from plans.pressure_ramp import pressure_ramp
from plans.ramp_looks import ramp_looks
from plans.repeatability import repeatability
from plans.resumption import Resumption
from plans.route import Repeat, Route, check_swing, check_tolerance, route_of
from plans.settings import DwellSettings, HandOverSettings, RampSettings, StepSettings, Targets

__all__ = ["ControlFile", "RampFile", "RepeatFile", "ScrewFile"]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("this says nothing; a control names its run, and what is in its cell")
    return text.strip()


class ScrewFile(RunFile):
    """What the files of all plans that turn the screw have."""

    dwell: Annotated[DwellSettings, NumbersOnly] = DwellSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()
    step: Annotated[StepSettings, NumbersOnly] = StepSettings()
    outliers: Annotated[OutlierSettings, NumbersOnly] = OutlierSettings()
    allow_unmeasured_steps: Annotated[int, Field(ge=0, le=1000, strict=True)] = 0
    """How many steps may stay without a pressure; above 0 every page of the record says so."""

    @property
    def gauges(self) -> tuple[str, ...]:
        """The ruby, and what a ramp has beside it."""
        return ("ruby", *(name for name in self.settings.all_gauges if name != "ruby"))

    @property
    def turns_the_screw(self) -> bool:
        """That is what it does."""
        return True

    @property
    def route(self) -> Route:
        """Where the screw goes."""
        raise NotImplementedError

    def check(self, station: Station) -> None:
        """Hold its steps against the drive, and its tolerance against limits and targets."""
        check_placing(station, self.step)
        check_tolerance(self.route, self.step.tolerance_gpa, station.limits)

    @property
    def settings(self) -> RampSettings:
        """Settings of the ramp."""
        return RampSettings(
            dwell=self.dwell,
            ruby=self.ruby,
            step=self.step,
            outliers=self.outliers,
            allow_unmeasured_steps=self.allow_unmeasured_steps,
        )


class RampFile(ScrewFile):
    """``plan = "pressure_ramp"``."""

    gauge: str | Annotated[tuple[str, ...], Field(min_length=1)] = "ruby"
    """Whose pressure the ramp acts on; or several, in the order in which they take over."""
    also: tuple[str, ...] = ()
    """Gauges that are measured at every step too."""
    edge: Annotated[EdgeSettings, NumbersOnly] = EdgeSettings()
    vibron: Annotated[VibronSettings, NumbersOnly] = VibronSettings()
    handover: Annotated[HandOverSettings, NumbersOnly] = HandOverSettings()
    targets: Annotated[Targets, NumbersOnly]

    @property
    def settings(self) -> RampSettings:
        """Settings of the ramp."""
        first, *then = self.sequence
        return replace(
            super().settings,
            edge=self.edge,
            vibron=self.vibron,
            handover=self.handover,
            gauge=first,
            then=tuple(then),
            also=self.also,
        )

    @property
    def sequence(self) -> tuple[str, ...]:
        """The gauges in the order in which they are in charge."""
        return (self.gauge,) if isinstance(self.gauge, str) else self.gauge

    @property
    def route(self) -> Route:
        """Along the targets."""
        return route_of(self.targets)

    def check(self, station: Station) -> None:
        """Hold every target against the limits, and every gauge against the station's."""
        check_gauges(station, {"gauge": self.sequence, "also": self.also})
        super().check(station)
        for name in ("load", "unload"):
            check_targets(station, self.targets.unit, getattr(self.targets, name), name)
        try:
            self.settings  # noqa: B018 - refuses what contradicts itself
        except LimitError as error:
            raise Impossible("gauge", str(error)) from None
        check_scales(station, self.sequence, (), "gauge")
        legs = self.route.legs if self.targets.unit == "gpa" else ()
        for number, leg in enumerate(legs, start=1):
            key = "targets.load" if leg.sign > 0 else "targets.unload"
            check_scales(station, self.sequence, legs[:number], key)

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Those of the shortest ramp along the targets."""
        return ramp_looks(self.settings, self.route, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the ramp."""
        return self._ramp(instruments, md, None)

    @property
    def instead_of_resuming(self) -> str:
        """Nothing: a ramp reads where the cell is, and goes on from there."""
        return ""

    def resume(self, instruments: Instruments, md: Metadata, resumption: Resumption) -> Plan:
        """Make what is left of the ramp."""
        resumption.require_pressure()
        return self._ramp(instruments, md, resumption)

    def _ramp(self, instruments: Instruments, md: Metadata, resumption: Resumption | None) -> Plan:
        return pressure_ramp(
            instruments, self.targets, settings=self.settings, md=md, resumption=resumption
        )


class ControlFile(RampFile):
    """``plan = "control_run"``: a ramp on an empty or coated cell."""

    controls: Annotated[str, AfterValidator(_not_blank)]
    """Uid of the run that this one controls, or its beginning."""
    contents: Annotated[str, AfterValidator(_not_blank)]
    """What is in the cell instead of the specimen."""

    def check(self, station: Station) -> None:
        """As any ramp; and hold the run that it controls against the station's runs."""
        super().check(station)
        if not station.storage.runs.is_dir():
            return  # another computer's: nobody can look there
        try:
            controlled = open_run(find_run(self.controls, station.storage.runs))
        except RecordError as error:
            raise Impossible(
                "controls",
                f"the run that is controlled must be beside this one, or nobody can compare them: "
                f"{error}",
            ) from None
        specimen = controlled.start.get("specimen")
        if isinstance(specimen, Mapping) and specimen.get("id") == station.specimen.id:
            raise Impossible(
                "contents",
                f"the cell holds {self.contents} now, and specimen.id of the station file is still "
                f"{station.specimen.id!r}, that of the run that is controlled: the control's light "
                "would be charged to it; give what is in the cell an id of its own "
                f"({station.where('specimen.id')})",
            )

    def _ramp(self, instruments: Instruments, md: Metadata, resumption: Resumption | None) -> Plan:
        return control_run(
            instruments,
            self.targets,
            controls=self.controls,
            contents=self.contents,
            settings=self.settings,
            md=md,
            resumption=resumption,
        )


class RepeatFile(ScrewFile):
    """``plan = "repeatability"``."""

    repeat: Annotated[Repeat, NumbersOnly]

    @property
    def route(self) -> Route:
        """Through the pressure and beyond."""
        return route_of(self.repeat)

    def check(self, station: Station) -> None:
        """Hold the highest pressure against the limits, and the swing against the tolerance."""
        check_swing(self.repeat, self.step.tolerance_gpa)
        super().check(station)
        top_gpa = self.repeat.pressure_gpa + self.repeat.swing_gpa
        check_targets(station, "gpa", (top_gpa,), "pressure_gpa", table="repeat")
        check_scales(station, ("ruby",), self.route.legs, "repeat.pressure_gpa")

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Those of the shortest way through all cycles."""
        return ramp_looks(self.settings, self.route, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the repetition."""
        return repeatability(instruments, self.repeat, settings=self.settings, md=md)

    @property
    def instead_of_resuming(self) -> str:
        """Nothing: the journal says how often the screw has turned round."""
        return ""

    def resume(self, instruments: Instruments, md: Metadata, resumption: Resumption) -> Plan:
        """Make the legs that are left."""
        resumption.require_pressure()
        return repeatability(
            instruments, self.repeat, settings=self.settings, md=md, resumption=resumption
        )
