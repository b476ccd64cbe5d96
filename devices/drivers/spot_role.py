"""What a driver owes to the role of the stage that decides where the optics look.

As with the other roles (`devices.drivers.roles`), methods may block and are called from the
device's worker thread only, and may raise `TransportError` and `InstrumentError`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devices.drivers.roles import InstrumentDriver

__all__ = ["CHIP", "GASKET", "ON_THE_LAMP", "SAMPLE", "SpotReading", "SpotsDriver", "home_of"]

CHIP = "chip"
"""Where the ruby is."""
GASKET, SAMPLE = "gasket", "sample"
ON_THE_LAMP = "lamp"
"""Where the light of calibrations falls."""
_HOMES = {"ruby": CHIP, "diamond_edge": "anvil near", "reference_ruby": "reference ruby"}


def home_of(gauge: str) -> str:
    """Place where the optics of a gauge look unless they are told otherwise."""
    return _HOMES.get(gauge, SAMPLE)


@dataclass(frozen=True, kw_only=True)
class SpotReading:
    """Where the optics look."""

    spot: str
    """Name of a place; empty where nobody knows."""
    moving: bool
    fault: str
    """Why the last move failed, in words; empty if it did not."""
    time: float
    """Wall-clock time in s since the epoch at which the reading was asked for."""


class SpotsDriver(InstrumentDriver, Protocol):
    """A stage, or a person at one, that brings named places before the optics."""

    @property
    def spots(self) -> tuple[str, ...]:
        """The places that it can find."""
        ...

    def read(self) -> SpotReading:
        """Where the optics look, and whether they are being moved."""
        ...

    def start_move(self, spot: str, check_wanted: Callable[[], None]) -> None:
        """Start a move to a place and return once that was accepted.

        `check_wanted` is called when the line is free, just before sending; whatever it raises,
        nothing is sent.
        """
        ...

    def stop(self) -> None:
        """Stop the motion now, ahead of anything queued."""
        ...
