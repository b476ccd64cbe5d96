"""One output of the temperature controller: setpoint ramp and PID with anti-windup.

``output = P [e + (1/Ti) integral(e) + Td de/dt]`` in % of the range, with P in %/K,
Ti = 1000/I s and Td = D % of Ti/4: the form that Lake Shore's manuals give for their PID.
"""

import math
from dataclasses import dataclass, fields

__all__ = ["Loop", "LoopState"]

SENSOR_CHANNELS = ("A", "B")
CHANNELS = ("", "A", "B", "C", "D")
MODES = (0, 1, 2, 3, 4, 5)
CLOSED, OPEN = 1, 3


@dataclass(frozen=True, kw_only=True)
class LoopState:
    """What a user has set on one output."""

    mode: int = 0
    """0 off, 1 closed loop, 3 open loop; 2, 4 and 5 are accepted and give no power."""
    input: str = "A"
    setpoint_k: float = 0.0
    """Where the setpoint goes, K."""
    ramp_on: bool = False
    ramp_k_per_min: float = 0.0
    """0 is a step, as on the instrument."""
    p: float = 50.0
    i: float = 20.0
    d: float = 0.0
    range: int = 0
    """0 off, 1 low, 2 medium, 3 high."""
    manual_percent: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no controller could hold."""
        if self.mode not in MODES or self.input not in CHANNELS or self.range not in (0, 1, 2, 3):
            raise ValueError(
                f"A loop has no mode {self.mode!r}, input {self.input!r}, range {self.range!r}; "
                f"modes are {MODES}, inputs {CHANNELS}, ranges 0 to 3."
            )
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"The loop's {item.name} must be a finite number, not {value}.")


class Loop:
    """The moving parts of one output: the setpoint under way, the integral, the output.

    Parameters
    ----------
    state : LoopState
        What is set at the start; the setpoint stands at its target.
    integral_percent : float
        Start value of the integral, 0 to 100 %.
    """

    def __init__(self, state: LoopState, integral_percent: float = 0.0) -> None:
        self.state = state
        self.moving_k = state.setpoint_k
        self.integral_percent = integral_percent
        self.output_percent = 0.0
        self.output_percent = self.settled_percent()

    @property
    def ramping(self) -> bool:
        """True while the setpoint is on its way."""
        return self.moving_k != self.state.setpoint_k

    @property
    def active(self) -> bool:
        """True if the loop is closed on a sensor and its heater is on."""
        state = self.state
        return state.mode == CLOSED and state.range > 0 and state.input in SENSOR_CHANNELS

    def settled_percent(self) -> float:
        """Output without any control error, %."""
        if self.active:
            return _clip(self.state.manual_percent + self.integral_percent)
        if self.state.mode == OPEN and self.state.range > 0:
            return _clip(self.state.manual_percent)
        return 0.0

    def change(self, state: LoopState) -> None:
        """Take over new settings; a setpoint moves at once if ramping is off or its rate 0.

        Manuals say so of a new setpoint. What becomes of a ramp that is switched off on its way
        they do not say; here it jumps to its target, the worse of the two for a driver.
        """
        was_active = self.active
        self.state = state
        if not (state.ramp_on and state.ramp_k_per_min > 0.0):
            self.moving_k = state.setpoint_k
        if not self.active:
            self.integral_percent = 0.0
        if not (was_active and self.active):
            self.output_percent = self.settled_percent()

    def setpoint_after(self, elapsed_s: float) -> float:
        """Setpoint in K after a further `elapsed_s`, ramp included."""
        gap = self.state.setpoint_k - self.moving_k
        if gap == 0.0:
            return self.moving_k
        reach = self.state.ramp_k_per_min / 60.0 * elapsed_s
        return (
            self.state.setpoint_k
            if abs(gap) <= reach
            else self.moving_k + math.copysign(reach, gap)
        )

    def respond(self, reading_k: float, before_k: float, step_s: float) -> tuple[float, float]:
        """Output in % at the end of a step that ends at `reading_k`, and its slope in %/K.

        Implicit: integral and derivative are those at the end of the step, so that the pair
        of loop and plant stays stable at any step length.
        """
        if not self.active:
            return self.settled_percent(), 0.0
        state = self.state
        error = self.setpoint_after(step_s) - reading_k
        growth = state.p * state.i / 1000.0 * step_s
        integral = self.integral_percent + growth * error
        slope = -state.p
        if 0.0 < integral < 100.0:
            slope -= growth
        output = state.manual_percent + state.p * error + _clip(integral)
        if state.d > 0.0 and state.i > 0.0:
            # on the reading, not on the error: a step of the setpoint gives no kick
            lead = state.p * (state.d / 100.0) * (1000.0 / state.i / 4.0) / step_s
            output -= lead * (reading_k - before_k)
            slope -= lead
        return (output, slope) if 0.0 < output < 100.0 else (_clip(output), 0.0)

    def accept(self, reading_k: float, before_k: float, step_s: float) -> None:
        """Make the step final: move setpoint, integral and output to its end."""
        output, slope = self.respond(reading_k, before_k, step_s)
        self.output_percent = output
        error = self.setpoint_after(step_s) - reading_k
        if self.active:
            saturated = slope == 0.0 and (output >= 100.0) == (error > 0.0)
            if not saturated:  # anti-windup: no integration into a wall
                growth = self.state.p * self.state.i / 1000.0 * step_s
                self.integral_percent = _clip(self.integral_percent + growth * error)
        self.moving_k = self.setpoint_after(step_s)


def _clip(percent: float) -> float:
    """Limit to 0 to 100 %."""
    return min(max(percent, 0.0), 100.0)
