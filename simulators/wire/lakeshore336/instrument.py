"""Lake Shore 336 temperature controller on the wire (TCP 7777, or serial 57600 7O1).

After chapter 6 of the Model 336 user's manual: ASCII lines, several commands per line joined by
``;``, replies joined likewise and ended by CR LF. Errors are silent: a command that is unknown
or out of range changes nothing, answers nothing, and sets a bit of the event register.
"""

import threading
import time
from collections.abc import Callable

from simulators.wire.lakeshore336.curves import CurveMemory
from simulators.wire.lakeshore336.fields import (
    INPUTS,
    CommandError,
    Integer,
    ValueRefusedError,
    split_fields,
    split_outside_quotes,
)
from simulators.wire.lakeshore336.inputs import Inputs
from simulators.wire.lakeshore336.loops import Loops
from simulators.wire.lakeshore336.session import LineSession, parse
from simulators.wire.lakeshore336.settings import STORED, Settings
from simulators.wire.lakeshore336.status import (
    COMMAND_ERROR,
    EXECUTION_ERROR,
    OPERATION_COMPLETE,
    StatusRegisters,
)
from simulators.wire.lakeshore336.supervisor import Supervisor
from simulators.wire.lakeshore336.thermostat import Thermostat
from simulators.wire.reply import Clock

__all__ = ["LakeShore336Simulator"]


class LakeShore336Simulator:
    """One Lake Shore 336 in front of a cryostat.

    Parameters
    ----------
    thermostat : Thermostat
        The physics.
    clock : Clock
        Laboratory time.
    serial_number : str
        As in ``*IDN?``.
    wall : Callable[[], float]
        Steady time in s, for the pacing.

    Attributes
    ----------
    pacing_violations : int
        Messages that came less than 50 ms after a reply; they are answered all the same.
    """

    def __init__(
        self,
        thermostat: Thermostat,
        clock: Clock,
        *,
        serial_number: str = "LSA22LU/LSA217G",
        firmware: str = "2.8",
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pacing_violations = 0
        self.wall = wall
        self._identity = f"LSCI,MODEL336,{serial_number},{firmware}"
        self._lock = threading.RLock()
        self._settings = Settings()
        self._curves = CurveMemory()
        self._inputs = Inputs(thermostat.sensor_k, clock, self._settings, self._curves)
        self._inputs.configure()
        self._loops = Loops(thermostat, self._settings, self._inputs)
        self._supervisor = Supervisor(thermostat, self._settings, self._inputs, self._loops)
        self._status = StatusRegisters(self._settings, self._inputs, self._loops)
        self._queries = {
            **self._status.queries,
            **self._inputs.queries,
            **self._loops.queries,
            **self._other_queries(),
        }
        self._commands = {
            **self._status.commands,
            **self._loops.commands,
            **self._other_commands(),
        }

    def session(self) -> LineSession:
        """Open a connection."""
        return LineSession(self)

    def update(self) -> None:
        """Do what happens without a command: readings, alarms, temperature limits, zones."""
        with self._lock:
            self._inputs.scan()
            self._supervisor.update()
            self._status.watch()

    def power_cycle(self) -> None:
        """Switch off and on: settings are kept, outputs are off unless set to come back."""
        with self._lock:
            self._restore_power_up()
            self._status.power_on()

    def set_heater_error(self, output: int, error: int) -> None:
        """Pretend a heater fault: 1 open load, 2 short; the output shuts off."""
        with self._lock:
            self._loops.heater_errors[output] = error
            self._supervisor.all_off()

    def execute(self, line: str) -> str | None:
        """Carry out one line and return the joined replies, None if there are none."""
        with self._lock:
            self.update()
            replies = [
                reply
                for part in split_outside_quotes(line, ";")
                if (reply := self._execute_one(part)) is not None
            ]
        return ";".join(replies) if replies else None

    def note_lost_line(self) -> None:
        """Register a line that was too long for the receive buffer."""
        with self._lock:
            self._status.set_event(COMMAND_ERROR)

    def _execute_one(self, part: str) -> str | None:
        part = part.strip().removeprefix(":").strip()
        if not part:
            return None
        try:
            name, query, text = parse(part, self._known)
            if query:
                return self._query(name, text)
            self._command(name, text)
        except CommandError:
            self._status.set_event(COMMAND_ERROR)
        except ValueRefusedError:
            self._status.set_event(EXECUTION_ERROR)
        return None

    def _known(self, name: str) -> bool:
        return name in self._commands or name in STORED

    def _query(self, name: str, text: str) -> str:
        if name in self._queries:
            return self._queries[name](text)
        if name in STORED:
            return self._settings.query(name, text)
        raise CommandError(name)

    def _command(self, name: str, text: str) -> None:
        if name in self._commands:
            self._commands[name](text)
        elif name in STORED:
            key = self._settings.command(name, text)
            if name == "INCRV":
                self._check_curve(str(key[0]))
            if name in ("INTYPE", "INCRV", "ALARM"):
                self._inputs.forget_scan()
        else:
            raise CommandError(name)

    def _check_curve(self, letter: str) -> None:
        """Unset a curve whose format does not fit the sensor (manual, INCRV command)."""
        curve = self._inputs.curve(letter)
        kind = self._settings.get("INTYPE", letter)[0]
        # Formats 3 and 4 are in ohm, for the resistors of types 2 and 3.
        if curve is not None and (curve.header[2] in (3, 4)) != (kind in (2, 3)):
            self._settings.set("INCRV", letter, values=(0,))

    def _other_queries(self) -> dict[str, Callable[[str], str]]:
        return {
            "*IDN": lambda text: _bare(text, self._identity),
            "*TST": lambda text: _bare(text, "0"),
            "*OPC": lambda text: _bare(text, "1"),
            "CRVHDR": self._curves.header_query,
            "CRVPT": self._curves.point_query,
            "RELAYST": self._relay_state,
            "NETID": lambda text: _bare(text, self._network()),
            "TEMP": lambda text: _bare(text, "+296.150"),
        }

    def _other_commands(self) -> dict[str, Callable[[str], None]]:
        return {
            "*RST": lambda text: _run(text, self._restore_power_up),
            "*OPC": lambda text: _run(text, lambda: self._status.set_event(OPERATION_COMPLETE)),
            "*WAI": lambda text: _run(text, lambda: None),
            "ALMRST": lambda text: _run(text, self._inputs.reset_alarms),
            "MNMXRST": lambda text: _run(text, self._inputs.reset_extremes),
            "CRVHDR": self._curves.header_command,
            "CRVPT": self._curves.point_command,
            "CRVDEL": self._curves.delete,
            "DFLT": self._factory_reset,
        }

    def _restore_power_up(self) -> None:
        """Return to the power-up settings: non-volatile ones stay, outputs go off (``*RST``)."""
        self._settings.reset(volatile_only=True)
        self._loops.power_cycle()

    def _factory_reset(self, text: str) -> None:
        Integer(99, 99).read(text)
        self._settings.reset()
        self._inputs.configure()
        self._inputs.forget_scan()
        self._loops.factory_reset()

    def _relay_state(self, text: str) -> str:
        if len(split_fields(text)) != 1:
            raise CommandError("RELAYST? takes one parameter")
        mode, letter, kind = self._settings.get("RELAY", Integer(1, 2).read(text))
        if mode != 2:
            return str(mode)
        high, low = self._inputs.alarm(str(letter) if str(letter) in INPUTS else "A")
        return str(int((low, high, low or high)[int(kind)]))

    def _network(self) -> str:
        values = self._settings.get("NET")
        addresses = ",".join(str(value) for value in values[2:7])
        return f"{values[0]},{addresses},00:00:00:00:03:36,{values[7]},{values[8]}"


def _bare(text: str, answer: str) -> str:
    if text:
        raise CommandError("no parameters are allowed")
    return answer


def _run(text: str, action: Callable[[], None]) -> None:
    if text:
        raise CommandError("no parameters are allowed")
    action()
