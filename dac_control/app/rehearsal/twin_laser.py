"""The laser of the twin behind a switch and a power that can be told."""

from collections.abc import Callable

from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.clock import VirtualClock
from dac_control.errors import LimitError
from devices.drivers.light_role import LaserReading
from simulators.twin import Twin

__all__ = ["TwinLaser"]

_RESOLUTION_MW = 0.1
"""As `devices.drivers.cobolt06` tells powers."""


class TwinLaser(TwinBacked):
    """The twin's light: off at first, and dark whenever nobody asked for it.

    Parameters
    ----------
    twin, clock
        Physics and time.
    max_power_mw : float
        The station's ceiling at the head.
    transmission : float
        Part of the power at the head that arrives at the cell.
    """

    role = "laser"

    def __init__(
        self, twin: Twin, clock: VirtualClock, *, max_power_mw: float, transmission: float
    ) -> None:
        super().__init__(twin, clock)
        self._max_power_mw = max_power_mw
        self._transmission = transmission
        self._setpoint_mw = 0.0
        twin.light_on = False

    @property
    def max_power_mw(self) -> float:
        """The station's ceiling at the head."""
        return self._max_power_mw

    @property
    def power_resolution_mw(self) -> float:
        """Smallest difference in power that it tells."""
        return _RESOLUTION_MW

    def read(self) -> LaserReading:
        """Read emission and power at the head."""
        lit = self._twin.light_on
        return LaserReading(
            emitting=lit,
            power_mw=self._twin.light_mw / self._transmission if lit else 0.0,
            setpoint_mw=self._setpoint_mw,
            interlock_open=False,
            fault="",
            operating_hours=None,
            time=self._clock.wall_time(),
        )

    def set_power(self, power_mw: float) -> None:
        """Choose the power; switches nothing on."""
        if not 0 < power_mw <= self._max_power_mw:
            raise LimitError(
                f"The laser at {self.address} cannot be set to {power_mw} mW; the station allows "
                f"up to {self._max_power_mw:g} mW. Nothing was sent."
            )
        self._setpoint_mw = power_mw
        self._twin.light_mw = power_mw * self._transmission

    def switch_on(self, check_wanted: Callable[[], None]) -> None:
        """Let the light out."""
        check_wanted()
        self._twin.light_on = True

    def switch_off(self) -> None:
        """Shut it off."""
        self._twin.light_on = False
