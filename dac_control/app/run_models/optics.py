"""Run files of plans that look at several places of the cell, or closely at one."""

from typing import Annotated, Literal

from pydantic import Field

from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile, check_gauges
from dac_control.app.run_models.screw import ScrewFile
from dac_control.app.run_models.screw_checks import check_targets
from dac_control.app.station import Station
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import ConfigurationError
from devices.drivers.spot_role import SAMPLE, home_of
from plans.close_and_seal import check_rise, close_and_seal
from plans.gauge_settings import EdgeSettings, RubySettings, VibronSettings
from plans.instruments import Instruments
from plans.looks import LookRules, Looks, beside_ruby_looks, map_looks
from plans.measure_edge import measure_edge
from plans.measure_vibron import check_line, measure_vibron
from plans.optics_settings import Closing
from plans.pressure_map import pressure_map
from plans.ramp_looks import closing_looks
from plans.route import Route, route_of
from plans.settings import RampSettings, Targets

__all__ = ["ClosingFile", "EdgeFile", "MapFile", "VibronFile", "check_spots"]

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
        try:
            check_line(self.gauge, () if station.vibron is None else (station.vibron.gauge,))
        except ConfigurationError as error:
            raise Impossible("gauge", str(error)) from None
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


class ClosingFile(ScrewFile):
    """``plan = "close_and_seal"``."""

    closing: Annotated[Closing, NumbersOnly]

    @property
    def route(self) -> Route:
        """To the last turns, at the furthest."""
        return route_of(Targets.turns([self.closing.last_turns]))

    def check(self, station: Station) -> None:
        """Hold the last turns and the rise against the limits."""
        super().check(station)
        turns = (self.closing.last_turns,)
        check_targets(station, "turns", turns, "last_turns", table="closing")
        check_rise(self.closing, station.limits, station.scale_spans_gpa["ruby"][1])

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
