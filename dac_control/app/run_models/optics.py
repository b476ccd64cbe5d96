"""Run files of plans that look at several places of the cell, or closely at one."""

from typing import Annotated, Literal

from pydantic import Field

from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile, check_gauges
from dac_control.app.run_models.screw import ScrewFile, check_placing, check_targets
from dac_control.app.station import Station
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import ConfigurationError
from dac_control.reflectance.names import FORBIDDEN_WORD, checked_name
from devices.drivers.spot_role import GASKET, SAMPLE, home_of
from plans.close_and_seal import close_and_seal
from plans.gauge_settings import EdgeSettings, RubySettings, VibronSettings
from plans.instruments import Instruments
from plans.looks import (
    LookRules,
    Looks,
    beside_ruby_looks,
    map_looks,
    reflectance_looks,
)
from plans.measure_edge import measure_edge
from plans.measure_reflectance import Bounces, ThroughTheCell, measure_reflectance
from plans.measure_vibron import measure_vibron
from plans.optics_settings import Closing, ReflectanceSettings
from plans.pressure_map import pressure_map
from plans.ramp_looks import closing_looks
from plans.settings import RampSettings

__all__ = ["ClosingFile", "EdgeFile", "MapFile", "ReflectanceFile", "VibronFile", "check_words"]

Readings = Annotated[int, Field(ge=1, le=1000, strict=True)]


def check_spots(station: Station, gauge: str, spots: dict[str, str]) -> None:
    """Raise `Impossible` for a place that the optics of a gauge do not find; by the file's key."""
    home = home_of(gauge)
    stage = station.devices.spots
    known = () if stage is None else stage.places
    for key, spot in spots.items():
        if spot in known or (spot == home and home not in known):
            continue
        raise Impossible(
            key,
            f"the optics of this station cannot look at {spot!r}, they look at "
            f"{', '.join(known) or home}; name it in places of [devices.spots] in the station "
            "file, if somebody can find it",
        )


def check_words(key: str, text: str, where: str = "") -> None:
    """Raise `Impossible` for a text beside a reflectance that says what it cannot show."""
    if FORBIDDEN_WORD in text.lower():
        raise Impossible(
            key,
            f"{text!r}{where} says more than reflectance alone can show, and would stand on its "
            "page; name what was loaded, for example 'hydrogen'",
        )


class EdgeFile(RunFile):
    """``plan = "measure_edge"``."""

    anvil: Literal["near", "far"] = "near"
    readings: Readings = 3
    edge: Annotated[EdgeSettings, NumbersOnly] = EdgeSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The edge, and the ruby beside it."""
        return ("ruby", "diamond_edge")

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every reading of both."""
        spot, settings = f"anvil {self.anvil}", (self.edge, self.ruby)
        return beside_ruby_looks("diamond_edge", spot, self.readings, settings, rules)

    def check(self, station: Station) -> None:
        """Hold gauge and anvil against what the station has and finds."""
        check_gauges(station, {"plan": ["diamond_edge"]})
        check_spots(station, "diamond_edge", {"anvil": f"anvil {self.anvil}"})

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_edge(
            instruments,
            self.anvil,
            readings=self.readings,
            settings=self.edge,
            ruby=self.ruby,
            md=md,
        )


class VibronFile(RunFile):
    """``plan = "measure_vibron"``."""

    gauge: str = "h2_vibron"
    spot: str = SAMPLE
    readings: Readings = 3
    must_be_seen: Annotated[bool, Field(strict=True)] = True
    """Hold where no reading shows the line."""
    vibron: Annotated[VibronSettings, NumbersOnly] = VibronSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The line, and the ruby beside it."""
        return ("ruby", self.gauge)

    def check(self, station: Station) -> None:
        """Hold gauge and place against what the station has and finds."""
        check_gauges(station, {"gauge": [self.gauge]})
        check_spots(station, self.gauge, {"spot": self.spot})

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every reading of both."""
        settings = (self.vibron, self.ruby)
        return beside_ruby_looks(self.gauge, self.spot, self.readings, settings, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_vibron(
            instruments,
            self.gauge,
            spot=self.spot,
            readings=self.readings,
            must_be_seen=self.must_be_seen,
            settings=self.vibron,
            ruby=self.ruby,
            md=md,
        )


class MapFile(RunFile):
    """``plan = "pressure_map"``."""

    spots: Annotated[tuple[str, ...], Field(min_length=2)]
    """Places, the first of which the others are compared with."""
    gauge: str = "ruby"
    rounds: Annotated[int, Field(ge=1, le=1000, strict=True)] = 2
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()
    edge: Annotated[EdgeSettings, NumbersOnly] = EdgeSettings()

    @property
    def settings(self) -> RampSettings:
        """How spectra are taken."""
        return RampSettings(ruby=self.ruby, edge=self.edge)

    @property
    def gauges(self) -> tuple[str, ...]:
        """The one that is mapped, and the ruby."""
        return ("ruby", self.gauge)

    def check(self, station: Station) -> None:
        """Hold gauge and places against what the station has and finds."""
        check_gauges(station, {"gauge": [self.gauge]})
        if len(set(self.spots)) < len(self.spots):
            raise Impossible("spots", f"a place is named twice in {', '.join(self.spots)}")
        for spot in self.spots:
            check_spots(station, self.gauge, {"spots": spot})

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every reading."""
        return map_looks(self.spots, self.gauge, self.rounds, self.settings, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the map."""
        return pressure_map(
            instruments,
            self.spots,
            gauge=self.gauge,
            rounds=self.rounds,
            settings=self.settings,
            md=md,
        )


class ReflectanceFile(RunFile):
    """``plan = "measure_reflectance"``."""

    sample: Annotated[str, Field(min_length=1)]
    """What was loaded, as the sentences of the report call it."""
    through: str = ""
    """Place at which light of the lamp behind passes the cell: with it the absorption of the
    anvils is measured."""
    unstressed: Annotated[bool, Field(strict=True)] = False
    """The cell bears no load: keep what passes it, which later readings are compared with."""
    bounces: Bounces = "unknown"
    reflectance: Annotated[ReflectanceSettings, NumbersOnly] = ReflectanceSettings()
    transmission: Annotated[ReflectanceSettings, NumbersOnly] = ReflectanceSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The ruby, which says at which pressure."""
        return ("ruby",)

    def check(self, station: Station) -> None:
        """Hold lamp, places and name against what the station has, and what can be claimed."""
        if station.devices.lamp is None:
            raise Impossible(
                "plan",
                "reflectance needs white light that can be switched off; declare [devices.lamp] "
                "in the station file",
            )
        for spot in (GASKET, SAMPLE):
            check_spots(station, "ruby", {"plan": spot})
        self._check_through(station)
        try:
            checked_name("sample", self.sample)
        except ConfigurationError as error:
            raise Impossible("sample", str(error)) from None
        # they stand on the page of the reflectance, too
        check_words("purpose", self.purpose)
        for name in ("id", "material", "contents"):
            where = station.where(f"specimen.{name}")
            check_words("plan", getattr(station.specimen, name), f" ({where})")

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """The white light and the ruby."""
        passes = (self.through, self.transmission) if self.through else None
        return reflectance_looks(self.reflectance, self.ruby, rules, passes)

    def _check_through(self, station: Station) -> None:
        if self.unstressed and not self.through:
            raise Impossible(
                "unstressed",
                "what passes the anvils without load is read where light passes; give `through`, "
                "a place of [devices.spots]",
            )
        if "transmission" in self.model_fields_set and not self.through:
            raise Impossible(
                "transmission",
                "this says how light through the cell is taken, and none is; give `through`, a "
                "place of [devices.spots], or leave the table out",
            )
        if self.through and station.devices.lamp_behind is None:
            raise Impossible(
                "through",
                "light through the cell needs a lamp behind it; declare [devices.lamp_behind] in "
                "the station file",
            )
        if self.through:
            check_spots(station, "ruby", {"through": self.through})

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the measurement."""
        return measure_reflectance(
            instruments,
            self.sample,
            settings=self.reflectance,
            ruby=self.ruby,
            through=self._through,
            bounces=self.bounces,
            md=md,
        )

    @property
    def _through(self) -> ThroughTheCell | None:
        if not self.through:
            return None
        return ThroughTheCell(
            spot=self.through, settings=self.transmission, unstressed=self.unstressed
        )


class ClosingFile(ScrewFile):
    """``plan = "close_and_seal"``."""

    closing: Annotated[Closing, NumbersOnly]

    def check(self, station: Station) -> None:
        """Hold the last turns against the limits."""
        check_placing(station, self.step)
        turns = (self.closing.last_turns,)
        check_targets(station, "turns", turns, "last_turns", table="closing")

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Those of the shortest closing."""
        return closing_looks(self.settings, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the closing."""
        return close_and_seal(instruments, self.closing, settings=self.settings, md=md)

    @property
    def instead_of_resuming(self) -> str:
        """A run file of its own: the rise that seals a cell counts from the first step."""
        return (
            "The rise of pressure that seals a cell counts from its own first step, so half of it "
            "would be asked for twice: write a run file whose closing.rise_gpa is what is still "
            "missing."
        )
