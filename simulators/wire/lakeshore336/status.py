"""Status registers of the Lake Shore 336 (manual, section 6.2.5)."""

from collections.abc import Callable

from simulators.wire.lakeshore336.fields import INPUTS, CommandError
from simulators.wire.lakeshore336.inputs import OVERRANGE, UNITS_OVERRANGE, Inputs
from simulators.wire.lakeshore336.loops import Loops
from simulators.wire.lakeshore336.settings import Settings

__all__ = ["COMMAND_ERROR", "EXECUTION_ERROR", "OPERATION_COMPLETE", "StatusRegisters"]

OPERATION_COMPLETE, EXECUTION_ERROR, COMMAND_ERROR, POWER_ON = 1, 16, 32, 128
"""Bits of the standard event register (``*ESR?``)."""
ALARM, OVERLOAD, RAMP_2_DONE, RAMP_1_DONE, NEW_READING = 1, 2, 4, 8, 16
"""Bits of the operation registers (OPST?, OPSTR?)."""
EVENT_SUMMARY, SERVICE_REQUEST, OPERATION_SUMMARY = 32, 64, 128
"""Bits of the status byte (``*STB?``)."""


class StatusRegisters:
    """Event, operation and status byte registers with their enables."""

    def __init__(self, settings: Settings, inputs: Inputs, loops: Loops) -> None:
        self._settings = settings
        self._inputs = inputs
        self._loops = loops
        self._event = POWER_ON
        self._operation_event = 0
        self._operation = 0
        self._was_ramping = {1: False, 2: False}
        self._ramp_done = 0
        self.queries: dict[str, Callable[[str], str]] = {
            "*ESR": lambda text: _plain(text, self._take_event),
            "*STB": lambda text: _plain(text, self._status_byte),
            "OPST": lambda text: _plain(text, lambda: self._operation),
            "OPSTR": lambda text: _plain(text, self._take_operation_event),
        }
        self.commands: dict[str, Callable[[str], None]] = {"*CLS": self._clear}

    def set_event(self, bit: int) -> None:
        """Set a bit of the standard event register; it stays until read."""
        self._event |= bit

    def power_on(self) -> None:
        """Start over with nothing but the power-on bit."""
        self._event = POWER_ON
        self._operation_event = 0

    def watch(self) -> None:
        """Follow the conditions; a condition that comes up is latched as an event."""
        for output, bit in ((1, RAMP_1_DONE), (2, RAMP_2_DONE)):
            ramping = self._loops.ramping(output)
            if ramping:
                self._ramp_done &= ~bit
            elif self._was_ramping[output]:
                self._ramp_done |= bit
            self._was_ramping[output] = ramping
        condition = NEW_READING | self._ramp_done
        if any(any(self._inputs.alarm(letter)) for letter in INPUTS):
            condition |= ALARM
        overload = OVERRANGE | UNITS_OVERRANGE
        if any(self._inputs.reading(letter).status & overload for letter in INPUTS):
            condition |= OVERLOAD
        self._operation_event |= condition & ~self._operation
        self._operation = condition

    def _take_event(self) -> int:
        event, self._event = self._event, 0
        return event

    def _take_operation_event(self) -> int:
        event, self._operation_event = self._operation_event, 0
        return event

    def _status_byte(self) -> int:
        byte = 0
        if self._event & int(self._settings.get("*ESE")[0]):
            byte |= EVENT_SUMMARY
        if self._operation_event & int(self._settings.get("OPSTE")[0]):
            byte |= OPERATION_SUMMARY
        if byte & int(self._settings.get("*SRE")[0]):
            byte |= SERVICE_REQUEST
        return byte

    def _clear(self, text: str) -> None:
        if text:
            raise CommandError("*CLS takes no parameters")
        self._event = 0
        self._operation_event = 0


def _plain(text: str, register: Callable[[], int]) -> str:
    if text:
        raise CommandError("no parameters are allowed")
    return f"{register():03d}"
