"""The laser head behind the wire: emission, power, warm-up, faults; no bytes.

The states are those that the maker's software shows (off, waiting for key, on, modulation, fault,
aborted). "Model default" marks a number that no source gives.
"""

import math
import random
from dataclasses import dataclass
from typing import Protocol

from simulators.clock import Clock

__all__ = [
    "CONSTANT_CURRENT",
    "CONSTANT_POWER",
    "INTERLOCK",
    "MODULATION",
    "OVERTIME",
    "TEMPERATURE",
    "HeadConstants",
    "LaserHead",
    "Light",
]

CONSTANT_CURRENT, CONSTANT_POWER, MODULATION = 0, 1, 2
NO_FAULT, TEMPERATURE, INTERLOCK, OVERTIME = 0, 1, 3, 4
OFF, WAITING_FOR_KEY, CONTINUOUS, MODULATED, FAULTY, ABORTED = 0, 1, 2, 4, 5, 6


class Light(Protocol):
    """What the laser shines on: the twin."""

    @property
    def light_on(self) -> bool:
        """True while light falls on the cell."""
        ...

    @light_on.setter
    def light_on(self, on: bool) -> None: ...

    @property
    def light_mw(self) -> float:
        """Light at the cell in mW while it is on."""
        ...

    @light_mw.setter
    def light_mw(self, power_mw: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class HeadConstants:
    """A 100 mW laser at 532 nm; every number without a source is a model default."""

    model: str = "0532-06-91-0100-100"
    serial: str = "28071"
    firmware: str = "7.1.3"
    max_power_mw: float = 100.0
    max_current_ma: float = 2000.0
    transmission: float = 0.5
    """Part of the power that arrives on the cell."""
    warm_up_s: float = 120.0
    """Laboratory time in which the head's temperatures settle: "a few minutes" (Micro-Manager's
    page on its Cobolt adapter)."""
    rise_s: float = 0.3
    """Time constant of the power after switching on, warm."""
    cold_rise_s: float = 20.0
    """The same before it is warm."""
    noise: float = 0.002
    """Relative noise of the power; data sheets of the series: < 0.25 % rms."""
    noise_s: float = 1.0
    """Time over which that noise stays the same."""
    overtime_s: float = 60.0
    """Time within which constant power has to be reached."""
    operating_hours: float = 312.4
    """On the counter at power-up."""


class LaserHead:
    """What the laser does by itself; the caller holds a lock and calls `update` before it asks.

    Parameters
    ----------
    light : Light
        The twin. It keeps its own light until somebody first talks to the laser (`take_over`).
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
        self.constants = constants or HeadConstants()
        self._light = light
        self._clock = clock
        self._seed = seed
        self._in_charge = False
        self.interlock_open = False
        self.key_on = True
        self.setpoint_mw = 1.0
        self.current_ma = 500.0
        self.modulation_mw = 1.0
        self.mode = CONSTANT_POWER
        self.autostart = False
        self.digital = self.analog = self.low_impedance = self.direct_control = False
        self.efficiency = 1.0
        """Part of its power that the head still reaches; an old diode has less."""
        self.power_up()

    def power_up(self) -> None:
        """Switch the supply on: cold, dark unless autostart says otherwise, no fault."""
        self._powered_s = self._clock.now()
        self._lit_since_s: float | None = None
        self._starting = self.autostart
        self.waiting_for_key = False
        self.aborted = False
        self.fault = NO_FAULT
        self._lit_s = 0.0

    def take_over(self) -> None:
        """From now on the twin's light is this laser's."""
        if not self._in_charge:
            self._in_charge = True
            self._shine()

    @property
    def now_s(self) -> float:
        """Laboratory time."""
        return self._clock.now()

    @property
    def warm(self) -> bool:
        """True once the temperatures have settled."""
        return self.now_s - self._powered_s >= self.constants.warm_up_s

    @property
    def lit(self) -> bool:
        """True while the diode is driven."""
        return self._lit_since_s is not None

    @property
    def state(self) -> int:
        """What ``gom?`` says."""
        if self.fault:
            return FAULTY
        if self.aborted:
            return ABORTED
        if self.waiting_for_key:
            return WAITING_FOR_KEY
        if not self.lit:
            return OFF
        return MODULATED if self.mode == MODULATION else CONTINUOUS

    @property
    def hours(self) -> float:
        """Hours on the counter."""
        lit_s = self._lit_s + (0.0 if self._lit_since_s is None else self.now_s - self._lit_since_s)
        return self.constants.operating_hours + lit_s / 3600.0

    @property
    def power_mw(self) -> float:
        """Power at the head now."""
        if self._lit_since_s is None:
            return 0.0
        rise_s = self.constants.rise_s if self.warm else self.constants.cold_rise_s
        risen = 1.0 - math.exp(-(self.now_s - self._lit_since_s) / rise_s)
        return self._target_mw() * risen * (1.0 + self.constants.noise * self._noise())

    def _target_mw(self) -> float:
        ceiling_mw = self.constants.max_power_mw * self.efficiency
        if self.mode == CONSTANT_POWER:
            return min(self.setpoint_mw, ceiling_mw)
        if self.mode == MODULATION:
            # no signal is connected to the inputs
            return 0.0 if self.digital or self.analog else min(self.modulation_mw, ceiling_mw)
        return ceiling_mw * min(1.0, self.current_ma / self.constants.max_current_ma)

    def _noise(self) -> float:
        """Normal noise that is the same for `noise_s`, whoever asks and however often."""
        slot = int(self.now_s / self.constants.noise_s)
        return random.Random(self._seed * 1_000_003 + slot).gauss(0.0, 1.0)

    def switch_on(self) -> None:
        """Drive the diode, unless a fault, the interlock or the key prevents it."""
        if self.interlock_open:
            self.fault = INTERLOCK
        if self.fault:
            return
        if not self.key_on:
            self.waiting_for_key = True
            return
        self.waiting_for_key = self.aborted = False
        if self._lit_since_s is None:
            self._lit_since_s = self.now_s

    def switch_off(self) -> None:
        """Stop driving the diode."""
        self._starting = False
        if self._lit_since_s is not None:
            self._lit_s += self.now_s - self._lit_since_s
            self._lit_since_s = None

    def start(self) -> None:
        """Begin the sequence of autostart: wait until warm, then light (``@cob1``)."""
        if self.key_on:
            self._starting = True
        else:
            self.waiting_for_key = True

    def clear_fault(self) -> None:
        """Forget a fault whose cause is gone."""
        self.fault = INTERLOCK if self.interlock_open else NO_FAULT

    def update(self) -> None:
        """Catch up with the clock, and pass the light on."""
        if self.interlock_open and (self.lit or self._starting):
            self.fault = INTERLOCK
        if self.fault:
            self.switch_off()
        if self._starting and self.warm:
            self._starting = False
            self.switch_on()
        if self._is_overdue():
            self.fault = OVERTIME
            self.switch_off()
        self._shine()

    def _is_overdue(self) -> bool:
        if self._lit_since_s is None or self.mode != CONSTANT_POWER:
            return False
        late = self.now_s - self._lit_since_s > self.constants.overtime_s
        return late and self._target_mw() < 0.9 * self.setpoint_mw

    def _shine(self) -> None:
        if not self._in_charge:
            return
        at_cell_mw = self.power_mw * self.constants.transmission
        if self.lit:
            self._light.light_mw = at_cell_mw
        if self._light.light_on != self.lit:
            self._light.light_on = self.lit
