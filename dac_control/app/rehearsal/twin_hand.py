"""A person with a key on the twin's screw, who does as asked and takes a minute."""

from collections.abc import Callable

from dac_control.app.device_tables import ManualScrew
from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.clock import VirtualClock
from dac_control.errors import InstrumentError, LimitError, PositionUnknown
from dac_control.safety.limits import StepLimits
from devices.drivers.roles import DriveReading
from simulators.twin import Twin

__all__ = ["TwinHand"]

_TAKES_S = 60.0
"""To be asked, to turn a key, to read its scale and to type what it says."""
_STOPPED = "stopped"


class TwinHand(TwinBacked):
    """Turns the screw to the nearest division of the key's scale.

    As with `devices.drivers.manual_drive.ManualDrive`, a stop leaves the position unknown until
    somebody declares it: a hand was on the screw.
    """

    role = "manual"

    def __init__(
        self, twin: Twin, clock: VirtualClock, declared: ManualScrew, limits: StepLimits
    ) -> None:
        super().__init__(twin, clock)
        self._divisions = declared.divisions
        self._limits = limits
        self._zero_turns = min(max(0.0, limits.min_turns), limits.max_turns) - twin.turns
        self._turns = twin.turns + self._zero_turns
        self._aim: tuple[float, float] | None = None
        self._known = True

    @property
    def resolution_turns(self) -> float:
        """One division in turns."""
        return 1.0 / self._divisions

    def read(self) -> DriveReading:
        """Where the screw stands; moving while the question is open."""
        if self._aim is not None and self._clock.now() >= self._aim[0]:
            self._turns, self._aim = self._aim[1], None
            self._twin.turn_to(self._turns - self._zero_turns)
        return DriveReading(
            turns=self._turns,
            moving=self._aim is not None,
            position_known=self._known,
            flags=() if self._known else (_STOPPED,),
            time=self._clock.wall_time(),
        )

    def start_move(self, turns: float, check_wanted: Callable[[], None]) -> None:
        """Ask for the screw to be turned."""
        if not self._known:
            raise PositionUnknown("Nobody has said where the screw of the twin stands.")
        if self.read().moving:
            raise InstrumentError("A question about the screw of the twin is still open.")
        self._limits.check_turns(turns)
        check_wanted()
        nearest = round(turns * self._divisions) / self._divisions
        nearest = min(max(nearest, self._limits.min_turns), self._limits.max_turns)
        self._aim = (self._clock.now() + _TAKES_S, nearest)

    def fault_text(self, flags: tuple[str, ...]) -> str:
        """Say why a move failed."""
        return "a stop came while the screw was in a person's hands" if _STOPPED in flags else ""

    def stop(self) -> None:
        """Take the question back."""
        if self._aim is not None:
            self._aim, self._known = None, False

    def declare(self, turns: float) -> None:
        """Take a person's word; nothing moves."""
        if self._aim is not None:
            raise LimitError("The screw of the twin is being turned; stop that first.")
        self._zero_turns += turns - self._turns
        self._turns, self._known = turns, True
