"""Run file of a reflectance, and the words that may not stand on its page."""

from typing import Annotated

from pydantic import Field

from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile, check_gauges
from dac_control.app.run_models.optics import check_spots
from dac_control.app.station import Station
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import ConfigurationError
from dac_control.reflectance.names import checked_name, refuse_claim
from devices.drivers.spot_role import GASKET, SAMPLE
from plans.gauge_settings import EdgeSettings, GaugeSettings, RubySettings, VibronSettings
from plans.instruments import Instruments
from plans.looks import LookRules, Looks, reflectance_looks
from plans.measure_reflectance import Bounces, ThroughTheCell, measure_reflectance
from plans.optics_settings import ReflectanceSettings
from plans.settings import RampSettings

__all__ = ["ReflectanceFile", "check_words"]


def check_words(key: str, text: str, where: str = "") -> None:
    """Raise `Impossible` for a text beside a reflectance that says what it cannot show."""
    try:
        refuse_claim(text, where)
    except ConfigurationError as error:
        raise Impossible(key, str(error)) from None


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
    gauge: str = "ruby"
    """Which says at which pressure; the ruby is looked at beside another one, too."""
    reflectance: Annotated[ReflectanceSettings, NumbersOnly] = ReflectanceSettings()
    transmission: Annotated[ReflectanceSettings, NumbersOnly] = ReflectanceSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()
    edge: Annotated[EdgeSettings, NumbersOnly] = EdgeSettings()
    vibron: Annotated[VibronSettings, NumbersOnly] = VibronSettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The one that says at which pressure, and the ruby."""
        return tuple(dict.fromkeys(("ruby", self.gauge)))

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
        check_gauges(station, {"gauge": [self.gauge]})
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
        """The white light, the ruby, and the gauge beside it."""
        passes = (self.through, self.transmission) if self.through else None
        by = None if self.gauge == "ruby" else (self.gauge, self._gauge_settings)
        return reflectance_looks(self.reflectance, self.ruby, rules, passes, by)

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
            gauge=self.gauge,
            gauge_settings=self._gauge_settings,
            through=self._through,
            bounces=self.bounces,
            md=md,
        )

    @property
    def _gauge_settings(self) -> GaugeSettings:
        settings = RampSettings(ruby=self.ruby, edge=self.edge, vibron=self.vibron)
        return settings.of_gauge(self.gauge)

    @property
    def _through(self) -> ThroughTheCell | None:
        if not self.through:
            return None
        return ThroughTheCell(
            spot=self.through, settings=self.transmission, unstressed=self.unstressed
        )
