"""Zaber motor controller (X-MCC, X-MCB and others that speak the ASCII protocol) on a screw.

Protocol: Zaber ASCII Protocol Manual. Every request carries a message id and a checksum, every
reply is held against both. The drive is never homed and never moved relatively: homing would turn
the pressure screw towards a sensor, and a relative move repeated is a second move.
"""

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    InstrumentError,
    MoveFailed,
    PositionUnknown,
    ProtocolError,
    TransportError,
    UncertainWrite,
)
from devices.drivers.roles import DriveReading, Identity
from devices.drivers.screw_gearing import ScrewGearing
from devices.drivers.zaber_ascii import (
    DOUBTFUL_FLAGS,
    NO_REFERENCE,
    fault_text,
    flags_text,
    parse_flags,
)
from devices.drivers.zaber_axis import ZaberAxis
from devices.drivers.zaber_currents import MotorCurrents
from devices.links import Link, LinkSettings, SerialSettings, open_link

__all__ = ["LINK_SETTINGS", "SERIAL_SETTINGS", "Zaber", "ZaberLimits"]

logger = logging.getLogger(__name__)

LINK_SETTINGS = LinkSettings(replies_identified=True, reply_timeout_s=1.0)
SERIAL_SETTINGS = SerialSettings(baudrate=115200, bytesize=8, parity="N", stopbits=1)

STAND_STILL_TIMEOUT_S = 5.0
"""Longest time in s in which a motor has to come to rest after a stop."""
STATUS_INTERVAL_S = 0.02
LARGEST_MICROSTEPS = 1_000_000_000
"""Positions are limited to plus and minus this (protocol manual, setting ``pos``)."""
PERSISTENT_FLAGS = frozenset((NO_REFERENCE, "WH"))
"""Flags that clearing does not clear."""


def _wanted() -> None:
    """Stand-in for callers that have no reason to refuse at the last moment."""


@dataclass(frozen=True, kw_only=True)
class ZaberLimits:
    """What the drive itself is set to; for comparison with the station file."""

    min_turns: float
    max_turns: float
    run_current_a: float
    hold_current_a: float


class Zaber:
    """Driver of a Zaber axis on a pressure screw; implements `devices.drivers.roles.ScrewDriver`.

    Parameters
    ----------
    link : Link
        The line to the controller; made with `LINK_SETTINGS`, see `at`.
    device, axis : int
        Address of the controller on its line, and number of the axis.
    steps_per_rev : int
        Full steps of the motor per revolution.
    microsteps : int
        Microsteps per full step; checked against the drive's ``resolution`` at `connect`.
    gear_ratio : float
        Turns of the motor per turn of the screw; negative if they turn opposite ways.
    min_turns, max_turns : float
        Soft limits of the station in turns of the screw.
    max_run_current_a, max_hold_current_a : float, optional
        Highest currents in A of the motor that turns and that stands; left as they are by
        default.
    expected_device_id : int, optional
        Zaber's number of the model that has to answer; any by default.
    expected_serial : str, optional
        Serial number that has to answer; any by default.

    Raises
    ------
    ConfigurationError
        If limits or gearing make no sense.
    """

    def __init__(
        self,
        link: Link,
        *,
        steps_per_rev: int,
        microsteps: int,
        gear_ratio: float,
        min_turns: float,
        max_turns: float,
        device: int = 1,
        axis: int = 1,
        max_run_current_a: float | None = None,
        max_hold_current_a: float | None = None,
        expected_device_id: int | None = None,
        expected_serial: str | None = None,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self._gearing = ScrewGearing(
            steps_per_rev=steps_per_rev,
            microsteps=microsteps,
            gear_ratio=gear_ratio,
            min_turns=min_turns,
            max_turns=max_turns,
            largest_count=LARGEST_MICROSTEPS,
        )
        self._axis = ZaberAxis(link, device, axis)
        self._currents = MotorCurrents(
            self._axis, max_run_a=max_run_current_a, max_hold_a=max_hold_current_a
        )
        self._expected_device_id = expected_device_id
        self._expected_serial = expected_serial
        self._wall_time = wall_time
        self._stop_numbers = itertools.count(1)
        self._stops = 0
        self._cleared_flags: tuple[str, ...] = ()

    @classmethod
    def at(cls, address: str, **options: Any) -> Self:
        """Make the driver for an address, over a serial line or TCP (port 55550 of an X-MCC).

        Parameters
        ----------
        address : str
            See `devices.links.open_link`.
        **options
            As of the class.
        """
        return cls(open_link(address, settings=LINK_SETTINGS, serial=SERIAL_SETTINGS), **options)

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        return self._axis.address

    @property
    def resolution_turns(self) -> float:
        """One microstep in turns of the screw."""
        return self._gearing.resolution_turns

    @property
    def cleared_flags(self) -> tuple[str, ...]:
        """Flags that were latched before the last move, and cleared for it."""
        return self._cleared_flags

    @staticmethod
    def fault_text(flags: tuple[str, ...]) -> str:
        """Put into words those of `flags` after which a move has failed; empty if none."""
        return fault_text(flags)

    def connect(self) -> Identity:
        """Open the link, check who answers and that the drive counts in our microsteps.

        Raises
        ------
        IdentityError
            If it is not the expected drive, or no Zaber at all; the link is then closed.
        ConfigurationError
            If the drive's resolution is not what the station file says; the link is then closed.
        """
        self._axis.open()
        try:
            identity = self._identify()
            resolution = self._axis.get_integer("resolution")
            if resolution != self._gearing.microsteps:
                raise ConfigurationError(
                    f"The drive at {self.address} is set to {resolution} microsteps per step,"
                    f" the station file says {self._gearing.microsteps}: every turn would be"
                    " wrong by the ratio. Correct one or the other."
                )
        except (ConfigurationError, IdentityError):
            self._axis.close()
            raise
        return identity

    def close(self) -> None:
        """Close the link."""
        self._axis.close()

    def read(self) -> DriveReading:
        """Read position, motion and flags; see `devices.drivers.roles.ScrewDriver`."""
        return self._read(priority=False)

    def start_move(self, turns: float, check_wanted: Callable[[], None] = _wanted) -> None:
        """Start an absolute move to `turns` of the screw.

        `check_wanted` is called when the line is free, just before sending; whatever it raises,
        nothing is sent.

        Raises
        ------
        LimitError
            If `turns` is outside the soft limits; nothing was sent.
        PositionUnknown
            If the drive has lost its position; nothing was moved.
        InstrumentError
            If the drive still moves, has a fault that stays, or rejects the move.
        MoveFailed
            If a stop came before the move was sent; nothing was moved.
        UncertainWrite
            If the reply was lost, and reading back does not show the move under way or done.
        """
        target = self._gearing.target(turns)
        stops = self._stops

        def guard() -> None:
            self._refuse_after_stop(stops)
            check_wanted()

        before = self.read()
        self._check_ready(before)
        self._clear_flags(before.flags)
        try:
            self._axis.request(f"move abs {target}", guard=guard)
        except UncertainWrite as lost:
            logger.warning("%s", lost)
            self._confirm_move(target, lost)

    def stop(self) -> None:
        """Stop the motion ahead of everything that waits, and wait until the motor stands.

        Raises
        ------
        MoveFailed
            If the motor does not come to rest.
        """
        # Counted first: a move that has not been sent yet is then refused.
        self._stops = next(self._stop_numbers)
        deadline_s = time.monotonic() + STAND_STILL_TIMEOUT_S
        stopped = self._send_stop()
        while self._axis.request("", retry=True, priority=True).busy:
            if time.monotonic() > deadline_s:
                raise MoveFailed(
                    f"The motor at {self.address} still moves {STAND_STILL_TIMEOUT_S:g} s after it"
                    " was told to stop. Cut its power."
                )
            # Asked again only after the drive was seen to move, so nothing is repeated blindly.
            stopped = stopped or self._send_stop()
            time.sleep(STATUS_INTERVAL_S)

    def declare(self, turns: float) -> None:
        """Tell the drive that it stands at `turns`; nothing moves.

        Raises
        ------
        LimitError
            If `turns` is outside the soft limits; nothing was sent.
        InstrumentError
            If the drive moves, or does not take the position over.
        """
        position = self._gearing.target(turns)
        if self.read().moving:
            raise InstrumentError(
                f"The drive at {self.address} moves; stop it before you declare where it stands."
            )
        try:
            self._axis.request(f"set pos {position}")
        except UncertainWrite as lost:
            logger.warning("%s", lost)
        # the declaration settles what latched flags left in doubt
        self._clear_flags(self.read().flags)
        after = self.read()
        if self._gearing.to_microsteps(after.turns) != position or not after.position_known:
            raise InstrumentError(
                f"The drive at {self.address} was told that it stands at {turns:g} turns, but"
                f" reads {after.turns:g} turns, flags: {flags_text(after.flags) or 'none'}."
            )

    def instrument_limits(self) -> ZaberLimits:
        """Read the limits that are set in the drive."""
        low, high = self._ends_turns()
        return ZaberLimits(
            min_turns=low,
            max_turns=high,
            run_current_a=self._currents.run_a(),
            hold_current_a=self._currents.hold_a(),
        )

    def push_limits(self) -> list[str]:
        """Set the drive's own ends of travel and its currents no wider than the station's.

        The ends count from where the drive thinks it stands, so its position must be known.

        Raises
        ------
        InstrumentError
            If the drive's limits leave nothing of the station's range, or it does not keep them.
        """
        return self._currents.push() + self._push_ends()

    def _ends_turns(self) -> tuple[float, float]:
        """Ends of travel that are set in the drive, in turns of the screw."""
        ends = [
            self._gearing.to_turns(self._axis.get_integer(setting))
            for setting in ("limit.min", "limit.max")
        ]
        return min(ends), max(ends)

    def _push_ends(self) -> list[str]:
        found_low, found_high = self._ends_turns()
        low = max(found_low, self._gearing.min_turns)
        high = min(found_high, self._gearing.max_turns)
        slack = self.resolution_turns
        if found_low >= low - slack and found_high <= high + slack:
            return []
        if low >= high:
            raise InstrumentError(
                f"The drive at {self.address} may go from {found_low:g} to {found_high:g} turns, "
                "which is outside the station's limits. Correct one or the other."
            )
        ends = sorted(self._gearing.target(turns) for turns in (low, high))
        for setting, value in zip(("limit.min", "limit.max"), ends, strict=True):
            try:
                self._axis.request(f"set {setting} {value}")
            except UncertainWrite as lost:
                logger.warning("%s", lost)  # read back below
        now_low, now_high = self._ends_turns()
        if now_low < low - slack or now_high > high + slack:
            raise InstrumentError(
                f"The drive at {self.address} was told to keep within {low:g} to {high:g} turns, "
                f"and its own limits are {now_low:g} to {now_high:g}."
            )
        return [
            f"its own limits were {found_low:g} to {found_high:g} turns and are now "
            f"{now_low:g} to {now_high:g}"
        ]

    def concerns(self) -> list[str]:
        """Say where the drive itself would go further than the station file allows."""
        concerns, slack = self._currents.concerns(), self.resolution_turns
        found_low, found_high = self._ends_turns()
        low, high = self._gearing.min_turns, self._gearing.max_turns
        if found_low < low - slack or found_high > high + slack:
            concerns.append(
                f"the drive's own limits ({found_low:g} to {found_high:g} turns) are wider than "
                f"the station file's ({low:g} to {high:g})"
            )
        return concerns

    def _read(self, *, priority: bool) -> DriveReading:
        asked_at = self._wall_time()
        reply = self._axis.request("get pos", retry=True, priority=priority)
        flags: tuple[str, ...] = ()
        if reply.flag:
            # A reply shows the most important flag only; the others are asked for.
            flags = parse_flags(self._axis.request("warnings", retry=True, priority=priority).data)
        return DriveReading(
            turns=self._gearing.to_turns(self._axis.integer(reply.data, "a position")),
            moving=reply.busy,
            position_known=DOUBTFUL_FLAGS.isdisjoint(flags),
            flags=flags,
            time=asked_at,
        )

    def _identify(self) -> Identity:
        try:
            device_id = self._axis.get("deviceid", whole_device=True)
        except ProtocolError as error:
            raise IdentityError(
                f"What answers at {self.address} does not speak Zaber's ASCII protocol: {error}"
                " Correct the address or the driver in the station file."
            ) from error
        serial = self._axis.get("system.serial", whole_device=True)
        firmware = self._axis.get("version", whole_device=True)
        for what, found, expected in (
            ("device id", device_id, self._expected_device_id),
            ("serial number", serial, self._expected_serial),
        ):
            if expected is not None and str(expected) != found:
                raise IdentityError(
                    f"The drive at {self.address} has the {what} {found}; the station file names"
                    f" {expected}. Correct one or the other."
                )
        return Identity(
            vendor="Zaber", model=f"device {device_id}", serial=serial, firmware=firmware
        )

    def _check_ready(self, reading: DriveReading) -> None:
        if reading.moving:
            raise InstrumentError(
                f"The drive at {self.address} still moves, at {reading.turns:g} turns; stop it,"
                " and see where it stands, before the next move."
            )
        if not reading.position_known:
            raise PositionUnknown(
                f"The drive at {self.address} does not know where it stands:"
                f" {flags_text(reading.flags)}. Find out by hand, and declare it with"
                " `dac-control drive declare STATION --turns X --reason TEXT`."
            )

    def _clear_flags(self, flags: tuple[str, ...]) -> None:
        """Clear latched flags, or those of the move to come could not be told from them."""
        self._cleared_flags = tuple(f for f in flags if f not in PERSISTENT_FLAGS)
        if not self._cleared_flags:
            return
        logger.warning("%s: clearing %s", self.address, flags_text(self._cleared_flags))
        try:
            self._axis.request("warnings clear")
        except UncertainWrite as lost:
            logger.warning("%s", lost)
        if remaining := fault_text(self.read().flags):
            raise InstrumentError(
                f"The drive at {self.address} has a fault that cannot be cleared: {remaining}."
                " Nothing was moved."
            )

    def _confirm_move(self, target: int, lost: UncertainWrite) -> None:
        """After a lost reply: return if the drive moves to `target` or stands there.

        It stood still before the request went out, so if it moves now, it is our move.
        """
        try:
            now = self.read()
        except TransportError as error:
            raise UncertainWrite(f"{lost} Reading back failed too: {error}") from lost
        if now.moving or self._gearing.to_microsteps(now.turns) == target:
            return
        raise UncertainWrite(
            f"{lost} Read back: the drive stands at {now.turns:g} turns, flags:"
            f" {flags_text(now.flags) or 'none'}."
        ) from lost

    def _send_stop(self) -> bool:
        """Send a stop; False if it may have been lost."""
        try:
            self._axis.request("stop", priority=True)
        except UncertainWrite as lost:
            logger.warning("%s", lost)
            return False
        return True

    def _refuse_after_stop(self, stops: int) -> None:
        if self._stops != stops:
            raise MoveFailed(f"A stop came before the move at {self.address} was sent: no move.")
