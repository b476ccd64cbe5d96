"""Sensor inputs of the Lake Shore 336: readings, status, extremes and alarms."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.wire.lakeshore336.curves import Curve, CurveMemory
from simulators.wire.lakeshore336.fields import (
    INPUTS,
    CommandError,
    input_letter,
    six_digits,
    split_fields,
)
from simulators.wire.lakeshore336.settings import Settings
from simulators.wire.reply import Clock

__all__ = ["Inputs"]

SCAN_S = 0.1
"""The instrument refreshes its readings ten times a second."""
ZERO_CELSIUS_K = 273.15
LOWEST_K = 1.0
"""Below the first breakpoint of the curves: temperature underrange."""

INVALID, UNDERRANGE, OVERRANGE, UNITS_OVERRANGE = 1, 16, 32, 128
"""Bits of the reading status (RDGST?)."""
DISABLED, DIODE = 0, 1


@dataclass(frozen=True)
class Reading:
    """One reading of one input; zero where the status says that it is invalid."""

    kelvin: float
    status: int


@dataclass
class _Alarm:
    high: bool = False
    low: bool = False


class Inputs:
    """The four sensor inputs.

    Parameters
    ----------
    sensor_k : Callable[[str], float | None]
        Temperature in K at an input, None where no sensor is connected.
    clock : Clock
        Times the refresh of the readings.
    settings, curves
        The instrument's memory.
    """

    def __init__(
        self,
        sensor_k: Callable[[str], float | None],
        clock: Clock,
        settings: Settings,
        curves: CurveMemory,
    ) -> None:
        self._sensor_k = sensor_k
        self._clock = clock
        self._settings = settings
        self._curves = curves
        self._scanned_s = float("-inf")
        self._readings: dict[str, Reading] = {}
        self._extremes: dict[str, tuple[float, float]] = {}
        self._alarms = {letter: _Alarm() for letter in INPUTS}
        self.queries: dict[str, Callable[[str], str]] = {
            "KRDG": lambda text: self._list(text, lambda a: six_digits(self.reading(a).kelvin)),
            "CRDG": lambda text: self._list(text, lambda a: six_digits(self._celsius(a))),
            "SRDG": lambda text: self._list(text, lambda a: six_digits(self._sensor_units(a))),
            "RDGST": lambda text: self._list(text, lambda a: f"{self.reading(a).status:03d}"),
            "MDAT": lambda text: self._extremes_of(_one(text)),
            "ALARMST": lambda text: self._alarm_state(_one(text)),
        }

    def configure(self) -> None:
        """Write the factory's idea of what is connected into the settings."""
        for letter, curve in zip(INPUTS, (21, 22, 0, 0), strict=True):
            if self._sensor_k(letter) is None:
                self._settings.set("INTYPE", letter, values=(DISABLED, 0, 0, 0, 1))
            else:
                self._settings.set("INCRV", letter, values=(curve or 21,))
        for letter, name in zip(INPUTS, ("Stage", "Cell", "Input C", "Input D"), strict=True):
            self._settings.set("INNAME", letter, values=(name,))

    def scan(self) -> None:
        """Take new readings if the last ones are old enough, and watch the alarms."""
        now_s = self._clock.now()
        if now_s - self._scanned_s < SCAN_S:
            return
        self._scanned_s = now_s
        for letter in INPUTS:
            reading = self._measure(letter)
            self._readings[letter] = reading
            if not reading.status & INVALID:
                low, high = self._extremes.get(letter, (reading.kelvin, reading.kelvin))
                self._extremes[letter] = (min(low, reading.kelvin), max(high, reading.kelvin))
                self._watch(letter, reading.kelvin)

    def forget_scan(self) -> None:
        """Take new readings at the next occasion, because a setting changed."""
        self._scanned_s = float("-inf")

    def reading(self, letter: str) -> Reading:
        """Return the last reading of an input."""
        self.scan()
        return self._readings[letter]

    def reset_extremes(self) -> None:
        """Carry out MNMXRST."""
        self._extremes.clear()
        self.forget_scan()

    def reset_alarms(self) -> None:
        """Carry out ALMRST; an alarm whose cause persists comes again at the next scan."""
        self._alarms = {letter: _Alarm() for letter in INPUTS}
        self.forget_scan()

    def alarm(self, letter: str) -> tuple[bool, bool]:
        """Whether the high and the low alarm of an input are active."""
        alarm = self._alarms[letter]
        return alarm.high, alarm.low

    def curve(self, letter: str) -> Curve | None:
        """Return the curve that an input uses."""
        number = int(self._settings.get("INCRV", letter)[0])
        return self._curves[number] if number else None

    def to_kelvin(self, letter: str, value: float) -> float:
        """Convert a setpoint from the preferred units of an input (INTYPE) to kelvin."""
        units = self._settings.get("INTYPE", letter)[4]
        curve = self.curve(letter)
        if units == 2:
            return value + ZERO_CELSIUS_K
        return curve.kelvin(value) if units == 3 and curve is not None else value

    def from_kelvin(self, letter: str, kelvin: float) -> float:
        """Convert kelvin to the preferred units of an input."""
        units = self._settings.get("INTYPE", letter)[4]
        curve = self.curve(letter)
        if units == 2:
            return kelvin - ZERO_CELSIUS_K
        return curve.sensor_units(kelvin) if units == 3 and curve is not None else kelvin

    def _measure(self, letter: str) -> Reading:
        if self._settings.get("INTYPE", letter)[0] == DISABLED:
            return Reading(0.0, INVALID)
        kelvin = self._sensor_k(letter)
        if kelvin is None:
            return Reading(0.0, INVALID | UNITS_OVERRANGE)
        curve = self.curve(letter)
        if curve is None:
            return Reading(0.0, INVALID)
        status = OVERRANGE if kelvin > curve.limit_k else 0
        return Reading(kelvin, status | (UNDERRANGE if kelvin < LOWEST_K else 0))

    def _watch(self, letter: str, kelvin: float) -> None:
        on, high, low, deadband, latch, _, _ = self._settings.get("ALARM", letter)
        alarm = self._alarms[letter]
        if not on:
            alarm.high = alarm.low = False
            return
        hysteresis_k = 0.0 if latch else float(deadband)
        alarm.high = kelvin > float(high) - (hysteresis_k if alarm.high else 0.0) or bool(
            alarm.high and latch
        )
        alarm.low = kelvin < float(low) + (hysteresis_k if alarm.low else 0.0) or bool(
            alarm.low and latch
        )

    def _celsius(self, letter: str) -> float:
        reading = self.reading(letter)
        return 0.0 if reading.status & INVALID else reading.kelvin - ZERO_CELSIUS_K

    def _sensor_units(self, letter: str) -> float:
        reading = self.reading(letter)
        curve = self.curve(letter)
        if reading.status & INVALID or curve is None:
            return 0.0
        return curve.sensor_units(reading.kelvin)

    def _list(self, text: str, answer: Callable[[str], str]) -> str:
        """Answer for one input, several, or all (``0``)."""
        texts = split_fields(text)
        if not texts:
            raise CommandError("an input is missing")
        letters = list(INPUTS) if texts == ["0"] else [input_letter(item) for item in texts]
        return ",".join(answer(letter) for letter in letters)

    def _extremes_of(self, letter: str) -> str:
        self.scan()
        low, high = self._extremes.get(letter, (0.0, 0.0))
        return f"{six_digits(low)},{six_digits(high)}"

    def _alarm_state(self, letter: str) -> str:
        self.scan()
        high, low = self.alarm(letter)
        return f"{int(high)},{int(low)}"


def _one(text: str) -> str:
    texts = split_fields(text)
    if len(texts) != 1:
        raise CommandError("exactly one input is needed")
    return input_letter(texts[0])
