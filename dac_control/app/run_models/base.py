"""What every run file has, and how one is refused."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bluesky.utils import MsgGenerator
from pydantic import PrivateAttr

from dac_control.app.calibrations import needs_of_station
from dac_control.app.light_budget import LightPart
from dac_control.app.light_tables import RunLight
from dac_control.app.station import Station
from dac_control.app.toml_file import FromFile
from dac_control.errors import ConfigurationError, LimitError, StaleCalibration
from dac_control.records.calibrations import CalibrationKind
from dac_control.records.calibrations_in_use import Need
from plans.instruments import Instruments
from plans.looks import LookRules, Looks
from plans.resumption import Resumption
from plans.settings import RampSettings
from plans.stubs.light import within_limits

__all__ = ["Impossible", "Metadata", "Plan", "RunFile", "check_gauges"]

Plan = MsgGenerator[Any]
Metadata = Mapping[str, Any]


class Impossible(LimitError):
    """A run that this station cannot carry out; `key` is where its file asks for it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message, key=key)


class RunFile(FromFile):
    """What every run file has."""

    plan: str
    purpose: str = ""
    """One line on why, for the record."""
    light: RunLight = RunLight()
    _station: Station | None = PrivateAttr(default=None)
    """What it was held against."""

    def read_for(self, station: Station | None, path: Path, text: str, before: str = "") -> None:
        """Remember file and station, so that a refusal can name the line; see `read_from`."""
        self.read_from(path, text, before)
        self._station = station

    @contextmanager
    def lines(self) -> Iterator[None]:
        """Let every refusal inside that says which key it is about name file and line, too.

        Raises
        ------
        ConfigurationError
            For `LimitError` and `StaleCalibration`, of this file or of the station's.
        """
        try:
            yield
        except (LimitError, StaleCalibration) as error:
            file = self._station if error.of_station else self
            if not error.key or file is None:
                raise
            raise ConfigurationError(f"{file.where(error.key)}: {error}") from None

    @property
    def settings(self) -> RampSettings:
        """Settings of a ramp; the defaults for a plan that is none."""
        return RampSettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """Gauges whose calibrations it rests on."""
        return ()

    @property
    def rests_on(self) -> tuple[CalibrationKind, ...]:
        """Calibrations of them that must be there and young enough."""
        return ("axis", "gain", "lambda0")

    def needs(self, station: Station) -> list[Need]:
        """Those calibrations, as the station has them."""
        return needs_of_station(station, self.gauges, self.rests_on)

    def brings(self, station: Station) -> tuple[Need, ...]:
        """Calibrations that it measures, for plans after it."""
        return ()

    @property
    def parts(self) -> tuple["RunFile", ...]:
        """The plans that it carries out one after the other."""
        return (self,)

    @property
    def turns_the_screw(self) -> bool:
        """Whether it may turn the screw."""
        return False

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Openings of lights that it cannot do without (`plans.looks`)."""
        raise NotImplementedError

    def rules_after(self, rules: LookRules) -> LookRules:
        """What a stage after it is weighed by; `rules` are what it was weighed by itself."""
        return rules

    def check_after(self, rules: LookRules) -> None:
        """Raise `Impossible` for what the stages before it, which left `rules`, do not leave."""

    def light_parts(self, station: Station, *, whole: bool = True) -> tuple[LightPart, ...]:
        """Limits of light with what is looked at under them, the whole run first.

        Parameters
        ----------
        station : Station
            What of it adds to the looks of every plan.
        whole : bool
            False where an earlier run has done a part of it: nobody knows what the rest costs.
        """
        looks = self.looks(station.look_rules) if whole else ()
        return (LightPart(limits=self.light.limits, looks=looks),)

    def check(self, station: Station) -> None:
        """Raise `Impossible` for what this station cannot do; nothing is asked or moved."""

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the plan, not yet begun; `md` goes into its start document."""
        raise NotImplementedError

    def as_written(self, instruments: Instruments, plan: Plan) -> Plan:
        """Put a plan of this file under its limits of light; what it refuses names the line."""
        limits = [limit.as_limits() for limit in self.light.limits]
        with self.lines():
            return (yield from within_limits(instruments, plan, limits))

    @property
    def instead_of_resuming(self) -> str:
        """What to do about a run of it that held, a sentence; empty if it can be taken up again."""
        return (
            "It turned nothing and its readings belong together: begin it anew with "
            "`dac-control run`."
        )

    def resume(self, instruments: Instruments, md: Metadata, resumption: Resumption) -> Plan:
        """Make what is left of the plan; only where nothing is to be done instead."""
        raise NotImplementedError


def check_gauges(station: Station, gauges: Mapping[str, Sequence[str]]) -> None:
    """Raise `Impossible` for a gauge that the station does not declare; by the file's key."""
    known = station.gauge_names
    for key, names in gauges.items():
        for name in names:
            if name not in known:
                raise Impossible(
                    key,
                    f"this station has no gauge {name!r}, it has {', '.join(known)}; declare "
                    "[edge] and [devices.raman] in the station file for the edge of the anvil, "
                    "[vibron] for a line of the specimen",
                )
