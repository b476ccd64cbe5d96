"""The twin's screw behind a motor that accelerates, stalls and counts as a real one does."""

from collections.abc import Callable
from dataclasses import replace

from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.app.station import ZaberDrive
from dac_control.clock import VirtualClock
from dac_control.errors import InstrumentError, PositionUnknown
from dac_control.safety.limits import StepLimits
from devices.drivers.roles import DriveReading
from devices.drivers.screw_gearing import ScrewGearing
from devices.drivers.zaber_ascii import DOUBTFUL_FLAGS, fault_text, flags_text
from simulators.twin import Twin
from simulators.wire.zaber.axis import Axis
from simulators.wire.zaber.flags import RejectedError
from simulators.wire.zaber.settings import DriveConstants

__all__ = ["TwinDrive"]

_LARGEST_COUNT = 1_000_000_000


class TwinDrive(TwinBacked):
    """The motor of the wire simulator without its wire.

    Parameters
    ----------
    twin, clock
        Physics and time.
    declared : ZaberDrive
        Its gear, as the station file has it.
    limits : StepLimits
        Soft limits of the station, in turns.
    """

    role = "drive"

    def __init__(
        self, twin: Twin, clock: VirtualClock, declared: ZaberDrive, limits: StepLimits
    ) -> None:
        super().__init__(twin, clock)
        self._gearing = ScrewGearing(
            steps_per_rev=declared.steps_per_rev,
            microsteps=declared.microsteps,
            # which way the motor turns makes no difference to the screw
            gear_ratio=abs(declared.gear_ratio),
            min_turns=limits.min_turns,
            max_turns=limits.max_turns,
            largest_count=_LARGEST_COUNT,
        )
        constants = replace(
            DriveConstants(),
            steps_per_rev=declared.steps_per_rev,
            resolution=declared.microsteps,
            gear_ratio=abs(declared.gear_ratio),
            # wider than the station's, as those of most drives are
            min_turns=min(limits.min_turns - 1.0, -2.0),
            max_turns=max(limits.max_turns + 1.0, 4.0),
            home_turns=min(limits.min_turns - 1.0, -2.0),
        )
        self._axis = Axis(twin, clock, constants, on_idle=lambda: None)
        # a closed cell that has not been turned yet stands where the station's limits begin, or
        # at 0 if that is between them
        start = min(max(0.0, limits.min_turns), limits.max_turns)
        self._axis.set_position(self._gearing.to_microsteps(start))

    @property
    def resolution_turns(self) -> float:
        """One microstep in turns of the screw."""
        return self._gearing.resolution_turns

    def read(self) -> DriveReading:
        """Read position, motion and flags."""
        self._axis.update()
        flags = tuple(self._axis.flags)
        return DriveReading(
            turns=self._gearing.to_turns(self._axis.position),
            moving=self._axis.busy,
            position_known=DOUBTFUL_FLAGS.isdisjoint(flags),
            flags=flags,
            time=self._clock.wall_time(),
        )

    def start_move(self, turns: float, check_wanted: Callable[[], None]) -> None:
        """Start an absolute move; see `devices.drivers.zaber.Zaber.start_move`."""
        target = self._gearing.target(turns)
        before = self.read()
        if before.moving:
            raise InstrumentError(
                f"The drive at {self.address} still moves, at {before.turns:g} turns; stop it, "
                "and see where it stands, before the next move."
            )
        if not before.position_known:
            raise PositionUnknown(
                f"The drive at {self.address} does not know where it stands: "
                f"{flags_text(before.flags)}."
            )
        self._axis.clear_flags()
        check_wanted()
        try:
            self._axis.move_to(target)
        except RejectedError as error:
            raise InstrumentError(
                f"The drive at {self.address} rejects the move to {turns:g} turns: {error}."
            ) from error

    def fault_text(self, flags: tuple[str, ...]) -> str:
        """Say in words which of `flags` are faults; empty if none is."""
        return fault_text(flags)

    def stop(self) -> None:
        """Decelerate to a standstill."""
        self._axis.update()
        self._axis.stop()

    def declare(self, turns: float) -> None:
        """Tell the drive that it stands at `turns`; nothing moves."""
        position = self._gearing.target(turns)
        self._axis.update()
        if self._axis.busy:
            raise InstrumentError(
                f"The drive at {self.address} moves; stop it before you declare where it stands."
            )
        self._axis.set_position(position)
        self._axis.clear_flags()
        self._axis.set_flag("FS", False)
