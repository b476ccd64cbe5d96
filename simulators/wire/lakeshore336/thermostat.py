"""What the Lake Shore 336 simulator needs of the physics behind it."""

from typing import Any, Protocol

__all__ = ["LoopView", "Thermostat"]


class LoopView(Protocol):
    """State of one control loop."""

    @property
    def mode(self) -> int:
        """0 off, 1 closed loop, 3 open loop."""
        ...

    @property
    def input(self) -> str:
        """Sensor input that the loop controls, ``"A"`` to ``"D"``, or empty."""
        ...

    @property
    def setpoint_k(self) -> float:
        """Target of the setpoint."""
        ...

    @property
    def ramp_on(self) -> bool:
        """Whether changes of the setpoint are ramped."""
        ...

    @property
    def ramp_k_per_min(self) -> float:
        """Rate of a ramp; 0 is a step."""
        ...

    @property
    def p(self) -> float:
        """Proportional gain."""
        ...

    @property
    def i(self) -> float:
        """Integral setting."""
        ...

    @property
    def d(self) -> float:
        """Derivative setting in percent."""
        ...

    @property
    def range(self) -> int:
        """Heater range: 0 off to 3 high."""
        ...

    @property
    def manual_percent(self) -> float:
        """Manual output."""
        ...


class Thermostat(Protocol):
    """A cryostat with sensors and the loops of outputs 1 to 4."""

    def sensor_k(self, channel: str) -> float | None:
        """Present reading of a sensor input in K, None if nothing is connected."""
        ...

    def loop(self, output: int) -> LoopView:
        """State of a control loop."""
        ...

    def set_loop(self, output: int, **changes: Any) -> None:
        """Change fields of a control loop, named as in `LoopView`."""
        ...

    def moving_setpoint_k(self, output: int) -> float:
        """Setpoint that is controlled to now; on the way to its target while ramping."""
        ...

    def heater_percent(self, output: int) -> float:
        """Present heater output in percent of the range."""
        ...

    def ramping(self, output: int) -> bool:
        """Whether the setpoint is on its way."""
        ...
