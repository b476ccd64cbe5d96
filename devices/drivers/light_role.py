"""What a driver owes to the role of a light: a laser, or a lamp; see `devices.drivers.roles`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from devices.drivers.roles import InstrumentDriver

__all__ = ["LaserDriver", "LaserReading", "OnlyTold"]


@dataclass(frozen=True, kw_only=True)
class LaserReading:
    """What a laser or lamp says of its light."""

    emitting: bool
    """True while light may leave the head: switched on, and its shutter, if any, not shut."""
    power_mw: float
    """Power read back at the head."""
    setpoint_mw: float
    """Power that it is told to make while it is on."""
    interlock_open: bool
    """True while the interlock keeps it from emitting."""
    fault: str
    """Fault in words, the interlock's included; empty if there is none."""
    operating_hours: float | None
    """Hours of the diode or bulb; None where the instrument does not count them."""
    time: float
    """Wall-clock time in s since the epoch at which the reading was asked for."""


class LaserDriver(InstrumentDriver, Protocol):
    """A light that can be switched: a laser, or a lamp with a relay or a shutter."""

    @property
    def max_power_mw(self) -> float:
        """Largest power at the head that may be asked for; never above the station's ceiling."""
        ...

    @property
    def power_resolution_mw(self) -> float:
        """Smallest difference in power that the instrument tells."""
        ...

    def read(self) -> LaserReading:
        """Read emission, power, setpoint, interlock and fault."""
        ...

    def set_power(self, power_mw: float) -> None:
        """Choose the power of the light and verify it by reading back; switches nothing on."""
        ...

    def switch_on(self, check_wanted: Callable[[], None]) -> None:
        """Let the light out and return once the instrument accepted that.

        The power may take longer. `check_wanted` is called when the line is free, just before
        sending; whatever it raises, nothing is sent.
        """
        ...

    def switch_off(self) -> None:
        """Shut the light off ahead of anything queued on the link, and read back that it is off.

        May be called again and again; raises unless the instrument says that it is off.
        """
        ...


@runtime_checkable
class OnlyTold(Protocol):
    """A light that nothing reads back: its driver knows what a person said."""

    def doubt(self) -> None:
        """Take it for lit until somebody says that it is off: an earlier session never heard so."""
        ...
