"""Settings of a Zaber X-MCC like controller: names, defaults, bounds.

Names and units after the settings reference of the "Zaber ASCII Protocol Manual", firmware 7:
speeds in microsteps/s times 1.6384, accelerations in microsteps/s^2 times 1.6384/10000,
currents in units of 20 mA.
"""

import re
from dataclasses import dataclass

from simulators.wire.zaber.flags import RejectedError

__all__ = [
    "AXIS_SETTINGS",
    "DEVICE_SETTINGS",
    "DriveConstants",
    "Setting",
    "axis_settings",
    "whole_number",
]

SPEED_UNIT = 1.6384
ACCELERATION_UNIT = 1.6384 / 10000
HIGHEST = 1_000_000_000
"""Positions are 32 bit numbers; the manual bounds them at 1e9."""


@dataclass(frozen=True)
class DriveConstants:
    """What the builder of the drive chose: motor, gear, travel.

    Attributes
    ----------
    steps_per_rev : int
        Full steps per turn of the motor.
    resolution : int
        Microsteps per full step.
    gear_ratio : float
        Turns of the motor per turn of the screw.
    min_turns, max_turns : float
        Travel, in turns of the screw; native position 0 is 0 turns.
    home_turns : float
        Where the home sensor is.
    speed_turns_s, acceleration_turns_s2 : float
        Default speed and acceleration of the screw; the speed is that of a geared screw,
        a 50th of a turn in 13 s.
    run_current : int
        Default of ``driver.current.run`` in 20 mA; the stall torque scales with the setting.
    """

    steps_per_rev: int = 200
    resolution: int = 64
    gear_ratio: float = 100.0
    min_turns: float = -2.0
    max_turns: float = 4.0
    home_turns: float = -2.0
    speed_turns_s: float = 2000 / 1_280_000
    acceleration_turns_s2: float = 60_000 / 1_280_000
    run_current: int = 100

    @property
    def microsteps_per_turn(self) -> float:
        """Microsteps per turn of the screw."""
        return self.steps_per_rev * self.resolution * self.gear_ratio


@dataclass(frozen=True)
class Setting:
    """One setting: default and, if it can be written, its bounds."""

    default: float | str
    bounds: tuple[float, float] | None = None
    decimals: int = 0
    """Digits after the point, in replies."""
    access: int = 1
    """``system.access`` that a write needs."""

    def write(self, value: float | str) -> str:
        """Format a value for a reply."""
        return value if isinstance(value, str) else f"{value:.{self.decimals}f}"


def whole_number(text: str) -> int:
    """Read a whole number; raises RejectedError."""
    if re.fullmatch(r"[+-]?[0-9]{1,11}", text) is None:
        raise RejectedError("BADDATA")
    return int(text)


def axis_settings(drive: DriveConstants) -> dict[str, Setting]:
    """Return the settings of one axis; pos, vel and the like are computed, not stored."""
    per_turn = drive.microsteps_per_turn
    speed = round(drive.speed_turns_s * per_turn * SPEED_UNIT)
    acceleration = max(1, round(drive.acceleration_turns_s2 * per_turn * ACCELERATION_UNIT))
    position = (-HIGHEST, HIGHEST)
    return {
        "accel": Setting(acceleration, (0, 32767)),
        "driver.current.approach": Setting(drive.run_current, (0, 300)),
        "driver.current.hold": Setting(drive.run_current // 2, (0, 300)),
        "driver.current.max": Setting(300),
        "driver.current.run": Setting(drive.run_current, (1, 300)),
        "driver.dir": Setting(0, (0, 1)),
        "driver.temperature": Setting(31.4, decimals=1),
        "knob.dir": Setting(0, (0, 1)),
        "knob.enable": Setting(0, (0, 1)),
        "limit.approach.maxspeed": Setting(speed, (1, 2**24)),
        "limit.cycle.dist": Setting(0, (0, HIGHEST)),
        "limit.home.state": Setting(0),
        "limit.away.state": Setting(0),
        "limit.max": Setting(round(drive.max_turns * per_turn), position),
        "limit.min": Setting(round(drive.min_turns * per_turn), position),
        "maxspeed": Setting(speed, (1, 2**24)),
        "motor.current.max": Setting(200, (0, 300)),
        "peripheral.hw.modified": Setting(0),
        "peripheral.id": Setting(0, (0, 99999), access=2),
        "peripheral.id.pending": Setting(0),
        "peripheral.serial": Setting(0),
        "peripheralid": Setting(0, (0, 99999), access=2),
        "resolution": Setting(drive.resolution, (1, 256)),
    }


AXIS_SETTINGS = frozenset(axis_settings(DriveConstants())) | {
    "driver.enabled",
    "motion.busy",
    "parking.state",
    "pos",
    "vel",
}
"""Every setting of axis scope, computed ones included."""

DEVICE_SETTINGS: dict[str, Setting] = {
    "comm.address": Setting(1, (1, 99)),
    "comm.alert": Setting(0, (0, 1)),
    "comm.checksum": Setting(0, (0, 1)),
    "comm.command.packets.max": Setting(1),
    "comm.en.ipv4.address": Setting("127.0.0.1"),
    "comm.en.ipv4.dhcp.enabled": Setting(0, (0, 1)),
    "comm.next.owner": Setting(0),
    "comm.packet.size.max": Setting(80),
    "comm.protocol": Setting(2),
    "comm.rs232.baud": Setting(115200, (9600, 115200)),
    "comm.rs232.protocol": Setting(2),
    "comm.usb.protocol": Setting(2),
    "comm.word.size.max": Setting(50),
    # 30341 is the X-MCC1, a one-axis stepper controller.
    "device.hw.modified": Setting(0),
    "device.id": Setting(30341),
    "deviceid": Setting(30341),
    "get.settings.max": Setting(1),
    "system.access": Setting(1, (1, 2)),
    "system.axiscount": Setting(1),
    "system.led.enable": Setting(1, (0, 1)),
    "system.platform": Setting(0),
    "system.serial": Setting(73336),
    "system.temperature": Setting(38.2, decimals=1),
    "system.uptime": Setting(0),
    "system.voltage": Setting(47.9, decimals=1),
    "version": Setting(7.35, decimals=2),
    "version.build": Setting(17001),
}
"""Settings of device scope, for one axis."""
