"""What the Lake Shore 336 does by itself: temperature limits, lost sensors, zones."""

from simulators.wire.lakeshore336.fields import INPUTS
from simulators.wire.lakeshore336.inputs import INVALID, Inputs
from simulators.wire.lakeshore336.loops import CLOSED, HEATERS, OUTPUTS, ZONE, Loops
from simulators.wire.lakeshore336.settings import Settings
from simulators.wire.lakeshore336.thermostat import Thermostat

__all__ = ["Supervisor"]


class Supervisor:
    """Acts on the outputs without a command."""

    def __init__(
        self, thermostat: Thermostat, settings: Settings, inputs: Inputs, loops: Loops
    ) -> None:
        self._thermostat = thermostat
        self._settings = settings
        self._inputs = inputs
        self._loops = loops
        self._zones = dict.fromkeys(HEATERS, 0)

    def update(self) -> None:
        """Look at every input and output once."""
        if self._too_hot():
            self.all_off()
        for output in HEATERS:
            state = self._loops.mode(output)
            if state.mode not in (CLOSED, ZONE) or not state.input:
                self._zones[output] = 0
                continue
            if self._inputs.reading(INPUTS[state.input - 1]).status & INVALID:
                self._off(output)
            elif state.mode == ZONE:
                self._apply_zone(output)

    def all_off(self) -> None:
        """Switch every output off; setpoints and modes stay."""
        for output in OUTPUTS:
            self._off(output)

    def _off(self, output: int) -> None:
        if self._thermostat.loop(output).range:
            self._thermostat.set_loop(output, range=0)

    def _too_hot(self) -> bool:
        """Whether an input is above its temperature limit (TLIMIT); 0 means no limit."""
        limits_k = {letter: float(self._settings.get("TLIMIT", letter)[0]) for letter in INPUTS}
        return any(
            limit_k > 0 and self._inputs.reading(letter).kelvin > limit_k
            for letter, limit_k in limits_k.items()
        )

    def _apply_zone(self, output: int) -> None:
        """Load the zone that the setpoint is in, once, when it gets there (ZONE)."""
        setpoint_k = self._thermostat.moving_setpoint_k(output)
        for zone in range(1, 11):
            values = self._settings.get("ZONE", output, zone)
            bound_k, p, i, d, manual, heater_range, _, rate = (float(v) for v in values)
            if setpoint_k > bound_k:
                continue
            if zone != self._zones[output]:
                self._zones[output] = zone
                self._thermostat.set_loop(
                    output,
                    p=p,
                    i=i,
                    d=d,
                    manual_percent=manual,
                    range=int(heater_range),
                    ramp_k_per_min=rate,
                )
            return
