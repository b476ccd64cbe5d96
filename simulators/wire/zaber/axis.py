"""One axis of the Zaber simulator: a stepper motor on a screw."""

from collections.abc import Callable

from simulators.wire.reply import Clock
from simulators.wire.zaber.flags import FLAGS, LASTING, RejectedError
from simulators.wire.zaber.motion import Trajectory, plan_move, plan_stop, subdivide
from simulators.wire.zaber.screw import Screw
from simulators.wire.zaber.settings import (
    ACCELERATION_UNIT,
    HIGHEST,
    SPEED_UNIT,
    DriveConstants,
    axis_settings,
)

__all__ = ["Axis"]

STEP_TURNS = 0.01
"""Resolution at which a stall is noticed."""


class Axis:
    """A motor with its counter, limits and flags; every method first catches up with the clock.

    Parameters
    ----------
    screw : Screw
        The physics; wherever it stands is native position ``turns * microsteps_per_turn``.
    clock : Clock
        Laboratory time.
    drive : DriveConstants
        Motor and gear.
    on_idle : Callable[[], None]
        Called when a motion has ended.
    """

    def __init__(
        self, screw: Screw, clock: Clock, drive: DriveConstants, on_idle: Callable[[], None]
    ) -> None:
        self._screw = screw
        self._clock = clock
        self._drive = drive
        self._on_idle = on_idle
        self._zero_turns = 0.0
        self._position = float(round(screw.turns * drive.microsteps_per_turn))
        self._trajectory: Trajectory | None = None
        self._advanced_s = clock.now()
        self._homing = False
        self._flags: set[str] = set()
        self.values: dict[str, float | str] = {}
        self.enabled = True
        self.slipping = False
        """Set it, and the motor turns without the screw: a coupling that is loose."""
        self.parked = False
        self.restore()

    @property
    def busy(self) -> bool:
        """Whether the motor moves."""
        return self._trajectory is not None

    @property
    def position(self) -> int:
        """Counter in microsteps."""
        return round(self._position)

    @property
    def velocity(self) -> float:
        """Velocity in microsteps/s."""
        return 0.0 if self._trajectory is None else self._trajectory.at(self._advanced_s)[1]

    @property
    def flags(self) -> list[str]:
        """Active warning flags, highest priority first."""
        return [flag for flag in FLAGS if flag in self._flags]

    def set_flag(self, flag: str, active: bool = True) -> None:
        """Raise or remove a warning flag."""
        (self._flags.add if active else self._flags.discard)(flag)

    def clear_flags(self) -> None:
        """Remove what has been seen; lasting conditions stay."""
        self._flags &= LASTING

    def restore(self) -> None:
        """Return all settings to their defaults; raises RejectedError if moving."""
        if self.values:
            self.set_resolution(self._drive.resolution)
        self.values = {name: s.default for name, s in axis_settings(self._drive).items()}

    def update(self) -> None:
        """Catch up with the clock: move the screw along its way, notice a stall or the end."""
        now_s = self._clock.now()
        trajectory = self._trajectory
        if trajectory is not None:
            path = trajectory.monotone_path(self._advanced_s, now_s)
            points = subdivide(self._position, path, STEP_TURNS * self._per_turn)
            if any(self._step_stalls(point) for point in points):
                self._end_motion()
                self.set_flag("FS")
            elif now_s >= trajectory.end_s:
                self._end_motion()
        self._advanced_s = now_s

    def move_to(self, target: int, speed: float | None = None) -> None:
        """Start a move to a position in microsteps; `speed` overrides maxspeed.

        Raises
        ------
        RejectedError
            If the target is outside the limits, or the driver is disabled or parked.
        """
        self._check_ready()
        if not self._limits[0] <= target <= self._limits[1]:
            raise RejectedError("BADDATA")
        self._start(target, speed)

    def move_at(self, data: int) -> None:
        """Move at a velocity (data units) until a limit; 0 stops. Raises RejectedError."""
        self._check_ready()
        if abs(data) > 2**24:
            raise RejectedError("BADDATA")
        if data == 0:
            self.stop()
        else:
            self.move_to(round(self._limits[data > 0]), abs(data) / SPEED_UNIT)

    def move_to_limit(self, upper: bool) -> None:
        """Start a move to limit.min or limit.max; raises RejectedError."""
        self.move_to(round(self._limits[upper]))

    def home(self) -> None:
        """Start to drive to the home sensor, which then defines the position.

        It moves the screw by whatever way there is. Raises RejectedError.
        """
        if not self.enabled:
            raise RejectedError("DRIVERDISABLED")
        self.parked = False
        speed = float(self.values["limit.approach.maxspeed"]) / SPEED_UNIT
        sensor = (self._drive.home_turns - self._zero_turns) * self._per_turn
        self._start(round(sensor), speed)
        self._homing = True

    def stop(self) -> None:
        """Decelerate to a standstill."""
        if self._trajectory is not None:
            self.set_flag("NI")
            self._homing = False
            self._trajectory = plan_stop(
                self._advanced_s, self._position, self.velocity, self._acceleration
            )

    def halt(self) -> None:
        """Stop at once, without deceleration."""
        if self._trajectory is not None:
            self.set_flag("NI")
            self._homing = False
            self._end_motion()

    def set_enabled(self, enabled: bool) -> None:
        """Switch the motor's current; without it a motion ends at once."""
        if not enabled:
            self.halt()
        self.enabled = enabled
        self.set_flag("FO", not enabled)

    def park(self, parked: bool) -> None:
        """Park, so that the position survives a power cycle; raises RejectedError if moving."""
        if self.busy:
            raise RejectedError("STATUSBUSY")
        self.parked = parked

    def set_position(self, position: int) -> None:
        """Declare where the axis stands; nothing moves. Raises RejectedError."""
        if self.busy:
            raise RejectedError("STATUSBUSY")
        if abs(position) > HIGHEST:
            raise RejectedError("BADDATA")
        self._zero_turns += (self._position - position) / self._per_turn
        self._position = float(position)
        self.set_flag("WR", False)

    def set_resolution(self, resolution: int) -> None:
        """Change the microsteps per step; everything counted in them is rescaled."""
        if self.busy:
            raise RejectedError("STATUSBUSY")
        factor = resolution / float(self.values["resolution"])
        for name in ("limit.min", "limit.max", "maxspeed", "accel", "limit.approach.maxspeed"):
            self.values[name] = round(float(self.values[name]) * factor)
        self._position = float(round(self._position * factor))
        self.values["resolution"] = resolution

    def power_cycle(self) -> None:
        """Switch off and on: unless parked, the counter is 0 wherever the screw is."""
        self._trajectory = None
        self._homing = False
        self._flags.clear()
        self.enabled = True
        if not self.parked:
            self._zero_turns += self._position / self._per_turn
            self._position = 0.0
            self._flags |= {"WR", "WH"}

    @property
    def _per_turn(self) -> float:
        """Microsteps per turn at the present resolution."""
        resolution = float(self.values["resolution"])
        return self._drive.steps_per_rev * resolution * self._drive.gear_ratio

    @property
    def _limits(self) -> tuple[float, float]:
        return float(self.values["limit.min"]), float(self.values["limit.max"])

    @property
    def _acceleration(self) -> float:
        # An accel of 0 means as fast as it goes (manual, accel).
        return float(self.values["accel"]) / ACCELERATION_UNIT or 1e12

    def _check_ready(self) -> None:
        if not self.enabled:
            raise RejectedError("DRIVERDISABLED")
        if self.parked:
            raise RejectedError("PARKED")

    def _start(self, target: int, speed: float | None) -> None:
        if self._trajectory is not None:
            self.set_flag("NI")
        self._homing = False
        if speed is None:
            speed = float(self.values["maxspeed"]) / SPEED_UNIT
        self._trajectory = plan_move(
            self._advanced_s, self._position, self.velocity, target, speed, self._acceleration
        )

    def _step_stalls(self, position: float) -> bool:
        """Turn the screw on to `position`; True if the motor stalls there."""
        loading = position > self._position
        before = self._screw.torque_fraction
        if self.slipping:
            # the count goes on and the screw stays
            self._zero_turns -= (position - self._position) / self._per_turn
        self._position = position
        self._screw.turn_to(self._zero_turns + position / self._per_turn)
        after = self._screw.torque_fraction
        strength = float(self.values["driver.current.run"]) / self._drive.run_current
        # Unloading may begin above the limit: the springs help.
        return after > strength and (loading or after > before)

    def _end_motion(self) -> None:
        self._trajectory = None
        self._position = float(round(self._position))
        if self._homing:
            self._homing = False
            self.set_position(0)
            self.set_flag("WH", False)
        self._on_idle()
