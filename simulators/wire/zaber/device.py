"""Zaber X-MCC like motor controller on the wire (TCP 55550, or serial 115200 8N1).

After the "Zaber ASCII Protocol Manual", firmware 7.
"""

import threading
from collections.abc import Callable, Sequence

from simulators.wire.reply import Clock, Reply
from simulators.wire.zaber.axis import Axis
from simulators.wire.zaber.commands import Commands, top_flag
from simulators.wire.zaber.flags import FLAGS, RejectedError
from simulators.wire.zaber.message import Framer, Request, parse, with_checksum
from simulators.wire.zaber.screw import Screw
from simulators.wire.zaber.settings import DriveConstants

__all__ = ["ZaberSession", "ZaberSimulator"]


class ZaberSimulator:
    """One controller with a motor on each of its axes.

    The motor moves while nobody talks, so somebody must call `update` now and then, unless a
    session is being polled; how often does not matter to where it ends.

    Parameters
    ----------
    screw : Screw
        The physics behind axis 1.
    clock : Clock
        Laboratory time.
    drive : DriveConstants
        Motor, gear and travel of every axis.
    more_screws : sequence of Screw
        The physics behind axes 2, 3 ...
    serial_number : int
        As in ``system.serial``.
    """

    def __init__(
        self,
        screw: Screw,
        clock: Clock,
        drive: DriveConstants | None = None,
        *,
        more_screws: Sequence[Screw] = (),
        serial_number: int = 73336,
    ) -> None:
        drive = drive or DriveConstants()
        self._lock = threading.RLock()
        self._alerts: list[str] = []
        self.axes = tuple(
            Axis(each, clock, drive, self._alert(number))
            for number, each in enumerate((screw, *more_screws), start=1)
        )
        self._commands = Commands(self.axes, clock, drive, serial_number, self.power_cycle)
        self._values = self._commands.values

    def session(self) -> "ZaberSession":
        """Open a connection."""
        return ZaberSession(self)

    def update(self) -> None:
        """Catch up with the clock."""
        with self._lock:
            for axis in self.axes:
                axis.update()

    def power_cycle(self) -> None:
        """Switch off and on: the counters are 0 and the flags WR and WH up, unless parked."""
        with self._lock:
            self.update()
            self._commands.restart_uptime()
            for axis in self.axes:
                axis.power_cycle()

    def set_flag(self, flag: str, axis: int = 1) -> None:
        """Pretend a fault or warning, e.g. ``FM`` for a hot motor.

        Raises
        ------
        ValueError
            If there is no such flag.
        """
        if flag not in FLAGS:
            raise ValueError(f"The Zaber protocol has no flag {flag!r}; it has {', '.join(FLAGS)}.")
        with self._lock:
            self.axes[axis - 1].set_flag(flag)

    def handle(self, message: bytes) -> str | None:
        """Carry out one message; return the reply, None where the device stays silent."""
        request = parse(message)
        with self._lock:
            if request is None or request.device not in (0, self._values["comm.address"]):
                return None
            self.update()
            # The reply still comes from the old address when the command changes it.
            address = int(self._values["comm.address"])
            ok, data = self._carry_out(request)
            if request.silent:
                return None
            return self._reply(request, address, ok, data)

    def alerts(self, start: int) -> list[str]:
        """Return the alerts since number `start`, after catching up with the clock."""
        with self._lock:
            self.update()
            return self._alerts[start:]

    def _carry_out(self, request: Request) -> tuple[str, str]:
        try:
            if request.message_id is not None and request.message_id > 99:
                raise RejectedError("BADMESSAGEID")
            if request.axis > len(self.axes):
                raise RejectedError("BADAXIS")
            return "OK", self._commands.execute(request.axis, request.words)
        except RejectedError as error:
            return "RJ", str(error)

    def _reply(self, request: Request, address: int, ok: str, data: str) -> str:
        addressed = self._commands.addressed(request.axis if request.axis <= len(self.axes) else 0)
        status = "BUSY" if any(axis.busy for axis in addressed) else "IDLE"
        message_id = "" if request.message_id is None else f" {request.message_id:02d}"
        head = f"@{address:02d} {request.axis}{message_id}"
        return self._finish(
            f"{head} {ok} {status} {top_flag(addressed)} {data}", request.checksummed
        )

    def _finish(self, message: str, checksummed: bool) -> str:
        """Append a checksum if the setting says so, or if the request had one."""
        if checksummed or self._values["comm.checksum"]:
            return with_checksum(message)
        return message

    def _alert(self, number: int) -> Callable[[], None]:
        """Make the callback by which axis `number` says that it came to rest."""

        def tell() -> None:
            if self._values["comm.alert"]:
                axis = self.axes[number - 1]
                text = f"!{int(self._values['comm.address']):02d} {number} IDLE"
                self._alerts.append(self._finish(f"{text} {top_flag([axis])}", False))

        return tell


class ZaberSession:
    """One connection to a `ZaberSimulator`."""

    def __init__(self, device: ZaberSimulator) -> None:
        self._device = device
        self._framer = Framer()
        self._alerts_seen = len(device.alerts(0))

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes; each LF or CR ends a message."""
        replies: list[Reply] = []
        for byte in data:
            message = self._framer.feed(byte)
            if message is not None and (reply := self._device.handle(message)) is not None:
                replies += self.poll()
                replies.append(_line(reply))
        return replies

    def poll(self) -> list[Reply]:
        """Return the alerts that have come up."""
        alerts = self._device.alerts(self._alerts_seen)
        self._alerts_seen += len(alerts)
        return [_line(alert) for alert in alerts]


def _line(text: str) -> Reply:
    return Reply(text.encode("ascii") + b"\r\n")
