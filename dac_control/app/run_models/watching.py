"""Run files of plans that leave the screw alone: temperature, and waiting."""

from dataclasses import replace
from typing import Annotated

from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile
from dac_control.app.station import Station
from dac_control.app.tables import Positive
from dac_control.app.toml_file import NumbersOnly
from dac_control.errors import Disagreement, LimitError
from plans.hold import hold
from plans.instruments import Instruments
from plans.looks import LookRules, Looks, hold_looks, temperature_looks
from plans.resumption import Resumption
from plans.specimen import check_temperature_target
from plans.temperature_ramp import cooldown, warmup
from plans.watching_settings import HoldSettings, TemperatureSettings

__all__ = ["HoldFile", "TemperatureFile"]


class TemperatureFile(RunFile):
    """``plan = "cooldown"`` or ``"warmup"``."""

    target_k: Positive
    temperature: Annotated[TemperatureSettings, NumbersOnly] = TemperatureSettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The ruby."""
        return ("ruby",)

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Those on the way from where the station file, or the stage before, has the cell."""
        rising = self.plan == "warmup"
        return temperature_looks(self.temperature, rules, self.target_k, rising=rising)

    def rules_after(self, rules: LookRules) -> LookRules:
        """With the cell at the target."""
        return replace(rules, cell_k=self.target_k, cell_k_by=f"the {self.plan} before")

    def check(self, station: Station) -> None:
        """Hold the target against the cryostat's limits and the specimen's."""
        cryostat, specimen_k = station.devices.cryostat, station.specimen.max_temperature_k
        low_k, high_k = cryostat.min_setpoint_k, cryostat.max_setpoint_k
        if not low_k <= self.target_k <= high_k:
            raise Impossible(
                "target_k",
                f"a target of {self.target_k:g} K is outside {low_k:g} to {high_k:g} K, which is "
                "what the cryostat reaches; nothing was changed. Ask for one within, or, if it "
                "does reach it, say so with min_setpoint_k and max_setpoint_k of "
                "[devices.cryostat] in the station file",
            )
        try:
            check_temperature_target(specimen_k, self.target_k)
        except LimitError as error:
            raise Impossible("target_k", str(error)) from None

    def check_after(self, rules: LookRules) -> None:
        """Refuse a way that goes the other way."""
        way, other = (1, "cooldown") if self.plan == "warmup" else (-1, "warmup")
        if rules.cell_k is None or (self.target_k - rules.cell_k) * way >= 0.0:
            return
        raise Impossible(
            "target_k",
            f"{rules.cell_k_by} leaves the cell at {rules.cell_k:g} K, from where there is no "
            f"{self.plan} to {self.target_k:g} K; nothing was changed. Ask for a {other}, or for "
            "another temperature",
        )

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the ramp of the temperature."""
        make = cooldown if self.plan == "cooldown" else warmup
        return make(instruments, self.target_k, settings=self.temperature, md=md)

    @property
    def instead_of_resuming(self) -> str:
        """Nothing: it goes to its target from the temperature that it finds."""
        return ""

    def resume(self, instruments: Instruments, md: Metadata, resumption: Resumption) -> Plan:
        """Make the rest of the way."""
        return self.make(instruments, md)


class HoldFile(RunFile):
    """``plan = "hold"``."""

    duration_h: Positive
    hold: Annotated[HoldSettings, NumbersOnly] = HoldSettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """The ruby."""
        return ("ruby",)

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Every reading."""
        return hold_looks(self.hold, self.duration_h, rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the hold."""
        return hold(instruments, self.duration_h, settings=self.hold, md=md)

    @property
    def instead_of_resuming(self) -> str:
        """Nothing: what has not been watched yet can be watched."""
        return ""

    def resume(self, instruments: Instruments, md: Metadata, resumption: Resumption) -> Plan:
        """Make a hold of the hours that were not watched yet.

        Raises
        ------
        Disagreement
            If there are none.
        """
        left_h = self.duration_h - resumption.watched_s / 3600.0
        if left_h <= 0.0:
            raise Disagreement(
                f"All {self.duration_h:g} h of the hold were watched: there is nothing to take up."
            )
        return hold(instruments, left_h, settings=self.hold, md=md)
