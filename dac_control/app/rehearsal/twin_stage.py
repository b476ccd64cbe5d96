"""A person at the stage of the twin's optics, and one at the switch of its lamp."""

from collections.abc import Callable, Sequence

from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.clock import VirtualClock
from dac_control.errors import LimitError
from devices.drivers.light_role import LaserReading
from devices.drivers.spot_role import SpotReading
from simulators.twin import Twin
from simulators.twin.views import SPOTS

__all__ = ["TwinLamp", "TwinStage"]

_TAKES_S = 45.0
"""To be asked, to find a place, to focus and to say so."""
_OTHER_NAMES = {"reference ruby": "reference"}
"""Places whose name on the twin is another."""


class TwinStage(TwinBacked):
    """Points the optics of the spectrometers that share the stage.

    As with `devices.drivers.manual_spots.ManualSpots`, nobody knows where they look at first, nor
    after a stop.
    """

    role = "spots"

    def __init__(self, twin: Twin, clock: VirtualClock, places: Sequence[str]) -> None:
        super().__init__(twin, clock)
        self._places = tuple(places)
        self._spot = ""
        self._fault = ""
        self._aim: tuple[float, str] | None = None

    @property
    def spots(self) -> tuple[str, ...]:
        """The places of the station."""
        return self._places

    def view(self, home: str) -> str:
        """Where optics look on the twin that look at `home` without the stage."""
        place = self.read().spot if home in self._places else home
        return _OTHER_NAMES.get(place or home, place or home)

    def read(self) -> SpotReading:
        """Where the optics look; moving while the question is open."""
        if self._aim is not None and self._clock.now() >= self._aim[0]:
            self._spot, self._aim = self._aim[1], None
        return SpotReading(
            spot=self._spot,
            moving=self._aim is not None,
            fault=self._fault,
            time=self._clock.wall_time(),
        )

    def start_move(self, spot: str, check_wanted: Callable[[], None]) -> None:
        """Ask for the optics to be pointed at a place."""
        if _OTHER_NAMES.get(spot, spot) not in SPOTS:
            raise LimitError(
                f"The twin has no place {spot!r} to rehearse with; it has {', '.join(SPOTS)}."
            )
        check_wanted()
        self._aim, self._spot, self._fault = (self._clock.now() + _TAKES_S, spot), "", ""

    def stop(self) -> None:
        """Take the question back."""
        if self._aim is not None:
            self._aim, self._fault = None, "a stop came while the stage was in a person's hands"


class TwinLamp(TwinBacked):
    """A lamp of the twin that shines on a spectrum and not on the microscope, off at first."""

    role = "lamp"

    def __init__(self, twin: Twin, clock: VirtualClock, power_mw: float) -> None:
        super().__init__(twin, clock)
        self._power_mw = power_mw
        self.lit = False

    @property
    def max_power_mw(self) -> float:
        """The one power that it has."""
        return self._power_mw

    @property
    def power_resolution_mw(self) -> float:
        """Nothing measures it."""
        return 0.01 * self._power_mw

    def read(self) -> LaserReading:
        """What its switch says; a dead bulb does not show in it."""
        return LaserReading(
            emitting=self.lit,
            power_mw=self._power_mw if self.lit else 0.0,
            setpoint_mw=self._power_mw,
            interlock_open=False,
            fault="",
            operating_hours=None,
            time=self._clock.wall_time(),
        )

    def set_power(self, power_mw: float) -> None:
        """Accept the lamp's own power and no other."""
        if abs(power_mw - self._power_mw) > self.power_resolution_mw:
            raise LimitError(f"The lamp of the twin cannot be set to {power_mw:g} mW.")

    def switch_on(self, check_wanted: Callable[[], None]) -> None:
        """Let the light out."""
        check_wanted()
        self.lit = True

    def switch_off(self) -> None:
        """Shut it off."""
        self.lit = False
