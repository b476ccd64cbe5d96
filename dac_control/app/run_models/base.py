"""What every run file has, and how one is refused."""

from collections.abc import Mapping
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.app.station import Station, Strict
from dac_control.errors import LimitError
from plans.instruments import Instruments
from plans.settings import RampSettings

__all__ = ["Impossible", "Metadata", "Plan", "RunFile"]

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
