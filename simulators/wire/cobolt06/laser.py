"""Cobolt 06 laser on the wire (USB or RS-232 at 115200 8N1, or any stream).

Commands after the maker's Python package (github.com/cobolt-lasers/pycobolt), pyLabLib and the
other public clients that were tested on such lasers: a line that ends with CR, answered by one
line that ends with CR LF: a value, ``OK`` or ``Syntax error: ...``.
"""

import threading
from collections.abc import Callable

from simulators.clock import Clock
from simulators.wire.cobolt06.commands import CommandRefused, Commands
from simulators.wire.cobolt06.head import HeadConstants, LaserHead, Light
from simulators.wire.reply import Reply

__all__ = ["Cobolt06Session", "Cobolt06Simulator"]

LONGEST_LINE = 128
"""Characters in the receive buffer; model default."""


class Cobolt06Simulator:
    """One laser; any number of connections lead to it.

    Its power rises and its faults come while nobody talks, so somebody must call `update` now and
    then. The twin keeps the light it has until the first connection is opened.

    Parameters
    ----------
    light : Light
        The twin.
    clock : Clock
        Laboratory time.
    constants : HeadConstants, optional
        The model.
    seed : int
        Of the noise of its power.
    """

    def __init__(
        self, light: Light, clock: Clock, constants: HeadConstants | None = None, seed: int = 0
    ) -> None:
        self._lock = threading.RLock()
        self.head = LaserHead(light, clock, constants, seed)
        self._commands = Commands(self.head)
        self._refused: dict[str, int] = {}

    def session(self) -> "Cobolt06Session":
        """Open a connection; from the first on the twin's light is this laser's."""
        with self._lock:
            self.head.take_over()
        return Cobolt06Session(self)

    def update(self) -> None:
        """Catch up with the clock."""
        with self._lock:
            self.head.update()

    def execute(self, line: str) -> str:
        """Carry out one line and return its reply."""
        command = line.strip()
        with self._lock:
            self.head.update()
            try:
                if self._take_refusal(command):
                    raise CommandRefused("not allowed now")
                reply = self._commands.execute(command)
            except CommandRefused as error:
                reply = f"Syntax error: {error}"
            self.head.update()
            return reply

    # what may happen to it, for tests -----------------------------------------------------

    def open_interlock(self, is_open: bool = True) -> None:
        """Open the interlock, or close it again."""
        self._do(lambda head: setattr(head, "interlock_open", is_open))

    def turn_key(self, on: bool) -> None:
        """Turn the key switch; off puts the light out, on starts what waits for it."""

        def turn(head: LaserHead) -> None:
            head.key_on = on
            if not on:
                head.switch_off()
            elif head.waiting_for_key:
                head.waiting_for_key = False
                head.start()

        self._do(turn)

    def set_fault(self, code: int) -> None:
        """Pretend a fault: 1 temperature, 3 interlock, 4 power not reached in time."""
        self._do(lambda head: setattr(head, "fault", code))

    def set_efficiency(self, part: float) -> None:
        """Let the head reach only a part of its power, as an old diode does."""
        self._do(lambda head: setattr(head, "efficiency", part))

    def set_autostart(self, on: bool) -> None:
        """Set it up as lasers leave the works (on), or as an OEM laser (off)."""
        self._do(lambda head: setattr(head, "autostart", on))

    def power_cycle(self) -> None:
        """Switch the supply off and on."""
        self._do(lambda head: head.power_up())

    def refuse(self, command: str, count: int = 1) -> None:
        """Answer the next `count` lines that begin with `command` with ``Syntax error``."""
        with self._lock:
            self._refused[command] = self._refused.get(command, 0) + count

    def _do(self, what: Callable[[LaserHead], None]) -> None:
        with self._lock:
            self.head.update()
            what(self.head)
            self.head.update()

    def _take_refusal(self, command: str) -> bool:
        for beginning, left in self._refused.items():
            if left and command.startswith(beginning):
                self._refused[beginning] = left - 1
                return True
        return False


class Cobolt06Session:
    """One connection to the laser."""

    def __init__(self, laser: Cobolt06Simulator) -> None:
        self._laser = laser
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes; CR or LF ends a line, empty lines mean nothing."""
        replies: list[Reply] = []
        for byte in data:
            if byte not in b"\r\n":
                if len(self._buffer) < LONGEST_LINE:
                    self._buffer.append(byte)
                continue
            line, self._buffer = self._buffer.decode("ascii", errors="replace"), bytearray()
            if line.strip():
                reply = self._laser.execute(line)
                replies.append(Reply(reply.encode("ascii", errors="replace") + b"\r\n"))
        return replies
