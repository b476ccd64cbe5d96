"""Control loops of the Lake Shore 336: setpoint, ramp, heater range, mode and PID."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.wire.lakeshore336.fields import (
    INPUTS,
    CommandError,
    Integer,
    Real,
    ValueRefusedError,
    percent,
    six_digits,
    split_fields,
)
from simulators.wire.lakeshore336.inputs import Inputs
from simulators.wire.lakeshore336.settings import Settings
from simulators.wire.lakeshore336.thermostat import LoopView, Thermostat

__all__ = ["Loops", "OutputMode"]

OUTPUTS: tuple[int, ...] = (1, 2, 3, 4)
HEATERS: tuple[int, ...] = (1, 2)
HIGHEST_K = 1505.0
"""No sensor of the 336 reads higher (thermocouples)."""
OFF, CLOSED, ZONE, OPEN, MONITOR, WARMUP = range(6)


@dataclass
class OutputMode:
    """OUTMODE of an output: what the physics does not know of it."""

    mode: int
    input: int
    power_up: int = 0


class Loops:
    """The four outputs with their loops.

    Parameters
    ----------
    thermostat : Thermostat
        The physics.
    settings, inputs
        The rest of the instrument.
    """

    def __init__(self, thermostat: Thermostat, settings: Settings, inputs: Inputs) -> None:
        self._thermostat = thermostat
        self._settings = settings
        self._inputs = inputs
        self._modes = {output: self._initial_mode(output) for output in OUTPUTS}
        self._tuning = (0, 1, 0, 0)
        self.heater_errors = dict.fromkeys(HEATERS, 0)
        self.queries: dict[str, Callable[[str], str]] = {
            "SETP": lambda t: self._setpoint(_output(t)),
            "RAMP": lambda t: self._ramp(_output(t)),
            "RAMPST": lambda t: str(int(self.ramping(_output(t)))),
            "RANGE": lambda t: str(self.loop(_output(t)).range),
            "HTR": lambda t: percent(self._thermostat.heater_percent(_output(t, 1, 2))),
            "HTRST": lambda t: self._heater_error(_output(t, 1, 2)),
            "MOUT": lambda t: f"{self.loop(_output(t)).manual_percent:+07.2f}",
            "OUTMODE": lambda t: self._outmode(_output(t)),
            "PID": lambda t: self._pid(_output(t)),
            "AOUT": lambda t: percent(self._analog_percent(_output(t, 3, 4))),
            "TUNEST": lambda t: ",".join(map(str, self._tuning)) if not t else _refuse(),
        }
        self.commands: dict[str, Callable[[str], None]] = {
            "SETP": self._set_setpoint,
            "RAMP": self._set_ramp,
            "RANGE": self._set_range,
            "MOUT": self._set_manual,
            "OUTMODE": self._set_outmode,
            "PID": self._set_pid,
            "ATUNE": self._autotune,
        }

    def loop(self, output: int) -> LoopView:
        """State of the loop of an output."""
        return self._thermostat.loop(output)

    def ramping(self, output: int) -> bool:
        """Whether the setpoint of an output is on its way."""
        return self._thermostat.ramping(output)

    def power_cycle(self) -> None:
        """Switch off what is not to come back by itself after a power-up (OUTMODE)."""
        for output in OUTPUTS:
            if not self._modes[output].power_up:
                self._thermostat.set_loop(output, range=0)

    def factory_reset(self) -> None:
        """Every output off, unconfigured, with the default PID (DFLT 99)."""
        for output in OUTPUTS:
            self._thermostat.set_loop(
                output, mode=0, range=0, p=50.0, i=20.0, d=0.0, manual_percent=0.0
            )
            self._modes[output] = OutputMode(OFF, self._modes[output].input)

    def _initial_mode(self, output: int) -> OutputMode:
        loop = self.loop(output)
        return OutputMode(loop.mode, INPUTS.find(loop.input) + 1 if loop.input else 0)

    def mode(self, output: int) -> OutputMode:
        """OUTMODE of an output, taking over what was changed behind the instrument's back."""
        state = self._modes[output]
        loop = self.loop(output)
        if loop.mode != _physical_mode(state):
            state.mode, state.input = loop.mode, INPUTS.find(loop.input) + 1
        return state

    def _letter(self, output: int) -> str:
        number = self.mode(output).input
        return INPUTS[number - 1] if number else "A"

    def _setpoint(self, output: int) -> str:
        kelvin = self._thermostat.moving_setpoint_k(output)
        return six_digits(self._inputs.from_kelvin(self._letter(output), kelvin))

    def _set_setpoint(self, text: str) -> None:
        output, value = _fields(text, 2, 2)
        number = _output(output)
        letter = self._letter(number)
        kelvin = self._inputs.to_kelvin(letter, Real(-9999, 999999).read(value))
        if not 0 <= kelvin <= HIGHEST_K:
            raise ValueRefusedError(value)
        self._thermostat.set_loop(number, setpoint_k=kelvin)

    def _ramp(self, output: int) -> str:
        loop = self.loop(output)
        return f"{int(loop.ramp_on)},{loop.ramp_k_per_min:+06.1f}"

    def _set_ramp(self, text: str) -> None:
        output_text, on_text, *rest = _fields(text, 2, 3)
        output = _output(output_text)
        on = Integer(0, 1).read(on_text)
        rate = Real(0, 100).read(rest[0]) if rest else self.loop(output).ramp_k_per_min
        if 0 < rate < 0.1:
            raise ValueRefusedError("ramp rates start at 0.1 K/min")
        self._thermostat.set_loop(output, ramp_on=bool(on), ramp_k_per_min=rate)

    def _set_range(self, text: str) -> None:
        output_text, value = _fields(text, 2, 2)
        output = _output(output_text)
        number = Integer(0, 3 if output in HEATERS else 1).read(value)
        self._thermostat.set_loop(output, range=number)

    def _set_manual(self, text: str) -> None:
        output, value = _fields(text, 2, 2)
        self._thermostat.set_loop(_output(output), manual_percent=Real(0, 100).read(value))

    def _outmode(self, output: int) -> str:
        state = self.mode(output)
        return f"{state.mode},{state.input},{state.power_up}"

    def _set_outmode(self, text: str) -> None:
        output_text, mode_text, *rest = _fields(text, 2, 4)
        output = _output(output_text)
        state = self.mode(output)
        mode = Integer(OFF, OPEN if output in HEATERS else WARMUP).read(mode_text)
        # Inputs 5 to 8 need the 3062 scanner card, which is not fitted.
        number = Integer(0, 4).read(rest[0]) if rest and rest[0] else state.input
        power_up = Integer(0, 1).read(rest[1]) if len(rest) > 1 and rest[1] else state.power_up
        self._modes[output] = new = OutputMode(mode, number, power_up)
        changes: dict[str, object] = {"mode": _physical_mode(new)}
        if number:
            changes["input"] = INPUTS[number - 1]
        self._thermostat.set_loop(output, **changes)

    def _pid(self, output: int) -> str:
        loop = self.loop(output)
        return f"{loop.p:+07.1f},{loop.i:+07.1f},{loop.d:+06.1f}"

    def _set_pid(self, text: str) -> None:
        output, *values = _fields(text, 2, 4)
        names = ("p", "i", "d")
        bounds = (Real(0.1, 1000), Real(0, 1000), Real(0, 200))
        changes: dict[str, object] = {
            name: bound.read(value)
            for name, bound, value in zip(names, bounds, values, strict=False)
            if value
        }
        self._thermostat.set_loop(_output(output), **changes)

    def _heater_error(self, output: int) -> str:
        """Report and clear the heater error, as reading it does (manual, HTRST?)."""
        error, self.heater_errors[output] = self.heater_errors[output], 0
        return str(error)

    def _analog_percent(self, output: int) -> float:
        state = self.mode(output)
        if state.mode != MONITOR:
            return self._thermostat.heater_percent(output)
        source, units, high, low, bipolar = self._settings.get("ANALOG", output)
        letter = INPUTS[int(source) - 1] if 1 <= int(source) <= 4 else "A"
        value = self._inputs.reading(letter).kelvin - (273.15 if units == 2 else 0.0)
        span = float(high) - float(low)
        part = (value - float(low)) / span if span else 0.0
        floor, scaled = (-100.0, 200.0 * part - 100.0) if bipolar else (0.0, 100.0 * part)
        return min(100.0, max(floor, scaled))

    def _autotune(self, text: str) -> None:
        """Refuse an autotune as the instrument does when its initial conditions are not met."""
        output, mode = _fields(text, 2, 2)
        Integer(0, 2).read(mode)
        self._tuning = (0, _output(output), 1, 0)


def _physical_mode(state: OutputMode) -> int:
    """What the physics makes of an OUTMODE: off, closed or open loop."""
    if state.mode == OPEN:
        return OPEN
    return CLOSED if state.mode in (CLOSED, ZONE) and state.input else OFF


def _output(text: str, low: int = 1, high: int = 4) -> int:
    if not text.strip():
        raise CommandError("an output is missing")
    return Integer(low, high).read(text)


def _fields(text: str, least: int, most: int) -> list[str]:
    fields = split_fields(text)
    if not least <= len(fields) <= most or not all(fields[:least]):
        raise CommandError(f"{least} to {most} parameters are needed")
    return fields


def _refuse() -> str:
    raise CommandError("no parameters are allowed")
