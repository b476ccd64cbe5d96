"""A person with a key on the twin's screw, who does about as asked and takes a minute."""

from collections.abc import Callable
from typing import Final

import numpy as np

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
_MISS_DIVISIONS: Final = 0.25
"""Standard deviation of where a person leaves a key that is to stand at a mark. A convention of
this package: half a division is what can be told from the next mark, and counts as two of these."""
_MOST_DIVISIONS: Final = 0.5
"""Nearer to the next mark a person sees it, and turns on."""


def _miss_divisions(rng: np.random.Generator) -> float:
    """How far off a mark a person stops: normal, cut off where the next mark is nearer."""
    while abs(miss := _MISS_DIVISIONS * float(rng.standard_normal())) >= _MOST_DIVISIONS:
        pass
    return miss


class TwinHand(TwinBacked):
    """Turns the screw to about a division of the key's scale, and reads the division.

    The screw ends a part of a division off the mark, which nobody reads: what is confirmed is the
    nearest mark, and where the screw really stands the twin alone knows. Each move misses by
    itself, since the scale is absolute. As with `devices.drivers.manual_drive.ManualDrive`, a stop
    leaves the position unknown until somebody declares it: a hand was on the screw.

    Parameters
    ----------
    twin, clock
        Physics and time.
    declared : ManualScrew
        The scale of its key.
    limits : StepLimits
        Soft limits of the station, in turns.
    rng : numpy.random.Generator
        Draws by how much each move misses.
    """

    role = "manual"

    def __init__(
        self,
        twin: Twin,
        clock: VirtualClock,
        declared: ManualScrew,
        limits: StepLimits,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(twin, clock)
        self._divisions = declared.divisions
        self._limits = limits
        self._rng = rng
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
            turns, self._aim = self._aim[1], None
            if turns != self._turns:
                missed_turns = _miss_divisions(self._rng) / self._divisions
                self._twin.turn_to(turns + missed_turns - self._zero_turns)
            self._turns = turns
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
